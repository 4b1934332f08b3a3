import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBackup } from "#dist/src/backup/index.js";
import {
  BackupError,
  type BackupOptions,
  ClosedError,
  InvalidArgumentError,
  OutOfMemoryError,
  restore,
  Store,
} from "#dist/src/index.js";
import { loadMapper } from "#dist/src/mapping.js";
import { temporaryDirectories } from "./directory.js";
import { contentsOf } from "./image.js";

const temporary = temporaryDirectories();

async function open(options: Partial<BackupOptions> = {}) {
  const store = await Store.create({ capacity: "4MiB", maxWorkers: 1 });
  const ns = store.namespace("n", { encoding: "string" });
  const directory = options.directory ?? temporary();
  const backups = await store.backup({ directory, ...options });
  return { store, ns, backups, directory };
}

describe("store.backup", () => {
  it("alternates two files, each whole, the older one overwritten", async () => {
    const { store, ns, backups, directory } = await open();
    const files: string[] = [];
    for (let i = 0; i < 4; i++) {
      ns.set("k", `v${i}`);
      const { file, generation } = await backups.now();
      expect(generation).toBe(i + 1);
      files.push(file);
      if (i > 0) expect(contentsOf(readBackup(files[i - 1])).get("n/k")).toBe(`v${i - 1}`);
      expect(contentsOf(readBackup(file)).get("n/k")).toBe(`v${i}`);
    }
    expect(files[0]).toBe(files[2]);
    expect(files[1]).not.toBe(files[0]);
    await store.close();
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it("keeps more generations on request", async () => {
    const { store, ns, backups, directory } = await open({ generations: 4 });
    for (let i = 0; i < 6; i++) {
      ns.set("k", `v${i}`);
      await backups.now();
    }
    await store.close();
    const values = readdirSync(directory).map((name) => contentsOf(readBackup(join(directory, name))).get("n/k"));
    expect(values.sort()).toEqual(["v2", "v3", "v4", "v5"]);
  });

  it("writes what changed, and nothing when nothing did", async () => {
    const { store, ns, backups } = await open();
    for (let i = 0; i < 5000; i++) ns.set(`k${i}`, "x".repeat(100));
    await backups.now();
    await backups.now();
    expect((await backups.now()).regionsWritten).toBe(0);
    ns.set("k1", "y");
    const { regionsWritten, regions } = await backups.now();
    expect(regionsWritten).toBeGreaterThan(0);
    expect(regionsWritten).toBeLessThanOrEqual(3);
    expect(regions).toBeGreaterThan(150);
    expect((await backups.now("full")).regionsWritten).toBe(regions);
    await store.close();
  });

  it("survives with durability disk just the same", async () => {
    for (const writing of ["mapped", "positioned"] as const) {
      const { store, ns, backups, directory } = await open({ durability: "disk", writing });
      for (const value of ["one", "two", "three"]) {
        ns.set("k", value);
        await backups.now();
      }
      // where the addon is not built for this Node, it falls back
      const done = typeof loadMapper() === "string" ? "positioned" : writing;
      expect(await backups.status()).toMatchObject({ writing: done, durability: "disk", backups: 3, failures: 0 });
      await store.close();
      const restored = await restore(directory);
      expect(restored.store.namespace("n", { encoding: "string" }).get("k")).toBe("three");
      await restored.store.close();
    }
  });

  it("grows its files with the store", async () => {
    const store = await Store.create({ capacity: "8MiB", maxCapacity: "64MiB", maxWorkers: 1, eviction: "none" });
    const ns = store.namespace("n");
    const backups = await store.backup({ directory: temporary() });
    for (let round = 1; round <= 5; round++) {
      for (let i = 0; i < 1500; i++) ns.set(`r${round}-${i}`, new Uint8Array(1500).fill(round));
      const { file } = await backups.now();
      expect(contentsOf(readBackup(file)).size).toBe(1500 * round);
    }
    await store.close();
    const { store: again, entries } = await restore(backups.directory);
    expect(entries).toBe(7500);
    await again.close();
  });

  it("makes, lists, restores and deletes checkpoints, which later backups leave alone", async () => {
    const { store, ns, backups } = await open();
    ns.set("k", "before");
    await backups.createCheckpoint("release-1");
    ns.set("k", "after");
    for (let i = 0; i < 3; i++) await backups.now();
    await backups.createCheckpoint("release-2");
    expect(backups.listCheckpoints().map(({ name }) => name)).toEqual(["release-1", "release-2"]);
    const restored = await backups.restoreCheckpoint("release-1");
    expect(restored.store.namespace("n", { encoding: "string" }).get("k")).toBe("before");
    await restored.store.close();
    expect(backups.deleteCheckpoint("release-1")).toBe(true);
    expect(backups.deleteCheckpoint("release-1")).toBe(false);
    expect(backups.listCheckpoints().map(({ name }) => name)).toEqual(["release-2"]);
    expect(() => backups.createCheckpoint("../../etc/x")).toThrow(InvalidArgumentError);
    await expect(backups.restoreCheckpoint("nothing")).rejects.toThrow(InvalidArgumentError);
    await store.close();
  });

  it("restores grants, limits and namespaces of every encoding into a store that is larger, smaller or hashed otherwise", async () => {
    const { store, ns, backups, directory } = await open();
    ns.set("k", "v");
    store.grant("bob", "n", ["read"]);
    store.namespace("limited", { maxEntries: 2 }).set("a", new Uint8Array(1));
    store.channel("c");
    store.queue("q").trySend(new Uint8Array(3));
    store.queue("q").tryReceive();
    await backups.now();
    await store.close();
    for (const options of [
      {},
      { capacity: "32MiB" },
      { capacity: "3MiB" },
      { hash: "murmur3" as const, maxWorkers: 12 },
    ]) {
      const restored = await restore(directory, { store: options });
      expect(restored).toMatchObject({ entries: 2, namespaces: 2, channels: 1, losses: [], noRoom: 0 });
      expect(restored.store.queues()).toEqual([]);
      expect(restored.store.as("bob").namespace("n", { encoding: "string" }).get("k")).toBe("v");
      expect(restored.store.namespace("limited").usage()).toMatchObject({ entries: 1, maxEntries: 2 });
      expect((await restored.store.verify()).violations).toEqual([]);
      await restored.store.close();
    }
  });

  it("restores the eviction policy and its limit as they were configured, unless others are asked for", async () => {
    for (const eviction of ["none", "clock", "lru", "arc"] as const) {
      const limit = eviction === "lru" || eviction === "arc" ? 300 : 0;
      const store = await Store.create({ capacity: "4MiB", eviction, ...(limit > 0 ? { maxEntries: limit } : {}) });
      const ns = store.namespace("n", { encoding: "string" });
      for (let i = 0; i < 250; i++) ns.set(`k${i}`, "v");
      const directory = temporary();
      const backups = await store.backup({ directory });
      await backups.now();
      await store.close();
      const restored = await restore(directory, { store: { maintenance: false } });
      expect(restored.entries).toBe(250);
      expect(restored.store.stats().eviction).toMatchObject({ policy: eviction, maxEntries: limit });
      const again = restored.store.namespace("n", { encoding: "string" });
      for (let i = 0; limit > 0 && i < 500; i++) again.set(`new${i}`, "v");
      if (limit > 0) {
        for (let i = 0; i < 1000 && again.usage().entries > limit; i++) restored.store.maintain();
        expect(again.usage().entries).toBeLessThanOrEqual(limit);
      }
      await restored.store.close();
      const other = await restore(directory, { store: { eviction: "clock" } });
      expect(other.store.stats().eviction).toMatchObject({ policy: "clock", maxEntries: 0 });
      await other.store.close();
    }
  });

  it("refuses to back up a store of private memory, but restores into one", async () => {
    const { store, ns, backups, directory } = await open();
    ns.set("k", "v");
    await backups.now();
    await store.close();
    const { store: alone, entries } = await restore(directory, { store: { shared: false } });
    expect(entries).toBe(1);
    expect(alone.namespace("n", { encoding: "string" }).get("k")).toBe("v");
    expect((await alone.verify()).violations).toEqual([]);
    const refused = alone.backup({ directory: temporary() });
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toThrow(/shared: false.*cannot be backed up/);
    await alone.close();
  });

  it("falls back to the generation before when the newest is damaged, and says so", async () => {
    const { store, ns, backups, directory } = await open();
    ns.set("k", "old");
    await backups.now();
    ns.set("k", "new");
    const { file } = await backups.now();
    await store.close();
    truncateSync(file, 5000);
    const restored = await restore(directory);
    expect(restored.store.namespace("n", { encoding: "string" }).get("k")).toBe("old");
    expect(restored.refused).toEqual([expect.stringMatching(/generation-b\.engram: byte 5000: the file ends/)]);
    await restored.store.close();
  });

  it("goes on in the directory it was restored from, and refuses another store's without a word", async () => {
    const { store, ns, backups, directory } = await open();
    ns.set("k", "first life");
    await backups.now();
    await store.close();
    await expect(open({ directory })).rejects.toThrow("holds a generation of another store");
    const { store: again } = await restore(directory);
    again.namespace("n", { encoding: "string" }).set("k", "second life");
    const more = await again.backup({ directory });
    expect((await more.now()).generation).toBe(2);
    await again.close();
    const last = await restore(directory);
    expect(last.store.namespace("n", { encoding: "string" }).get("k")).toBe("second life");
    await last.store.close();
    const other = await open({ directory, takeOver: true });
    await other.store.close();
  });

  it("is open once per store and per directory, and can be opened again", async () => {
    const { store, ns, backups, directory } = await open();
    await expect(store.backup({ directory: temporary() })).rejects.toThrow("has a backup open already");
    await expect(open({ directory })).rejects.toThrow("another store is backed up there");
    await backups.close();
    expect(() => backups.now()).toThrow(ClosedError);
    const again = await store.backup({ directory });
    ns.set("k", "v");
    expect(contentsOf(readBackup((await again.now()).file)).get("n/k")).toBe("v");
    await store.close();
  });

  const wrong: [string, object, string][] = [
    ["no directory", {}, "option directory is undefined"],
    ["an unknown option", { directory: "x", path: "y" }, 'unknown option "path"'],
    [
      "a durability",
      { directory: "x", durability: "maybe" },
      'option durability is "maybe"; expected one of process, disk',
    ],
    ["a strategy", { directory: "x", strategy: "never" }, "option strategy"],
    ["one generation", { directory: "x", generations: 1 }, "option generations is 1"],
    ["a share above one", { directory: "x", dirtyShare: 2 }, "option dirtyShare is 2"],
    ["a file for a directory", { directory: import.meta.filename }, "backups.test.ts: E"],
  ];
  it.each(wrong)("refuses %s", async (_what, options, message) => {
    const store = await Store.create({ capacity: "4MiB", maxWorkers: 0 });
    await expect(store.backup(options as BackupOptions)).rejects.toThrow(message);
    await store.close();
  });
});

describe("automatic backups", () => {
  it("come by time, and one more when the store is closed", async () => {
    const reports: string[] = [];
    const { store, ns, directory } = await open({
      strategy: "time",
      incrementalEveryMs: 20,
      fullEveryMs: 100,
      onBackup: ({ kind }) => reports.push(kind),
    });
    for (let i = 0; !reports.includes("full") || reports.length < 4; i++) {
      ns.set("k", `${i}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    ns.set("last", "words");
    await store.close();
    const { store: again } = await restore(directory);
    expect(again.namespace("n", { encoding: "string" }).get("last")).toBe("words");
    await again.close();
  });

  it("come by change: after so many writes, or when enough is dirty", async () => {
    for (const options of [{ writes: 500, dirtyShare: 1 }, { dirtyShare: 0.2 }]) {
      const reports: number[] = [];
      const { store, ns } = await open({
        strategy: "change",
        ...options,
        onBackup: (r) => reports.push(r.regionsWritten),
      });
      for (let i = 0; reports.length < 2; i++) {
        ns.set(`k${i % 3000}`, "x".repeat(50));
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await store.close();
    }
  });

  it("come when memory runs out, whatever else is asked for", async () => {
    const store = await Store.create({ capacity: "4MiB", maxWorkers: 1, eviction: "none" });
    const ns = store.namespace("n", { encoding: "string" });
    const files: string[] = [];
    await store.backup({
      directory: temporary(),
      strategy: "change",
      writes: 1e9,
      dirtyShare: 1,
      onBackup: ({ file }) => files.push(file),
    });
    expect(() => {
      for (let i = 0; ; i++) ns.set(`k${i}`, "x".repeat(500));
    }).toThrow(OutOfMemoryError);
    await expect.poll(() => files.length).toBeGreaterThan(0);
    expect(contentsOf(readBackup(files[0])).size).toBeGreaterThan(1000);
    await store.close();
  });

  it("try again, later each time, until the trouble is over; the store lives on meanwhile", async () => {
    const errors: BackupError[] = [];
    const reports: number[] = [];
    const { store, ns, backups, directory } = await open({
      strategy: "time",
      incrementalEveryMs: 20,
      onError: (error) => errors.push(error),
      onBackup: ({ generation }) => reports.push(generation),
    });
    ns.set("k", "v");
    await expect.poll(() => reports.length).toBeGreaterThan(0);
    const before = reports.length;
    renameSync(directory, `${directory}-away`);
    writeFileSync(directory, "in the way");
    for (let i = 0; errors.length < 2; i++) {
      ns.set("k", `${i}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(errors[0]).toBeInstanceOf(BackupError);
    expect(errors[0].failure).toBe("file-gone");
    expect((await backups.status()).failures).toBeGreaterThan(0);
    rmSync(directory);
    renameSync(`${directory}-away`, directory);
    await expect.poll(() => reports.length).toBeGreaterThan(before);
    ns.set("k", "after the trouble");
    await store.close();
    const { store: again } = await restore(directory);
    expect(again.namespace("n", { encoding: "string" }).get("k")).toBe("after the trouble");
    await again.close();
  });

  it("save what there is on SIGTERM, and then the process dies of it", async () => {
    const directory = temporary();
    const child = spawn(
      process.execPath,
      [new URL("fixtures/saved-by-signal.mjs", import.meta.url).pathname, directory],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [, signal] = await once(child, "exit");
    expect(signal).toBe("SIGTERM");
    const { store } = await restore(directory);
    expect(store.namespace("n", { encoding: "string" }).get("k")).toBe("saved");
    await store.close();
  });
});

describe("trouble with the file", () => {
  const troubles: [string, (file: string) => void][] = [
    ["removed", (file) => rmSync(file)],
    ["truncated", (file) => truncateSync(file, 4096)],
    ["grown", (file) => appendFileSync(file, "x")],
    [
      "replaced",
      (file) => {
        renameSync(file, `${file}.old`);
        writeFileSync(file, "something else");
      },
    ],
  ];
  for (const writing of ["mapped", "positioned"] as const) {
    it.each(troubles)(
      `%s underneath (${writing}): told, the other generation stays good, the next backup makes a new file`,
      async (_what, trouble) => {
        const { store, ns, backups } = await open({ writing });
        ns.set("k", "one");
        const first = await backups.now();
        await backups.now();
        ns.set("k", "two");
        await backups.now();
        const good = (await backups.now()).file;
        ns.set("k", "three");
        trouble(first.file);
        const failure = await backups.now().then(
          () => null,
          (error) => error,
        );
        expect(failure).toBeInstanceOf(BackupError);
        expect(failure.failure).toBe("file-gone");
        expect(contentsOf(readBackup(good)).get("n/k")).toBe("two");
        expect(ns.get("k")).toBe("three");
        const { file } = await backups.now();
        expect(file).toBe(first.file);
        expect(contentsOf(readBackup(file)).get("n/k")).toBe("three");
        expect(existsSync(good)).toBe(true);
        await store.close();
      },
    );
  }
});

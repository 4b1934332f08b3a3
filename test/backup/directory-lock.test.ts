import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { convert } from "#dist/harness/backup/convert.js";
import { DirectoryLock } from "#dist/src/backup/directory-lock.js";
import { DirectoryInUseError, restore, Store } from "#dist/src/index.js";
import { loadKernelLock } from "#dist/src/kernel-lock.js";
import { ownRecord } from "#dist/src/lock-holder.js";
import { temporaryDirectories } from "./directory.js";

const temporary = temporaryDirectories();
const INSTANCE = new URL("fixtures/instance.mjs", import.meta.url).pathname;

async function start(): Promise<ChildProcess> {
  const child = fork(INSTANCE, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

async function ask(child: ChildProcess, ...deed: [string, (string | number)?]) {
  const answered = once(child, "message");
  child.send(deed);
  return (await answered)[0];
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function fresh() {
  const store = await Store.create({ capacity: "2MiB", maxWorkers: 0, maintenance: false });
  return { store, ns: store.namespace("n", { encoding: "string" }) };
}

async function failureOf(backup: Promise<unknown>): Promise<{ failure: string; message: string }> {
  return backup.then(
    () => {
      throw new Error("it came to be");
    },
    (error) => error,
  );
}

describe("two processes and one directory", () => {
  it("one of them backs up, the other is told by whom; what the first saves stays whole; after kill -9 of it the directory is free", async () => {
    const directory = temporary();
    const children = await Promise.all([start(), start()]);
    const opened = await Promise.all(children.map((child) => ask(child, "open", directory)));
    const [winner, loser] = opened[0].open ? children : [children[1], children[0]];
    const refused = opened.find(({ open }) => !open);
    expect(opened.map(({ open }) => open).sort()).toEqual([false, true]);
    expect(refused).toMatchObject({
      name: "DirectoryInUseError",
      code: "DIRECTORY_IN_USE",
      holder: { pid: winner.pid },
    });
    expect(refused.message).toContain(`process ${winner.pid}`);

    // the same for a store of this process, and for the command line
    await ask(winner, "write", 3);
    const { store, entries } = await restore(directory);
    expect(entries).toBe(500);
    await expect(store.backup({ directory, takeOver: true })).rejects.toThrow(DirectoryInUseError);
    await store.close();
    const copy = temporary();
    for (const name of readdirSync(directory).filter((file) => file.endsWith(".engram"))) {
      copyFileSync(join(directory, name), join(copy, name));
    }
    const other = { to: directory, partial: false, capacity: undefined };
    await expect(convert(copy, other)).rejects.toThrow(DirectoryInUseError);

    // whoever reads it while it is written to reads one generation, whole
    const written = ask(winner, "write", 15);
    let writing = true;
    written.then(() => {
      writing = false;
    });
    for (let reads = 0; writing || reads < 3; reads++) {
      const seen = await restore(directory, { store: { maintenance: false } });
      const values = new Set(
        [...seen.store.namespace("n", { encoding: "string" }).entries()].map(([, value]) => value),
      );
      expect([seen.entries, values.size]).toEqual([500, 1]);
      await seen.store.close();
    }
    const { round } = await written;

    await kill(winner);
    expect(existsSync(join(directory, "owner.lock"))).toBe(true); // and it means nothing
    expect(await ask(loser, "open", directory)).toEqual({ open: true });
    await ask(loser, "close");
    expect(readdirSync(directory).sort()).toEqual(["generation-a.engram", "generation-b.engram"]);
    await kill(loser);
    const last = await restore(directory);
    expect(last.store.namespace("n", { encoding: "string" }).get("k7")).toBe(`${round}`.padEnd(300, "."));
    await last.store.close();
  });

  it("of threads that open one empty folder at the same moment exactly one has it", async () => {
    const directory = temporary();
    const others = 3;
    const workerData = { directory, gate: new SharedArrayBuffer(4), others };
    const threads = Array.from(
      { length: others },
      () => new Worker(new URL("threads/opener.mjs", import.meta.url), { workerData }),
    );
    const outcomes = await Promise.all(threads.map(async (thread) => (await once(thread, "message"))[0]));
    expect(outcomes.filter(({ open }) => open)).toHaveLength(1);
    for (const outcome of outcomes.filter(({ open }) => !open)) {
      expect(outcome).toMatchObject({ code: "DIRECTORY_IN_USE", holder: { pid: process.pid } });
    }
    // the one that has it ends without leave: its lock goes with it
    const holder = threads[outcomes.findIndex(({ open }) => open)];
    await holder.terminate();
    const { store } = await fresh();
    const backups = await store.backup({ directory });
    await backups.now();
    await store.close();
    await Promise.all(threads.filter((thread) => thread !== holder).map((thread) => thread.terminate()));
  });
});

describe("a directory that changes behind a store's back", () => {
  it("is taken again when its lock file was removed, unless somebody else has it by then", async () => {
    const directory = temporary();
    const [first, second] = [await fresh(), await fresh()];
    const backups = await first.store.backup({ directory });
    rmSync(join(directory, "owner.lock"));
    await backups.now();
    await expect(second.store.backup({ directory, takeOver: true })).rejects.toThrow(DirectoryInUseError);
    rmSync(join(directory, "owner.lock"));
    const others = await second.store.backup({ directory, takeOver: true });
    await others.now();
    const { failure, message } = await failureOf(backups.now());
    expect(failure).toBe("in-use");
    expect(message).toContain(`process ${process.pid}`);
    await others.now();
    await second.store.close();
    await first.store.close();
  });

  for (const writing of ["mapped", "positioned"] as const) {
    it(`keeps what somebody else has written there, in place or under a file's name (${writing})`, async () => {
      const directory = temporary();
      const elsewhere = temporary();
      const other = await fresh();
      other.ns.set("k", "another store's");
      const foreign = (await (await other.store.backup({ directory: elsewhere })).now()).file;
      await other.store.close();
      const { store, ns } = await fresh();
      ns.set("k", "v");
      const backups = await store.backup({ directory, writing });
      const first = await backups.now();
      await backups.now();
      await backups.now();
      await backups.now();
      for (const replace of [false, true]) {
        if (replace) rmSync(first.file);
        cpSync(foreign, first.file);
        const theirs = readFileSync(first.file);
        const failure = await failureOf(backups.now());
        expect(failure.failure).toBe("in-use");
        expect(failure.message).toContain("generation-a.engram: someone else has written a generation here");
        await failureOf(backups.now("full"));
        expect(readFileSync(first.file).equals(theirs)).toBe(true);
      }
      rmSync(first.file);
      expect((await backups.now()).file).toBe(first.file);
      await store.close();
    });
  }

  it("opens as a copy, lock file and all", async () => {
    const directory = temporary();
    const copy = temporary();
    const { store, ns } = await fresh();
    ns.set("k", "v");
    await (await store.backup({ directory })).now();
    cpSync(directory, copy, { recursive: true });
    expect(readdirSync(copy)).toContain("owner.lock");
    const again = await restore(copy);
    const backups = await again.store.backup({ directory: copy });
    expect((await backups.now()).generation).toBe(2);
    await again.store.close();
    await store.close();
  });

  it("is not written to by a store that was restored before others went on there", async () => {
    const directory = temporary();
    const { store, ns } = await fresh();
    ns.set("k", "first");
    const backups = await store.backup({ directory });
    await backups.now();
    const early = await restore(directory);
    ns.set("k", "second");
    await backups.now();
    await store.close();
    await expect(early.store.backup({ directory })).rejects.toThrow(
      "holds generation 2, written since this store was restored from it, when generation 1 was the newest",
    );
    await early.store.close();
    const late = await restore(directory);
    await (await late.store.backup({ directory })).now();
    expect(late.store.namespace("n", { encoding: "string" }).get("k")).toBe("second");
    await late.store.close();
  });

  it("loses no file under whoever has it mapped: a new layout is a new file", async () => {
    const directory = temporary();
    const { store, ns } = await fresh();
    ns.set("k", "v");
    const backups = await store.backup({ directory });
    const files = [(await backups.now()).file, (await backups.now()).file];
    await store.close();
    const held = files.map((file) => openSync(file, "r"));
    const before = held.map((fd) => readFileSync(fd));
    const again = await restore(directory);
    const more = await again.store.backup({ directory });
    for (let i = 0; i < 4; i++) await more.now();
    for (const [i, fd] of held.entries()) {
      expect(fstatSync(fd).size).toBe(before[i].length);
      closeSync(fd);
    }
    await again.store.close();
  });
});

describe("where the kernel keeps no locks", () => {
  const kernel = loadKernelLock();
  const record = (directory: string) => JSON.parse(readFileSync(join(directory, "owner.lock"), "utf8"));
  const dead = { pid: 2 ** 22 + 1, id: "dead", thread: 0, host: "here", sinceMs: 0 };
  const leave = (directory: string, name: string, change: object) =>
    writeFileSync(join(directory, name), JSON.stringify({ ...ownRecord(false), ...change }));

  it("a record keeps others out, those with locks too, and is gone with its holder", () => {
    const directory = temporary();
    const first = DirectoryLock.take(directory, null);
    expect(record(directory)).toMatchObject({ pid: process.pid, kernel: false });
    expect(() => DirectoryLock.take(directory, null)).toThrow(DirectoryInUseError);
    if (kernel !== null) expect(() => DirectoryLock.take(directory, kernel)).toThrow(DirectoryInUseError);
    first.confirm();
    first.release();
    expect(readdirSync(directory)).toEqual([]);
    DirectoryLock.take(directory, null).release();
  });

  it.skipIf(process.platform !== "linux")(
    "a holder that is gone is succeeded, and so is a successor that died on the way",
    () => {
      for (const taken of [null, kernel]) {
        const directory = temporary();
        leave(directory, "owner.lock", dead);
        if (taken === null) leave(directory, "owner.lock.after-dead", { ...dead, id: "dead-too" });
        const lock = DirectoryLock.take(directory, taken);
        expect(record(directory).pid).toBe(process.pid);
        expect(() => DirectoryLock.take(directory, null)).toThrow(DirectoryInUseError);
        lock.release();
        expect(readdirSync(directory).filter((name) => !name.includes("after"))).toEqual([]);
      }
    },
  );

  it.skipIf(process.platform !== "linux")(
    "a process that has the number of a dead holder does not count as one",
    () => {
      const directory = temporary();
      leave(directory, "owner.lock", { id: "before", pid: process.pid });
      DirectoryLock.take(directory, null).release();
    },
  );

  it.skipIf(process.platform !== "linux")(
    "a holder from before a restart of the machine is gone, one in another container or on another machine may not be",
    () => {
      const directory = temporary();
      leave(directory, "owner.lock", { boot: "before" });
      DirectoryLock.take(directory, null).release();
      for (const unseen of [{ pids: "pid:[1]" }, { boot: "another", host: "another" }]) {
        leave(directory, "owner.lock", unseen);
        expect(() => DirectoryLock.take(directory, null)).toThrow(
          `if it is gone, remove ${join(directory, "owner.lock")}`,
        );
        rmSync(join(directory, "owner.lock"));
      }
    },
  );
});

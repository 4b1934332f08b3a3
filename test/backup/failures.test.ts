import { once } from "node:events";
import * as nodeFs from "node:fs";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { generationFiles } from "#dist/src/backup/generations.js";
import { BackupSession, readBackup } from "#dist/src/backup/index.js";
import { layout } from "#dist/src/core/index.js";
import { BackupError, OutOfMemoryError, Store } from "#dist/src/index.js";
import { loadMapper, type Mapper } from "#dist/src/mapping.js";
import { temporaryDirectories } from "./directory.js";
import { contentsOf } from "./image.js";
import { sessionOf } from "./session.js";

const temporary = temporaryDirectories();
type Call = "writeSync" | "openSync" | "fdatasyncSync" | "fsyncSync" | "fstatSync";

/** The file system, but that the n-th of one kind of call from now on fails, or lets something happen first. */
function failingFs() {
  let countdown = -1;
  let call: Call = "writeSync";
  let act: () => void = () => {};
  const fs = { ...nodeFs };
  const calls = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const hook = (name: Call) => {
    const real = calls[name];
    calls[name] = (...args) => {
      if (name === call && countdown >= 0 && countdown-- === 0) act();
      return real(...args);
    };
  };
  for (const name of ["writeSync", "openSync", "fdatasyncSync", "fsyncSync", "fstatSync"] as const) hook(name);
  return {
    fs,
    on(name: Call, nth: number, what: () => void) {
      call = name;
      countdown = nth;
      act = what;
    },
  };
}

function refuse(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: refused, write`), { code });
  };
}

async function small(eviction: "none" | "clock" = "none") {
  const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, eviction, maintenance: false });
  return { store, ns: store.namespace("n", { encoding: "string" }) };
}

describe("a file system that refuses", () => {
  const refusals: [string, Call, string][] = [
    ["ENOSPC", "writeSync", "no-space"],
    ["EDQUOT", "writeSync", "no-space"],
    ["EFBIG", "writeSync", "no-space"],
    ["EIO", "writeSync", "io"],
    ["EIO", "fdatasyncSync", "io"],
    ["EIO", "fstatSync", "io"],
    ["EACCES", "openSync", "io"],
    ["ENOENT", "openSync", "file-gone"],
  ];

  it.each(refusals)("%s at any %s of a backup: a typed error, and nothing lost", async (code, call, failure) => {
    const { store, ns } = await small();
    const { fs, on } = failingFs();
    const session = sessionOf(store, temporary(), fs, "disk");
    for (let i = 0; i < 400; i++) ns.set(`k${i}`, "x".repeat(500));
    session.backup("full");
    let good = session.backup("full").file;
    const expected = contentsOf(readBackup(good));
    let failures = 0;
    for (let nth = 0; ; nth++) {
      ns.set("round", `${nth}`);
      on(call, nth, refuse(code));
      let error: unknown = null;
      try {
        good = session.backup(nth % 2 === 0 ? "incremental" : "full").file;
      } catch (caught) {
        error = caught;
      }
      on(call, -1, () => {});
      if (error === null) {
        expected.set("n/round", `${nth}`);
        expect(contentsOf(readBackup(good))).toEqual(expected);
        if (failures > 0 || nth > 30) break;
        continue;
      }
      failures++;
      expect(error).toBeInstanceOf(BackupError);
      expect((error as BackupError).failure).toBe(failure);
      expect(contentsOf(readBackup(good)), "the generation before").toEqual(expected);
      expect(new Int32Array((store.handle.memory as WebAssembly.Memory).buffer, layout.H_SNAPSHOT, 1)[0]).toBe(0);
      // and the next one makes up for it
      good = session.backup("incremental").file;
      expected.set("n/round", `${nth}`);
      expect(contentsOf(readBackup(good))).toEqual(expected);
    }
    if (call !== "openSync") expect(failures).toBeGreaterThan(0);
    session.close();
    await store.close();
  });
});

describe("a file that is being written", () => {
  it("is no generation from the first byte on, whatever of it is whole", async () => {
    const { store, ns } = await small();
    const { fs, on } = failingFs();
    const directory = temporary();
    const session = sessionOf(store, directory, fs);
    ns.set("k", "v");
    const first = session.backup("full").file;
    session.backup("full");
    on("writeSync", 1, refuse("EIO"));
    expect(() => session.backup("full")).toThrow("EIO");
    expect(() => readBackup(first)).toThrow("the backup was never finished");
    session.close();
    await store.close();
  });
});

describe("what is written between a cut and the copy", () => {
  it("into slabs that the cut does not know of is in the same file's next backup", async () => {
    const { store, ns } = await small();
    const { fs, on } = failingFs();
    const session = sessionOf(store, temporary(), fs);
    ns.set("k", "v");
    for (let i = 0; i < 2; i++) session.backup("full");
    on("fstatSync", 0, () => {
      for (let i = 0; i < 3000; i++) ns.set(`k${i}`, "x".repeat(50));
    });
    const { file } = session.backup("incremental");
    session.backup("incremental");
    const again = session.backup("incremental");
    expect(again.file).toBe(file);
    expect(again.kind).toBe("incremental");
    expect(contentsOf(readBackup(file)).size).toBe(3001);
    session.close();
    await store.close();
  });
});

describe("a mapped file that someone else cuts", () => {
  const mapper = loadMapper();
  it.skipIf(typeof mapper === "string")(
    "at any look of a backup: a typed error, the other generation stays good, the next backup makes a new file",
    async () => {
      const { store, ns } = await small();
      const { fs, on } = failingFs();
      const directory = temporary();
      const files = generationFiles(directory, 2);
      const session = sessionOf(store, directory, fs, "process", mapper as Mapper);
      for (let i = 0; i < 3000; i++) ns.set(`k${i}`, "x".repeat(400));
      for (let i = 0; i < 4; i++) session.backup("full"); // both files are mapped now
      let failures = 0;
      for (let nth = 0; ; nth++) {
        ns.set("round", `${nth}`);
        const file = files.find((path) => path !== session.newest()) as string;
        let cut = false;
        on("fstatSync", nth, () => {
          nodeFs.truncateSync(file, nth % 2 === 0 ? 0 : 8192);
          cut = true;
        });
        const failure = failureOf(() => session.backup("full"));
        on("fstatSync", -1, () => {});
        if (!cut) break;
        failures++;
        expect(failure).toBe("file-gone");
        const good = session.newest() as string;
        expect(good).not.toBe(file);
        if (nth > 0) expect(contentsOf(readBackup(good)).get("n/round")).toBe(`${nth - 1}`);
        expect(contentsOf(readBackup(session.backup("incremental").file)).get("n/round")).toBe(`${nth}`);
        for (let i = 0; i < 3; i++) session.backup("full");
      }
      expect(failures, "looks at the file in one backup: at its start, in it, and before its commit").toBeGreaterThan(
        5,
      );
      session.close();
      await store.close();
    },
  );
});

function failureOf(backup: () => unknown): string | null {
  try {
    backup();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(BackupError);
    return (error as BackupError).failure;
  }
}

describe("writers go first", () => {
  for (const eviction of ["none", "clock"] as const) {
    it(`a store that runs out of memory under a backup makes room without failing a write, and no snapshot is a mixture (${eviction})`, async () => {
      const { store, ns } = await small(eviction);
      const { fs, on } = failingFs();
      const session = sessionOf(store, temporary(), fs);
      let n = 0;
      for (; n < 100_000 && store.stats().operations.evictions === 0; n++) {
        try {
          ns.set(`k${n}`, "x".repeat(400));
        } catch (error) {
          expect(error).toBeInstanceOf(OutOfMemoryError);
          break;
        }
      }
      for (let i = 0; eviction === "none" && i < 100; i++) ns.delete(`k${i}`);
      session.backup("full");
      let good = session.backup("full").file;
      let before = contentsOf(readBackup(good));
      let gaveWay = 0;
      let fill = "y";
      // at each write of a backup in turn: before, during and after the copy
      for (let nth = 0; nth < 6; nth++) {
        // little or no memory is free: overwriting everything needs what is kept for the snapshot
        fill = String.fromCharCode(fill.charCodeAt(0) + 1);
        on("writeSync", nth, () => {
          for (let i = 0; i < n; i++) if (ns.has(`k${i}`)) ns.set(`k${i}`, fill.repeat(400));
        });
        try {
          good = session.backup("full").file;
        } catch (error) {
          expect((error as BackupError).failure).toBe("gave-way");
          expect(contentsOf(readBackup(good)), `write ${nth}`).toEqual(before);
          gaveWay++;
          good = session.backup("incremental").file;
        }
        // either taken after the writes, or before them and the commit was all that was left
        const after = contentsOf(readBackup(good));
        const values = new Set([...after.values()].map((value) => value[0]));
        expect(values.size, `write ${nth}: a mixture of ${[...values]}`).toBe(1);
        before = after;
      }
      // a store that evicts finds its room there instead
      if (eviction === "none") expect(gaveWay).toBeGreaterThanOrEqual(3);
      else expect(gaveWay).toBe(0);
      const last = contentsOf(readBackup(session.backup("incremental").file));
      expect(last.size).toBe(ns.size);
      for (const [name, value] of last) expect(ns.get(name.slice(2)) === value, name).toBe(true);
      expect((await store.verify()).violations).toEqual([]);
      session.close();
      await store.close();
    });
  }

  it("a backup waits a while for a write that does not end, then says whose it is", async () => {
    const { store, ns } = await small();
    ns.set("k", "v");
    const session = sessionOf(store, temporary());
    const words = new Int32Array((store.handle.memory as WebAssembly.Memory).buffer);
    const slot = words[layout.H_SLOTS / 4] / 4;
    words[slot + layout.S_WRITE_EPOCH / 4] = 1;
    expect(() => session.backup("full")).toThrow(/thread \d+ \(slot 0\) has been in one write for 50 ms/);
    expect(words[layout.H_SNAPSHOT / 4]).toBe(0);
    words[slot + layout.S_WRITE_EPOCH / 4] = 0;
    expect(contentsOf(readBackup(session.backup("full").file)).get("n/k")).toBe("v");
    session.close();
    await store.close();
  });

  it("a process that stood still, its writers with it, does not hold that against them", async () => {
    const { store, ns } = await small();
    ns.set("k", "v");
    const { memory } = store.handle as { memory: WebAssembly.Memory };
    const words = new Int32Array(memory.buffer);
    const writing = words[layout.H_SLOTS / 4] / 4 + layout.S_WRITE_EPOCH / 4;
    const settings = { directory: temporary(), durability: "process", generations: 2, patienceMs: 5000 } as const;
    const session = new BackupSession(memory, settings, null);
    words[writing] = 1;
    const writer = new Worker(
      `const { parentPort, workerData: { memory, writing } } = require("node:worker_threads");
       parentPort.postMessage("here");
       parentPort.once("message", () => setTimeout(() => Atomics.store(new Int32Array(memory.buffer), writing, 0), 20));`,
      { eval: true, workerData: { memory, writing } },
    );
    await once(writer, "message");
    writer.postMessage("end the write");
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 10_000));
    onTestFinished(() => clock.mockRestore());
    expect(contentsOf(readBackup(session.backup("full").file)).get("n/k")).toBe("v");
    clock.mockRestore();
    await once(writer, "exit");
    session.close();
    await store.close();
  });

  it("what is overwritten and deleted while it is copied stays in the snapshot as it was at the cut", async () => {
    const { store, ns } = await small();
    const { fs, on } = failingFs();
    const session = sessionOf(store, temporary(), fs);
    for (let i = 0; i < 1000; i++) ns.set(`k${i}`, `old ${i}`.padEnd(200, "."));
    session.backup("full");
    on("writeSync", 2, () => {
      for (let i = 0; i < 1000; i += 2) ns.set(`k${i}`, `new ${i}`.padEnd(200, "."));
      for (let i = 1; i < 1000; i += 4) ns.delete(`k${i}`);
      for (let i = 0; i < 300; i++) ns.set(`other${i}`, "x".repeat(200));
    });
    const during = contentsOf(readBackup(session.backup("full").file));
    expect(during.size).toBe(1000);
    for (let i = 0; i < 1000; i++) expect(during.get(`n/k${i}`)).toBe(`old ${i}`.padEnd(200, "."));
    const after = contentsOf(readBackup(session.backup("incremental").file));
    expect(after.size).toBe(1000 - 250 + 300);
    expect(after.get("n/k2")).toBe("new 2".padEnd(200, "."));
    session.close();
    await store.close();
  });
});

import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { InvalidArgumentError, Namespace, type Recording, Store } from "#dist/src/index.js";
import { hashed, hashKey, seedOf } from "#dist/src/recording/key-hash.js";
import { Recorder } from "#dist/src/recording/recorder.js";
import { loadTrace, OPERATION_NAMES, type Trace } from "#dist/workloads/index.js";
import { temporaryFolder } from "../workloads/temporary-folder.js";

const { folder } = temporaryFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.oplog`);

function rows(trace: Trace) {
  return Array.from({ length: trace.requests }, (_, i) => [
    OPERATION_NAMES[trace.ops![i]],
    trace.ids[i],
    trace.sizes![i],
    trace.ttls![i],
  ]);
}

async function recorded(run: (store: Store) => void | Promise<void>): Promise<{ trace: Trace; recording: Recording }> {
  const path = newFile();
  await using store = await Store.create({ capacity: "8MiB", maintenance: false });
  const recording = store.record(path);
  await run(store);
  await recording.stop();
  return { trace: await loadTrace(path), recording };
}

describe("store.record", () => {
  it("logs operations as they are made: what, on which key, of how many bytes with the key, to live for how long", async () => {
    const { trace } = await recorded((store) => {
      const ns = store.namespace("notes", { encoding: "json" });
      ns.get("a");
      ns.set("a", { n: 1 });
      ns.getEntry("a");
      ns.has("a");
      ns.set("b", "é", { ttl: 1500 });
      ns.set("a", 0, { ifAbsent: true });
      ns.increment("c", 5);
      ns.delete("b");
    });
    expect(trace.format).toBe("oplog");
    expect(rows(trace)).toEqual([
      // a read that finds nothing has the size that its key comes to have
      ["get", 0, 8, 0],
      ["set", 0, 8, 0],
      ["get", 0, 8, 0],
      ["get", 0, 8, 0],
      ["set", 1, 5, 2],
      ["get", 0, 8, 0],
      ["increment", 2, 9, 0],
      ["delete", 1, 5, 0],
    ]);
    expect(trace.times![0]).toBe(0);
    expect([...trace.times!]).toEqual([...trace.times!].sort((a, b) => a - b));
  });

  it("knows a key by its bytes, however it is given, and apart from the same key of another namespace", async () => {
    const { trace } = await recorded((store) => {
      const ns = store.namespace("one");
      const key = "a key of more than sixteen bytes, and é";
      const prepared = ns.key(key);
      ns.set(key, Buffer.alloc(3));
      ns.getInto(prepared, new Uint8Array(8));
      ns.borrow(Buffer.from(key), (view) => view.length);
      ns.getMany([key, prepared]);
      ns.setMany([[prepared, Buffer.alloc(4)]]);
      ns.setMany(new Map([["other", Buffer.alloc(1)]]));
      store.namespace("two").get(key);
      store.as("7").namespace("agent_7_own").set("k", Buffer.alloc(1));
    });
    const size = Buffer.byteLength("a key of more than sixteen bytes, and é") + 3;
    expect(rows(trace)).toEqual([
      ["set", 0, size, 0],
      ["get", 0, size, 0],
      ["get", 0, size, 0],
      ["get", 0, size, 0],
      ["get", 0, size, 0],
      ["set", 0, size + 1, 0],
      ["set", 1, 6, 0],
      ["get", 2, 0, 0],
      ["set", 3, 2, 0],
    ]);
  });

  it("logs as many operations as the store itself counts", async () => {
    const step = fc.record({
      kind: fc.constantFrom("get", "getInto", "borrow", "set", "setPrepared", "delete", "getMany", "setMany"),
      key: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let counted = { gets: 0, sets: 0 };
        let deletes = 0;
        const { trace } = await recorded((store) => {
          const ns = store.namespace("n");
          const prepared = Array.from({ length: 10 }, (_, key) => ns.key(`k${key}`));
          const before = store.stats().operations;
          const value = Buffer.alloc(5);
          for (const { kind, key } of steps) {
            if (kind === "get") ns.get(`k${key}`);
            else if (kind === "getInto") ns.getInto(prepared[key], new Uint8Array(9));
            else if (kind === "borrow") ns.borrow(`k${key}`, () => 0);
            else if (kind === "set") ns.set(`k${key}`, value);
            else if (kind === "setPrepared") ns.set(prepared[key], value);
            else if (kind === "getMany") ns.getMany(prepared);
            else if (kind === "setMany")
              ns.setMany([
                [`k${key}`, value],
                [prepared[0], value],
              ]);
            else ns.delete(`k${key}`);
            if (kind === "delete") deletes++;
          }
          store.namespace("end").set("one operation at least", value);
          const after = store.stats().operations;
          counted = { gets: after.gets - before.gets, sets: after.sets - before.sets };
        });
        const ops = rows(trace).map(([op]) => op);
        const named = (name: string) => ops.filter((op) => op === name).length;
        // the namespace "end" is looked up and made by the store itself, which counts as well
        expect([named("delete"), named("get") <= counted.gets, named("set") <= counted.sets]).toEqual([
          deletes,
          true,
          true,
        ]);
        const reads = steps.reduce(
          (sum, { kind }) => sum + (kind === "getMany" ? 10 : /get|borrow/.test(kind) ? 1 : 0),
          0,
        );
        const writes = steps.reduce((sum, { kind }) => sum + (kind === "setMany" ? 2 : /set/.test(kind) ? 1 : 0), 1);
        expect([named("get"), named("set")]).toEqual([reads, writes]);
      }),
      { numRuns: 30 },
    );
  });

  it("leaves the methods as they were when nobody records, so that it costs nothing then", async () => {
    const methods = () => Object.getOwnPropertyDescriptors(Namespace.prototype);
    const before = methods();
    const path = newFile();
    await using store = await Store.create({ capacity: "8MiB", maintenance: false });
    const recording = store.record(path);
    expect(Object.keys(methods())).toContain("getInto");
    await recording.stop();
    expect(methods()).toEqual(before);
    store.namespace("n").set("after", Buffer.alloc(1));
    expect(readFileSync(path).length).toBe(48); // the block that says that the stream has ended
  });

  it("records one store and not another, and ends when that is closed", async () => {
    const path = newFile();
    const store = await Store.create({ capacity: "8MiB", maintenance: false });
    await using other = await Store.create({ capacity: "8MiB", maintenance: false });
    const recording = store.record(path);
    expect(() => store.record(newFile())).toThrow(InvalidArgumentError);
    store.namespace("n").get("mine");
    other.namespace("n").get("not mine");
    await store.close();
    expect(await recording.stop()).toEqual({ operations: 1, lost: 0, bytes: 72, threads: 1, missing: 0 });
    expect((await loadTrace(path)).requests).toBe(1);
  });

  it("refuses a path that cannot be written, before anything is recorded", async () => {
    await using store = await Store.create({ capacity: "8MiB", maintenance: false });
    for (const path of [join(folder, "no", "such", "folder"), folder, ""]) {
      expect(() => store.record(path)).toThrow(InvalidArgumentError);
    }
    const recording = store.record(newFile());
    expect((await recording.stop()).operations).toBe(0);
  });
});

const agent = `
  import { parentPort, workerData } from "node:worker_threads";
  import { Store } from ${JSON.stringify(new URL("../../dist/src/index.js", import.meta.url).href)};
  const store = await Store.attach(workerData.store);
  const ns = store.namespace("n");
  parentPort.on("message", async (count) => {
    if (count === "close") { await store.close(); parentPort.close(); return; }
    for (let i = 0; i < count; i++) ns.get("k" + (i % 7));
    parentPort.postMessage("done");
  });
  parentPort.postMessage("ready");`;

async function startAgent(store: Store) {
  const url = new URL(`data:text/javascript,${encodeURIComponent(agent)}`);
  const worker = new Worker(url, { workerData: { store: store.handle } });
  onTestFinished(async () => void (await worker.terminate()));
  store.watch(worker);
  const answer = () => new Promise((resolve) => worker.once("message", resolve));
  await answer();
  return {
    ask(message: number) {
      const answered = answer();
      worker.postMessage(message);
      return answered;
    },
    async close() {
      const exited = new Promise((resolve) => worker.once("exit", resolve));
      worker.postMessage("close");
      await exited;
    },
  };
}

describe("store.record with threads", () => {
  it("includes threads that are attached, and those that attach later", async () => {
    const path = newFile();
    await using store = await Store.create({ capacity: "8MiB" });
    const early = await startAgent(store);
    const recording = store.record(path);
    // a message round: the thread has heard of the recording, which was sent first, though by another way
    for (let asked = 0; ; asked++) {
      await early.ask(1);
      if (asked > 100_000) throw new Error("the early thread never joined");
      if (readFileSync(path).length > 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const late = await startAgent(store);
    await Promise.all([early.ask(10_000), late.ask(5000)]);
    store.namespace("n").get("k0");
    const report = await recording.stop();
    expect(report).toMatchObject({ lost: 0, threads: 3, missing: 0 });
    const trace = await loadTrace(path);
    expect(trace.requests).toBe(report.operations);
    expect(trace.requests).toBeGreaterThan(15_000);
    expect(trace.distinct).toBe(7);
    expect([...trace.times!]).toEqual([...trace.times!].sort((a, b) => a - b));
    expect(report.bytes).toBe(readFileSync(path).length);
    await early.close();
    await late.close();
  });
});

describe("a recorder", () => {
  it("goes on when the disk is full, and counts what it loses", () => {
    if (!existsSync("/dev/full")) {
      console.log("skipped: this system has no /dev/full");
      return;
    }
    const recorder = new Recorder("/dev/full", 1);
    for (let i = 0; i < 5000; i++) recorder.operation("n", "get", `k${i}`, 0, 0);
    recorder.close();
    expect(recorder.counts).toEqual({ operations: 0, lost: 5000, bytes: 0 });
    expect(recorder.failure?.message).toContain("ENOSPC");
  });

  it("writes a log of which every prefix is one, and a damaged block is named by its place", async () => {
    const path = newFile();
    const recorder = new Recorder(path, 1);
    for (let i = 0; i < 10_000; i++) recorder.operation("n", "set", `k${i}`, i, 0);
    recorder.close();
    const whole = readFileSync(path);
    const block = 48 + 4096 * 24;
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    for (const [length, requests] of [
      [whole.length - 1, 8192],
      [2 * block + 10, 8192],
      [2 * block - 1, 4096],
    ]) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect((await loadTrace(path)).requests).toBe(requests);
    }
    const damaged = Buffer.from(whole);
    damaged[block + 1000] ^= 1;
    writeFileSync(path, damaged);
    expect((await loadTrace(path)).requests).toBe(10_000 - 4096);
    expect(String(warned.mock.lastCall?.[0])).toContain(`byte ${block}: the block's records are damaged`);
    damaged[block + 13] ^= 1;
    writeFileSync(path, damaged);
    expect((await loadTrace(path)).requests).toBe(10_000 - 4096);
    expect(String(warned.mock.lastCall?.[0])).toContain(`byte ${block}: the block's header is damaged`);
    writeFileSync(path, whole.subarray(0, 30));
    await expect(loadTrace(path)).rejects.toThrow("byte 0: a block that is cut off, and no whole block follows");
    warned.mockRestore();
  });

  it("puts the operations of several in the order of their times, a silent one among them", async () => {
    const path = newFile();
    const recorders = [1, 2, 3].map(() => new Recorder(path, 1));
    const order: string[] = [];
    recorders[2].operation("n", "get", "early", 0, 0);
    order.push("early");
    recorders[2].flush();
    for (let i = 0; i < 20_000; i++) {
      const who = (i * 7) % 5 < 3 ? 0 : 1;
      recorders[who].operation("n", "get", `k${i}`, 0, 0);
      order.push(`k${i}`);
    }
    for (const recorder of recorders) recorder.close();
    const trace = await loadTrace(path);
    expect(trace.requests).toBe(order.length);
    // operations of one microsecond may change places between recorders
    let displaced = 0;
    const times = trace.times!;
    for (let i = 1; i < times.length; i++) if (times[i] < times[i - 1]) displaced++;
    expect(displaced).toBe(0);
    hashKey("early", seedOf("n"));
    expect(trace.keyOf(0)).toBe(String((BigInt(hashed.hi) << 32n) | BigInt(hashed.lo)));
  });
});

describe("a key's hash", () => {
  it("tells 100,000 keys of the kinds that programs make apart", () => {
    const seen = new Set<string>();
    const add = (key: string | Uint8Array) => {
      hashKey(key, 12345);
      seen.add(`${hashed.lo} ${hashed.hi}`);
    };
    for (let i = 0; i < 33_000; i++) {
      add(`user:${i}`);
      add(`session/${i * 65_536}/state`);
      add(new Uint8Array(Float64Array.of(i + 1).buffer));
    }
    for (let length = 1; length <= 1024; length++) add(new Uint8Array(length));
    expect(seen.size).toBe(100_024);
  });
});

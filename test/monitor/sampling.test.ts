import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { Store, type StoreOptions } from "#dist/src/index.js";
import { Histogram } from "#dist/src/metrics/index.js";
import {
  makeBanks,
  PLACE_BYTES,
  RING_LENGTH,
  readCounts,
  readSamples,
  SampleWriter,
} from "#dist/src/store/sampling/banks.js";

const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});
async function openStore(options: StoreOptions): Promise<Store> {
  const store = await Store.create({ capacity: "8MiB", maintenance: false, ...options });
  stores.push(store);
  return store;
}

describe("sampled latencies", () => {
  it("time every operation when the share is 1, each as what it was", async () => {
    const store = await openStore({ sampling: 1 });
    const ns = store.namespace("n", { encoding: "string" });
    for (let i = 0; i < 50; i++) ns.set(`k${i}`, "v".repeat(i));
    for (let i = 0; i < 70; i++) ns.get(`k${i}`);
    for (let i = 0; i < 20; i++) ns.delete(`k${i}`);
    store.namespace("c").increment("c");
    const { get, set, delete: removed, increment, sampledOneIn } = store.latencies();
    expect([get.count, set.count, removed.count, increment.count, sampledOneIn]).toEqual([70, 50, 20, 1, 1]);
    for (const { p50, p95, p99, p999, max } of [get, set, removed, increment]) {
      const ascending = [p50, p95, p99, p999, max].map(Number);
      expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
    }
    const last = store
      .samples()
      .filter(({ operation }) => operation === "set")
      .at(-1);
    expect(last).toMatchObject({ valueBytes: 49 });
  });

  it("are off with a share of 0, and then say so", async () => {
    const store = await openStore({ sampling: 0 });
    const ns = store.namespace("n", { encoding: "string" });
    for (let i = 0; i < 5000; i++) ns.set("k", "v");
    expect(store.latencies()).toMatchObject({ set: { count: 0, p50: null }, sampledOneIn: 0 });
    expect(store.samples()).toEqual([]);
    const { performance, targets } = store.health();
    expect([performance.readLatencyNs, performance.latencyReason]).toEqual([
      null,
      expect.stringMatching(/sampling: 0/),
    ]);
    expect(targets.find(({ id }) => id === "m010-read-p95")).toMatchObject({ verdict: "not measured" });
  });

  it("time about the share asked for, at gaps that do not lie on a workload's period", async () => {
    const store = await openStore({ sampling: 1 / 16 });
    const ns = store.namespace("n", { encoding: "string" });
    // Every sixteenth operation is a write: a fixed gap of 16 would time only writes, or none.
    for (let i = 0; i < 64_000; i++)
      if (i % 16 === 0) ns.set("k", "v");
      else ns.get("k");
    const { get, set } = store.latencies();
    expect(get.count + set.count).toBeGreaterThan(3500);
    expect(get.count + set.count).toBeLessThan(4500);
    expect(set.count).toBeGreaterThan(150);
    expect(set.count).toBeLessThan(350);
  });

  it("give health its two latencies once there are enough", async () => {
    const store = await openStore({ sampling: 1 });
    const ns = store.namespace("n", { encoding: "string" });
    expect(store.health().performance.readLatencyNs).toBeNull();
    for (let i = 0; i < 200; i++) ns.set("k", "v");
    for (let i = 0; i < 200; i++) ns.get("k");
    const { performance, targets } = store.health();
    expect(performance.readLatencyNs).toBeGreaterThanOrEqual(0);
    expect(performance.writeLatencyNs).toBeGreaterThan(0);
    expect(targets.find(({ id }) => id === "m010-write-p95")?.measured).toBe(performance.writeLatencyNs);
  });

  it("leave out an operation that threw, and one that another ran within", async () => {
    const store = await openStore({ sampling: 1 });
    const ns = store.namespace("n", { encoding: "json" });
    for (let i = 0; i < 20; i++) expect(() => ns.get("")).toThrow();
    const reads = () => {
      ns.get("a");
      return 1;
    };
    ns.set("a", { toJSON: reads });
    // what was read within was an operation of its own; the write about it is not told of with its time
    expect(store.latencies()).toMatchObject({ get: { count: 1 }, set: { count: 0 } });
  });

  it("are of all threads, the dead ones too", async () => {
    const store = await openStore({ sampling: 1, maxWorkers: 2 });
    for (const [round, count] of [
      [1, 30],
      [2, 60],
    ]) {
      const worker = new Worker(
        `const { workerData: w } = require("node:worker_threads");
         import(w.engram).then(async ({ Store }) => {
           const ns = (await Store.attach(w.store)).namespace("n", { encoding: "string" });
           for (let i = 0; i < 30; i++) ns.set("k" + i, "v");
           process.exit(); // as a thread that dies does: nothing is closed
         });`,
        { eval: true, workerData: { store: store.handle, engram: import.meta.resolve("#dist/src/index.js") } },
      );
      store.watch(worker);
      await once(worker, "exit");
      expect(store.latencies().set.count, `round ${round}`).toBe(count);
    }
  });

  it("are there without shared memory", async () => {
    const store = await openStore({ sampling: 1, shared: false });
    store.namespace("n").set("k", new Uint8Array(3));
    expect(store.latencies().set.count).toBe(1);
  });

  it.each([-0.1, 1.5, Number.NaN, "1%", null])("refuse %s as a share", async (sampling) => {
    await expect(Store.create({ sampling } as StoreOptions)).rejects.toThrow(
      /option sampling is .*; expected a number from 0 to 1/,
    );
  });

  it("refuse a handle whose place for samples is none", async () => {
    const store = await openStore({});
    for (const sampling of [
      {},
      7,
      { banks: new SharedArrayBuffer(8), share: 1 },
      { ...store.handle.sampling, share: 7 },
    ]) {
      await expect(Store.attach({ ...store.handle, sampling } as never)).rejects.toThrow(
        /its place for samples is none/,
      );
    }
  });
});

describe("the banks", () => {
  it("keep counts by kind and slot, and sum them as one histogram would", () => {
    const banks = makeBanks(3, true);
    const expected = new Histogram();
    for (const slot of [0, 2]) {
      const writer = new SampleWriter(banks, slot);
      for (let i = 0; i < 1000; i++) {
        writer.write(0, i * i * (slot + 1), 0, 0, 0, 0);
        expected.record(i * i * (slot + 1));
      }
    }
    expect(readCounts(banks, "get").toPairs()).toEqual(expected.toPairs());
    expect(readCounts(banks, "get").max).toBe(expected.max);
    expect(readCounts(banks, "set").count).toBe(0);
  });

  it("keep a slot's last samples, oldest first", () => {
    const banks = makeBanks(2, false);
    const writer = new SampleWriter(banks, 1);
    for (let i = 0; i < RING_LENGTH + 5; i++) writer.write(i % 4, i, i, 1, 2, 3);
    const samples = readSamples(banks);
    // the place of the record under way is never shown
    expect(samples.length).toBe(RING_LENGTH - 1);
    expect([samples[0].atMs, samples.at(-1)?.atMs]).toEqual([6, RING_LENGTH + 4]);
  });

  it("count beyond 32 bits, and never read less than was counted while a count passes from one word to two", () => {
    const banks = makeBanks(1, false);
    const writer = new SampleWriter(banks, 0);
    writer.write(0, 7, 0, 0, 0, 0);
    const words = new Uint32Array(banks);
    const low = words.indexOf(1, 16); // the count of the bucket of 7
    words[low] = 2 ** 32 - 3;
    const counted = [readCounts(banks, "get").count];
    for (let i = 0; i < 3; i++) {
      writer.write(0, 7, 0, 0, 0, 0);
      counted.push(readCounts(banks, "get").count);
    }
    expect(counted).toEqual([3, 2, 1, 0].map((less) => 2 ** 32 - less));
    words[low] = 2 ** 32 - 1; // a writer that died between the two words
    expect(readCounts(banks, "get").count).toBeGreaterThanOrEqual(2 ** 32);
  });

  it("take the samples below nought and beyond the clock's range for what they can be at most", () => {
    const banks = makeBanks(1, false);
    const writer = new SampleWriter(banks, 0);
    for (const ns of [-20, 2 ** 40, 0.7]) writer.write(1, ns, 0, 0, 0, 0);
    expect([readCounts(banks, "set").count, readCounts(banks, "set").max]).toEqual([3, 2 ** 32 - 1]);
  });

  it("have places that share no cache line", () => {
    expect(PLACE_BYTES % 64).toBe(0);
  });
});

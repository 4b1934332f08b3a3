import type { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { parsePolicies, parseSizes, type SweepTrace, sweep } from "#dist/harness/sweep/index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { createPolicy, lookAhead, policyNames, SimulatedCache } from "#dist/src/eviction/index.js";
import { type OperationName, operationCode } from "#dist/workloads/index.js";

/** 3,000 requests: a skewed part and a loop, with a size for each id. */
function fixture(): SweepTrace {
  const raw = Array.from({ length: 3000 }, (_, i) => (i % 3 === 0 ? (i * 7919) % 101 : i % 137));
  const dense = new Map<number, number>();
  const ids = Uint32Array.from(raw, (key) => {
    if (!dense.has(key)) dense.set(key, dense.size);
    return dense.get(key) as number;
  });
  return { name: "fixture", distinct: dense.size, ids, sizes: ids.map((id) => 100 + 13 * id) };
}

function misses(trace: SweepTrace, policy: (typeof policyNames)[number], capacity: number, by: "objects" | "bytes") {
  const future = lookAhead(trace.ids, trace.distinct);
  const built = createPolicy(policy, { capacity, distinct: trace.distinct, by, future });
  const cache = new SimulatedCache(built, capacity, by, trace.distinct);
  cache.replay(trace.ids, trace.sizes, 0, trace.ids.length);
  return cache.misses;
}

describe("sweep", () => {
  it("counts the bytes that miss beside the requests, whatever the capacity counts, and beyond 4 GiB", async () => {
    const large = 2 ** 33;
    const trace: SweepTrace = {
      name: "large",
      distinct: 3,
      ids: Uint32Array.of(0, 1, 0, 2, 0, 1),
      sizes: Float64Array.of(large, 10, large, 20, large, 10),
    };
    const options = { traces: [trace], policies: ["lru", "arc"] as const, threads: 1 };
    const requested = { requests: 6, requestedBytes: 3 * large + 40 };
    for (const row of await sweep({ ...options, sizes: parseSizes("2") })) {
      expect(row, row.policy).toMatchObject({ ...requested, by: "objects", misses: 4, missedBytes: large + 40 });
      expect(row.byteMissRatio).toBe((large + 40) / (3 * large + 40));
    }
    // room for everything but the large one, which no cache of that size ever holds
    for (const row of await sweep({ ...options, sizes: parseSizes("1GiB") })) {
      expect(row, row.policy).toMatchObject({ ...requested, by: "bytes", misses: 5, missedBytes: 3 * large + 30 });
    }
    for (const row of await sweep({ ...options, sizes: parseSizes("9GiB") })) {
      expect(row, row.policy).toMatchObject({ by: "bytes", misses: 3, missedBytes: large + 30 });
    }
  });

  it("gives for every policy and size the counts of a simulation in this thread, in the order asked for", async () => {
    const trace = fixture();
    const rows = await sweep({ traces: [trace], policies: policyNames, sizes: parseSizes("1,10%,50,500"), threads: 2 });
    const capacities = [1, Math.floor(trace.distinct / 10), 50, 500];
    expect(rows.map(({ policy, capacity, misses }) => [policy, capacity, misses])).toEqual(
      policyNames.flatMap((policy) =>
        capacities.map((capacity) => [policy, capacity, misses(trace, policy, capacity, "objects")]),
      ),
    );
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(
        "trace policy capacity by requests hits misses missRatio requestedBytes missedBytes byteMissRatio evictions nsPerRequest".split(
          " ",
        ),
      );
      expect(row).toMatchObject({ trace: "fixture", by: "objects", requests: 3000, missRatio: row.misses / 3000 });
      expect(row.hits + row.misses).toBe(3000);
      expect(row.evictions).toBe(Math.max(0, row.misses - Math.min(row.capacity, trace.distinct)));
      expect(row.nsPerRequest).toBeGreaterThan(0);
    }
  });

  it("counts bytes for every policy", async () => {
    const trace = fixture();
    const rows = await sweep({ traces: [trace], policies: policyNames, sizes: parseSizes("10KiB"), threads: 1 });
    expect(rows.map(({ policy, by, misses }) => [policy, by, misses])).toEqual(
      policyNames.map((policy) => [policy, "bytes", misses(trace, policy, 10_240, "bytes")]),
    );
  });

  it("runs several traces one after another, a trace of one request among them", async () => {
    const single: SweepTrace = { name: "single", distinct: 1, ids: Uint32Array.of(0), sizes: null };
    const rows = await sweep({
      traces: [single, fixture()],
      policies: policyNames,
      sizes: parseSizes("1%"),
      threads: 2,
    });
    expect(rows.length).toBe(2 * policyNames.length);
    for (const row of rows.filter(({ trace }) => trace === "single")) {
      expect(row).toMatchObject({ capacity: 1, requests: 1, hits: 0, misses: 1, missRatio: 1, evictions: 0 });
    }
  });

  it("tells the hit ratio of each window, and the decisions of adaptive", async () => {
    // Hits on three ids, then a loop of 60 at a capacity of 20, over and over.
    const ids = Uint32Array.from({ length: 12_000 }, (_, i) => (i < 6000 ? i % 3 : i % 60));
    const trace: SweepTrace = { name: "phases", distinct: 60, ids, sizes: null };
    const settings = { traces: [trace], policies: ["lru", "adaptive"] as const, sizes: parseSizes("20"), threads: 1 };
    const [lru, adaptive] = await sweep({ ...settings, windows: 4 });
    // The loop's first round still finds the three.
    expect(lru.windowHitRatios).toEqual([2997 / 3000, 1, 3 / 3000, 0]);
    expect(lru.decisions).toBeUndefined();
    expect(adaptive.windowHitRatios?.length).toBe(4);
    expect(lru.regret).toBeUndefined();
    expect(adaptive.regret).toMatchObject({ best: "lru", hitRatio: lru.hits / lru.requests });
    expect(adaptive.regret!.regret).toBeCloseTo((lru.hits - adaptive.hits) / lru.requests, 12);
    const mean = adaptive.windowHitRatios!.reduce<number>((sum, ratio) => sum + ratio! / 4, 0);
    expect(mean).toBeCloseTo(adaptive.hits / adaptive.requests, 12);
    for (const decision of adaptive.decisions!) {
      expect(decision).toMatchObject({ request: expect.any(Number), from: expect.any(String), to: expect.any(String) });
    }
    const withoutWindows = await sweep(settings);
    expect(withoutWindows.map(({ misses }) => misses)).toEqual([lru.misses, adaptive.misses]);
  });

  it("simulates sizes that come to the same capacity once", async () => {
    const rows = await sweep({ traces: [fixture()], policies: ["lru"], sizes: parseSizes("5,5,0.001%,1"), threads: 1 });
    expect(rows.map(({ capacity }) => capacity)).toEqual([5, 1]);
  });

  it("reports progress up to every request of every pair", async () => {
    const seen: number[] = [];
    await sweep({
      traces: [fixture()],
      policies: ["lru", "fifo"],
      sizes: parseSizes("5,50"),
      onProgress: ({ done, total }) => {
        expect(total).toBe(4 * 3000);
        seen.push(done);
      },
    });
    expect(seen.at(-1)).toBe(4 * 3000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("ends its threads and rejects with the reason when aborted in the middle", async () => {
    const long: SweepTrace = { ...fixture(), ids: new Uint32Array(8_000_000) };
    const controller = new AbortController();
    const reason = new Error("enough");
    const threads = new Set<Worker>();
    let started = 0;
    const born = (thread: Worker) => {
      started++;
      threads.add(thread);
      thread.once("exit", () => threads.delete(thread));
    };
    process.on("worker", born);
    onTestFinished(() => void process.off("worker", born));
    const running = sweep({
      traces: [long],
      policies: policyNames,
      sizes: parseSizes("5,50"),
      threads: 2,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(started).toBeGreaterThan(0);
    expect(threads.size).toBe(0);
  });

  it("gives the same rows for random with the same seed, whatever the number of threads", async () => {
    const run = (threads: number, seed: number) =>
      sweep({ traces: [fixture()], policies: ["random"], sizes: parseSizes("5,20,50"), threads, seed }).then((rows) =>
        rows.map((row) => row.misses),
      );
    expect(await run(1, 9)).toEqual(await run(2, 9));
    expect(await run(1, 9)).not.toEqual(await run(1, 10));
  });
});

describe("parsePolicies", () => {
  it("reads names, each once, and all", () => {
    expect(parsePolicies("lru, ARC,lru")).toEqual(["lru", "arc"]);
    expect(parsePolicies("all")).toEqual(policyNames);
  });

  it.each(["mru", "lru,,arc", "", "lru,all"])("refuses %j and lists the known names", (list) => {
    expect(() => parsePolicies(list)).toThrow(InvalidArgumentError);
    expect(() => parsePolicies(list)).toThrow(policyNames.join(", "));
  });
});

describe("a trace's operations", () => {
  const ops = (...names: OperationName[]) => Uint8Array.from(names, operationCode);
  const ids = Uint32Array.of(0, 0, 1, 0, 0, 2, 2);
  const trace: SweepTrace = {
    name: "operations",
    distinct: 3,
    ids,
    sizes: null,
    ops: ops("set", "get", "readModifyWrite", "delete", "getOrSet", "other", "get"),
  };

  it("are carried out, and only what reads is counted", async () => {
    const rows = await sweep({ traces: [trace], policies: policyNames, sizes: parseSizes("3"), threads: 1 });
    // Read: 0 after its set (a hit), 1 and 2 for the first time, and 0 after its deletion.
    for (const row of rows)
      expect(row).toMatchObject({ requests: 4, hits: 1, misses: 3, missRatio: 0.75, evictions: 0 });
  });

  it("of a trace that only writes leave nothing to count", async () => {
    const written = { ...trace, ops: ids.map(() => operationCode("set")) as unknown as Uint8Array };
    const rows = await sweep({ traces: [written], policies: policyNames, sizes: parseSizes("2"), threads: 1 });
    for (const row of rows) expect(row).toMatchObject({ requests: 0, hits: 0, misses: 0, missRatio: 0 });
  });

  it("that expire are missed from that time on", async () => {
    const mortal: SweepTrace = {
      ...trace,
      ops: ids.map(() => operationCode("get")) as unknown as Uint8Array,
      times: Float64Array.of(0, 9, 9, 10, 11, 12, 13),
      ttls: Uint32Array.of(10, 10, 0, 0, 0, 0, 0),
    };
    const [row] = await sweep({ traces: [mortal], policies: ["lru"], sizes: parseSizes("3"), threads: 1 });
    // Read in at 0 for 10: hit at 9, missed at 10.
    expect(row).toMatchObject({ requests: 7, hits: 3, misses: 4 });
  });

  it("that expire are refused by name when the trace tells no times", async () => {
    const timeless = { ...trace, ttls: Uint32Array.of(5, 0, 0, 0, 0, 0, 0) };
    const running = sweep({ traces: [timeless], policies: ["lru"], sizes: parseSizes("3"), threads: 1 });
    await expect(running).rejects.toThrow(/operations: requests have a time to live but no time/);
  });
});

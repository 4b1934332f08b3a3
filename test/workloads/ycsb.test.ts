import { describe, expect, it } from "vitest";
import { assignmentOf, createStream, keyName, type OperationStream, STREAM_OPERATIONS } from "#dist/workloads/index.js";
import { loadScenario } from "#dist/workloads/scenarios.js";

/**
 * The core workloads of the Yahoo! Cloud Serving Benchmark as its workloada … workloadf files have them: proportions,
 * request distribution. Fields of 10 x 100 bytes are one value of 1,000 here.
 */
const CORE = {
  "ycsb-a": { mix: { get: 0.5, set: 0.5 }, distribution: "scrambledZipfian" },
  "ycsb-b": { mix: { get: 0.95, set: 0.05 }, distribution: "scrambledZipfian" },
  "ycsb-c": { mix: { get: 1 }, distribution: "scrambledZipfian" },
  "ycsb-d": { mix: { get: 0.95, insert: 0.05 }, distribution: "latest" },
  "ycsb-e": { mix: { scan: 0.95, insert: 0.05 }, distribution: "scrambledZipfian" },
  "ycsb-f": { mix: { get: 0.5, readModifyWrite: 0.5 }, distribution: "scrambledZipfian" },
} as const;
const RECORDS = 10_000;
const DRAWS = 100_000;

const streams = new Map<string, OperationStream>();

function drawn(name: string, seed = 1): OperationStream {
  const known = streams.get(`${name} ${seed}`);
  if (known !== undefined) return known;
  const scenario = loadScenario(name);
  const stream = createStream(scenario.phases[0], {
    seed,
    worker: 0,
    assignment: assignmentOf(scenario, 1),
    count: DRAWS,
  });
  streams.set(`${name} ${seed}`, stream);
  return stream;
}

/** Five standard deviations of a share that is binomial with this probability. */
function slack(probability: number, draws = DRAWS): number {
  return 5 * Math.sqrt((probability * (1 - probability)) / draws);
}

describe.each(Object.entries(CORE))("%s", (name, { mix, distribution }) => {
  it("is loaded with 10,000 records of 1,000 bytes, and asks for them as YCSB does", () => {
    const { preload, phases } = loadScenario(name);
    expect([preload, phases.length, phases[0].roles.length, phases[0].rate]).toEqual([1, 1, 1, undefined]);
    expect(phases[0].roles[0]).toMatchObject({
      keys: { distribution, count: RECORDS, scope: "shared" },
      values: { distribution: "constant", size: 1000 },
    });
  });

  it("does nothing but its operations, in their proportions", () => {
    const { ops, sizes } = drawn(name);
    const shares: Record<string, number> = {};
    for (const op of ops) shares[STREAM_OPERATIONS[op]] = (shares[STREAM_OPERATIONS[op]] ?? 0) + 1 / DRAWS;
    expect(Object.keys(shares).sort()).toEqual(Object.keys(mix).sort());
    for (const [operation, share] of Object.entries(mix)) {
      expect(Math.abs(shares[operation] - share), operation).toBeLessThanOrEqual(slack(share) + 1e-9);
    }
    const written = new Set<number>();
    const read = new Set<number>();
    for (let i = 0; i < DRAWS; i++) {
      const operation = STREAM_OPERATIONS[ops[i]];
      if (operation === "get") read.add(sizes[i]);
      else if (operation !== "scan") written.add(sizes[i]);
    }
    expect([...read]).toEqual("get" in mix ? [0] : []);
    expect([...written]).toEqual(Object.keys(mix).some((one) => one !== "get" && one !== "scan") ? [1000] : []);
  });
});

describe("the shapes", () => {
  it.each(["ycsb-a", "ycsb-b", "ycsb-c", "ycsb-e", "ycsb-f"])(
    "%s: the hottest record has 3.8 %, wherever it lies",
    (name) => {
      const { keys, ops } = drawn(name);
      const seen = new Float64Array(RECORDS);
      let requests = 0;
      for (let i = 0; i < DRAWS; i++) {
        if (STREAM_OPERATIONS[ops[i]] === "insert") continue;
        seen[keys[i]]++;
        requests++;
      }
      const hottest = Math.max(...seen) / requests;
      const expected = 1 / 26.46902820178302;
      expect(hottest).toBeGreaterThan(expected - slack(expected, requests));
      expect(hottest).toBeLessThan(expected + 2 / RECORDS + slack(expected, requests));
      // Scrambled: neither the first nor the last, and not beside the second hottest.
      const order = [...seen.keys()].sort((a, b) => seen[b] - seen[a]);
      expect(Math.abs(order[0] - order[1])).toBeGreaterThan(1);
    },
  );

  it("ycsb-d: the newest record, those just inserted included, is the one most asked for", () => {
    const { keys, ops } = drawn("ycsb-d");
    let newest = RECORDS - 1;
    let ofNewest = 0;
    let reads = 0;
    for (let i = 0; i < DRAWS; i++) {
      if (STREAM_OPERATIONS[ops[i]] === "insert") {
        expect(keys[i]).toBe(newest + 1);
        newest = keys[i];
      } else {
        reads++;
        if (keys[i] === newest) ofNewest++;
        if (keys[i] > newest) throw new Error(`operation ${i} reads record ${keys[i]}, the newest is ${newest}`);
      }
    }
    // 1 / zeta of 10,000 to 15,000 items.
    let zeta = 0;
    for (let i = 1; i <= RECORDS; i++) zeta += i ** -0.99;
    const before = 1 / zeta;
    for (let i = RECORDS + 1; i <= newest + 1; i++) zeta += i ** -0.99;
    expect(ofNewest / reads).toBeLessThan(before + slack(before, reads));
    expect(ofNewest / reads).toBeGreaterThan(1 / zeta - slack(1 / zeta, reads));
  });

  it("ycsb-e: scans are of 1 to 100 records, each length as likely", () => {
    const { sizes, ops } = drawn("ycsb-e");
    const lengths = new Float64Array(101);
    let scans = 0;
    for (let i = 0; i < DRAWS; i++) {
      if (STREAM_OPERATIONS[ops[i]] !== "scan") continue;
      lengths[sizes[i]]++;
      scans++;
    }
    expect(lengths[0]).toBe(0);
    for (let length = 1; length <= 100; length++) {
      expect(Math.abs(lengths[length] / scans - 0.01), `${length}`).toBeLessThan(slack(0.01, scans));
    }
  });
});

describe("the same seed", () => {
  /** Position-dependent sum of everything drawn (FNV-1a over the columns). */
  function digest(stream: OperationStream): string {
    let hash = 0x811c9dc5;
    for (const column of [stream.ops, stream.keys, stream.sizes, stream.ttls ?? []]) {
      for (const value of column) hash = Math.imul(hash ^ value, 0x01000193);
    }
    return (hash >>> 0).toString(16).padStart(8, "0");
  }

  // Drawn once and written down: another machine, engine or version that draws anything else fails here.
  it.each([
    ["ycsb-a", "244673fb"],
    ["ycsb-d", "643804fc"],
    ["ycsb-e", "2a52bdbf"],
  ])("%s is the same stream on every machine", (name, expected) => {
    expect(digest(drawn(name, 42))).toBe(expected);
  });

  it("names its keys alike", () => {
    expect(keyName(drawn("ycsb-c").keys[0])).toMatch(/^user\d{12}$/);
  });
});

/**
 * A results document of plausible shape for tests of the pages. It is made up: no figure in it was measured, and
 * nothing outside test/ may import it.
 */

import type { EvictionResult, Latency, Results, Run } from "#dist/reports/results.js";
import { judgeAll } from "#dist/reports/targets/index.js";
import { type Measurement, seededRandom } from "./fixture-random.js";

const FLOOR_NS = 56;
const QUANTILES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999];

/** [operations a second, median read ns] per subject. */
const SUBJECTS: Record<string, readonly [number, number]> = {
  engram: [8_400_000, 74],
  map: [19_800_000, 41],
  lmdb: [1_150_000, 620],
  sharedmap: [640_000, 1_240],
  "lru-cache": [9_900_000, 88],
  noop: [182_000_000, 4],
};
const SCENARIOS: Record<string, readonly [scale: number, operations: readonly string[]]> = {
  blackboard: [1, ["read", "update"]],
  "tool-cache": [0.62, ["read", "insert"]],
  embeddings: [0.11, ["read"]],
  "ycsb-a": [0.74, ["read", "update"]],
};

export interface FixtureOptions {
  seed?: number;
  title?: string;
  commit?: string;
  /** Multiplies engram's speed: two files that differ. */
  speed?: number;
}

export function fixtureResults({ seed = 42, title, commit, speed = 1 }: FixtureOptions = {}): Results {
  const random = seededRandom(seed);
  const runs = Object.entries(SCENARIOS).flatMap(([scenario, [scale, operations]]) =>
    Object.entries(SUBJECTS).map(([subject, [rate, median]]) =>
      fixtureRun(
        random,
        scenario,
        subject,
        rate * scale * (subject === "engram" ? speed : 1),
        median / scale,
        operations,
      ),
    ),
  );
  const scaling = [1, 4].map((workers) => {
    const run = fixtureRun(random, "blackboard", "engram", 4_900_000 * workers * (workers === 4 ? 0.8 : 1), 80, [
      "read",
    ]);
    return { ...run, workers };
  });
  return {
    schemaVersion: 2,
    engram: "0.1.0",
    createdAt: "2026-01-15T09:30:00.000Z",
    title: title ?? "Tour of the scenarios (fixture)",
    environment: {
      cpuModel: "Fixture CPU @ 2.10GHz",
      cpuCount: 2,
      memoryBytes: 8 * 2 ** 30,
      platform: "linux",
      arch: "x64",
      node: "v20.20.2",
      v8: "11.3.244.8",
      flags: ["--expose-gc"],
      loadAverage: [2.41, 0.9, 0.5],
      commit: commit ?? "0123456789abcdef0123456789abcdef01234567",
      timerFloorNs: FLOOR_NS,
      noise: 0.031,
    },
    config: {
      command: [
        "engram",
        "run",
        "blackboard",
        "tool-cache",
        "embeddings",
        "ycsb-a",
        "--workers",
        "2",
        "--duration",
        "5s",
      ],
      scenarios: Object.keys(SCENARIOS),
      subjects: Object.keys(SUBJECTS),
      workers: 2,
      durationMs: 5000,
      ops: null,
      rate: null,
      seed,
    },
    runs: [...runs, ...scaling],
    evictions: fixtureEvictions(seed),
    targets: judgeAll(measurements(), "this fixture does not measure it"),
    notices: ["memory mapping is not available here: backups fall back to positioned writes"],
  };
}

function measurements(): ReadonlyMap<string, Measurement> {
  return new Map<string, Measurement>([
    ["m010-read-p95", { measured: 131, method: "P95 of 1,204,332 sampled reads, blackboard, 2 workers" }],
    ["m010-write-p95", { measured: 312, method: "P95 of 63,101 sampled updates, blackboard, 2 workers" }],
    ["m010-throughput", { measured: 8_400_000, method: "blackboard, 2 workers, 5 s" }],
    ["m010-memory-utilisation", { measured: 61.2, method: "blackboard, at the end" }],
    ["m010-hit-rate", { measured: 78.4, method: "tool-cache, capacity 10 % of footprint" }],
    ["m010-percentiles-kept", { measured: 4, method: "store.stats()" }],
    ["m004-hash-4b", { measured: 6.1, method: "batched" }],
    ["m004-hash-16b", { measured: 9.8, method: "batched" }],
    ["m004-hash-64b", { measured: 21.4, method: "batched" }],
    ["m004-hash-256b", { measured: 61, method: "batched" }],
    ["m004-avalanche", { measured: 49.98, method: "4,096 keys" }],
    ["m008-lookup", { measured: 22.6, method: "batched" }],
    ["p-cow-read", { measured: 19, method: "batched" }],
    ["d-local-get", { measured: 0.074, method: "blackboard" }],
    ["m007-adaptive-gain", { measured: 17.1, method: "fixture traces" }],
    ["m002-scaling", { measured: 0.86, method: "blackboard, 4 workers against 1" }],
  ]);
}

function fixtureRun(
  random: () => number,
  scenario: string,
  subject: string,
  opsPerSecond: number,
  median: number,
  operations: readonly string[],
): Run {
  const seconds = 5;
  const ops = Math.round(opsPerSecond * seconds);
  const looksUp = scenario === "tool-cache" && subject !== "noop";
  const hits = Math.round(ops * 0.784);
  const isStore = subject === "engram";
  return {
    scenario,
    subject,
    workers: 2,
    ops,
    seconds,
    opsPerSecond,
    loop: "closed",
    latency: Object.fromEntries(
      operations.map((operation, index) => [operation, sampled(random, median * (1 + index * 1.6), ops / 64)]),
    ),
    cost: Object.fromEntries(
      operations.map((operation, index) => [operation, batched(median * (1 + index) * 0.8, ops, subject === "noop")]),
    ),
    hitRatio: looksUp ? hits / ops : null,
    ...(looksUp ? { hits, misses: ops - hits } : {}),
    memory: {
      rssBytes: (90 + random() * 60) * 2 ** 20,
      usedBytes: isStore ? 39.2 * 2 ** 20 : null,
      capacityBytes: isStore ? 64 * 2 ** 20 : null,
      utilisation: isStore ? 39.2 / 64 : null,
      ...(isStore ? { bySizeClass: sizeClasses(random) } : {}),
    },
    errors: subject === "sharedmap" && scenario === "embeddings" ? { OUT_OF_MEMORY: 1204 } : {},
    series: Array.from({ length: 50 }, (_, index) => ({
      t: (index + 1) / 10,
      ops: (opsPerSecond / 10) * (0.94 + random() * 0.12) * (isStore && index === 30 ? 0.55 : 1),
      p50: median,
      p99: median * (6 + random() * 3) * (isStore && index === 30 ? 8 : 1),
    })),
    ...(isStore
      ? {
          events: [
            { t: 0.7, kind: "gc" as const },
            { t: 2.2, kind: "gc" as const },
            { t: 3.05, kind: "backup" as const, label: "backup" },
          ],
        }
      : {}),
    gc: { count: Math.round(random() * 12), totalMs: random() * 40 },
    ...(subject === "map" ? { notes: ["each worker has a Map of its own: nothing is shared"] } : {}),
  };
}

function sampled(random: () => number, median: number, samples: number): Latency {
  const jitter = 0.9 + random() * 0.2;
  const at = (quantile: number) => median * jitter * (0.55 + (1 / (1 - Math.min(quantile, 0.999999))) ** 0.42 * 0.45);
  const count = Math.round(samples);
  return {
    mode: "sampled",
    count,
    mean: at(0.7),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1 - 1 / count) * 3,
    floor: FLOOR_NS,
    spectrum: QUANTILES.map((quantile) => [quantile, at(quantile)]),
  };
}

function batched(mean: number, operations: number, suspect: boolean): Latency {
  return {
    mode: "batched",
    count: operations,
    mean,
    p50: mean * 0.98,
    p95: mean * 1.1,
    p99: mean * 1.34,
    p999: mean * 2.1,
    max: mean * 4,
    ...(suspect ? { suspect } : {}),
  };
}

function sizeClasses(random: () => number) {
  return Array.from({ length: 10 }, (_, index) => {
    const size = 32 << index;
    const chunks = Math.round((4 * 2 ** 20) / size);
    return { size, chunks, used: Math.round(chunks * (0.15 + random() * 0.8)) };
  });
}

/** Hit-ratio curves of the shape policies have, optimum above all. */
export function fixtureEvictions(seed = 42): EvictionResult[] {
  const random = seededRandom(seed + 1);
  const strength: Record<string, number> = {
    lru: 1,
    fifo: 0.86,
    clock: 0.97,
    arc: 1.13,
    lirs: 1.18,
    lfu: 1.04,
    ttl: 0.8,
    random: 0.84,
    "2q": 1.09,
    "s3-fifo": 1.16,
    sieve: 1.14,
    "w-tinylfu": 1.2,
    hybrid: 1.12,
    adaptive: 1.19,
    opt: 1.5,
  };
  const requests = 113_872;
  return ["cloudPhysicsIO", "cpp.lirs"].flatMap((trace, traceIndex) =>
    [100, 300, 1000, 3000, 10_000].flatMap((capacity) =>
      Object.entries(strength).map(([policy, better]) => {
        const reach = (Math.log10(capacity) - 1.2 + traceIndex * 0.3) / 4;
        const hitRatio = Math.min(0.97, reach * better * (0.98 + random() * 0.04));
        const hits = Math.round(requests * hitRatio);
        const misses = requests - hits;
        return {
          trace,
          policy,
          capacity,
          by: "objects" as const,
          requests,
          hits,
          misses,
          missRatio: misses / requests,
          evictions: Math.max(0, misses - capacity),
          nsPerRequest: 6 + random() * 60,
        };
      }),
    ),
  );
}

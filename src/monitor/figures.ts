/**
 * The figures that a monitor keeps of each interval, by name: what alerts are judged by, what history, page and terminal show. A pure
 * function of two readings of the counters and the latencies between them.
 */
import type { ReadableHistogram } from "../metrics/index.js";
import type { StoreStats } from "../store/index.js";

/** Each figure with what it is and in which unit; the order is that of a row. */
export const FIGURES = {
  operations: { label: "operations", unit: "ops/s" },
  gets: { label: "reads", unit: "ops/s" },
  sets: { label: "writes", unit: "ops/s" },
  deletes: { label: "deletes", unit: "ops/s" },
  hitRate: { label: "hit rate", unit: "%" },
  getP50: { label: "read latency P50", unit: "ns" },
  getP95: { label: "read latency P95", unit: "ns" },
  getP99: { label: "read latency P99", unit: "ns" },
  getP999: { label: "read latency P99.9", unit: "ns" },
  setP50: { label: "write latency P50", unit: "ns" },
  setP95: { label: "write latency P95", unit: "ns" },
  setP99: { label: "write latency P99", unit: "ns" },
  setP999: { label: "write latency P99.9", unit: "ns" },
  utilisation: { label: "memory utilisation", unit: "%" },
  fragmentation: { label: "fragmentation", unit: "%" },
  usedBytes: { label: "memory in use", unit: "bytes" },
  entries: { label: "entries", unit: "" },
  evictions: { label: "evictions", unit: "1/s" },
  expired: { label: "expirations", unit: "1/s" },
  outOfMemory: { label: "writes without memory", unit: "1/s" },
  retries: { label: "retries", unit: "1/s" },
  workers: { label: "threads attached", unit: "" },
} as const satisfies Record<string, { label: string; unit: string }>;

/** What a monitor works out once an interval: the names that rules and charts use. */
export type FigureName = keyof typeof FIGURES;
/** All of them, in their order. */
export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

/** Null where there is nothing to tell it from: a hit rate without look-ups, a percentile without samples. */
export type Figures = Readonly<Record<FigureName, number | null>>;

/** Fewer samples than this say little about a percentile of the interval. */
export const SAMPLES_FROM = 20;
/** Fewer look-ups than this say little about a hit rate. */
export const LOOKUPS_FROM = 100;

/**
 * The figures of the time between two readings.
 *
 * @param latencies of the interval or of the window that ends with it, by operation, ns
 */
export function figuresOf(
  before: StoreStats,
  after: StoreStats,
  latencies: ReadonlyMap<string, ReadableHistogram>,
): Figures {
  const seconds = (after.uptimeMs - before.uptimeMs) / 1000;
  const [a, b] = [before.operations, after.operations];
  // A sum over threads may be a little older than one read before it: never below nought.
  const since = (name: keyof StoreStats["operations"]) => Math.max(0, b[name] - a[name]);
  const rate = (count: number) => (seconds > 0 ? count / seconds : null);
  const lookups = since("hits") + since("misses");
  const get = latencies.get("get");
  const set = latencies.get("set");
  return {
    operations: rate(since("gets") + since("sets") + since("deletes")),
    gets: rate(since("gets")),
    sets: rate(since("sets")),
    deletes: rate(since("deletes")),
    hitRate: lookups < LOOKUPS_FROM ? null : (100 * since("hits")) / lookups,
    getP50: percentile(get, 0.5),
    getP95: percentile(get, 0.95),
    getP99: percentile(get, 0.99),
    getP999: percentile(get, 0.999),
    setP50: percentile(set, 0.5),
    setP95: percentile(set, 0.95),
    setP99: percentile(set, 0.99),
    setP999: percentile(set, 0.999),
    utilisation: 100 * after.memory.utilisation,
    fragmentation: 100 * after.memory.fragmentation,
    usedBytes: after.memory.usedBytes,
    entries: after.entries,
    evictions: rate(since("evictions")),
    expired: rate(since("expired")),
    outOfMemory: rate(since("outOfMemory")),
    retries: rate(since("readRetries") + since("writeRetries")),
    workers: after.workers.attached,
  };
}

function percentile(histogram: ReadableHistogram | undefined, quantile: number): number | null {
  return histogram === undefined || histogram.count < SAMPLES_FROM ? null : histogram.percentile(quantile);
}

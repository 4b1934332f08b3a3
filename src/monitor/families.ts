/**
 * What is told of a store, once and in neutral form: a list of metric families. exposition.ts writes it for Prometheus, opentelemetry.ts
 * hands it to a meter, the dashboard and the alert rules name its series. One list, so that no two of them disagree.
 *
 * Names follow Prometheus's conventions: `engram_`, the noun, the base unit; counters end in `_total` where they are written out.
 */
import type { Histogram } from "../metrics/index.js";
import type { LastBackup, ResourceStats, StoreStats } from "../store/index.js";
import { BUCKET_BOUNDS_NS, countsBelow } from "./buckets.js";

/** Names and values that tell a metric's points apart. */
export type Labels = Readonly<Record<string, string>>;

/** One number of a metric. */
export interface Point {
  /** What tells it from others of the same metric. */
  readonly labels: Labels;
  /** In the metric's unit. */
  readonly value: number;
}

/** A histogram as scrapers want it: how many values lie at or below each bound, cumulated. */
export interface BucketedPoint {
  /** What tells it from others of the same metric. */
  readonly labels: Labels;
  /** All values. */
  readonly count: number;
  /** In the family's unit. */
  readonly sum: number;
  /** One for each of `bounds`. */
  readonly below: readonly number[];
}

interface Named {
  /** Without unit and suffix. */
  readonly name: string;
  /** Of its numbers. */
  readonly unit: "" | "bytes" | "seconds" | "ratio";
  /** In a sentence. */
  readonly help: string;
}

/** A metric of which each point is a number. */
export interface ScalarFamily extends Named {
  /** Whether it only grows. */
  readonly type: "counter" | "gauge";
  /** Its numbers. */
  readonly points: readonly Point[];
}

/** A metric of which each point is a histogram. */
export interface HistogramFamily extends Named {
  /** Always "histogram". */
  readonly type: "histogram";
  /** Upper bounds in the family's unit, ascending, without infinity. */
  readonly bounds: readonly number[];
  /** Its histograms. */
  readonly points: readonly BucketedPoint[];
}

/** A metric with all its points, as Prometheus has them: of one number each, or a histogram each. */
export type Family = ScalarFamily | HistogramFamily;

const NS_PER_SECOND = 1e9;

/** The families of a store's counters: always the same, those that there is nothing to tell of without points. */
export function familiesOf({
  operations,
  memory,
  near,
  workers,
  eviction,
  entries,
  backups,
  resources,
  uptimeMs,
}: StoreStats): ScalarFamily[] {
  const { gets, sets, deletes, sent, received, hits, misses } = operations;
  const last = backups?.last ?? null;
  const ofLast = (value: (backup: LastBackup) => number) => (last === null ? [] : one(value(last)));
  return [
    counter(
      "operations",
      "Operations by kind.",
      by("operation", { get: gets, set: sets, delete: deletes, send: sent, receive: received }),
    ),
    counter("lookups", "Look-ups by result.", by("result", { hit: hits, miss: misses })),
    counter(
      "near_lookups",
      "Look-ups of values that threads keep near.",
      by("result", { hit: near.hits, stale: near.stale }),
    ),
    counter("near_drops", "Values kept near that made room for others.", one(near.drops)),
    counter("evictions", "Entries evicted to make room.", one(operations.evictions)),
    counter("expirations", "Entries taken out because their time to live had passed.", one(operations.expired)),
    counter(
      "retries",
      "Operations begun again because another thread was faster.",
      by("operation", { get: operations.readRetries, set: operations.writeRetries }),
    ),
    counter("out_of_memory", "Writes that found no memory at first.", one(operations.outOfMemory)),
    counter("reaped_workers", "Threads that ended without detaching.", one(workers.reaped)),
    gauge("entries", "", "Entries of all namespaces.", one(entries)),
    gauge("memory_used", "bytes", "Chunks and spans in use.", one(memory.usedBytes)),
    gauge("memory_pool", "bytes", "The pool at most.", one(memory.poolBytes)),
    gauge("memory_utilisation", "ratio", "Bytes in use over bytes of the pool.", one(memory.utilisation)),
    gauge("memory_fragmentation", "ratio", "Share of the cut slabs that no chunk uses.", one(memory.fragmentation)),
    gauge(
      "memory_class_chunks",
      "",
      "Chunks in use, by size of chunk in bytes.",
      memory.bySizeClass.map(({ size, used }) => ({ labels: { size: String(size) }, value: used })),
    ),
    gauge("memory_spans", "bytes", "Slabs that regions and large values take.", one(memory.spanBytes)),
    gauge("workers", "", "Threads attached.", one(workers.attached)),
    gauge("evictor_backlog", "", "Access-log records that wait for the evictor.", one(eviction.backlog)),
    counter(
      "backups",
      "Backups by result, since they were opened.",
      backups === null ? [] : by("result", { taken: backups.taken, failed: backups.failed }),
    ),
    gauge(
      "backup_last_timestamp",
      "seconds",
      "When the last backup was taken, Unix time.",
      ofLast(({ takenMs }) => takenMs / 1000),
    ),
    gauge(
      "backup_last_age",
      "seconds",
      "Since the last backup was taken.",
      ofLast(({ ageMs }) => ageMs / 1000),
    ),
    gauge(
      "backup_last_duration",
      "seconds",
      "What the last backup took.",
      ofLast(({ tookMs }) => tookMs / 1000),
    ),
    gauge(
      "backup_last_size",
      "bytes",
      "What the last backup wrote.",
      ofLast(({ bytes }) => bytes),
    ),
    ...resourceFamilies(resources),
    gauge("uptime", "seconds", "Since the store was made.", one(uptimeMs / 1000)),
  ];
}

/** What threads hold, by kind; connections and permits by pool. */
function resourceFamilies({
  byKind,
  connections,
  permits,
  ended,
  failed,
  forced,
  reaped,
  refused,
}: ResourceStats): ScalarFamily[] {
  const ofKinds = (value: (kind: ResourceStats["byKind"][number]) => number): Point[] =>
    byKind.map((kind) => ({ labels: { kind: kind.kind }, value: value(kind) }));
  const ofPermits = (value: (pool: ResourceStats["permits"][number]) => number): Point[] =>
    permits.map((pool) => ({ labels: { pool: pool.pool }, value: value(pool) }));
  return [
    gauge(
      "resources_held",
      "",
      "What threads track, by kind.",
      ofKinds(({ held }) => held),
    ),
    gauge(
      "resource_oldest_age",
      "seconds",
      "Since the oldest of a kind was there.",
      ofKinds(({ oldestMs }) => oldestMs / 1000),
    ),
    gauge(
      "resource_longest_use",
      "seconds",
      "How long somebody has had a connection, at most.",
      ofKinds(({ longestUseMs }) => longestUseMs / 1000),
    ),
    counter(
      "resources_ended",
      "What threads tracked and gave back, by how it ended.",
      by("result", { ended, failed, forced, reaped }),
    ),
    counter("resources_refused", "What found no room in the table of what threads hold.", one(refused)),
    gauge(
      "pool_connections",
      "",
      "Connections of pools, of all threads, by pool and state.",
      connections.flatMap(({ pool, idle, inUse }) => [
        { labels: { pool, state: "idle" }, value: idle },
        { labels: { pool, state: "used" }, value: inUse },
      ]),
    ),
    gauge(
      "pool_permits_taken",
      "",
      "Permits of pools that threads share, out now.",
      ofPermits(({ taken }) => taken),
    ),
    gauge(
      "pool_permits_max",
      "",
      "Permits of pools that threads share.",
      ofPermits(({ max }) => max),
    ),
    gauge(
      "pool_permits_waiting",
      "",
      "Threads that wait for a permit.",
      ofPermits(({ waiting }) => waiting),
    ),
  ];
}

/** The sampled latencies, one histogram a kind of operation. `sampling` is the share of operations that were timed. */
export function latencyFamily(latencies: ReadonlyMap<string, Histogram>): HistogramFamily {
  return {
    name: "engram_operation_duration",
    unit: "seconds",
    type: "histogram",
    help: "Latency of sampled single operations, cost of the clock subtracted.",
    bounds: BUCKET_BOUNDS_NS.map((ns) => ns / NS_PER_SECOND),
    points: [...latencies].map(([operation, histogram]) => ({
      labels: { operation },
      count: histogram.count,
      sum: (histogram.mean * histogram.count) / NS_PER_SECOND,
      below: countsBelow(histogram),
    })),
  };
}

function counter(name: string, help: string, points: Point[]): ScalarFamily {
  return { name: `engram_${name}`, unit: "", type: "counter", help, points };
}

function gauge(name: string, unit: Named["unit"], help: string, points: Point[]): ScalarFamily {
  return { name: `engram_${name}`, unit, type: "gauge", help, points };
}

function one(value: number): Point[] {
  return [{ labels: {}, value }];
}

function by(label: string, values: Readonly<Record<string, number>>): Point[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

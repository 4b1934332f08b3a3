/**
 * `import … from "engram/opentelemetry"`: a store's figures on the program's own OpenTelemetry. The meter is handed in, so this room
 * needs no package of OpenTelemetry's; what it uses of one is said below as interfaces (API 1.9, metrics SDK 2).
 *
 * Counters and levels are observable instruments, read when a reader collects. There is no observable histogram in the API: latencies come as a
 * metric producer, to be given to one reader (`metricProducers`), under the names of the semantic conventions for databases.
 *
 * @module engram/opentelemetry
 */

import { choice, KnownOptions } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { type Store, type StoreStats, sampledOf } from "../store/index.js";
import { BUCKET_BOUNDS_NS, countsBelow } from "./buckets.js";
import { familiesOf, type Labels, type Point, type ScalarFamily } from "./families.js";

/** What is used of `@opentelemetry/api`'s Meter. */
export interface MeterLike {
  /** As OpenTelemetry has it. */
  createObservableCounter(name: string, options: { description?: string; unit?: string }): ObservableLike;
  /** As OpenTelemetry has it. */
  createObservableGauge(name: string, options: { description?: string; unit?: string }): ObservableLike;
  /** As OpenTelemetry has it. */
  addBatchObservableCallback(callback: (result: ObserverLike) => void, observables: ObservableLike[]): void;
  /** As OpenTelemetry has it. */
  removeBatchObservableCallback(callback: (result: ObserverLike) => void, observables: ObservableLike[]): void;
}

/** An instrument; nothing of it is used but that it is the one which was made. */
export type ObservableLike = object;

/** What is used of `@opentelemetry/api`'s BatchObservableResult. */
export interface ObserverLike {
  /** As OpenTelemetry has it. */
  // biome-ignore lint/suspicious/noExplicitAny: the API's own type of instruments, which this package does not import
  observe(instrument: any, value: number, attributes?: Labels): void;
}

/** How metrics are named. */
export interface OpenTelemetryOptions {
  /** "engram": `engram.operations` and so on. "erlmcp": the names of the distributed memory's document (`erlmcp.memory.used`). Default "engram". */
  names?: "engram" | "erlmcp";
}

const OPTIONS = new KnownOptions("observe", ["names"]);
const UNITS = { "": "", bytes: "By", seconds: "s", ratio: "1" } as const;

interface Observed {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly counter: boolean;
  readonly points: readonly Point[];
}

/**
 * Observes the store on a meter from now on, until the store is closed in this thread or the function returned is called.
 *
 * @throws InvalidArgumentError for what is no meter, or a set of names nobody knows
 */
export function observe(store: Store, meter: MeterLike, options: OpenTelemetryOptions = {}): () => void {
  const names = choice("option names", OPTIONS.check(options).names, ["engram", "erlmcp"] as const, "engram");
  if (typeof meter?.addBatchObservableCallback !== "function") {
    throw new InvalidArgumentError("observe takes a store and a meter: metrics.getMeter(…) of @opentelemetry/api");
  }
  const read = names === "engram" ? engramNames : erlmcpNames;
  const instruments = new Map(
    read(store.stats()).map(({ name, description, unit, counter }) => [
      name,
      counter
        ? meter.createObservableCounter(name, { description, unit })
        : meter.createObservableGauge(name, { description, unit }),
    ]),
  );
  const all = [...instruments.values()];
  const callback = (result: ObserverLike) => {
    let stats: StoreStats;
    try {
      stats = store.stats();
    } catch {
      stop(); // the store is closed in this thread
      return;
    }
    for (const { name, points } of read(stats)) {
      for (const { labels, value } of points) result.observe(instruments.get(name), value, labels);
    }
  };
  const stop = () => meter.removeBatchObservableCallback(callback, all);
  meter.addBatchObservableCallback(callback, all);
  return stop;
}

function engramNames(stats: StoreStats): Observed[] {
  const own = familiesOf(stats).map(({ name, help, unit, type, points }: ScalarFamily) => ({
    name: name.replace("_", ".").replaceAll("_", "."),
    description: help,
    unit: UNITS[unit],
    counter: type === "counter",
    points,
  }));
  return [...own, ...connectionNames(stats)];
}

const POOL_NAME = "db.client.connection.pool.name";

/** Pools under the names of the semantic conventions for database clients. */
function connectionNames({ resources: { connections, permits } }: StoreStats): Observed[] {
  const of = (name: string, description: string, unit: string, points: Point[]): Observed => ({
    name: `db.client.connection.${name}`,
    description,
    unit,
    counter: false,
    points,
  });
  const ofPermits = (value: (pool: (typeof permits)[number]) => number): Point[] =>
    permits.map((pool) => ({ labels: { [POOL_NAME]: pool.pool }, value: value(pool) }));
  const counts = connections.flatMap(({ pool, idle, inUse }) => [
    { labels: { [POOL_NAME]: pool, "db.client.connection.state": "idle" }, value: idle },
    { labels: { [POOL_NAME]: pool, "db.client.connection.state": "used" }, value: inUse },
  ]);
  return [
    of("count", "Connections that are open, by state.", "{connection}", counts),
    of(
      "max",
      "Connections that may be open, of pools that threads share.",
      "{connection}",
      ofPermits(({ max }) => max),
    ),
    of(
      "pending_requests",
      "Threads that wait for a connection of such a pool.",
      "{request}",
      ofPermits(({ waiting }) => waiting),
    ),
  ];
}

/** D: "Monitoring Instrumentation". */
function erlmcpNames({ memory, operations }: StoreStats): Observed[] {
  const { hits, misses, evictions } = operations;
  const of = (name: string, description: string, unit: string, counter: boolean, value: number): Observed => ({
    name: `erlmcp.${name}`,
    description,
    unit,
    counter,
    points: [{ labels: {}, value }],
  });
  return [
    of("memory.used", "Bytes in use.", "By", false, memory.usedBytes),
    of("memory.limit", "Bytes of the pool.", "By", false, memory.poolBytes),
    of("memory.usage_ratio", "Bytes in use over bytes of the pool.", "1", false, memory.utilisation),
    of("cache.hits", "Look-ups that found an entry.", "", true, hits),
    of("cache.misses", "Look-ups that found none.", "", true, misses),
    of("cache.hit_rate", "Hits over look-ups.", "1", false, hits + misses === 0 ? 0 : hits / (hits + misses)),
    of("cache.evictions", "Entries evicted to make room.", "", true, evictions),
  ];
}

// The SDK's numbers, fixed by its public enumerations.
const CUMULATIVE = 1;
const HISTOGRAM = 0;
const DOUBLE = 1;
const NS_PER_SECOND = 1e9;

/** What a reader of the metrics SDK takes among its `metricProducers`. */
export interface LatencyProducer {
  /** As the SDK's MetricProducer: the latencies as histograms, since the store was made. */
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own type of a collection, which this package does not import
  collect(): Promise<any>;
}

/** The store's sampled latencies as `db.client.operation.duration`, for one metric reader. Empty once the store is closed in this thread. */
export function latencyProducer(store: Store): LatencyProducer {
  const since = hrTime(Date.now() - store.stats().uptimeMs);
  return {
    collect: async () => {
      const collected = (metrics: unknown[], errors: unknown[] = []) => ({
        resourceMetrics: { resource: { attributes: {} }, scopeMetrics: [{ scope: { name: "engram" }, metrics }] },
        errors,
      });
      try {
        return collected([durations(store, since)]);
      } catch (error) {
        return collected([], [error]);
      }
    },
  };
}

function durations(store: Store, startTime: [number, number]): unknown {
  const endTime = hrTime(Date.now());
  const boundaries = BUCKET_BOUNDS_NS.map((ns) => ns / NS_PER_SECOND);
  const points = [...(sampledOf(store) ?? [])].filter(([, histogram]) => histogram.count > 0);
  return {
    descriptor: {
      name: "db.client.operation.duration",
      description: "Duration of sampled operations on the store.",
      unit: "s",
      type: "HISTOGRAM",
      valueType: DOUBLE,
      advice: {},
    },
    aggregationTemporality: CUMULATIVE,
    dataPointType: HISTOGRAM,
    dataPoints: points.map(([operation, histogram]) => {
      const below = countsBelow(histogram);
      const counts = [...below, histogram.count].map((count, i, all) => count - (all[i - 1] ?? 0));
      const sum = (histogram.mean * histogram.count) / NS_PER_SECOND;
      return {
        startTime,
        endTime,
        attributes: { "db.system.name": "engram", "db.operation.name": operation },
        value: { buckets: { boundaries, counts }, sum, count: histogram.count, max: histogram.max / NS_PER_SECOND },
      };
    }),
  };
}

/** Seconds and nanoseconds since 1970. */
function hrTime(unixMs: number): [number, number] {
  return [Math.floor(unixMs / 1000), Math.round((unixMs % 1000) * 1e6)];
}

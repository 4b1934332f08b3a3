import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { latencyProducer, observe } from "#dist/src/monitor/opentelemetry.js";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function setUp() {
  const store = await Store.create({ capacity: "8MiB", maintenance: false, sampling: 1 });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 1e8,
    metricProducers: [latencyProducer(store)],
  });
  const provider = new MeterProvider({ readers: [reader] });
  ends.push(
    () => store.close(),
    () => provider.shutdown(),
  );
  const collect = async () => {
    exporter.reset();
    await reader.forceFlush();
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: all }) => all));
    return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
  };
  return { store, meter: provider.getMeter("test"), collect };
}

function use(store: Store): void {
  const ns = store.namespace("n", { encoding: "string" });
  for (let i = 0; i < 10; i++) ns.set(`k${i}`, "v");
  for (let i = 0; i < 20; i++) ns.get(`k${i}`);
}

describe("on the program's own OpenTelemetry", () => {
  it("the store's counters and levels are observable instruments, as they are when collected", async () => {
    const { store, meter, collect } = await setUp();
    observe(store, meter);
    use(store);
    const metrics = await collect();
    const { operations, memory } = store.stats();
    const value = (name: string, labels: object = {}) =>
      metrics.get(name)?.dataPoints.find(({ attributes }) => JSON.stringify(attributes) === JSON.stringify(labels))
        ?.value;
    expect(value("engram.operations", { operation: "set" })).toBe(operations.sets);
    expect(value("engram.lookups", { result: "hit" })).toBe(operations.hits);
    expect(value("engram.memory.used")).toBe(memory.usedBytes);
    // nobody takes any: there is nothing to tell
    expect(metrics.get("engram.backups")?.dataPoints ?? []).toEqual([]);
    expect(metrics.get("engram.memory.used")?.descriptor).toMatchObject({ unit: "By", type: "OBSERVABLE_GAUGE" });
  });

  it("latencies are a histogram in seconds, by the conventions for databases", async () => {
    const { store, collect } = await setUp();
    use(store);
    const durations = (await collect()).get("db.client.operation.duration");
    expect(durations?.descriptor.unit).toBe("s");
    const set = durations?.dataPoints.find(({ attributes }) => attributes["db.operation.name"] === "set")?.value as {
      count: number;
      sum: number;
      buckets: { boundaries: number[]; counts: number[] };
    };
    expect(set.count).toBe(10);
    expect(set.buckets.counts.reduce((a, b) => a + b)).toBe(10);
    expect(set.buckets.counts.length).toBe(set.buckets.boundaries.length + 1);
    expect(set.sum).toBeGreaterThan(0);
  });

  it("erlmcp's names are there for who asks", async () => {
    const { store, meter, collect } = await setUp();
    observe(store, meter, { names: "erlmcp" });
    use(store);
    const metrics = await collect();
    expect([...metrics.keys()].filter((name) => name.startsWith("erlmcp.")).sort()).toEqual(
      [
        "cache.evictions",
        "cache.hit_rate",
        "cache.hits",
        "cache.misses",
        "memory.limit",
        "memory.usage_ratio",
        "memory.used",
      ].map((name) => `erlmcp.${name}`),
    );
    expect(metrics.get("erlmcp.cache.hits")?.dataPoints[0].value).toBe(store.stats().operations.hits);
  });

  it("ends when it is told to, and with its store, and the program goes on", async () => {
    const { store, meter, collect } = await setUp();
    const stop = observe(store, meter);
    observe(store, meter, { names: "erlmcp" });
    stop();
    expect([...(await collect()).keys()].filter((name) => name.startsWith("engram."))).toEqual([]);
    await store.close();
    const after = await collect(); // what the SDK still has are the last values
    expect(after.has("db.client.operation.duration")).toBe(false);
  });

  it("refuses what is no meter, and names nobody knows", async () => {
    const { store, meter } = await setUp();
    expect(() => observe(store, {} as never)).toThrow(/observe takes a store and a meter/);
    expect(() => observe(store, null as never)).toThrow(/observe takes a store and a meter/);
    expect(() => observe(store, meter, { names: "otel" as never })).toThrow(
      /option names is "otel"; expected one of engram, erlmcp/,
    );
  });
});

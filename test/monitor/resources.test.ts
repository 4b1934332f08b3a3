/** What threads hold, as Prometheus, OpenTelemetry and the live page have it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { expose, familiesOf } from "#dist/src/monitor/index.js";
import { observe } from "#dist/src/monitor/opentelemetry.js";
import { livePage } from "#dist/src/monitor/page/page.js";

let store: Store;

beforeAll(async () => {
  store = await Store.create({ capacity: "8MiB", maintenance: false });
  const manager = { create: async () => ({}) };
  const pool = store.pool("redis", manager, { max: 2, scope: "process" });
  const [, second] = [await pool.acquire(), await pool.acquire()];
  second.release();
  store.track("file", 1, { end: () => {} });
  await store.track("file", 2, { end: () => {} }).end();
  const failing = () => Promise.reject(new Error("broken"));
  await store
    .track("file", 3, { end: failing })
    .end()
    .catch(() => {});
});

afterAll(() => store.close());

it("is written out by kind and by pool", () => {
  const text = expose(familiesOf(store.stats()));
  for (const line of [
    'engram_resources_held{kind="connection"} 2',
    'engram_resources_held{kind="file"} 1',
    'engram_resources_ended_total{result="ended"} 1',
    'engram_resources_ended_total{result="failed"} 1',
    'engram_resources_ended_total{result="reaped"} 0',
    "engram_resources_refused_total 0",
    'engram_pool_connections{pool="redis",state="idle"} 1',
    'engram_pool_connections{pool="redis",state="used"} 1',
    'engram_pool_permits_taken{pool="redis"} 2',
    'engram_pool_permits_max{pool="redis"} 2',
    'engram_pool_permits_waiting{pool="redis"} 0',
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).toMatch(/engram_resource_oldest_age_seconds\{kind="file"\} \d/);
});

it("is observed under the semantic conventions for pools", () => {
  const observed: Record<string, [number, unknown][]> = {};
  let read = (_: unknown): void => {};
  const meter = {
    createObservableCounter: (name: string) => ({ name }),
    createObservableGauge: (name: string) => ({ name }),
    addBatchObservableCallback: (callback: (result: never) => void) => {
      read = callback as never;
    },
    removeBatchObservableCallback: () => {},
  };
  const stop = observe(store, meter);
  read({
    observe: ({ name }: { name: string }, value: number, labels: unknown) => {
      observed[name] ??= [];
      observed[name].push([value, labels]);
    },
  });
  stop();
  const pool = { "db.client.connection.pool.name": "redis" };
  expect(observed["db.client.connection.count"]).toEqual([
    [1, { ...pool, "db.client.connection.state": "idle" }],
    [1, { ...pool, "db.client.connection.state": "used" }],
  ]);
  expect(observed["db.client.connection.max"]).toEqual([[2, pool]]);
  expect(observed["db.client.connection.pending_requests"]).toEqual([[0, pool]]);
  expect(observed["engram.resources.held"]).toHaveLength(2);
});

it("has its place on the live page", () => {
  const { html } = livePage();
  expect(html).toContain('<div id="resources"');
  expect(html).toContain('put("resources", resourcesOf(stats.resources))');
});

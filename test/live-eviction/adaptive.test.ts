import { expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { openStore, settle } from "./live-store.js";

const VALUE = new Uint8Array(16);

it("a store with a pool of 64 MiB and 8 workers can be created with adaptive eviction", async () => {
  const store = await Store.create({ capacity: "64MiB", maxWorkers: 8, eviction: "adaptive" });
  try {
    store.namespace("n").set("key", VALUE);
    expect(store.namespace("n").get("key")).toEqual(VALUE);
  } finally {
    await store.close();
  }
});

it("adaptive keeps the limit of a live store, and part of a loop that is larger than it, of which LRU keeps nothing", async () => {
  const hits = { adaptive: 0, lru: 0 };
  for (const eviction of ["adaptive", "lru"] as const) {
    const store = await openStore({ eviction, maxEntries: 200, expectedEntries: 200 });
    const ns = store.namespace("n");
    for (let i = 0; i < 6000; i++) {
      const key = `key:${i % 300}`;
      if (ns.get(key) === undefined) ns.set(key, VALUE);
      else hits[eviction]++;
      if (i % 8 === 7) store.maintain();
    }
    settle(store);
    expect(store.stats().entries).toBeLessThanOrEqual(200);
    for (let i = 0; i < 150; i++) ns.delete(`key:${i}`);
    settle(store);
    const { entries, eviction: gauges } = store.stats();
    expect(gauges.residents).toBe(entries);
  }
  console.log(`loop of 300 keys in 200 entries, 6000 requests, hits: ${JSON.stringify(hits)}`);
  expect(hits.adaptive).toBeGreaterThan(hits.lru + 2000);
});

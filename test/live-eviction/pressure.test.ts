import { describe, expect, it } from "vitest";
import { type Header, headerWord } from "#dist/src/core/index.js";
import { OutOfMemoryError, type Store } from "#dist/src/index.js";
import { openStore } from "./live-store.js";

const VALUE = new Uint8Array(64);

/** The level in the header, as any thread reads it. */
function level(store: Store): number {
  const { worker } = (store as unknown as { connection: { worker: { header: Header } } }).connection;
  return worker.header.pressure;
}

/** Writes new keys until the pool is used to this share; the number of the next one. */
function fillTo(store: Store, utilisation: number, from = 0): number {
  const ns = store.namespace("n");
  let next = from;
  while (store.stats().memory.utilisation < utilisation) {
    for (let i = 0; i < 50; i++) ns.set(`key:${next++}`, VALUE);
  }
  return next;
}

describe("memory pressure", () => {
  it("is low, medium, high and critical from 60, 80 and 90 % of the pool on, and is in the header for all threads", async () => {
    const store = await openStore({ eviction: "none" });
    const seen: [string, number][] = [];
    for (const share of [0.3, 0.59, 0.61, 0.79, 0.81, 0.89, 0.91]) {
      fillTo(store, share, Math.round(share * 1e9));
      store.maintain();
      seen.push([store.stats().eviction.pressure, level(store)]);
    }
    expect(seen).toEqual([
      ["low", 0],
      ["low", 0],
      ["medium", 1],
      ["medium", 1],
      ["high", 2],
      ["high", 2],
      ["critical", 3],
    ]);
  });

  it.each(["lru", "arc", "lirs", "s3-fifo"] as const)(
    "at high makes %s evict to below 80 percent, the coldest first",
    async (eviction) => {
      const store = await openStore({ eviction });
      const ns = store.namespace("n");
      for (let i = 0; i < 20; i++) ns.set(`hot:${i}`, VALUE);
      let next = 0;
      for (let share = 0.01; share <= 0.85; share += 0.01) {
        next = fillTo(store, share, next);
        for (let i = 0; i < 20; i++) ns.get(`hot:${i}`);
        store.maintain();
      }
      for (let rounds = 0; store.stats().memory.utilisation >= 0.8 && rounds < 20; rounds++) store.maintain();
      const { memory, eviction: told, operations } = store.stats();
      expect(memory.utilisation).toBeLessThan(0.81); // a few chunks are retired, not yet free
      expect(memory.utilisation).toBeGreaterThan(0.75);
      expect(told.victims).toBeGreaterThan(0);
      expect(operations.evictions).toBe(told.victims);
      for (let i = 0; i < 20; i++) expect(ns.has(`hot:${i}`)).toBe(true);
    },
  );

  it("at critical evicts until it is over, in one round", async () => {
    const store = await openStore({ eviction: "lru", capacity: "16MiB" });
    let next = 0;
    // a sixteenth is kept for large values
    while (store.stats().memory.utilisation < 0.92) {
      next = fillTo(store, store.stats().memory.utilisation + 0.01, next);
      if (store.stats().memory.utilisation < 0.7) store.maintain();
    }
    expect(store.stats().eviction.pressure).toBe("critical");
    store.maintain();
    expect(store.stats().memory.utilisation).toBeLessThan(0.81);
  });

  it("measures a policy by the entries that fit, and starts it anew when they turn out larger", async () => {
    const store = await openStore({ eviction: "lru" });
    const ns = store.namespace("n");
    store.maintain();
    const small = store.stats().eviction.capacityEntries;
    for (let i = 0; i < 400; i++) ns.set(`key:${i}`, new Uint8Array(3000));
    store.maintain();
    const { capacityEntries, rebuilds, residents } = store.stats().eviction;
    const { poolBytes } = store.stats().memory;
    expect(rebuilds).toBe(1);
    expect(capacityEntries).toBeLessThan(small / 20);
    expect(Math.abs(capacityEntries / ((0.8 * poolBytes) / 4096) - 1)).toBeLessThan(0.3);
    expect(residents).toBe(400);
  });

  it("does not empty the cache for what eviction cannot free, and refuses writes for which nothing can be evicted", async () => {
    const store = await openStore({ eviction: "lru" });
    const next = fillTo(store, 0.3);
    store.maintain();
    const buffers: Uint8Array[] = [];
    const takeAll = () => {
      for (;;) buffers.push(store.buffer(16_000));
    };
    expect(takeAll).toThrow(OutOfMemoryError);
    expect(store.stats().eviction.pressure).toBe("critical");
    const { entries } = store.stats();
    store.maintain();
    expect(store.stats().eviction.victims).toBe(0);
    expect(store.stats().entries).toBe(entries);
    expect(() => store.namespace("n").set("large", new Uint8Array(16_000))).toThrow(OutOfMemoryError);
    // a cache may be full; that it had to refuse writes is told
    expect(store.health()).toMatchObject({ status: "warning", memory: { pressure: "critical" } });
    expect(store.namespace("n").has(`key:${next - 1}`)).toBe(true);
    expect(buffers.length).toBeGreaterThan(10);
  });

  it("does not evict on and on during a snapshot, which keeps what is evicted", async () => {
    const store = await openStore({ eviction: "lru" });
    const { worker } = (store as unknown as { connection: { worker: { header: Header } } }).connection;
    for (let next = 0, share = 0.1; share < 0.9; share += 0.1) {
      next = fillTo(store, share, next);
      if (share < 0.75) store.maintain();
    }
    worker.header.words[headerWord.SNAPSHOT] = worker.header.words[headerWord.EPOCH]++; // as a backup begins
    for (let rounds = 0; rounds < 50; rounds++) store.maintain();
    const { memory, eviction } = store.stats();
    expect(memory.utilisation).toBeGreaterThan(0.8); // nothing came back
    expect(eviction.victims).toBeGreaterThan(0);
    expect(memory.entryBytes / memory.poolBytes).toBeGreaterThan(0.79);
    worker.header.words[headerWord.SNAPSHOT] = 0;
  });

  it("never stops a writer that is faster than maintenance: it evicts for itself", async () => {
    const store = await openStore({ eviction: "lru" });
    const ns = store.namespace("n");
    for (let i = 0; i < 60_000; i++) ns.set(`key:${i}`, VALUE);
    expect(store.stats().operations).toMatchObject({ outOfMemory: 0 });
    expect(store.stats().operations.evictions).toBeGreaterThan(1000);
    expect(store.stats().eviction.victims).toBe(0);
  });
});

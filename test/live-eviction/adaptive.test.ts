import { describe, expect, it } from "vitest";
import type { Adaptive } from "#dist/src/eviction/index.js";
import { Store } from "#dist/src/index.js";
import { DecisionLog } from "#dist/src/store/eviction/decision-log.js";
import { identityOf } from "#dist/src/store/index.js";
import { openStore, settle } from "./live-store.js";

const VALUE = new Uint8Array(16);
/** By which two clocks may differ. */
const CLOCKS_MS = 1000;

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

describe("store.stats() of an adaptive store", () => {
  /** Asks for recency, then loops over more keys than fit, then for recency again: policies change. */
  function phases(store: Store, rounds: number): void {
    const ns = store.namespace("n");
    const ask = (key: string): void => {
      if (ns.get(key) === undefined) ns.set(key, VALUE);
    };
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 6000; i++) {
        ask(`drift:${round}:${(i >> 2) + ((i * 7919) % 150)}`);
        if (i % 8 === 7) store.maintain();
      }
      for (let i = 0; i < 6000; i++) {
        ask(`loop:${round}:${i % 260}`);
        if (i % 8 === 7) store.maintain();
      }
    }
    settle(store);
  }

  it("shows whom it follows, and when it changed to whom and why, as the policy decided", async () => {
    const store = await openStore({ eviction: "adaptive", maxEntries: 200, expectedEntries: 200 });
    expect(store.stats().eviction.adaptive).toBeNull();
    const began = Date.now();
    store.maintain();
    expect(store.stats().eviction.adaptive).toEqual({ following: "lirs", changes: 0, decisions: [] });
    phases(store, 2);
    const { adaptive } = store.stats().eviction;
    console.log(JSON.stringify(adaptive));
    expect(adaptive!.changes).toBeGreaterThan(0);
    expect(adaptive!.decisions.length).toBe(adaptive!.changes);
    expect(adaptive!.decisions.at(-1)?.to).toBe(adaptive!.following);
    let from = "lirs";
    let request = 0;
    for (const decision of adaptive!.decisions) {
      expect(decision.from).toBe(from);
      expect(decision.request).toBeGreaterThan(request);
      expect(decision.gain).toBeGreaterThan(0);
      expect(["better", "rolled back"]).toContain(decision.reason);
      // the store's clock and the wall's are two, and the wall's may be set meanwhile
      expect(decision.at).toBeGreaterThanOrEqual(began - CLOCKS_MS);
      expect(decision.at).toBeLessThanOrEqual(Date.now() + CLOCKS_MS);
      ({ to: from, request } = decision);
    }
  });

  it("is null for a policy that makes no decisions", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 20 });
    store.maintain();
    expect(store.stats().eviction.adaptive).toBeNull();
  });

  it("keeps the latest 32 of many, in their order, and goes on counting when the policy starts anew", async () => {
    const store = await openStore({ eviction: "adaptive", maxEntries: 20 });
    const worker = identityOf(store).worker as never;
    const log = new DecisionLog(worker);
    const decision = (request: number) =>
      ({ request, from: "lru", to: "arc", gain: request / 1000, reason: "better" }) as const;
    const policy = (changes: number, kept: number) =>
      ({
        changes,
        incumbent: "arc",
        decisions: Array.from({ length: kept }, (_, i) => decision(changes - kept + i)),
      }) as unknown as Adaptive;
    const requests = () => store.stats().eviction.adaptive!.decisions.map(({ request }) => request);
    const growing = policy(2, 2);
    log.append(growing);
    expect(requests()).toEqual([0, 1]);
    log.append(growing);
    expect(requests()).toEqual([0, 1]);
    growing.decisions.push(decision(2));
    growing.changes++;
    log.append(growing);
    expect(requests()).toEqual([0, 1, 2]);
    // another one, of which the first ten are forgotten
    log.append(policy(50, 40));
    expect(store.stats().eviction.adaptive).toMatchObject({ following: "arc", changes: 43 });
    expect(requests()).toEqual(Array.from({ length: 32 }, (_, i) => i + 18));
  });
});

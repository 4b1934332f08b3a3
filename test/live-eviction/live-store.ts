import { afterEach, expect } from "vitest";
import { type LivePolicyName, Store, type StoreOptions } from "#dist/src/index.js";

const open: Store[] = [];

/** A store that is checked (invariants, leaks) and closed at the end of the test, whatever the test did. */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const store = await Store.create({ capacity: "8MiB", maxWorkers: 2, maintenance: false, ...options });
  open.push(store);
  return store;
}

afterEach(async () => {
  for (const store of open.splice(0)) {
    try {
      expect((await store.verify()).violations).toEqual([]);
    } finally {
      await store.close();
    }
  }
});

/** Waits for a condition that another thread brings about, letting the event loop turn meanwhile. */
export async function until(condition: () => boolean, what: string, patience = 150_000): Promise<void> {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${patience} ms in vain for ${what}`);
    await new Promise<void>((turn) => setImmediate(turn));
  }
}

/** Maintains a store until no log has anything left and no walk is under way. */
export function settle(store: Store): void {
  for (let rounds = 0; ; rounds++) {
    const before = store.stats().eviction.walks;
    store.maintain();
    const { backlog, walks } = store.stats().eviction;
    if (backlog === 0 && walks === before && rounds > 3) return;
  }
}

/** The policies whose live figures are held against the simulator's. */
export const compared: LivePolicyName[] = ["lru", "fifo", "lfu", "arc", "lirs", "2q", "s3-fifo", "sieve", "w-tinylfu"];

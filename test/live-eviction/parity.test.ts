import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createPolicy, SimulatedCache } from "#dist/src/eviction/index.js";
import type { LivePolicyName, Store } from "#dist/src/index.js";
import { keyChooser, loadTrace, Random } from "#dist/workloads/index.js";
import { compared, openStore, until } from "./live-store.js";

const traces = fileURLToPath(new URL("../../../shared/traces", import.meta.url));
const present = existsSync(traces);
if (!present) console.log("skipped: live hit ratios on real traces (the folder of reference traces is absent)");

const SEED = 20260412;
/** Points of hit ratio by which a live policy may differ from the simulated one (the design's figure). */
const TOLERANCE = 0.02;
const VALUE = new Uint8Array(16);

interface Requests {
  ids: Uint32Array;
  distinct: number;
  capacity: number;
}

/** A skewed working set, through which a scan of keys that never come back passes now and then. */
function skewedWithScans(): Requests {
  const random = new Random(SEED);
  const popular = keyChooser({ distribution: "zipfian", count: 4000 });
  const ids: number[] = [];
  let fresh = 4000;
  while (ids.length < 24_000) {
    for (let i = 0; i < 2000; i++) ids.push(popular.next(random));
    for (let i = 0; i < 400; i++) ids.push(fresh++);
  }
  return { ids: Uint32Array.from(ids), distinct: fresh, capacity: 600 };
}

async function realTrace(name: string, capacity: number, requests: number): Promise<Requests> {
  const { ids, distinct } = await loadTrace(join(traces, name));
  return { ids: ids.subarray(0, requests), distinct, capacity };
}

function simulated(policy: LivePolicyName, { ids, distinct, capacity }: Requests): number {
  const cache = new SimulatedCache(createPolicy(policy, { capacity, distinct }), capacity, "objects", distinct);
  cache.replay(ids, null, 0, ids.length);
  return cache.hits / ids.length;
}

/** Reads every key and writes those that are missing; `pause` after every `every` requests. */
async function live(
  store: Store,
  { ids }: Requests,
  every: number,
  pause: () => void | Promise<void>,
): Promise<number> {
  const ns = store.namespace("trace");
  let hits = 0;
  for (let i = 0; i < ids.length; i++) {
    const key = `key:${ids[i]}`;
    if (ns.get(key) === undefined) ns.set(key, VALUE);
    else hits++;
    if (i % every === every - 1) await pause();
  }
  return hits / ids.length;
}

async function compareOn(policy: LivePolicyName, requests: Requests, label: string): Promise<void> {
  const { capacity } = requests;
  // few buckets: maintain() sweeps them all, and here it is called thousands of times
  const store = await openStore({ eviction: policy, maxEntries: capacity, expectedEntries: capacity });
  const expected = simulated(policy, requests);
  // the store holds what was written since it was maintained on top of its limit: a small part of that limit
  const every = Math.min(64, requests.capacity >> 3);
  const ratio = await live(store, requests, every, () => void store.maintain());
  const points = ((ratio - expected) * 100).toFixed(2);
  console.log(`${label} ${policy}: simulated ${expected.toFixed(4)}, live ${ratio.toFixed(4)} (${points} points)`);
  expect(Math.abs(ratio - expected)).toBeLessThanOrEqual(TOLERANCE);
  const { eviction, entries } = store.stats();
  expect(eviction.logDrops).toBe(0);
  expect(eviction.victims).toBeGreaterThan(requests.capacity);
  expect(entries).toBeLessThanOrEqual(requests.capacity + 64);
}

describe(`a policy's hit ratio in the store, against the simulator's (seed ${SEED})`, () => {
  it.each(compared)("on a skewed working set with scans: %s", async (policy) => {
    await compareOn(policy, skewedWithScans(), "zipf with scans");
  });

  // a small cache on many keys: ids are given to new keys a dozen times over
  it.each(compared)("with far more keys than ids: %s", async (policy) => {
    await compareOn(policy, { ...skewedWithScans(), capacity: 100 }, "zipf with scans, small");
  });

  it("is told apart by the tolerance: the policies differ by more than that among themselves", () => {
    const ratios = compared.map((policy) => simulated(policy, skewedWithScans()));
    expect(Math.max(...ratios) - Math.min(...ratios)).toBeGreaterThan(2 * TOLERANCE);
  });

  it.each(["lru", "arc", "w-tinylfu"] as const)("when the maintenance thread runs it: %s", async (policy) => {
    const whole = skewedWithScans();
    const requests = { ...whole, ids: whole.ids.subarray(0, 12_000) };
    const store = await openStore({ eviction: policy, maxEntries: requests.capacity, maintenance: true });
    const expected = simulated(policy, requests);
    // the agent stays within 64 requests of the evictor, so that what is compared is the policy and not its lag
    const ratio = await live(store, requests, 64, () =>
      until(() => store.stats().eviction.backlog === 0, "the maintenance thread to read the logs"),
    );
    console.log(`maintenance thread, ${policy}: simulated ${expected.toFixed(4)}, live ${ratio.toFixed(4)}`);
    expect(Math.abs(ratio - expected)).toBeLessThanOrEqual(TOLERANCE);
    expect(store.stats().eviction.victims).toBeGreaterThan(requests.capacity);
  });
});

describe.skipIf(!present)("a policy's hit ratio on real traces, against the simulator's", () => {
  it.each(compared)("multi1: %s", async (policy) => {
    await compareOn(policy, await realTrace("multi1.lirs.gz", 1000, 16_000), "multi1");
  });

  it.each(compared)("the first 30,000 requests of cloudPhysics: %s", async (policy) => {
    await compareOn(policy, await realTrace("cloudPhysicsIO.oracleGeneral.bin", 1000, 30_000), "cloudPhysics");
  });
});

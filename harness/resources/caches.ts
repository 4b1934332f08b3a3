/** Caches of one thread, a policy each, over the same requests: what they hit, what a hit and a miss cost, and how many load what all ask for. */
import { setImmediate as turn } from "node:timers/promises";
import type { ResourceUse } from "../../reports/results.js";
import { Cache, type CachePolicyName } from "../../src/resources/index.js";
import { keyChooser, Random, type Resources } from "../../workloads/index.js";
import { memoryOf } from "./cache-memory.js";

type CacheUse = NonNullable<ResourceUse["cache"]>;
type Plan = NonNullable<Resources["cache"]>;

/** Payloads whose share of the heap is shown. */
const VALUE_BYTES = [64, 256, 1024];
/** Entries in caches whose single operations are timed: what stays in the processor's own. */
const HOT = 1000;
/** Operations in a batch that is timed, and batches, of which the middle one counts. */
const [BATCH, BATCHES] = [20_000, 9];
const NS_PER_MS = 1e6;

export async function runCaches(plan: Plan, seed: number, progress: (label: string) => void): Promise<CacheUse> {
  const { entries, keys, requests, waiters } = plan;
  const names = namesOf(keys);
  const order = drawn(plan, seed);
  const policies: CacheUse["policies"] = [];
  for (const policy of plan.policies) {
    progress(`a cache by ${policy}`);
    await turn();
    policies.push({
      ...{ policy, hitRatio: hitsOf(policy, entries, names, order) / requests },
      ...{ hitNs: hitCost(policy), missNs: missCost(policy) },
    });
  }
  progress("one loader for all who wait");
  const loads = await loadsOf(waiters);
  return { entries, keys, requests, policies, waiters, loads, memory: VALUE_BYTES.map(memoryOf) };
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `plan ${i}`);
}

/** The keys that are asked for, in their order: the same for every policy. */
function drawn({ keys, requests }: Plan, seed: number): Uint32Array {
  const chooser = keyChooser({ distribution: "zipfian", count: keys });
  const random = new Random(seed);
  return Uint32Array.from({ length: requests }, () => chooser.next(random));
}

function hitsOf(policy: CachePolicyName, entries: number, names: readonly string[], order: Uint32Array): number {
  const cache = new Cache<string, string>({ policy, maxEntries: entries });
  for (const key of order) if (cache.get(names[key]) === undefined) cache.set(names[key], names[key]);
  return cache.stats().hits;
}

function hitCost(policy: CachePolicyName): number {
  const cache = new Cache<string, number>({ policy, maxEntries: HOT });
  const names = namesOf(HOT);
  for (let i = 0; i < HOT; i++) cache.set(names[i], i);
  return middle(() => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) sum += cache.get(names[i % HOT]) ?? Number.NaN;
    if (Number.isNaN(sum)) throw new Error(`a cache by ${policy} lost what it has room for`);
  });
}

/** A look that finds nothing, and the insertion that evicts for it. */
function missCost(policy: CachePolicyName): number {
  const cache = new Cache<string, number>({ policy, maxEntries: HOT });
  const names = namesOf(BATCH * (BATCHES + 1));
  let next = 0;
  return middle(() => {
    for (const end = next + BATCH; next < end; next++)
      if (cache.get(names[next]) === undefined) cache.set(names[next], next);
  });
}

/** ns an operation, of the batch in the middle; one goes before them. */
function middle(batch: () => void): number {
  batch();
  const times = Array.from({ length: BATCHES }, () => {
    const began = performance.now();
    batch();
    return ((performance.now() - began) * NS_PER_MS) / BATCH;
  });
  return times.sort((a, b) => a - b)[BATCHES >> 1];
}

/** How often a loader is called when so many ask for one key at once. */
async function loadsOf(waiters: number): Promise<number> {
  const cache = new Cache<string, number>({ maxEntries: 1 });
  let loads = 0;
  const load = async (): Promise<number> => {
    loads++;
    await turn();
    return loads;
  };
  await Promise.all(Array.from({ length: waiters }, () => cache.getOrLoad("plan", load)));
  return loads;
}

import type { By, PolicyName } from "../../src/eviction/index.js";
import { type CacheSize, capacityOf, type Footprint } from "./sizes.js";

/** One simulation: a policy at a capacity. */
export interface Pair {
  readonly policy: PolicyName;
  readonly capacity: number;
  readonly by: By;
}

/** Every policy at every size, in the order given; sizes that come to the same capacity count once. */
export function planPairs(
  traceName: string,
  footprint: Footprint,
  policies: readonly PolicyName[],
  sizes: readonly CacheSize[],
): Pair[] {
  const capacities = new Map<string, { by: By; capacity: number }>();
  for (const size of sizes) {
    const capacity = capacityOf(size, traceName, footprint);
    capacities.set(`${capacity} ${size.by}`, { capacity, by: size.by });
  }
  return policies.flatMap((policy) => [...capacities.values()].map((capacity) => ({ policy, ...capacity })));
}

import { type By, type PolicyName, supportsBytes } from "../../src/eviction/index.js";
import { InvalidArgumentError } from "../../src/store/errors.js";
import { type CacheSize, capacityOf, type Footprint } from "./sizes.js";

/** One simulation: a policy at a capacity. */
export interface Pair {
  readonly policy: PolicyName;
  readonly capacity: number;
  readonly by: By;
}

/**
 * Every policy at every size, in the order given; sizes that come to the same capacity count once.
 *
 * @param leaveOutUnsupported leave out policies at a size in bytes that they cannot serve, instead of refusing
 * @throws InvalidArgumentError naming a policy that cannot serve a size in bytes
 */
export function planPairs(
  traceName: string,
  footprint: Footprint,
  policies: readonly PolicyName[],
  sizes: readonly CacheSize[],
  leaveOutUnsupported: boolean,
): Pair[] {
  const capacities = new Map<string, { by: By; capacity: number }>();
  for (const size of sizes) {
    const capacity = capacityOf(size, traceName, footprint);
    capacities.set(`${capacity} ${size.by}`, { capacity, by: size.by });
  }
  const pairs = policies.flatMap((policy) => [...capacities.values()].map((capacity) => ({ policy, ...capacity })));
  const served = pairs.filter(({ policy, by }) => by === "objects" || supportsBytes(policy));
  if (served.length < pairs.length && !leaveOutUnsupported) refuseBytes(policies);
  return served;
}

function refuseBytes(policies: readonly PolicyName[]): never {
  const unable = policies.filter((policy) => !supportsBytes(policy));
  throw new InvalidArgumentError(
    `--policy ${unable.join(",")}: defined for sizes in objects only, expected no size in bytes with ${unable.length > 1 ? "them" : "it"}`,
  );
}

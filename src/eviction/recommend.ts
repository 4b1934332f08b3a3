import type { AccessPattern } from "./pattern-analyser.js";
import type { PolicyName } from "./registry.js";

/** Below this ratio no pattern is taken to dominate: the workload is mixed. */
const DOMINANCE = 0.5;

/** What is known of a workload. `access` alone suffices. */
export interface WorkloadCharacteristics {
  /** An analyser's `type`, or by name; `uniform` is random access, `mixed` none that dominates. */
  readonly access: AccessPattern | "uniform" | "mixed";
  /** An analyser's confidence in it, 0 to 1; below 0.5 the access counts as mixed. Default 1. */
  readonly confidence?: number;
  /** Memory pressure: low below 60 % full, medium to 80 %, high to 90 %, critical above. Default medium. */
  readonly pressure?: "low" | "medium" | "high" | "critical";
  /** Bytes of data in all; given with `capacity`, it is known whether anything is ever evicted. Default: it is not known. */
  readonly dataSize?: number;
  /** Bytes that the cache holds. Default: not known. */
  readonly capacity?: number;
  /** `critical`: a hit must stay as cheap as possible, even at some cost in hits. Default normal. */
  readonly performance?: "normal" | "critical";
}

/** A policy, and why. */
export interface Recommendation {
  /** By its name, for `createPolicy` and a store's `eviction`. */
  readonly policy: PolicyName;
  /** In a sentence. */
  readonly reason: string;
}

/** Policies that reorder on a hit, and the nearest in behaviour of those whose hit writes a byte at most. */
const CHEAPER_HIT: Partial<Record<PolicyName, PolicyName>> = { lru: "clock", arc: "s3-fifo", lirs: "sieve" };

/**
 * The policy to start with for a workload: the table of M-007 (sequential: CLOCK, random: ARC, hotspot: LIRS, mixed under pressure:
 * CLOCK), LRU for temporal locality, and ARC, its default, where the table is silent. A prior, not a measurement: simulating the
 * workload's own trace beats it.
 *
 * @throws RangeError when `confidence` is not from 0 to 1
 */
export function recommend(characteristics: WorkloadCharacteristics): Recommendation {
  const { dataSize, capacity, performance = "normal" } = characteristics;
  if (dataSize !== undefined && capacity !== undefined && dataSize <= capacity) {
    return { policy: "fifo", reason: "the data fits the cache: nothing is evicted, and fifo costs least" };
  }
  const prior = fromAccess(characteristics);
  const cheaper = performance === "critical" ? CHEAPER_HIT[prior.policy] : undefined;
  if (cheaper === undefined) return prior;
  return {
    policy: cheaper,
    reason: `${prior.reason}; ${cheaper} in place of ${prior.policy}, for its hits write one byte`,
  };
}

function fromAccess({ access, confidence = 1, pressure = "medium" }: WorkloadCharacteristics): Recommendation {
  if (!(confidence >= 0 && confidence <= 1)) throw new RangeError(`confidence is ${confidence}, expected 0 to 1`);
  const pressed = pressure === "high" || pressure === "critical";
  const dominant = confidence < DOMINANCE ? "mixed" : access;
  switch (dominant) {
    case "sequential":
      return { policy: "clock", reason: "a scan defeats recency whatever the policy: the cheap one" };
    case "hotspot":
      return { policy: "lirs", reason: "a hot set is worth keeping from what passes by once" };
    case "temporal":
      return { policy: "lru", reason: "what was used lately is used again soon" };
    case "random":
    case "uniform":
      return pressed
        ? { policy: "clock", reason: "random access under high pressure: predictable cost" }
        : { policy: "arc", reason: "random access leaves the balance of recency and frequency to adaptation" };
    case "mixed":
      return pressed
        ? { policy: "clock", reason: "mixed access under high pressure: predictable cost" }
        : { policy: "arc", reason: "no pattern dominates: the one that adapts" };
  }
}

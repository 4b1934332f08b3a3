/** Which eviction a store can be created with, and how the choice is written in its header for all threads to see. */
import { type PolicyName, policyNames } from "../../eviction/index.js";

/**
 * How the store makes room. `none` refuses the write; `clock` evicts by sampled CLOCK, inline, by the writer that finds no
 * room; any other name runs that policy over the threads' access logs, and keeps inline CLOCK as the last resort.
 */
export type EvictionName = "none" | "clock" | LivePolicyName;

/** The policies of the simulator that can run in a store: all but `opt`, which needs the future. CLOCK runs inline. */
export type LivePolicyName = Exclude<PolicyName, "clock" | "opt">;

/** Written into headers and backups: never change a number, only add. (14 would be `opt`, which no store runs.) */
export const EVICTION_NUMBERS = {
  none: 0,
  clock: 1,
  lru: 2,
  fifo: 3,
  arc: 5,
  lirs: 6,
  lfu: 7,
  ttl: 8,
  random: 9,
  "2q": 10,
  "s3-fifo": 11,
  sieve: 12,
  "w-tinylfu": 13,
  hybrid: 15,
  adaptive: 16,
  "w-tinylfu-climbing": 17,
} as const satisfies Record<EvictionName, number>;

const NAMES = new Map(
  Object.entries(EVICTION_NUMBERS).map(([name, number]) => [number as number, name as EvictionName]),
);

function isLive(name: PolicyName): name is LivePolicyName {
  return name !== "clock" && name !== "opt";
}

export function evictionNames(): EvictionName[] {
  return ["none", "clock", ...policyNames.filter(isLive)];
}

export function isEvictionName(name: unknown): name is EvictionName {
  return (evictionNames() as unknown[]).includes(name);
}

/** The word in the header (H_EVICTION) for a choice. */
export function evictionWord(name: EvictionName): number {
  return EVICTION_NUMBERS[name];
}

/** The choice that a word stands for; undefined for one that this version does not know. */
export function evictionOf(word: number): EvictionName | undefined {
  return NAMES.get(word);
}

/** The choice in the header of a store of this version. */
export function evictionName(word: number): EvictionName {
  const name = evictionOf(word);
  if (name === undefined) throw new Error(`the store's eviction is number ${word}, which this engram does not know`);
  return name;
}

/** The policy to run over access logs; null for a store that has none. */
export function livePolicy(word: number): LivePolicyName | null {
  const name = evictionName(word);
  return name === "none" || name === "clock" ? null : name;
}

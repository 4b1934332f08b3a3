/** Which eviction a store can be created with, and how the choice is written in its header for all threads to see. */
import { type PolicyName, policyNames } from "../../eviction/index.js";

/**
 * How the store makes room. `none` refuses the write; `clock` evicts by sampled CLOCK, inline, by the writer that finds no
 * room; any other name runs that policy over the threads' access logs, and keeps inline CLOCK as the last resort.
 */
export type EvictionName = "none" | "clock" | LivePolicyName;

/** The policies of the simulator that can run in a store: all but `opt`, which needs the future. CLOCK runs inline. */
export type LivePolicyName = Exclude<PolicyName, "clock" | "opt">;

const NONE = 0;
const CLOCK = 1;
/** The header's word for a policy is this, plus its place in `policyNames`: the same in all threads of one version. */
const FIRST_POLICY = 2;

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
  if (name === "none") return NONE;
  return name === "clock" ? CLOCK : FIRST_POLICY + policyNames.indexOf(name);
}

/** The choice that a header's word stands for; "clock" for one that this version does not know. */
export function evictionName(word: number): EvictionName {
  if (word === NONE) return "none";
  return word < FIRST_POLICY ? "clock" : ((policyNames[word - FIRST_POLICY] as LivePolicyName | undefined) ?? "clock");
}

/** The policy to run over access logs; null for a store that has none. */
export function livePolicy(word: number): LivePolicyName | null {
  return word < FIRST_POLICY ? null : (evictionName(word) as LivePolicyName);
}

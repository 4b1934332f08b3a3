/** What adaptive lost against those that knew beforehand which policy to run, and when to change it. */
import type { PolicyName } from "../../src/eviction/index.js";

/** Lookups of one window of a trace, and how many of them hit. */
export interface WindowCount {
  readonly hits: number;
  readonly lookups: number;
}

export interface FixedPolicy {
  readonly policy: PolicyName;
  readonly windows: readonly WindowCount[];
}

/** A schedule of policies: from which window (from 0) on which one runs. */
export interface Stretch {
  readonly from: number;
  readonly policy: PolicyName;
}

export interface SwitchingRegret {
  /** Changes of policy the schedule may make at most. */
  readonly switches: number;
  readonly hitRatio: number;
  /** What the policy in question falls short of that hit ratio; negative when it is above it. */
  readonly regret: number;
  /** The schedule itself; shorter than allowed where more changes gain nothing. */
  readonly schedule: readonly Stretch[];
}

export interface Regret {
  /** The best of the fixed policies over the whole trace. */
  readonly best: PolicyName;
  readonly hitRatio: number;
  /** What the policy in question falls short of that hit ratio; negative when it is above it. */
  readonly regret: number;
  readonly switching: readonly SwitchingRegret[];
}

/** Changes the hindsight schedules are allowed. */
export const SWITCHES = [1, 2, 4, 8] as const;

/** Policies no hindsight may choose: the one knows the future, the other is the one that is judged. */
export const NOT_FIXED: ReadonlySet<PolicyName> = new Set(["opt", "adaptive"]);

/**
 * Compares a policy's windows with the best fixed policy's, and with the best schedule that changes policy at most k times at window
 * ends, found by dynamic programming over windows (Herbster, Warmuth: "Tracking the best expert", Machine Learning 32, 1998, for
 * the comparison). A schedule is credited with what each policy hit in its own cache, run from the beginning: as if a change cost nothing and
 * came with the right entries. So it bounds what changing at those moments could have gained, and need not be within reach.
 *
 * O(k x windows x policies) time and memory.
 *
 * @returns null when there is no fixed policy to compare with, or nothing was looked up
 */
export function regretOf(own: readonly WindowCount[], fixed: readonly FixedPolicy[]): Regret | null {
  const lookups = own.reduce((sum, window) => sum + window.lookups, 0);
  if (fixed.length === 0 || lookups === 0) return null;
  const ownHits = hitsOf(own);
  const totals = fixed.map(({ windows }) => hitsOf(windows));
  const first = totals.indexOf(Math.max(...totals));
  const schedules = bestSchedules(fixed, SWITCHES[SWITCHES.length - 1]);
  return {
    best: fixed[first].policy,
    hitRatio: totals[first] / lookups,
    regret: (totals[first] - ownHits) / lookups,
    switching: SWITCHES.map((switches) => {
      const { hits, schedule } = schedules[switches];
      return { switches, hitRatio: hits / lookups, regret: (hits - ownHits) / lookups, schedule };
    }),
  };
}

interface Schedule {
  readonly hits: number;
  readonly schedule: readonly Stretch[];
}

/** The best schedule for 0, 1 ... `most` changes. */
function bestSchedules(fixed: readonly FixedPolicy[], most: number): Schedule[] {
  const policies = fixed.length;
  const windows = fixed[0].windows.length;
  // by changes and policy: the hits of the best schedule so far that ends with it
  let best = new Float64Array((most + 1) * policies);
  // by window, changes and policy: the policy of the window before, and whether that took a change
  const cameFrom = new Int32Array(windows * (most + 1) * policies);
  for (let window = 0; window < windows; window++) {
    const next = new Float64Array(best.length);
    for (let changes = 0; changes <= most; changes++) {
      const before = changes === 0 || window === 0 ? -1 : bestOf(best, (changes - 1) * policies, policies);
      for (let policy = 0; policy < policies; policy++) {
        const at = changes * policies + policy;
        let from = policy;
        let hits = best[at];
        if (before >= 0 && before !== policy && best[(changes - 1) * policies + before] > hits) {
          hits = best[(changes - 1) * policies + before];
          from = before;
        }
        cameFrom[window * best.length + at] = from;
        next[at] = hits + fixed[policy].windows[window].hits;
      }
    }
    best = next;
  }
  return Array.from({ length: most + 1 }, (_, changes) => {
    const last = bestOf(best, changes * policies, policies);
    const schedule: Stretch[] = [];
    let left = changes;
    let policy = last;
    for (let window = windows - 1; window >= 0; window--) {
      const from = cameFrom[window * best.length + left * policies + policy];
      if (from === policy) continue;
      schedule.push({ from: window, policy: fixed[policy].policy });
      policy = from;
      left--;
    }
    schedule.push({ from: 0, policy: fixed[policy].policy });
    return { hits: best[changes * policies + last], schedule: schedule.reverse() };
  });
}

/** The policy with most hits in a row of `policies` figures. */
function bestOf(figures: Float64Array, row: number, policies: number): number {
  let best = 0;
  for (let policy = 1; policy < policies; policy++) if (figures[row + policy] > figures[row + best]) best = policy;
  return best;
}

function hitsOf(windows: readonly WindowCount[]): number {
  return windows.reduce((sum, { hits }) => sum + hits, 0);
}

import type { AdaptiveDecision } from "../../src/eviction/index.js";
import type { Pair } from "./plan.js";
import type { WindowCount } from "./regret.js";
import type { SharedTrace } from "./shared-trace.js";

/** How a pair is run. */
export interface Settings {
  readonly seed: number;
  /** Equal parts of the trace to tell the hit ratio of, each by itself; 0: none. */
  readonly windows: number;
}

/** To a worker: the trace all following pairs run over, or a pair to run. */
export type Order =
  | { readonly kind: "trace"; readonly trace: SharedTrace }
  | { readonly kind: "pair"; readonly pair: Pair; readonly settings: Settings };

/** From a worker: requests replayed since it last said so, or the finished pair's account. */
export type Report =
  | { readonly kind: "replayed"; readonly requests: number }
  | { readonly kind: "finished"; readonly outcome: Simulated };

export interface Simulated {
  readonly hits: number;
  readonly misses: number;
  /** Bytes of the requests that missed; null where they were not counted. */
  readonly missedBytes: number | null;
  readonly evictions: number;
  /** What each window came to; absent when none were asked for. */
  readonly windows?: readonly WindowCount[];
  /** With windows, of `adaptive`: when it changed to which policy, and why. */
  readonly decisions?: readonly AdaptiveDecision[];
  /** Time in the replay alone, without building the policy. */
  readonly milliseconds: number;
}

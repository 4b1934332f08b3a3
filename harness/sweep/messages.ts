import type { Pair } from "./plan.js";
import type { SharedTrace } from "./shared-trace.js";

/** To a worker: the trace all following pairs run over, or a pair to run. */
export type Order =
  | { readonly kind: "trace"; readonly trace: SharedTrace }
  | { readonly kind: "pair"; readonly pair: Pair; readonly seed: number };

/** From a worker: requests replayed since it last said so, or the finished pair's account. */
export type Report =
  | { readonly kind: "replayed"; readonly requests: number }
  | { readonly kind: "finished"; readonly outcome: Outcome };

export interface Outcome {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  /** Time in the replay alone, without building the policy. */
  readonly milliseconds: number;
}

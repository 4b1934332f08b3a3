/** What the conductor of a swarm and its threads tell each other. */
import type { AgentsHandle } from "../../src/agents/index.js";
import type { StoreHandle } from "../../src/index.js";
import type { Swarm } from "../../workloads/index.js";

export interface ThreadBirth {
  readonly store: StoreHandle;
  readonly agents: AgentsHandle;
  readonly swarm: Swarm;
  /** Numbers of the agents it has. */
  readonly members: readonly number[];
  /** Of the members, those that share nothing. */
  readonly alone: readonly number[];
  /** Whether these agents are there already, without a living owner, and are to be claimed. */
  readonly claims: boolean;
  /** Of the run. */
  readonly seed: number;
}

export type ToThread =
  | { readonly type: "learn"; readonly round: number }
  | { readonly type: "share" }
  | { readonly type: "end" };

export type FromThread =
  | { readonly type: "ready"; readonly claimed: number; readonly poisoned: number }
  /** Half of its agents have learned. */
  | { readonly type: "half" }
  | ({ readonly type: "learned" } & Learned)
  | { readonly type: "shared" }
  | { readonly type: "ended"; readonly lookups: TimedPairs; readonly encodings: TimedPairs };

export interface Learned {
  readonly steps: number;
  readonly episodes: number;
  readonly searches: number;
  /** Time spent in searches, ms. */
  readonly searchMs: number;
}

/** A histogram of nanoseconds as it crosses threads. */
export interface TimedPairs {
  readonly pairs: ReadonlyArray<readonly [bucket: number, count: number]>;
  readonly max: number;
}

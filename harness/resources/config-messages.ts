/** What the threads of a configuration's run are told, and tell. */
import type { StoreHandle } from "../../src/index.js";

export const CONFIG = "limits";

export interface ThreadBirth {
  readonly store: StoreHandle;
  readonly does: "follows" | "changes";
}

/** What a thread has to say that has seen the last version. */
export interface FollowerEnd {
  /** From the update until the observer was told, ns. */
  readonly latency: { readonly pairs: ReadonlyArray<readonly [bucket: number, count: number]>; readonly max: number };
  readonly told: number;
  readonly reads: number;
  readonly readMs: number;
  /** The last it was told of. */
  readonly version: number;
  /** Versions that came out of order, or were half of one. */
  readonly faults: number;
}

export type FromThread = { readonly type: "ready" } | ({ readonly type: "end" } & FollowerEnd);

/** ms on the machine's own clock, which all threads share and nobody sets. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A domain's copy looked through: what recovery validates before a node takes part again. */
import { DEFAULT_MAX_DRIFT_MS } from "./hlc.js";
import type { Replica } from "./replica.js";

/** What is wrong with a key of a copy. */
export interface CopyFault {
  /** Which it is. */
  readonly key: string;
  /** In words. */
  readonly why: string;
}

/** Checksums were looked at when each version came in, or was read from where the copy lies: such a one has no entry. */
export function verifyCopy(replica: Replica, nowMs: number): CopyFault[] {
  const faults: CopyFault[] = [];
  for (const [key, { seq, entry }] of replica.copy()) {
    const why = faultOf(seq, entry, nowMs);
    if (why !== null) faults.push({ key, why });
  }
  return faults;
}

type Entry = NonNullable<ReturnType<Replica["confirmed"]>>["entry"];

function faultOf(seq: number, entry: Entry, nowMs: number): string | null {
  if (entry === null) return "its bytes are no version of a key";
  if (!Number.isSafeInteger(seq) || seq < 1) return `its number is ${seq}`;
  const known = entry.clock.get(entry.node) ?? 0;
  if (known < entry.count) return `its clock knows ${known} writes of "${entry.node}", and it is number ${entry.count}`;
  const aheadMs = entry.stamp.ms - nowMs;
  return aheadMs > DEFAULT_MAX_DRIFT_MS ? `it was stamped ${Math.round(aheadMs / 1000)} s in the future` : null;
}

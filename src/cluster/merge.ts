/**
 * Which of two versions of a key stays. The later stamp does, and equal ones go by the node's name: a total order, so that all nodes keep the same one
 * whatever came first (commutative, associative, idempotent). Vector clocks only say whether it was a conflict, that is whether neither was made
 * with knowledge of the other; asking them first and the clock only for conflicts is no order at all (docs/decisions/0054).
 */
import type { ClusterEntry } from "./entry.js";
import { compareStamps } from "./hlc.js";
import { joinClocks, orderClocks } from "./vector-clock.js";

export interface Merged {
  /** The one that stays, knowing of both: one of the two itself where nothing had to be added to its clock. */
  readonly entry: ClusterEntry;
  readonly conflict: boolean;
}

/** Above 0 when `a` is the later one; 0 when they are the same version. */
export function compareEntries(a: ClusterEntry, b: ClusterEntry): number {
  const byStamp = compareStamps(a.stamp, b.stamp);
  if (byStamp !== 0) return byStamp;
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  return a.count - b.count;
}

export function isSameVersion(a: ClusterEntry, b: ClusterEntry): boolean {
  return compareEntries(a, b) === 0;
}

export function mergeEntries(a: ClusterEntry, b: ClusterEntry): Merged {
  const stays = compareEntries(a, b) >= 0 ? a : b;
  const conflict = orderClocks(a.clock, b.clock) === "concurrent";
  const clock = joinClocks(stays.clock, stays === a ? b.clock : a.clock);
  return { entry: clock === stays.clock ? stays : { ...stays, clock }, conflict };
}

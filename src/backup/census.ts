/**
 * How many entries a cut holds, by the store's own count: what a backup has copied is held against it before it calls itself
 * whole. The two know nothing of each other. The workers count what they put into the table and what they take out; the
 * backup counts chunks in the slabs it copied. A slab that it does not know of, or a region it takes for clean that is not,
 * makes them differ.
 *
 * Others go on writing, so the workers' counts at the cut itself cannot be had. But they only grow, and each write counts
 * before it ends. So three readings enclose the number:
 *
 *   before   before the epoch is bumped: what is counted here was stamped E or earlier
 *   after    when all writes of E have ended: whatever was stamped E or earlier is counted here
 *   later    when all is copied: a victim of eviction, which no copy has to hold, was counted as removed before its chunk was freed
 *
 *   before.inserted - later.removed  <=  entries in the copy  <=  after.inserted - before.removed
 *
 * Where nobody wrote meanwhile both sides are the same number. A worker that died between a deed and its count leaves the
 * counts one off, so they are in doubt by one for each slot that was reaped. A reaper counts itself before it ends the dead
 * worker's write, which the cut waits for: whoever came past that has seen the death.
 */
import { allSlots, type Header, layout } from "../core/index.js";

/** What the workers have counted since the store was made. */
export interface Census {
  readonly inserted: number;
  readonly removed: number;
  /** Entries that these may be off by. */
  readonly doubt: number;
}

export function censusOf(header: Header): Census {
  let inserted = 0n;
  let removed = 0n;
  let reaped = 0n;
  for (const { counters } of allSlots(header)) {
    inserted += Atomics.load(counters, layout.C_INSERTED);
    removed += Atomics.load(counters, layout.C_REMOVED);
    reaped += Atomics.load(counters, layout.C_REAPED);
  }
  return { inserted: Number(inserted), removed: Number(removed), doubt: Number(reaped) };
}

/** Why a copy of so many entries cannot be the whole cut; null when it can. */
export function findGap(entries: number, before: Census, after: Census, later: Census): string | null {
  const least = before.inserted - later.removed - later.doubt;
  const most = after.inserted - before.removed + later.doubt;
  if (entries >= least && entries <= most) return null;
  const counted = least === most ? `${least}` : `${Math.max(0, least)} to ${most}`;
  return `${entries} entries were copied, and the store counts ${counted}`;
}

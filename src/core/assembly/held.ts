/**
 * What a worker has of locks, in its slot: the list of those it holds or is about to hold, the word it sleeps on, what it waits for.
 *
 * A lock is named in the list before anything of it is touched, and struck off last, when nothing is left to do for it. So the list is
 * two things at once. For a reaper it says which locks a dead worker may have had: S_HAND_* for locks. And it is what keeps a lock's chunk from
 * becoming something else, as naming a region's entry does (region-pins.ts): name the entry, then look whether it is current.
 *
 *   word    entry | HELD_*     UNSURE  named, not looked at yet
 *                              READS   as one of its readers
 *                              WAITS   not inside
 *   waits   what whoever has the lock waits for meanwhile, where that is known: a task of a thread that goes on with others
 */
import {
  HELD_BITS,
  HELD_MAX,
  HELD_READS,
  HELD_UNSURE,
  HELD_WAITS,
  H_SLOTS,
  SLOT_SIZE,
  S_HELD,
  S_LOCK_WAITS,
  S_LOCK_WAKE,
} from "../layout";
import { add32, load32, notify, release32, store32 } from "./memory";
import { isCurrent } from "./quota";
import { slot, slotNumber } from "./worker";

// @ts-ignore: decorator
@inline
export function me(): u32 {
  return slotNumber + 1;
}

// @ts-ignore: decorator
@inline
export function bitOf(owner: u32): u64 {
  return <u64>1 << (owner - 1);
}

// @ts-ignore: decorator
@inline
export function slotOf(owner: u32): u32 {
  return load<u32>(H_SLOTS) + (owner - 1) * SLOT_SIZE;
}

/** Address of the item that names the entry in the slot; 0 = none does. */
export function placeOf(owner: u32, entry: u32): u32 {
  const list = owner + S_HELD;
  for (let i: u32 = 0; i < HELD_MAX; i++) {
    const place = list + (i << 3);
    if ((load32(place) & ~HELD_BITS) == entry) return place;
  }
  return 0;
}

/** The same in this worker's own, which nobody else writes. */
// @ts-ignore: decorator
@inline
export function ownPlaceOf(entry: u32): u32 {
  let place = slot + S_HELD;
  while ((load<u32>(place) & ~HELD_BITS) != entry) place += 8;
  return place;
}

/**
 * Names the lock, so that its chunk stays a lock, then asks whether it is its name's still: the place it is named in, 0 = it was
 * dropped, 1 = the list is full.
 */
// @ts-ignore: decorator
@inline
export function name(entry: u32, version: u32, reads: bool): u32 {
  const end = slot + S_HELD + (HELD_MAX << 3);
  let place = slot + S_HELD;
  while (load<u32>(place) != 0) {
    place += 8;
    if (place == end) return 1;
  }
  const word = entry | (reads ? HELD_READS : 0);
  store32(place, word | HELD_UNSURE); // no later load may overtake it: the partner of the scan that marks, then reads the lists
  if (!isCurrent(entry, version)) {
    strike(place);
    return 0;
  }
  release32(place, word);
  return place;
}

// @ts-ignore: decorator
@inline
export function strike(place: u32): void {
  release32(place, 0);
}

/** This worker will wait: from here on it may be given the lock without being inside. Blocked, it says so to whoever looks for a deadlock. */
export function goWaiting(place: u32, blocked: bool): void {
  const word = load<u32>(place);
  store32(place, word | HELD_WAITS);
  if (blocked) store32(slot + S_LOCK_WAITS, word & (~HELD_BITS | HELD_READS));
}

/** It has waited: for this lock it does not any more. */
// @ts-ignore: decorator
@inline
export function stopWaiting(place: u32): void {
  const waits = load<u32>(slot + S_LOCK_WAITS);
  if (waits != 0 && (waits & ~HELD_BITS) == (load<u32>(place) & ~HELD_BITS)) store32(slot + S_LOCK_WAITS, 0);
  release32(place, load<u32>(place) & ~HELD_WAITS);
}

/** Whoever has `entry` in this worker waits for `target` (an entry and HELD_READS), or for nothing more (0). */
export function noteWait(entry: u32, target: u32): void {
  store32(ownPlaceOf(entry) + 4, target);
}

/** Wakes the worker, whichever of its waits it is in: one word serves all of them, so all of them look again. */
export function wake(owner: u32): void {
  const word = slotOf(owner) + S_LOCK_WAKE;
  add32(word, 1);
  notify(word);
}

/** Wakes everyone whose bit is set. */
export function wakeEach(workers: u64): void {
  let left = workers;
  while (left != 0) {
    wake(<u32>ctz(left) + 1);
    left &= left - 1;
  }
}

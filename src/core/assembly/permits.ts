/**
 * Permits of all threads together: so many may have one at a time, whichever threads they are in. Taking one is one swap of its word, 0 -> claim, so
 * there are never more out than words, and after a death a look at all words finds what the dead had.
 *
 * Who finds none waits: its slot's line of the waiters says since when, and it sleeps on its slot's wake word, as a waiter of a lock does (held.ts).
 *
 *   order    a permit that is free is for those who wait, the one that came first first: nobody takes one while as many wait before it as are free
 *   waiting  write the own line | read the wake word | look | sleep while the word is as it was. Who frees one, or leaves the line, does so before it
 *            wakes those who wait: so it is either seen or nobody sleeps
 *   asking   who begins to wait wakes those who have permits. One who has a connection that it does not need promises it to the waiter that came
 *            first, by a swap of the waiter's word, and closes it: of several that could, one does. A promise is kept by a death too, for that frees
 *            the permit
 *   death    the dead one's permits are free, and it waits no longer, before those who wait are woken. A reaper that dies in between leaves the rest
 *            under the same dead claim, which is never given out again, to the next
 */
import {
  PERMITS_MAX,
  PERMITS_OWNERS,
  PERMITS_WAITERS,
  PERMIT_PROMISED,
  PERMIT_SINCE,
  PERMIT_WAITER,
  PERMIT_WAITER_SIZE,
  CLAIM_SLOT_MASK,
  H_SLOT_COUNT,
} from "../layout";
import { wake } from "./held";
import { load32, release32, store32, swap32 } from "./memory";
import { slotNumber } from "./worker";

/** How many there are from now on, or since before: what the first one said. */
export function makePermits(at: u32, max: u32): u32 {
  swap32(at + PERMITS_MAX, 0, max);
  return load32(at + PERMITS_MAX);
}

// @ts-ignore: decorator
@inline
function waiterAt(at: u32, number: u32): u32 {
  return at + PERMITS_WAITERS + number * PERMIT_WAITER_SIZE;
}

// @ts-ignore: decorator
@inline
function ownerAt(at: u32, index: u32): u32 {
  return at + PERMITS_OWNERS + (index << 2);
}

/** Whether the waiter in that slot came before a `since` of this one's slot. */
// @ts-ignore: decorator
@inline
function isBefore(waiter: u32, number: u32, since: u32): bool {
  const earlier = <i32>(load<u32>(waiter, PERMIT_SINCE) - since);
  return earlier < 0 || (earlier == 0 && number < slotNumber);
}

/** Others that wait, and came before this worker; all of them when it does not wait. */
function countAhead(at: u32): u32 {
  const own = waiterAt(at, slotNumber);
  const waits = load32(own + PERMIT_WAITER) != 0;
  const since = load<u32>(own, PERMIT_SINCE);
  const slots = load<u32>(H_SLOT_COUNT);
  let ahead: u32 = 0;
  for (let number: u32 = 0; number < slots; number++) {
    const waiter = waiterAt(at, number);
    if (number == slotNumber || load32(waiter + PERMIT_WAITER) == 0) continue;
    if (!waits || isBefore(waiter, number, since)) ahead++;
  }
  return ahead;
}

/** Index of a permit that is `claim`'s now; -1 when none is free for this worker. */
export function takePermit(at: u32, claim: u32): i32 {
  const max = load<u32>(at, PERMITS_MAX);
  while (true) {
    let free: u32 = 0;
    let last: u32 = 0;
    // each word by an atomic load: not before the own line of the waiters was written
    for (let index: u32 = 0; index < max; index++) {
      if (load32(ownerAt(at, index)) != 0) continue;
      free++;
      last = index;
    }
    if (free == 0 || free <= countAhead(at)) return -1;
    if (FAULT == 165) {
      store32(ownerAt(at, last), claim);
      return last;
    }
    if (swap32(ownerAt(at, last), 0, claim)) return last;
  }
}

/** False when the permit is not `claim`'s: it was taken for dead. */
export function givePermit(at: u32, index: u32, claim: u32): bool {
  if (!swap32(ownerAt(at, index), claim, 0)) return false;
  if (FAULT != 166) wakeWaiters(at);
  return true;
}

function wakeWaiters(at: u32): void {
  const slots = load<u32>(H_SLOT_COUNT);
  for (let number: u32 = 0; number < slots; number++)
    if (load32(waiterAt(at, number) + PERMIT_WAITER) != 0) wake(number + 1);
}

/** This worker waits, since then; those who have permits are told. Called again, for one that was promised and did not come, they are told again. */
export function waitForPermit(at: u32, claim: u32, since: u32): void {
  const own = waiterAt(at, slotNumber);
  store<u32>(own, since, PERMIT_SINCE);
  store32(own + PERMIT_PROMISED, 0);
  store32(own + PERMIT_WAITER, claim);
  const max = load<u32>(at, PERMITS_MAX);
  let told: u64 = 0;
  for (let index: u32 = 0; index < max; index++) {
    const holder = load32(ownerAt(at, index)) & CLAIM_SLOT_MASK;
    if (holder == 0 || holder == slotNumber + 1 || ((told >> (holder - 1)) & 1) != 0) continue;
    told |= <u64>1 << (holder - 1);
    wake(holder);
  }
}

/** This worker waits no longer. What it does not take is for those behind it. */
export function endWaitForPermit(at: u32): void {
  release32(waiterAt(at, slotNumber) + PERMIT_WAITER, 0);
  if (FAULT != 167) wakeWaiters(at);
}

/**
 * Whether somebody has waited at least `patience` ms by now, whom nobody has promised a permit yet: this worker has now, and gives one back.
 * False while one is free, which they will find.
 */
export function promisePermit(at: u32, now: u32, patience: u32): bool {
  const slots = load<u32>(H_SLOT_COUNT);
  let first: u32 = 0;
  for (let number: u32 = 0; number < slots; number++) {
    const waiter = waiterAt(at, number);
    if (number == slotNumber || load32(waiter + PERMIT_WAITER) == 0 || load32(waiter + PERMIT_PROMISED) != 0) continue;
    if (<i32>(now - load<u32>(waiter, PERMIT_SINCE)) < <i32>patience) continue;
    if (first == 0 || <i32>(load<u32>(waiter, PERMIT_SINCE) - load<u32>(first, PERMIT_SINCE)) < 0) first = waiter;
  }
  if (first == 0) return false;
  const max = load<u32>(at, PERMITS_MAX);
  for (let index: u32 = 0; index < max; index++) if (load32(ownerAt(at, index)) == 0) return false;
  return swap32(first + PERMIT_PROMISED, 0, 1);
}

/** Frees what a dead claim had, and where it waited; how many permits. */
export function reapPermits(at: u32, dead: u32): u32 {
  const max = load<u32>(at, PERMITS_MAX);
  let freed: u32 = 0;
  for (let index: u32 = 0; index < max; index++) {
    const owner = ownerAt(at, index);
    if (load32(owner) == dead && swap32(owner, dead, 0)) freed++;
  }
  const number = (dead & CLAIM_SLOT_MASK) - 1;
  if (FAULT != 169) swap32(waiterAt(at, number) + PERMIT_WAITER, dead, 0);
  // also when nothing was freed: the reaper before this one may have died before it told anybody
  if (FAULT != 168) wakeWaiters(at);
  return freed;
}

/**
 * Locks between workers: a mutex, and a lock of many readers or one writer. At most 64 workers have a slot, so who waits is a bit of one
 * word: no queue of nodes that a death could break, and a dead waiter is one bit to clear.
 *
 *   fast      one swap of a free lock, between naming it in the slot and looking at its poison
 *   waiting   a bit in the waiters' word, then: read the own wake word, look, sleep while that word is as it was. Who changes what a waiter
 *             looks at bumps its word afterwards, so it is either seen or does not sleep. The host sleeps; nothing here blocks.
 *   fair      whoever comes by may take a free lock before the one that was woken (a hand-over at each release would cost a thread switch
 *             each). Who has waited for a millisecond says so in the owner's word, and the next release hands the lock to it
 *   death     what the dead worker had is poisoned and handed on, by whoever reaps its slot. Its list of held locks was written before
 *             the swap and is cleared last, so at every instruction the reaper finds what is to be done (`settleLocks`)
 *   poison    who finds the lock so is told. A worker that was given the lock and died before it was inside has poisoned nothing
 *   dropped   a lock is dropped by who has it alone: the owner's word says so for good, and its entry goes as any other. Whoever names
 *             it finds out; its chunk stays until nobody does (held.ts)
 *
 * The rules were checked exhaustively in a model of their own before (harness/proofs/lock-model), deaths and time-outs at every step; the
 * explorer drives this source itself.
 */
import {
  GONE,
  HANDS_FULL,
  HELD_BITS,
  HELD_MAX,
  HELD_READS,
  HELD_UNSURE,
  HELD_WAITS,
  HOW_READ,
  K_KIND,
  K_ORDER,
  K_OWNER,
  K_POISON,
  K_QUEUE,
  K_READERS,
  K_WAITERS,
  LOCK_RW,
  MISS,
  NOT_YET,
  OK,
  O_ENTRY,
  O_HOLDER,
  O_LOCK_KIND,
  O_LOCK_ORDER,
  O_VERSION,
  S_HELD,
  S_KEY,
  S_LOCK_WAITS,
  S_OUT,
  S_THREAD,
  S_VALUE,
  TAKEN,
  TAKEN_POISONED,
  UNMET,
  WAIT_BLOCKED,
  WAIT_NOT,
} from "../layout";
import { bitOf, goWaiting, me, name, ownPlaceOf, stopWaiting, strike, wake, wakeEach } from "./held";
import { lockOf } from "./lock-words";
import { and64, load32, load64, release32, store32, store64, swap64 } from "./memory";
import { attemptOwner, grab, joinWaiters, letOwnerGo, tellNext, wakeNext, withdraw } from "./mutex";
import { DROPPED_WORD, isDropped, nextOf, ownerOf } from "./owner-word";
import { read } from "./read";
import { scan } from "./reclaim";
import { removeLife } from "./remove";
import { attemptRead, enterReaders, isAlone, joinQueue, leaveReaders, leaveWriter, withdrawReader } from "./rwlock";
import { slot } from "./worker";
import { writeLock } from "./write";

/** Looks at a lock that is not free before its worker waits: for as long as a short section takes. */
const SPINS: u32 = 100;

// ------------------------------------------------------------------ by name

/** Makes the lock with the key in the key window: OK, UNMET when there is one, or NO_MEMORY. */
export function makeLock(hash: u32, meta: u32, kind: u32, order: u32): i32 {
  return writeLock(hash, meta, slot + S_KEY, kind, order);
}

/** Finds the lock with that key: O_ENTRY, O_VERSION, O_LOCK_KIND and O_LOCK_ORDER. False when there is none. */
export function openLock(hash: u32, meta: u32): bool {
  while (true) {
    if (read(hash, meta, slot + S_KEY, slot + S_VALUE, 0, false) == MISS) return false;
    const entry = load<u32>(slot + S_OUT, O_ENTRY);
    const version = load<u32>(slot + S_OUT, O_VERSION);
    const place = name(entry, version, true);
    if (place == 0) continue;
    // a full list keeps nobody from looking: the words read here never change, and of another life they would be of no use to anyone
    const lock = lockOf(entry);
    store<u32>(slot + S_OUT, load<u32>(lock + K_KIND), O_LOCK_KIND);
    store<u32>(slot + S_OUT, load<u32>(lock + K_ORDER), O_LOCK_ORDER);
    const gone = place != 1 && isDropped(load64(lock + K_OWNER));
    if (place != 1) strike(place);
    if (!gone) return true;
    // whoever dropped it died before it had taken the entry out
    removeLife(hash, meta, slot + S_KEY, entry, version);
    scan();
  }
}

/**
 * Drops the lock with that key, unless somebody has it: OK, MISS when there is none, UNMET when it is held, by O_HOLDER where that is known;
 * HANDS_FULL.
 */
export function dropLock(hash: u32, meta: u32): i32 {
  while (openLock(hash, meta)) {
    const entry = load<u32>(slot + S_OUT, O_ENTRY);
    const version = load<u32>(slot + S_OUT, O_VERSION);
    const taken = takeLock(entry, version, 0, WAIT_NOT);
    if (taken == GONE) continue;
    if (taken == NOT_YET) {
      store<u32>(slot + S_OUT, ownerOf(load64(lockOf(entry) + K_OWNER)), O_HOLDER);
      return UNMET;
    }
    if (taken == HANDS_FULL) return taken;
    const lock = lockOf(entry);
    // first nobody can have it any more, then its name is free for another
    store64(lock + K_OWNER, DROPPED_WORD);
    removeLife(hash, meta, slot + S_KEY, entry, version);
    wakeEach(load64(lock + K_WAITERS) | load64(lock + K_QUEUE));
    strike(ownPlaceOf(entry));
    scan();
    return OK;
  }
  return MISS;
}

// ------------------------------------------------------------------ taking and letting go

// @ts-ignore: decorator
@inline
function taken(lock: u32): i32 {
  return load32(lock + K_POISON) == 0 ? TAKEN : TAKEN_POISONED;
}

// @ts-ignore: decorator
@inline
function isRw(lock: u32): bool {
  return load<u32>(lock + K_KIND) == LOCK_RW;
}

/**
 * Asks for a lock.
 *
 * @param how HOW_ALONE or HOW_READ
 * @param wait WAIT_*: what to do when others have it
 * @returns TAKEN, TAKEN_POISONED, NOT_YET (with WAIT_NOT nothing is left; otherwise `attemptLock` is called until it has it, or
 *   `abandonLock`), GONE when it was dropped, HANDS_FULL
 */
export function takeLock(entry: u32, version: u32, how: u32, wait: u32): i32 {
  const reads = how == HOW_READ;
  const place = name(entry, version, reads);
  if (place == 0) return GONE;
  if (place == 1) return HANDS_FULL;
  const lock = lockOf(entry);
  if (!(reads ? enterReaders(lock) : grab(lock)) && !spin(lock, reads)) return takeLater(lock, place, reads, wait);
  if (reads || !isRw(lock)) return taken(lock);
  if (isAlone(entry, lock, wait == WAIT_NOT)) return taken(lock);
  if (wait == WAIT_NOT) {
    leaveWriter(lock);
    strike(place);
    return NOT_YET;
  }
  goWaiting(place, wait == WAIT_BLOCKED);
  return NOT_YET;
}

function spin(lock: u32, reads: bool): bool {
  for (let i: u32 = 0; i < SPINS; i++) {
    if (load64(lock + K_OWNER) == 0 && (reads ? enterReaders(lock) : grab(lock))) return true;
  }
  return false;
}

function takeLater(lock: u32, place: u32, reads: bool, wait: u32): i32 {
  if (isDropped(load64(lock + K_OWNER))) {
    strike(place);
    return GONE;
  }
  if (wait == WAIT_NOT) {
    strike(place);
    return NOT_YET;
  }
  goWaiting(place, wait == WAIT_BLOCKED);
  if (reads) joinQueue(lock);
  else joinWaiters(lock);
  return NOT_YET;
}

/**
 * A waiter looks whether it has the lock now; the wake word was read before.
 *
 * @param due it has waited for a while
 * @returns as `takeLock`
 */
export function attemptLock(entry: u32, how: u32, due: bool): i32 {
  const lock = lockOf(entry);
  const place = ownPlaceOf(entry);
  if (how == HOW_READ ? !attemptRead(lock) : !attemptOwner(lock, due)) {
    if (!isDropped(load64(lock + K_OWNER))) return NOT_YET;
    forgetWaiting(entry, how, lock, place);
    return GONE;
  }
  if (how != HOW_READ && isRw(lock) && !isAlone(entry, lock, due)) return NOT_YET;
  stopWaiting(place);
  return taken(lock);
}

/** The lock was dropped: there is nothing to pass on. */
function forgetWaiting(entry: u32, how: u32, lock: u32, place: u32): void {
  and64(lock + (how == HOW_READ ? K_QUEUE : K_WAITERS), ~bitOf(me()));
  stopWaiting(place);
  strike(place);
}

/** A waiter gives up: NOT_YET, or as `takeLock` when the lock came to it at the last moment, and is to be let go. */
export function abandonLock(entry: u32, how: u32): i32 {
  const lock = lockOf(entry);
  const place = ownPlaceOf(entry);
  const has = how == HOW_READ ? withdrawReader(lock) : withdraw(lock);
  if (has && how != HOW_READ && isRw(lock) && !isAlone(entry, lock, false)) {
    stopWaiting(place);
    leaveWriter(lock);
    strike(place);
    return NOT_YET;
  }
  stopWaiting(place);
  if (has) return taken(lock);
  strike(place);
  return NOT_YET;
}

/** Lets the lock go, which this worker has. */
export function releaseLock(entry: u32, how: u32): void {
  const lock = lockOf(entry);
  const place = ownPlaceOf(entry);
  if (how == HOW_READ) leaveReaders(lock);
  else if (isRw(lock)) leaveWriter(lock);
  else {
    const next = letOwnerGo(lock);
    if (FAULT == 111) strike(place);
    tellNext(lock, next);
  }
  strike(place); // last: until here whoever reaps us finishes it
}

/** What the lock guards is in order again, says who has it alone. */
export function mendLock(entry: u32): void {
  store32(lockOf(entry) + K_POISON, 0);
}

// ------------------------------------------------------------------ death

/** A dead worker's locks are poisoned and handed on, its waits are over. Also of a worker that leaves with locks in its hands. */
export function settleLocks(dead: u32, number: u32): void {
  store32(dead + S_LOCK_WAITS, 0);
  for (let i: u32 = 0; i < HELD_MAX; i++) {
    const place = dead + S_HELD + (i << 3);
    const word = load32(place);
    if (word == 0) continue;
    if ((word & HELD_UNSURE) == 0) settleLock(lockOf(word & ~HELD_BITS), dead, number + 1, word);
    release32(place + 4, 0);
    strike(place);
  }
}

/** Each step is repeated harmlessly by whoever reaps the reaper. */
function settleLock(lock: u32, dead: u32, owner: u32, held: u32): void {
  const bit = ~bitOf(owner);
  and64(lock + K_WAITERS, bit);
  and64(lock + K_QUEUE, bit);
  and64(lock + K_READERS, bit);
  while (true) {
    const word = load64(lock + K_OWNER);
    if (nextOf(word) == owner) {
      swap64(lock + K_OWNER, word, ownerOf(word));
      continue;
    }
    if (ownerOf(word) != owner) break;
    // before the swap: whoever has it next finds it so
    if ((held & (HELD_WAITS | HELD_READS)) == 0) store32(lock + K_POISON, load<u32>(dead + S_THREAD) + 1);
    if (swap64(lock + K_OWNER, word, nextOf(word))) break;
  }
  if (FAULT == 113) return;
  // it may have died between a swap and the wake-ups that belong to it: whoever might be meant looks again
  const word = load64(lock + K_OWNER);
  if (isRw(lock) || isDropped(word)) {
    if (word != 0 && !isDropped(word)) wake(ownerOf(word));
    wakeEach(load64(lock + K_WAITERS) | load64(lock + K_QUEUE));
  } else if (word == 0) {
    wakeNext(lock, owner);
  } else if (FAULT != 114) {
    wake(ownerOf(word));
  }
}

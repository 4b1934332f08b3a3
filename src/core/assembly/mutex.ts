/**
 * One owner at a time (lock.ts has the rules): the part that a mutex and the writers of a read-write lock share. Owner and the one who is to
 * get the lock next are one word, so that a hand-over and a waiter's giving up exclude each other.
 *
 *   owner  next      who may change it
 *   0      0         anybody takes it: a swap to (me, 0)
 *   a      0         a releases it: (0, 0); a waiter that has waited long: (a, me); the reaper of a: (0, 0)
 *   a      b         a hands it over: (b, 0); b gives up: (a, 0); the reaper of a: (b, 0), of b: (a, 0)
 *   DROPPED          nobody
 *
 * (0, b) never is: `next` is only written beside a living owner, and whoever takes the owner away puts it in its place.
 *
 * A release that leaves the lock free wakes one waiter, the next in slot order, which competes with whoever comes by. Exactly one wake-up is
 * under way then, so whoever got it and does not take the lock passes it on: a waiter that gives up, a reaper of one that died.
 */
import { K_OWNER, K_WAITERS } from "../layout";
import { bitOf, me, wake } from "./held";
import { and64, load64, or64, store64, swap64 } from "./memory";
import { isDropped, ownerOf, nextOf } from "./owner-word";

/** Takes the lock if it is free. */
// @ts-ignore: decorator
@inline
export function grab(lock: u32): bool {
  return swap64(lock + K_OWNER, 0, me());
}

export function joinWaiters(lock: u32): void {
  or64(lock + K_WAITERS, bitOf(me()));
}

// @ts-ignore: decorator
@inline
export function leaveWaiters(lock: u32): void {
  if ((load64(lock + K_WAITERS) & bitOf(me())) != 0) and64(lock + K_WAITERS, ~bitOf(me()));
}

/**
 * A waiter looks whether it can have the lock now.
 *
 * @param due it has waited long: the next release shall hand the lock to it
 */
export function attemptOwner(lock: u32, due: bool): bool {
  const mine = me();
  while (true) {
    const word = load64(lock + K_OWNER);
    const owner = ownerOf(word);
    const next = nextOf(word);
    if (owner == mine) break;
    if (isDropped(word)) return false;
    if (owner == 0 && (next == 0 || next == mine)) {
      if (swap64(lock + K_OWNER, word, mine)) break;
      continue;
    }
    if (due && next == 0) {
      swap64(lock + K_OWNER, word, <u64>owner | ((<u64>mine) << 32));
      continue;
    }
    return false;
  }
  leaveWaiters(lock);
  return true;
}

/** A waiter gives up. True when the lock was handed to it at the last moment: it is its own then. */
export function withdraw(lock: u32): bool {
  const mine = me();
  while (true) {
    const word = load64(lock + K_OWNER);
    if (ownerOf(word) == mine) {
      leaveWaiters(lock);
      return true;
    }
    if (nextOf(word) != mine || isDropped(word)) break;
    if (swap64(lock + K_OWNER, word, ownerOf(word))) break;
  }
  leaveWaiters(lock);
  // the wake-up that we were given may have been for a lock that is free: it is another's now
  if (FAULT != 112 && load64(lock + K_OWNER) == 0) wakeNext(lock, mine);
  return false;
}

/** The owner's last word: who has the lock next, 0 = it is free and whoever is woken, or comes by, takes it. */
export function letOwnerGo(lock: u32): u32 {
  const mine = me();
  if (swap64(lock + K_OWNER, mine, 0)) return 0;
  while (true) {
    const word = load64(lock + K_OWNER);
    const next = nextOf(word);
    if (FAULT == 110) {
      store64(lock + K_OWNER, next);
      return next;
    }
    if (swap64(lock + K_OWNER, word, next)) return next;
  }
}

/** After `letOwnerGo`. */
export function tellNext(lock: u32, next: u32): void {
  if (next != 0) wake(next);
  else wakeNext(lock, me());
}

/** Wakes the waiter that follows `from` in the order of slots, round and round. So nobody is passed over more than 63 times. */
export function wakeNext(lock: u32, from: u32): void {
  const waiters = load64(lock + K_WAITERS);
  if (waiters == 0) return;
  const above = from >= 64 ? 0 : waiters & ~((<u64>1 << from) - 1);
  wake(<u32>ctz(above != 0 ? above : waiters) + 1);
}

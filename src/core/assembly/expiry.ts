/**
 * Time: when an entry has expired, and where entries are that have.
 *
 * WHOSE CLOCK. An entry with an expiry is judged by the clock of the thread that looks, read at that moment (the import
 * `clock`, ticks of 10 ms since the store was made), and not by a word that somebody else has to keep moving: after a pause of the
 * process, in a store without a maintenance thread and right after its creation a reader is late by its own tick and no more. Only
 * entries that have an expiry pay for it.
 *
 * The shared tick, H_TICK, keeps the threads of one mind. Clocks of two threads may differ by some microseconds; so whoever
 * finds that time has moved on says so there before it acts on it, and takes the later of the two for the time. Then an entry that
 * one thread has seen gone is gone for every look that begins afterwards (as invariant 4 of docs/engine.md asks). A look that finds it
 * alive takes effect where it loaded H_TICK: nobody had told of a later time by then, and the entry was linked before and after.
 *
 * The tick is loaded *before* the own clock is read. So it is never ahead of it by more than the clocks' difference, however long this
 * thread is held up in between, and one that is ahead by more than SKEW was told by a clock that jumped. It is not believed, and it is put
 * back: by a swap, which fails if the word has moved on since. A clock that jumps thus harms the thread whose clock it is, while it does.
 *
 * WHERE THEY ARE. Expired entries shall not fill a limit, so they must be found without a walk of the whole table. Each group of 256
 * buckets has a word that says no entry of it expires before a tick, and H_EXPIRY says the same of all groups:
 *
 *   63            33   32      31                 0
 *   | generation    | noted | earliest tick, 0 = none |
 *
 * Whoever publishes an entry that expires notes it afterwards, in the group's word, then in H_EXPIRY: lowers the tick if need be, and sets
 * `noted`. Whoever sweeps a group first clears `noted` and bumps the generation (one swap), walks the buckets, and swaps the word for the
 * earliest of what it left there. That swap fails if anything was noted since, or another sweeper began: then the word stays
 * as it is, too early, and the group is swept again. An entry that the walk did not see was published after it came by, hence noted after
 * `noted` was cleared, so no word ever says later than what is there. The generation keeps two sweepers apart: without it one could take the
 * other's cleared `noted` for its own. To die anywhere leaves a tick that is too early, never one that is too late; a worker that
 * died between publishing and noting had the chunk in hand still, and its reaper notes it (reap.ts).
 *
 * A tick that is compared is within 2^31 (248 days) of now: a ttl is at most 200 days, and maintenance takes expired entries out long before.
 */
import { EXPIRY_SIZE, EXPIRY_SHIFT, H_CLEARS, H_EXPIRY, H_SLEEPS, H_TICK, H_WAKE } from "../layout";
import { add32, load32, load64, racy32, raise32, swap32, swap64 } from "./memory";
import { bucketMask, expiries } from "./worker";

/** This thread's clock: ticks of 10 ms since the store was made. */
@external("host", "clock")
declare function clock(): u32;

/** Ticks by which the shared tick may be ahead of a thread's own clock and still be believed: a second. */
const SKEW: i32 = 100;

/** The time, in ticks. Tells the others, where it has moved on. */
export function now(): u32 {
  const shared = load32(H_TICK);
  if (EXPLORE) racy32(H_TICK); // between the two looks, too, others may come
  const own = clock();
  const ahead = <i32>(shared - own);
  if (ahead >= 0) {
    if (ahead <= SKEW) return shared;
    swap32(H_TICK, shared, own); // it has jumped
    return own;
  }
  if (FAULT != 40) raise32(H_TICK, own);
  return own;
}

// @ts-ignore: decorator
@inline
export function isExpired(expires: u32): bool {
  return expires != 0 && hasCome(expires);
}

/** A function of its own: looks at entries that stay carry a call they never make. */
function hasCome(expires: u32): bool {
  if (FAULT == 41) return <i32>(load32(H_TICK) - expires) >= 0;
  return <i32>(now() - expires) >= 0;
}

/** The same for one who looks at many, and reads the clock once. */
// @ts-ignore: decorator
@inline
export function isExpiredAt(expires: u32, time: u32): bool {
  return expires != 0 && <i32>(time - expires) >= 0;
}

// ------------------------------------------------------------------ where they are

// @ts-ignore: decorator
@inline
export function boundCount(): u32 {
  return (bucketMask >> EXPIRY_SHIFT) + 1;
}

// @ts-ignore: decorator
@inline
export function boundWord(group: u32): u32 {
  return expiries + group * EXPIRY_SIZE;
}

// @ts-ignore: decorator
@inline
export function earliestOf(word: u64): u32 {
  return <u32>word;
}

/** Whether the word says that something has expired. */
// @ts-ignore: decorator
@inline
export function isDue(word: u64, time: u32): bool {
  return isExpiredAt(<u32>word, time);
}

/** `noted` cleared, and the next generation: what a sweeper leaves while it is at work. */
// @ts-ignore: decorator
@inline
export function begun(word: u64): u64 {
  return (((word >> 32) | 1) + 1) << 32 | (word & 0xffffffff);
}

/** The same word with another tick: what a sweeper leaves when nothing was noted meanwhile. */
// @ts-ignore: decorator
@inline
export function withEarliest(word: u64, tick: u32): u64 {
  return (word & 0xffffffff00000000) | tick;
}

/** The earlier of two ticks, of which 0 is none. */
// @ts-ignore: decorator
@inline
export function earlier(a: u32, b: u32): u32 {
  if (a == 0) return b;
  return b == 0 || <i32>(a - b) <= 0 ? a : b;
}

/** An entry that expires has been published: notes it, and wakes whom it concerns. */
export function noteExpiry(hash: u32, expires: u32): void {
  note(boundWord((hash & bucketMask) >> EXPIRY_SHIFT), expires);
  if (note(H_EXPIRY, expires)) wakeMaintenance();
}

/** True when the tick is earlier now. */
function note(at: u32, expires: u32): bool {
  while (true) {
    const word = load64(at);
    const earliest = earlier(<u32>word, expires);
    if ((word >> 32) & 1 && earliest == <u32>word) return false;
    if (swap64(at, word, ((word >> 32) | 1) << 32 | earliest)) return earliest != <u32>word;
  }
}

/** A namespace was cleared or dropped: its entries are to be swept. After its id says so. */
export function noteClear(): void {
  add32(H_CLEARS, 1);
  wakeMaintenance();
}

/**
 * Wakes the maintenance thread if it sleeps. It says that it sleeps before it looks for the last time whether there is work, and we say
 * what work there is before we look whether it sleeps: so one of the two sees the other, but for a store of ours that the processor still
 * holds back. Then it sleeps on until the next work or its next look, a second later at most; nobody waits for it.
 */
// @ts-ignore: decorator
@inline
export function wakeMaintenance(): void {
  if (load32(H_SLEEPS) != 0) wakeNow();
}

/** One notification until it has looked. */
export function wakeNow(): void {
  if (load32(H_WAKE) == 0 && swap32(H_WAKE, 0, 1) && !EXPLORE) atomic.notify(H_WAKE, 1);
}

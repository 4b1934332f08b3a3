/**
 * What every eviction policy is to its callers. A policy orders ids and names victims; it knows no clock, no I/O and no
 * threads. Whoever owns the memory (the simulated cache, the live store's maintenance worker) decides how many victims
 * are needed and keeps the accounts of objects and bytes.
 *
 * A capacity in bytes: policies that divide the capacity into shares, or bound a history by it, count bytes in all of these; an
 * entry counts with the weight it was inserted with, and as a ghost with the one it had. Policies that only order entries
 * (lru, fifo, clock, lfu, sieve, random, ttl, opt) are the same for any mix of sizes.
 *
 * Ids are dense: integers from 0 to `distinct` - 1. They index typed arrays without a check, so that an id outside that
 * range is a caller's fault that goes unnoticed here.
 *
 * One request is: `lookup(id)`; when that misses, `evict()` until there is room; then `insert(id)`. The steps are apart
 * because the live store takes them at different times: reads arrive from access logs, writes insert, and pressure evicts.
 */
export interface Policy {
  /** As the registry has it. */
  readonly name: string;

  /** Resident entries. */
  readonly size: number;

  /** Whether the id is resident. Has no side effect. */
  has(id: number): boolean;

  /** Looks an id up and learns from it: a hit is recorded (true), a miss may adapt the policy's history (false). */
  lookup(id: number): boolean;

  /**
   * Makes an id resident that was not, as a rule right after `lookup` missed it. Never evicts.
   *
   * @param weight with a capacity in bytes: the entry's bytes (0 counts as 1); by objects it is not looked at
   * @param expiresAt when the entry expires, in any unit that grows with time; absent or Infinity: never. Only `ttl` looks at it
   */
  insert(id: number, weight?: number, expiresAt?: number): void;

  /** Chooses a victim, makes it absent (remembering it in a history if the policy has one) and returns it; -1 when empty. */
  evict(): number;

  /** Makes a resident id absent because its owner deleted it: no eviction, no history. False when it was not resident. */
  remove(id: number): boolean;

  /** A resident's bytes have changed. Absent from policies that need no sizes. */
  resize?(id: number, weight: number): void;

  /** A resident was given another expiry. Absent from policies that do not look at it. */
  renew?(id: number, expiresAt: number): void;
}

/**
 * A token bucket a client, in shared memory: all threads that accept see one count.
 *
 * A bucket is one 64-bit word, so that taking from it is one compare-and-swap, and a thread that is killed leaves it either as it was or as it
 * was to be. The word is the time at which the bucket will be full again (the generic cell rate algorithm, ITU-T I.371, which counts as a
 * bucket of `burst` tokens does) under a tag that says whose it is:
 *
 *   63        44 43                                    0
 *   | tag (20)  | full again, in 10 us since the start  |     0: nobody's
 *
 * Buckets lie in sets of eight; a client's set and tag are from a hash of its name with a seed of this limiter's own. A bucket that is
 * full again says nothing that a new one would not: whoever comes may have it, so idle clients are forgotten by themselves. Where
 * all eight are in use, a client draws from one bucket with all others that found no room.
 *
 * What is taken is rounded up to a tick: at 1,000 metrics a second by nothing, at most by 10 us a request.
 *
 * Two clients of one set share a bucket when their tags are the same, once in 130,000 pairs. Two threads that make a bucket for one client in
 * the same instant may make two, in which it has one burst more.
 */
import { randomBytes } from "node:crypto";

export interface RateLimit {
  /** Metrics a second, of each client. */
  readonly rate: number;
  /** Metrics that it may send at once after it was idle. */
  readonly burst: number;
  /** Clients that have a bucket of their own, about. */
  readonly clients: number;
}

/** What threads are given to count together. Structured-cloneable. */
export interface RateLimitHandle extends RateLimit {
  readonly memory: SharedArrayBuffer;
  readonly seed: number;
  /** `clock()` when it was made, ns. */
  readonly begunNs: bigint;
}

const WAYS = 8;
const TIME_BITS = 44n;
const TIME_MASK = (1n << TIME_BITS) - 1n;
const NS_PER_TICK = 10_000n;
const TICKS_PER_SECOND = 100_000;
/** Above, a tick would be more than a token. */
export const RATE_MAX = TICKS_PER_SECOND;
const MS_PER_TICK = 1000 / TICKS_PER_SECOND;

/** One clock for all threads of a process. */
export type Clock = () => bigint;

export class RateLimiter {
  /** The shared bucket is the last word. */
  private readonly words: BigInt64Array;
  private readonly sets: number;
  private readonly ticksPerToken: number;
  private readonly burstTicks: number;

  constructor(
    readonly handle: RateLimitHandle,
    private readonly clock: Clock = process.hrtime.bigint,
  ) {
    this.words = new BigInt64Array(handle.memory);
    this.sets = (this.words.length - 1) / WAYS;
    this.ticksPerToken = TICKS_PER_SECOND / handle.rate;
    this.burstTicks = Math.ceil(handle.burst * this.ticksPerToken);
  }

  static create(limit: RateLimit, clock: Clock = process.hrtime.bigint): RateLimiter {
    const sets = 2 ** Math.max(0, Math.ceil(Math.log2(limit.clients / WAYS)));
    const memory = new SharedArrayBuffer(8 * (sets * WAYS + 1));
    const seed = randomBytes(4).readUInt32LE();
    return new RateLimiter({ ...limit, memory, seed, begunNs: clock() }, clock);
  }

  /**
   * Takes from a client's bucket, or takes nothing.
   *
   * @param cost whole tokens, 1 or more
   * @returns 0 when they were taken, else the ms until they will be there; Infinity when the bucket never holds so many
   */
  take(client: string, cost: number): number {
    const ticks = Math.ceil(cost * this.ticksPerToken);
    if (ticks > this.burstTicks) return Number.POSITIVE_INFINITY;
    const { set, tag } = this.placeOf(client);
    for (;;) {
      const now = this.now();
      const at = this.find(set, tag, now);
      const word = Atomics.load(this.words, at);
      const own = this.isOwn(at, word, tag);
      // between the look and the load it may have become another's
      if (!own && !isIdle(word, now)) continue;
      const full = own ? Math.max(timeOf(word), now) : now;
      const over = full + ticks - now - this.burstTicks;
      if (over > 0) return Math.max(1, Math.ceil(over * MS_PER_TICK));
      if (this.swap(at, word, tag, full + ticks)) return 0;
    }
  }

  /** Gives back what was taken and not used. A bucket that was forgotten meanwhile is full anyway. */
  give(client: string, cost: number): void {
    const { set, tag } = this.placeOf(client);
    for (;;) {
      const now = this.now();
      const at = this.find(set, tag, now);
      const word = Atomics.load(this.words, at);
      if (!this.isOwn(at, word, tag) || isIdle(word, now)) return;
      if (this.swap(at, word, tag, Math.max(now, timeOf(word) - Math.ceil(cost * this.ticksPerToken)))) return;
    }
  }

  /** Clients whose buckets are not full: a count that others may change meanwhile. */
  get active(): number {
    const now = this.now();
    let active = 0;
    for (let at = 0; at < this.sets * WAYS; at++) if (!isIdle(Atomics.load(this.words, at), now)) active++;
    return active;
  }

  // ---------------------------------------------------------------- inside

  private now(): number {
    return Number((this.clock() - this.handle.begunNs) / NS_PER_TICK) + 1;
  }

  private get shared(): number {
    return this.sets * WAYS;
  }

  /** The shared bucket is everybody's. */
  private isOwn(at: number, word: bigint, tag: bigint): boolean {
    return at === this.shared || BigInt.asUintN(64, word) >> TIME_BITS === tag;
  }

  /** The client's bucket; else the first that it may have; else the shared one. */
  private find(set: number, tag: bigint, now: number): number {
    let idle = -1;
    for (let at = set * WAYS; at < (set + 1) * WAYS; at++) {
      const word = Atomics.load(this.words, at);
      if (word !== 0n && this.isOwn(at, word, tag)) return at;
      if (idle < 0 && isIdle(word, now)) idle = at;
    }
    return idle < 0 ? this.shared : idle;
  }

  private swap(at: number, before: bigint, tag: bigint, full: number): boolean {
    const after = BigInt.asIntN(64, (at === this.shared ? 0n : tag << TIME_BITS) | (BigInt(full) & TIME_MASK));
    return Atomics.compareExchange(this.words, at, before, after) === before;
  }

  private placeOf(client: string): { set: number; tag: bigint } {
    const { seed } = this.handle;
    const low = hash(client, seed);
    const high = hash(client, seed ^ 0x5bd1e995);
    return { set: low & (this.sets - 1), tag: BigInt((high >>> 12) | 1) };
  }
}

function timeOf(word: bigint): number {
  return Number(word & TIME_MASK);
}

function isIdle(word: bigint, now: number): boolean {
  return timeOf(word) <= now;
}

/** FNV-1a over UTF-16 units, finished as MurmurHash3 is. The seed is what a sender does not know. */
function hash(text: string, seed: number): number {
  let h = seed ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Random numbers that a seed decides: the same seed gives the same numbers on every machine and every engine. Not for secrets.
 *
 * One generator, sfc32, is drawn from in three ways, which differ in what their seed is spread over and in how a bound is kept. They stay
 * apart because their streams are pinned: by scenarios that are generated, by programs and schedules that are replayed by their seed, by
 * verdicts of the gate. Policies have a generator of their own (eviction/split-mix.ts), for they import nothing.
 */

/** Whatever numbers are drawn from. */
export interface SeededRandom {
  /** 32 uniform bits, 0 to 4294967295. */
  next32(): number;
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number;
}

/**
 * sfc32, Chris Doty-Humphrey's small fast counting generator (PractRand): 128 bits of state, 32-bit adds, shifts and xors only.
 */
abstract class Sfc32 implements SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param discarded outputs passed over at first: a dozen of them still show the seed, says the author */
  constructor(a: number, b: number, c: number, discarded: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    for (let i = 0; i < discarded; i++) this.next32();
  }

  next32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  abstract below(bound: number): number;
}

/**
 * The stream that everything generated comes from: scenarios, traces, damage to files.
 *
 * It is named by (seed, stream numbers …): worker 3 of seed 42 is `new Random(42, 3)`. Each name is spread over the state by a mixing
 * function, so neighbouring names give unrelated streams.
 */
export class Random extends Sfc32 {
  /** `seed`: any safe integer. `stream`: 32-bit numbers that tell streams of one seed apart. */
  constructor(seed: number, ...stream: number[]) {
    let state = absorb(absorb(0x9e3779b9, seed >>> 0), Math.floor(seed / 2 ** 32) >>> 0);
    for (const part of stream) state = absorb(state, part >>> 0);
    super(absorb(state, 1), absorb(state, 2), absorb(state, 3), 15);
  }

  /** Without bias: values of the incomplete last stretch are drawn again. `bound`: 1 to 2^32. */
  below(bound: number): number {
    const whole = 2 ** 32 - (2 ** 32 % bound);
    let value = this.next32();
    while (value >= whole) value = this.next32();
    return value % bound;
  }

  /** Uniform in [0, 1), a multiple of 2^-53: exact arithmetic, hence the same everywhere. */
  unit(): number {
    const high = this.next32() >>> 5;
    const low = this.next32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }
}

/** One round of MurmurHash3's mixing over (state, part). */
function absorb(state: number, part: number): number {
  let h = Math.imul(state ^ part, 0xcc9e2d51) + 0x6b43a9b5;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16) ^ Math.imul(part, 0x1b873593);
}

/** What draws programs and their schedules, by the million: a bound costs one multiplication, and a bias below bound / 2^32. */
export class ProgramRandom extends Sfc32 {
  constructor(seed: number) {
    super(seed | 0, (seed / 2 ** 32) | 0, 0x9e3779b9, 12);
  }

  below(bound: number): number {
    return ((this.next32() * bound) / 2 ** 32) | 0;
  }

  /** From `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next32() < probability * 2 ** 32;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** What statistics draw from: the order of arms, resamples. The seed is spread by splitmix32. */
export class SampleRandom extends Sfc32 {
  constructor(seed: number) {
    let x = seed | 0;
    const word = (): number => {
      x = (x + 0x9e3779b9) | 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) | 0;
    };
    super(word(), word(), word(), 12);
  }

  /** `bound` at most 2^20: the bias of the multiplication is then below 2^-12. */
  below(bound: number): number {
    return Math.floor((this.next32() / 2 ** 32) * bound);
  }

  /** Uniform over [0, 1), 32 bits. */
  unit(): number {
    return this.next32() / 2 ** 32;
  }
}

/** mulberry32 (public domain, T. Ettinger): 32 bits of state. For what needs little chance, and has its results by seed from there. */
export class Mulberry32 implements SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(bound: number): number {
    return this.next32() % bound;
  }

  /** Uniform over [0, 1), 32 bits. */
  unit(): number {
    return this.next32() / 2 ** 32;
  }
}

/** The step of xorshift32 (Marsaglia 2003), for loops that keep its word themselves. `x`: not 0. @returns the next one, signed */
export function xorshift32(x: number): number {
  let y = x ^ (x << 13);
  y ^= y >>> 17;
  return y ^ (y << 5);
}

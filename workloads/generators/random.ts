/**
 * The seeded random stream everything generated comes from: sfc32 (Chris Doty-Humphrey's small fast counting generator,
 * PractRand), 128 bits of state, 32-bit adds, shifts and xors only, so the stream is the same on every machine and every
 * engine. Not for secrets.
 *
 * A stream is named by (seed, stream numbers …): worker 3 of seed 42 is `new Random(42, 3)`. Each name is spread over the
 * state by a mixing function, so neighbouring names give unrelated streams.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any safe integer. `stream`: 32-bit numbers that tell streams of one seed apart. */
  constructor(seed: number, ...stream: number[]) {
    let state = absorb(absorb(0x9e3779b9, seed >>> 0), Math.floor(seed / 4294967296) >>> 0);
    for (const part of stream) state = absorb(state, part >>> 0);
    this.#a = absorb(state, 1);
    this.#b = absorb(state, 2);
    this.#c = absorb(state, 3);
    // The author's advice: the first dozen outputs still show the seed.
    for (let i = 0; i < 15; i++) this.next32();
  }

  /** 32 uniform bits, 0 to 4294967295. */
  next32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in 0 … bound - 1, without bias (values of the incomplete last stretch are drawn again). `bound`: 1 to 2^32. */
  below(bound: number): number {
    const whole = 4294967296 - (4294967296 % bound);
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

import { Sfc32 } from "./sfc32.js";

/**
 * The seeded random stream everything generated comes from.
 *
 * A stream is named by (seed, stream numbers …): worker 3 of seed 42 is `new Random(42, 3)`. Each name is spread over the
 * state by a mixing function, so neighbouring names give unrelated streams.
 */
export class Random extends Sfc32 {
  /** `seed`: any safe integer. `stream`: 32-bit numbers that tell streams of one seed apart. */
  constructor(seed: number, ...stream: number[]) {
    let state = absorb(absorb(0x9e3779b9, seed >>> 0), Math.floor(seed / 4294967296) >>> 0);
    for (const part of stream) state = absorb(state, part >>> 0);
    super(absorb(state, 1), absorb(state, 2), absorb(state, 3), 15);
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

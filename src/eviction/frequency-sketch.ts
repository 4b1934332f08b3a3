/** Counters are four bits wide, eight to a word. */
const MAX_COUNT = 15;
/** 4-bit counters an entry of capacity: four rows of four. */
const COUNTERS_AN_ENTRY = 16;
/** A block is 16 words, one cache line, of which each of the four rows owns four words (32 counters). */
const BLOCK_WORDS = 16;
const BLOCK_SHIFT = 4;
/** After this many additions an entry of capacity, all counters are halved. */
const SAMPLE_FACTOR = 10;
/** Clears the bit that a shift of the whole word carries into each counter from its upper neighbour. */
const HALVED_MASK = 0x7777_7777;

/**
 * A count-min sketch of recent popularity: four rows of 4-bit counters, all rows of one id in the same cache line, aged by
 * halving (Cormode, Muthukrishnan 2005 for the sketch; Einziger, Friedman, Manes: "TinyLFU", ACM ToS 2017, for the aging).
 * An estimate is never below the true count since the last halving (up to 15), and may be above it.
 *
 * O(1); halving is O(counters) every 10 x capacity additions. 8 bytes an entry of capacity, rounded up to a power of two.
 */
export class FrequencySketch {
  private readonly words: Int32Array;
  private readonly blockMask: number;
  private sampleSize: number;
  private additions = 0;

  constructor(capacity: number) {
    const wanted = Math.ceil((capacity * COUNTERS_AN_ENTRY) / (8 * BLOCK_WORDS));
    const blocks = 2 ** Math.ceil(Math.log2(Math.max(1, wanted)));
    this.words = new Int32Array(blocks * BLOCK_WORDS);
    this.blockMask = blocks - 1;
    this.sampleSize = SAMPLE_FACTOR * capacity;
  }

  /** Ages from now on as a sketch for this many entries does; it keeps its width. */
  ageWith(entries: number): void {
    this.sampleSize = SAMPLE_FACTOR * entries;
  }

  /** The estimated count of an id, 0 to 15. */
  estimate(id: number): number {
    const hash = spread(id);
    const block = (respread(hash) & this.blockMask) << BLOCK_SHIFT;
    let least = MAX_COUNT;
    for (let row = 0; row < 4; row++) {
      // Each row takes eight bits of its own: two choose the word, three the counter in it.
      const bits = hash >>> (row << 3);
      const count = (this.words[block + (row << 2) + (bits & 3)] >>> (bits & 0x1c)) & MAX_COUNT;
      if (count < least) least = count;
    }
    return least;
  }

  increment(id: number): void {
    const hash = spread(id);
    const block = (respread(hash) & this.blockMask) << BLOCK_SHIFT;
    let added = false;
    for (let row = 0; row < 4; row++) {
      const bits = hash >>> (row << 3);
      const word = block + (row << 2) + (bits & 3);
      const shift = bits & 0x1c;
      if (((this.words[word] >>> shift) & MAX_COUNT) < MAX_COUNT) {
        this.words[word] += 1 << shift;
        added = true;
      }
    }
    if (added && ++this.additions >= this.sampleSize) this.halve();
  }

  private halve(): void {
    for (let i = 0; i < this.words.length; i++) this.words[i] = (this.words[i] >>> 1) & HALVED_MASK;
    this.additions >>>= 1;
  }
}

/** Mixes the bits of a dense id, whose neighbours would otherwise share blocks and counters. */
function spread(id: number): number {
  let z = Math.imul(id + 1, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** A second hash from the first, so that the block does not depend on the bits that choose the counters. */
function respread(hash: number): number {
  const z = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return z ^ (z >>> 16);
}

/** A set of 4 KiB regions, one bit each, as the dirty bitmap has them. */
export class RegionSet {
  private readonly words: Uint32Array;

  private readonly size: number;

  /** @param size regions 0 to size - 1 */
  constructor(size: number) {
    this.size = size;
    this.words = new Uint32Array(Math.ceil(size / 32));
  }

  copy(): RegionSet {
    const copy = new RegionSet(this.size);
    copy.words.set(this.words);
    return copy;
  }

  /** Adds the regions of one word of the bitmap. */
  addWord(index: number, bits: number): void {
    this.words[index] |= bits;
  }

  /** Adds regions 0 to `end` - 1. */
  addBelow(end: number): void {
    const whole = end >>> 5;
    this.words.fill(0xffffffff, 0, whole);
    if (end & 31) this.words[whole] |= 2 ** (end & 31) - 1;
  }

  /** Makes the groups of `size` regions (a power of two, at most 32) from `from` to `to` - 1 whole where one of them is in the set. */
  roundUp(from: number, to: number, size: number): void {
    const group = 2 ** size - 1;
    for (let region = from; region < to; region += size) {
      const bits = (group << (region & 31)) >>> 0;
      if (this.words[region >>> 5] & bits) this.words[region >>> 5] |= bits;
    }
  }

  /** Takes regions 0 to `end` - 1 out. */
  clearBelow(end: number): void {
    const whole = end >>> 5;
    this.words.fill(0, 0, whole);
    if (end & 31) this.words[whole] &= ~(2 ** (end & 31) - 1);
  }

  /** How many of regions 0 to `end` - 1 are in the set. */
  countBelow(end: number): number {
    let n = 0;
    for (const [from, to] of this.runs(end)) n += to - from;
    return n;
  }

  /** The runs of neighbours among regions 0 to `end` - 1, each from `from` up to, not including, `to`. */
  *runs(end: number): IterableIterator<[from: number, to: number]> {
    let from = -1;
    for (let region = 0; region < end; region++) {
      const word = this.words[region >>> 5];
      if (word === 0 || word === 0xffffffff) {
        // a whole word at once: most are all clean or all dirty
        if (word === 0 && from >= 0 && (region & 31) === 0) {
          yield [from, region];
          from = -1;
        }
        if ((region & 31) === 0) {
          if (word !== 0 && from < 0) from = region;
          region += 31;
          continue;
        }
      }
      if ((word >>> (region & 31)) & 1) {
        if (from < 0) from = region;
      } else if (from >= 0) {
        yield [from, region];
        from = -1;
      }
    }
    if (from >= 0) yield [from, end];
  }
}

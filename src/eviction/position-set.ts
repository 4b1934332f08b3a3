const WORD_BITS = 32;
const WORD_SHIFT = 5;

/**
 * A set of integers below a bound that gives up its greatest member: a bitmap, and above it bitmaps of which words below are
 * not empty, up to a single word. With a branching of 32 it is shallow (5 levels for 33 million) and needs no comparisons,
 * which is why it beats a heap here: an element's key is its own index.
 *
 * `add`, `delete` and `max` take O(log32 bound); bound x 1.03 bits.
 */
export class PositionSet {
  /** All levels, the widest (one bit a position) first. */
  private readonly words: Int32Array;
  /** Where each level starts in `words`. */
  private readonly starts: Int32Array;

  constructor(bound: number) {
    const starts: number[] = [];
    let total = 0;
    let width = Math.max(1, bound);
    do {
      width = Math.ceil(width / WORD_BITS);
      starts.push(total);
      total += width;
    } while (width > 1);
    this.words = new Int32Array(total);
    this.starts = Int32Array.from(starts);
  }

  add(position: number): void {
    let index = position;
    for (let level = 0; level < this.starts.length; level++) {
      const word = this.starts[level] + (index >>> WORD_SHIFT);
      const before = this.words[word];
      this.words[word] = before | (1 << index);
      if (before !== 0) return;
      index >>>= WORD_SHIFT;
    }
  }

  delete(position: number): void {
    let index = position;
    for (let level = 0; level < this.starts.length; level++) {
      const word = this.starts[level] + (index >>> WORD_SHIFT);
      this.words[word] &= ~(1 << index);
      if (this.words[word] !== 0) return;
      index >>>= WORD_SHIFT;
    }
  }

  /** The greatest member, or -1 when there is none. */
  max(): number {
    let level = this.starts.length - 1;
    if (this.words[this.starts[level]] === 0) return -1;
    let index = 0;
    for (; level >= 0; level--) {
      const word = this.words[this.starts[level] + index];
      index = (index << WORD_SHIFT) + (WORD_BITS - 1 - Math.clz32(word));
    }
    return index;
  }
}

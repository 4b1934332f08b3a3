/**
 * The set of operations linearized so far, with an exact and short text of itself. In order of their calls, the set is
 * all ones up to the oldest operation not yet placed, all zeros beyond the youngest placed, and mixed only in between,
 * about as wide as there are operations at once. The text holds where the mixed window starts and ends, and
 * the window.
 */
export class LinearizedSet {
  private readonly words: Uint32Array;
  /** Words before this are all ones. */
  private full = 0;
  /** Words from here on are all zeros. */
  private used = 0;

  constructor(size: number) {
    // One spare word that is never full stops the scan.
    this.words = new Uint32Array((size >>> 5) + 2);
  }

  add(index: number): void {
    const word = index >>> 5;
    this.words[word] |= 1 << (index & 31);
    if (word >= this.used) this.used = word + 1;
    while (this.words[this.full] === 0xffff_ffff) this.full++;
  }

  delete(index: number): void {
    const word = index >>> 5;
    this.words[word] &= ~(1 << (index & 31));
    if (word < this.full) this.full = word;
    while (this.used > 0 && this.words[this.used - 1] === 0) this.used--;
  }

  /** Equal exactly for equal sets of the same size, and never the beginning of another set's. */
  text(): string {
    let text = String.fromCharCode(this.full & 0xffff, this.full >>> 16, this.used & 0xffff, this.used >>> 16);
    for (let word = this.full; word < this.used; word++) {
      text += String.fromCharCode(this.words[word] & 0xffff, this.words[word] >>> 16);
    }
    return text;
  }
}

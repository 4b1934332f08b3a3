/**
 * Which ids a miniature sees, and under which number: a spatial sample (Waldspurger, Park, Garthwaite, Ahmad: "Efficient MRC
 * construction with SHARDS", FAST 2015). An id is in it for good or not at all, until the salt changes.
 *
 * Ids are permuted by a hash that is one to one on the smallest power of two that holds them all; the sample is the ids whose image
 * falls in the first 2^-shift of that range. So the images of the sample are dense themselves: miniatures take memory for
 * the sample only.
 */
export class Sample {
  /** Images of sampled ids are below this. */
  readonly distinct: number;
  private readonly mask: number;
  private readonly fold: number;

  /** @param shift the sample is 2^-shift of all ids; 0 = all of them, under their own numbers */
  constructor(
    distinct: number,
    readonly shift: number,
    private salt = 0,
  ) {
    const bits = Math.max(shift, Math.ceil(Math.log2(Math.max(2, distinct))));
    this.mask = 2 ** bits - 1;
    this.fold = Math.max(1, bits >>> 1);
    this.distinct = shift === 0 ? distinct : 2 ** (bits - shift);
  }

  /** The id's number in the sample; -1 when it is not in it. */
  image(id: number): number {
    if (this.shift === 0) return id;
    const { mask, fold } = this;
    let z = ((id ^ this.salt) & mask) >>> 0;
    z = (Math.imul(z, 0x9e3779b1) & mask) >>> 0;
    z ^= z >>> fold;
    z = (Math.imul(z, 0x85ebca6b) & mask) >>> 0;
    z ^= z >>> fold;
    z = (Math.imul(z, 0xc2b2ae35) & mask) >>> 0;
    return z < this.distinct ? z : -1;
  }

  /** Another sample of the same size. */
  rotate(): void {
    this.salt = Math.imul(this.salt + 0x6d2b79f5, 0x2c1b3c6d) | 0;
  }
}

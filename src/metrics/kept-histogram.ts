/**
 * A histogram that is kept, not counted into: only the buckets that hold something. A second of a store in use fills some fifty of 3,328,
 * so that an hour of seconds takes megabytes instead of a gigabyte.
 */
import { bucketHigh, Histogram } from "./histogram.js";

/** What can be read of a histogram, however it is kept. */
export interface ReadableHistogram {
  /** Values in it. */
  readonly count: number;
  /** The largest of them, exactly; 0 when empty. */
  readonly max: number;
  /** The value that a share of them, 0 to 1, does not exceed, within 0.8 %; 0 when empty. */
  percentile(quantile: number): number;
  /** [bucket, count], ascending, without those that hold nothing. */
  toPairs(): Array<[number, number]>;
}

export class KeptHistogram implements ReadableHistogram {
  readonly count: number;
  readonly max: number;
  /** Bucket, count, bucket, count, …; buckets ascending. */
  readonly #pairs: Float64Array;

  private constructor(pairs: Float64Array, max: number) {
    this.#pairs = pairs;
    this.max = max;
    let count = 0;
    for (let at = 1; at < pairs.length; at += 2) count += pairs[at];
    this.count = count;
  }

  static of(histogram: ReadableHistogram): KeptHistogram {
    return histogram instanceof KeptHistogram ? histogram : KeptHistogram.fromPairs(histogram.toPairs(), histogram.max);
  }

  /** @param pairs [bucket, count], each bucket once, ascending */
  static fromPairs(pairs: ReadonlyArray<readonly [number, number]>, max: number): KeptHistogram {
    return new KeptHistogram(Float64Array.from(pairs.flat()), max);
  }

  /** As a histogram's: the high edge of the bucket that the value falls into, never above the maximum; 0 when empty. */
  percentile(quantile: number): number {
    const rank = Math.max(1, Math.ceil(Math.min(1, Math.max(0, quantile)) * this.count));
    let seen = 0;
    for (let at = 0; at < this.#pairs.length; at += 2) {
      seen += this.#pairs[at + 1];
      if (seen >= rank) return Math.min(bucketHigh(this.#pairs[at]), this.max);
    }
    return this.max;
  }

  toPairs(): Array<[number, number]> {
    return Array.from({ length: this.#pairs.length / 2 }, (_, i) => [this.#pairs[2 * i], this.#pairs[2 * i + 1]]);
  }
}

/** All that was counted in several. */
export function merged(histograms: Iterable<ReadableHistogram>): Histogram {
  const sum = new Histogram();
  for (const histogram of histograms) {
    for (const [index, count] of histogram.toPairs()) sum.add(index, count);
    sum.raiseMax(histogram.max);
  }
  return sum;
}

/**
 * Latency histograms in shared memory: each worker counts into its own, another thread drains it while it fills.
 *
 * The problem: a percentile needs every value, a worker must not wait or allocate to record one, and a reader wants a
 * consistent picture every second without stopping anyone.
 *
 * The bucket layout is HdrHistogram's (Gil Tene), with 2^7 sub-buckets a power of two: values up to 255 are exact, above
 * that the relative error is at most 1/128 = 0.78 %. One u32 counter a bucket, 3,328 counters for the whole u32 range.
 *
 * Two banks, one writer, one reader. `epoch & 1` names the bank being filled. The writer reads the epoch before each
 * record and, when it changed, says so in `acknowledged`: from then on it will not touch the other bank again. The
 * reader flips the epoch only after the last flip was acknowledged, so the bank it drains is always at rest. Neither ever
 * waits for the other: an idle writer simply leaves its bank undrained until it records again or stops.
 */

/** log2 of the sub-buckets per power of two. */
export const PRECISION_BITS = 7;
const SUB_BUCKETS = 1 << PRECISION_BITS;
/** Every u32 has a bucket: (31 - 7 - clz32(2^32-1)) = 24 doublings above the linear part, 3,328 counters. */
export const BUCKET_COUNT = (31 - PRECISION_BITS) * SUB_BUCKETS + 2 * SUB_BUCKETS;
/** The largest value told apart, 2^32 - 1; larger ones are counted in the last bucket. */
export const MAX_VALUE = 0xffff_ffff;

/** The bucket of `value`, an unsigned 32-bit integer. */
export function bucketIndex(value: number): number {
  const shift = Math.max(0, 31 - PRECISION_BITS - Math.clz32(value));
  return (shift << PRECISION_BITS) + (value >>> shift);
}

/** The smallest value counted in bucket `index`. */
export function bucketLow(index: number): number {
  if (index < 2 * SUB_BUCKETS) return index;
  const shift = (index >>> PRECISION_BITS) - 1;
  return (SUB_BUCKETS + (index & (SUB_BUCKETS - 1))) * 2 ** shift;
}

/** The largest value counted in bucket `index`. */
export function bucketHigh(index: number): number {
  return index < 2 * SUB_BUCKETS ? index : bucketLow(index) + 2 ** ((index >>> PRECISION_BITS) - 1) - 1;
}

// One recorder's words: a control line, then the two banks. A bank opens with a line of its own for its maximum.
const EPOCH = 0;
const ACKNOWLEDGED = 1;
const LINE_WORDS = 16;
const BANK_MAX = 0;
const BANK_WORDS = LINE_WORDS + BUCKET_COUNT;

/** Bytes one recorder takes in shared memory; a multiple of 64, so that neighbours never share a cache line. */
export const RECORDER_BYTES = (LINE_WORDS + 2 * BANK_WORDS) * 4;

/** The writing side. One thread at most; `record` allocates nothing and takes no lock. */
export class HistogramRecorder {
  readonly #words: Uint32Array;
  #epoch: number;
  #bank: number;

  /** @param byteOffset a multiple of 4 (64 keeps cache lines apart), with RECORDER_BYTES zeroed bytes behind it. */
  constructor(buffer: SharedArrayBuffer | ArrayBuffer, byteOffset = 0) {
    this.#words = new Uint32Array(buffer, byteOffset, RECORDER_BYTES / 4);
    this.#epoch = Atomics.load(this.#words, EPOCH);
    this.#bank = bankOffset(this.#epoch);
    Atomics.store(this.#words, ACKNOWLEDGED, this.#epoch);
  }

  /** Counts one value: below 0 as 0, above MAX_VALUE as MAX_VALUE, fractions cut off. */
  record(value: number): void {
    const words = this.#words;
    const epoch = Atomics.load(words, EPOCH);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#bank = bankOffset(epoch);
      // Atomic, after the last plain store into the old bank: a reader that sees it sees those stores too.
      Atomics.store(words, ACKNOWLEDGED, epoch);
    }
    const clamped = value <= 0 ? 0 : value >= MAX_VALUE ? MAX_VALUE : value >>> 0;
    const bank = this.#bank;
    words[bank + LINE_WORDS + bucketIndex(clamped)]++;
    if (clamped > words[bank + BANK_MAX]) words[bank + BANK_MAX] = clamped;
  }
}

/** The reading side: one thread at most, beside one HistogramRecorder over the same bytes. */
export class HistogramReader {
  readonly #words: Uint32Array;

  constructor(buffer: SharedArrayBuffer | ArrayBuffer, byteOffset = 0) {
    this.#words = new Uint32Array(buffer, byteOffset, RECORDER_BYTES / 4);
  }

  /**
   * Moves into `target` what was recorded before the previous drain and not yet taken, and flips the banks. Returns false
   * (nothing moved) while the writer has not recorded since the previous drain: its bank may still be in use.
   */
  drain(target: Histogram): boolean {
    const words = this.#words;
    const epoch = Atomics.load(words, EPOCH);
    if (Atomics.load(words, ACKNOWLEDGED) !== epoch) return false;
    this.#empty(bankOffset(epoch + 1), target);
    Atomics.store(words, EPOCH, (epoch + 1) >>> 0);
    return true;
  }

  /** Moves everything into `target`. Only when the writer has stopped for good, or waits to be told to go on. */
  drainStopped(target: Histogram): void {
    this.#empty(bankOffset(0), target);
    this.#empty(bankOffset(1), target);
  }

  #empty(bank: number, target: Histogram): void {
    const words = this.#words;
    const first = bank + LINE_WORDS;
    const last = bucketIndex(words[bank + BANK_MAX]);
    for (let index = 0; index <= last; index++) {
      const count = words[first + index];
      if (count !== 0) target.add(index, count);
    }
    target.raiseMax(words[bank + BANK_MAX]);
    words.fill(0, bank, bank + BANK_WORDS);
  }
}

function bankOffset(epoch: number): number {
  return LINE_WORDS + (epoch & 1) * BANK_WORDS;
}

/** Counts gathered in one thread: what percentiles, means and spectra are read from. Counters hold up to 2^53. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKET_COUNT);
  #count = 0;
  #max = 0;

  /** Values that were recorded. */
  get count(): number {
    return this.#count;
  }

  /** The largest value recorded, exactly; 0 when empty. */
  get max(): number {
    return this.#max;
  }

  /** Mean of the bucket midpoints: within 0.4 % of the true mean; 0 when empty. */
  get mean(): number {
    if (this.#count === 0) return 0;
    let sum = 0;
    for (let index = 0; index < BUCKET_COUNT; index++) {
      const count = this.#counts[index];
      if (count !== 0) sum += count * ((bucketLow(index) + bucketHigh(index)) / 2);
    }
    return sum / this.#count;
  }

  /** Counts a value, a whole number from 0 to 2^32 - 1; larger ones count as that. */
  record(value: number): void {
    const clamped = value <= 0 ? 0 : value >= MAX_VALUE ? MAX_VALUE : value >>> 0;
    this.add(bucketIndex(clamped), 1);
    this.raiseMax(clamped);
  }

  /** Adds `count` values to bucket `index`; the maximum rises to the bucket's low edge at least. */
  add(index: number, count: number): void {
    this.#counts[index] += count;
    this.#count += count;
    this.raiseMax(bucketLow(index));
  }

  /** Takes a maximum from elsewhere, where it is larger. */
  raiseMax(value: number): void {
    if (value > this.#max) this.#max = value;
  }

  /** Adds another one's counts. */
  merge(other: Histogram): void {
    for (let index = 0; index < BUCKET_COUNT; index++) this.#counts[index] += other.#counts[index];
    this.#count += other.#count;
    this.raiseMax(other.#max);
  }

  /**
   * The value that at least `quantile` (0 to 1) of the recorded values do not exceed: the high edge of the bucket it falls
   * into, as HdrHistogram reports it, never above the recorded maximum. 0 when empty.
   */
  percentile(quantile: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(Math.min(1, Math.max(0, quantile)) * this.#count));
    let seen = 0;
    for (let index = 0; index < BUCKET_COUNT; index++) {
      seen += this.#counts[index];
      if (seen >= rank) return Math.min(bucketHigh(index), this.#max);
    }
    return this.#max;
  }

  /**
   * [quantile, value] pairs, ascending, dense towards the tail (`ticksPerHalving` points each time the distance to 1
   * halves), ending with [1, max]. What a percentile spectrum is drawn from.
   */
  spectrum(ticksPerHalving = 5): Array<[number, number]> {
    const points: Array<[number, number]> = [];
    if (this.#count === 0) return points;
    for (let tick = 0; ; tick++) {
      const quantile = 1 - 2 ** (-tick / ticksPerHalving);
      if ((1 - quantile) * this.#count < 1) break;
      points.push([quantile, this.percentile(quantile)]);
    }
    points.push([1, this.#max]);
    return points;
  }

  /** The counts that are not zero as [bucket, count] pairs: how a histogram travels in a message. */
  toPairs(): Array<[number, number]> {
    const pairs: Array<[number, number]> = [];
    for (let index = 0; index < BUCKET_COUNT; index++) {
      if (this.#counts[index] !== 0) pairs.push([index, this.#counts[index]]);
    }
    return pairs;
  }

  /**
   * What was counted since `earlier`, of which this is a later state. Its maximum is the high edge of the last bucket that grew, and
   * never above this one's: which value it was is not known any more.
   */
  since(earlier: Histogram): Histogram {
    const later = new Histogram();
    let last = -1;
    for (let index = 0; index < BUCKET_COUNT; index++) {
      const more = this.#counts[index] - earlier.#counts[index];
      if (more <= 0) continue;
      later.add(index, more);
      last = index;
    }
    if (last >= 0) later.raiseMax(Math.min(bucketHigh(last), this.#max));
    return later;
  }

  /** One of these counts: [bucket, count]. */
  static fromPairs(pairs: ReadonlyArray<readonly [number, number]>, max: number): Histogram {
    const histogram = new Histogram();
    for (const [index, count] of pairs) histogram.add(index, count);
    histogram.raiseMax(max);
    return histogram;
  }
}

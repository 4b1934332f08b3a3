/**
 * Timing one operation in about a thousand, inside the thread that does it (M-010: statistical sampling).
 *
 * A clock read takes longer than a read of the store, so most operations must not look at one: each counts down one word, as it did before
 * there were samples; when that reaches nought the next operation is timed. Gaps are drawn at random, since a fixed one lies on the
 * workload's own period. What begins an operation notes the time, what ends one tells it here; between the two no other operation of this thread may
 * have begun, or it is not this operation that is ending (one that threw, one called from within another) and the sample is dropped.
 */
import { threadNow } from "../clock.js";
import { SampleWriter } from "./banks.js";

/** The default share of operations that are timed. */
export const DEFAULT_SAMPLING = 1 / 1024;

const PAIRS = 1001;

/** What two clock reads in a row tell, ns: the median of many. It takes a millisecond, so a store's first thread does it for all. */
export function clockFloor(): number {
  const pairs = new Float64Array(PAIRS);
  for (let i = 0; i < PAIRS; i++) {
    const before = threadNow();
    pairs[i] = threadNow() - before;
  }
  return pairs.sort()[PAIRS >> 1] * 1e6;
}

/** What of the engine hashes keys. */
interface Hasher {
  hashXx(address: number, length: number, seed: number): number;
}

export class Sampler {
  /** When the operation that is timed began, ms. */
  private started = 0;
  private readonly writer: SampleWriter;
  /** Gaps are drawn evenly from 1 to this, so that one operation in half as many is timed. */
  private readonly span: number;
  private random: number;

  /**
   * @param share of operations that are timed, above 0, at most 1
   * @param floor what is subtracted from every sample, ns
   * @param createdAt this thread's clock when the store was made, ms
   */
  constructor(
    buffer: ArrayBufferLike,
    slot: number,
    share: number,
    private readonly floor: number,
    private readonly createdAt: number,
  ) {
    this.writer = new SampleWriter(buffer, slot);
    this.span = Math.max(1, Math.round(2 / share) - 1);
    this.random = (Math.imul(slot + 1, 0x9e3779b9) ^ (threadNow() * 1e6)) | 1;
  }

  /** Operations until the next one that is timed: 1 and up. */
  nextGap(): number {
    // xorshift32 (Marsaglia 2003)
    let x = this.random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.random = x;
    return 1 + ((x >>> 0) % this.span);
  }

  /** The operation that begins now is timed. */
  begin(): void {
    this.started = threadNow();
  }

  /**
   * The operation that is timed ends now.
   *
   * @param key where its key still lies, as the engine addresses it
   */
  end(kind: number, namespaceId: number, valueBytes: number, hasher: Hasher, key: number, keyLength: number): void {
    const now = threadNow();
    const ns = (now - this.started) * 1e6 - this.floor;
    const hash = hasher.hashXx(key, keyLength, 0) >>> 0;
    this.writer.write(kind, ns, now - this.createdAt, namespaceId, hash, valueBytes);
  }
}

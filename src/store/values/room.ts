/** Room for values that are being written: a larger buffer when one is full, up to what the store holds at most. */
import { ENTRY_ROOM, type Header, layout } from "../../core/index.js";
import { ValueTooLargeError } from "../../errors.js";

/** How long a value of a store may be. */
export interface ValueLimit {
  readonly bytes: number;
  /** The number, and whose limit it is: for messages. */
  readonly said: string;
}

/** How long a value of the store may be, and by which limit. */
export function valueLimit({ valueMax: bytes, poolBytes: pool }: Header): ValueLimit {
  if (bytes === 0) return { bytes: layout.CHUNK_MAX, said: `${ENTRY_ROOM}, what a chunk holds with the key` };
  if (bytes === Math.floor(pool / 4)) {
    return { bytes, said: `${bytes}, a quarter of the pool of ${pool}; create the store larger` };
  }
  return { bytes, said: `${bytes}, the store's maxValue; create the store with a larger one` };
}

/** What no store comes near, for whoever writes a value that is for none. */
export const NO_STORE: ValueLimit = { bytes: 2 ** 30, said: `${2 ** 30}, a quarter of what addresses reach` };

/**
 * A larger buffer with the bytes that are written so far. A value is given up at its store's limit, and so is a structure that shares its
 * parts without end, such as an array of twice the array before it, fifty deep.
 *
 * @param slack of `more`, what is not of the value
 * @throws ValueTooLargeError
 */
export function roomier(
  bytes: Buffer,
  written: number,
  more: number,
  slack: number,
  form: string,
  limit: ValueLimit,
): Buffer {
  if (written + more > limit.bytes) {
    throw new ValueTooLargeError(`a value has more than ${limit.bytes} bytes of ${form}; the limit is ${limit.said}`);
  }
  const needed = written + more + slack;
  const roomy = Buffer.allocUnsafeSlow(Math.max(Math.min(limit.bytes + slack, 2 * bytes.length), needed));
  roomy.set(bytes.subarray(0, written));
  return roomy;
}

/** Room for values that are being written: a larger buffer when one is full, up to what the store holds at most. */
import { ValueTooLargeError } from "../../errors.js";

/** How long a value of a store may be. */
export interface ValueLimit {
  readonly bytes: number;
  /** The number, and whose limit it is: for messages. */
  readonly said: string;
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

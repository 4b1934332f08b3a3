/** Room for values that are being written: a larger buffer when one is full, up to a size that no store comes near. */
import { ValueTooLargeError } from "../../errors.js";

/**
 * A value is given up here. Far beyond what a store can hold, and short of a structure that shares its parts without end, such as an
 * array of twice the array before it, fifty deep.
 */
const LARGEST = 2 ** 24;

/** A larger buffer with the bytes that are written so far. @throws ValueTooLargeError */
export function roomier(bytes: Buffer, written: number, more: number, form: string): Buffer {
  const needed = written + more;
  if (needed > LARGEST) {
    throw new ValueTooLargeError(
      `a value has more than 5,000,000 bytes of ${form}; 16,352 is the most that a store holds, with the key`,
    );
  }
  const roomy = Buffer.allocUnsafeSlow(Math.min(LARGEST, Math.max(2 * bytes.length, needed)));
  roomy.set(bytes.subarray(0, written));
  return roomy;
}

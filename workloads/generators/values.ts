/** Value bytes: deterministic, and cheap enough not to be what is measured. */
import { xorshift32 } from "../../src/random.js";

/**
 * Fills `target[0 … length - 1]` with bytes that depend on (seed, length) alone: xorshift32, four bytes a step, not all
 * zero and hardly compressible. The same arguments give the same bytes everywhere, so a reader can check what it got.
 */
export function fillValue(target: Uint8Array, length: number, seed: number): void {
  let x = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(length, 0x85ebca6b)) | 0 || 0x6b43a9b5;
  const whole = length & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    x = xorshift32(x);
    target[i] = x;
    target[i + 1] = x >>> 8;
    target[i + 2] = x >>> 16;
    target[i + 3] = x >>> 24;
  }
  x = xorshift32(x);
  for (; i < length; i++, x >>>= 8) target[i] = x;
}

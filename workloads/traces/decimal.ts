/** Decimal text to numbers, exact or refused: parseInt would take "12abc", and Number rounds above 2^53. */

/** A 64-bit number as unsigned halves; filled by parseInt64, reused to allocate nothing per line. */
export interface Halves {
  lo: number;
  hi: number;
}

const TWO_32 = 4294967296;
/** 9 digits at a time: every 16-bit part times 10^9 stays below 2^53, and `hi` is still 0 when that scale is applied. */
const CHUNK = 9;

/**
 * Reads an optional sign and decimal digits into two's complement halves.
 * Accepts -2^63 … 2^63 - 1 (the range of a Java long, which the text formats come from); false for anything else.
 */
export function parseInt64(text: string, out: Halves): boolean {
  const negative = text.charCodeAt(0) === 45;
  const start = negative ? 1 : 0;
  const digits = text.length - start;
  if (digits === 0 || digits > 20) return false;
  if (digits <= 15) {
    const value = parseDigits(text, start, text.length);
    if (value < 0) return false;
    out.lo = value >>> 0;
    out.hi = Math.floor(value / TWO_32);
  } else if (!parseLong(text, start, out)) {
    return false;
  }
  return negative ? negate(out) : out.hi < 0x80000000;
}

/** An unsigned 32-bit decimal, or -1. */
export function parseUint32(text: string): number {
  if (text.length === 0 || text.length > 10) return -1;
  const value = parseDigits(text, 0, text.length);
  return value < TWO_32 ? value : -1;
}

/** A whole number up to 2^53 - 1, or -1. */
export function parseWhole(text: string): number {
  if (text.length === 0 || text.length > 16) return -1;
  const value = parseDigits(text, 0, text.length);
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

function parseDigits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function parseLong(text: string, start: number, out: Halves): boolean {
  let lo = 0;
  let hi = 0;
  for (let at = start; at < text.length; at += CHUNK) {
    const to = Math.min(at + CHUNK, text.length);
    const part = parseDigits(text, at, to);
    if (part < 0) return false;
    const scale = 10 ** (to - at);
    // lo x scale can pass 2^53, so it goes in two 16-bit steps; every intermediate stays exact.
    const low = (lo & 0xffff) * scale + part;
    const high = (lo >>> 16) * scale + Math.floor(low / 65536);
    lo = ((high % 65536) * 65536 + (low % 65536)) >>> 0;
    const carried = hi * scale + Math.floor(high / 65536);
    if (carried >= TWO_32) return false;
    hi = carried;
  }
  out.lo = lo;
  out.hi = hi;
  return true;
}

function negate(value: Halves): boolean {
  if (value.hi > 0x80000000 || (value.hi === 0x80000000 && value.lo > 0)) return false;
  const lo = ~value.lo + 1;
  value.hi = (~value.hi + (lo === 0 ? 1 : 0)) >>> 0;
  value.lo = lo >>> 0;
  return true;
}

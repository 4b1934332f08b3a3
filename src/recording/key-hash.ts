/** 64 bits that stand for a namespace and a key in an operation log: the log names no key in clear. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { PreparedKey } from "../store/index.js";

/** What a key of a store may have. */
const LONGEST_KEY = 1024;
/** A key, as words. */
const words = new Int32Array(LONGEST_KEY / 4);
const bytes = Buffer.from(words.buffer);
/** A character of UTF-16 takes at most three bytes of UTF-8. */
const SURELY_SHORT = Math.floor(LONGEST_KEY / 3);
/** A record has 16 bits for a key's length. */
const LONGEST_LENGTH = 0xffff;
/** Apart from the text of the same bytes: keys of programs that are numbers, and texts that are longer than a store's keys. */
const NUMBERS = 0x6e756d62;
const DIGESTS = 0x73686132;

/** The last key hashed. Strings, bytes and prepared keys of the same bytes hash alike. */
export const hashed = { lo: 0, hi: 0, length: 0 };

/** A namespace's share in its keys' hashes. */
export function seedOf(namespace: string): number {
  hashString(namespace, 0);
  return hashed.lo ^ hashed.hi;
}

/** What an operation log knows a key by: its owner, who has the keys, can find it again. */
export function recordedHash(namespace: string, key: string): bigint {
  hashText(key, seedOf(namespace));
  return (BigInt(hashed.hi) << 32n) | BigInt(hashed.lo);
}

export function hashKey(key: string | Uint8Array | PreparedKey, seed: number): void {
  if (typeof key === "string") {
    hashString(key, seed);
  } else if (key instanceof Uint8Array) {
    hashBytes(key, seed);
  } else {
    words[0] = key.word0;
    words[1] = key.word1;
    words[2] = key.word2;
    words[3] = key.word3;
    if (key.more !== null) words.set(key.more, 4);
    hashWords(key.length, seed);
  }
}

/** A text of any length, as programs have them for keys: as `hashKey` while a store could have it. */
export function hashText(text: string, seed: number): void {
  if (text.length <= SURELY_SHORT) {
    hashString(text, seed);
    return;
  }
  const length = Buffer.byteLength(text, "utf8");
  if (length <= LONGEST_KEY) {
    hashString(text, seed);
    return;
  }
  hashBytes(createHash("sha256").update(text, "utf8").digest(), seed ^ DIGESTS);
  hashed.length = Math.min(length, LONGEST_LENGTH);
}

const double = new Float64Array(1);
const doubleWords = new Int32Array(double.buffer);

/** A number, by its eight bytes; -0 is 0, as in a Map. */
export function hashNumber(number: number, seed: number): void {
  double[0] = number + 0;
  words[0] = doubleWords[0];
  words[1] = doubleWords[1];
  hashWords(8, seed ^ NUMBERS);
}

function hashString(key: string, seed: number): void {
  const { length } = key;
  const whole = length & ~3;
  let word = 0;
  let all = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = key.charCodeAt(i);
    const b = key.charCodeAt(i + 1);
    const c = key.charCodeAt(i + 2);
    const d = key.charCodeAt(i + 3);
    all |= a | b | c | d;
    words[word++] = a | (b << 8) | (c << 16) | (d << 24);
  }
  if (whole < length) {
    let packed = 0;
    for (let i = whole; i < length; i++) {
      const code = key.charCodeAt(i);
      all |= code;
      packed |= code << ((i - whole) * 8);
    }
    words[word] = packed;
  }
  if (all > 127) hashBytes(Buffer.from(key, "utf8"), seed);
  else hashWords(length, seed);
}

function hashBytes(key: Uint8Array, seed: number): void {
  bytes.set(key);
  bytes.fill(0, key.length, (key.length + 3) & ~3);
  hashWords(key.length, seed);
}

/** Two lanes in the manner of MurmurHash3 (Appleby), each with constants of its own; the length tells padded keys apart. */
function hashWords(length: number, seed: number): void {
  let a = seed ^ length;
  let b = ~seed ^ Math.imul(length, 0x9e3779b1);
  const end = (length + 3) >> 2;
  for (let i = 0; i < end; i++) {
    const word = words[i];
    let k = Math.imul(word, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    a = Math.imul(((a ^ k) << 13) | ((a ^ k) >>> 19), 5) + 0xe6546b64;
    k = Math.imul(word, 0x239b961b);
    k = Math.imul((k << 16) | (k >>> 16), 0xab0e9789);
    b = Math.imul(((b ^ k) << 17) | ((b ^ k) >>> 15), 5) + 0x561ccd1b;
  }
  a = finish(a + b);
  b = finish(b ^ Math.imul(a, 0x85ebca6b));
  hashed.lo = a >>> 0;
  hashed.hi = b >>> 0;
  hashed.length = length;
}

function finish(h: number): number {
  let z = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

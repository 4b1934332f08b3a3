/** 64 bits that stand for a namespace and a key in an operation log: the log names no key in clear. */
import { Buffer } from "node:buffer";
import type { PreparedKey } from "../store/index.js";

/** What a key may have (1,024 bytes), as words. */
const words = new Int32Array(256);
const bytes = Buffer.from(words.buffer);

/** The last key hashed. Strings, bytes and prepared keys of the same bytes hash alike. */
export const hashed = { lo: 0, hi: 0, length: 0 };

/** A namespace's share in its keys' hashes. */
export function seedOf(namespace: string): number {
  hashString(namespace, 0);
  return hashed.lo ^ hashed.hi;
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

function hashString(key: string, seed: number): void {
  const { length } = key;
  let word = 0;
  for (let i = 0; i < length; i += 4, word++) {
    let packed = 0;
    const end = Math.min(length - i, 4);
    for (let j = 0; j < end; j++) {
      const code = key.charCodeAt(i + j);
      if (code > 127) {
        hashBytes(Buffer.from(key, "utf8"), seed);
        return;
      }
      packed |= code << (j * 8);
    }
    words[word] = packed;
  }
  hashWords(length, seed);
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

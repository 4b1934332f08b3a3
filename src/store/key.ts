/** Keys as the engine takes them: their bytes, zero-padded to 16. */
import { ENTRY_ROOM, layout } from "../core/index.js";

/** Bytes of a key, padded, and its value together, at most: what the largest chunk holds. */
export { ENTRY_ROOM };

/** Rounded up to 16, as keys are padded and what follows them is aligned. */
export function padded(bytes: number): number {
  return (bytes + 15) & ~15;
}

/**
 * Puts a key's bytes, zero-padded to 16, at `word` and after. Four ASCII characters go in with one store; any other string, one
 * that is empty or too long for a key included, takes the encoder.
 *
 * @returns length in bytes, or -1 when the encoder must do it
 */
export function packAscii(key: string, words: Int32Array, word: number): number {
  const length = key.length;
  if (length === 0 || length > layout.KEY_MAX) return -1;
  let to = word;
  let i = 0;
  for (const end = length - 3; i < end; i += 4) {
    const a = key.charCodeAt(i);
    const b = key.charCodeAt(i + 1);
    const c = key.charCodeAt(i + 2);
    const d = key.charCodeAt(i + 3);
    if ((a | b | c | d) > 127) return -1;
    words[to++] = a | (b << 8) | (c << 16) | (d << 24);
  }
  let last = 0;
  for (let shift = 0; i < length; i++, shift += 8) {
    const code = key.charCodeAt(i);
    if (code > 127) return -1;
    last |= code << shift;
  }
  words[to++] = last;
  while ((to - word) & 3) words[to++] = 0;
  return length;
}

/** What a prepared key belongs to: one namespace of one store in one thread. Compared by identity. */
export interface KeyScope {
  readonly namespace: string;
}

/** A key encoded and hashed once, for one namespace: the fastest way to use the same key many times. */
export class PreparedKey {
  /** Made nowhere else: a type of its own for the compiler, nothing when it runs. */
  declare private readonly prepared: true;
  /** @internal */
  readonly scope: KeyScope;
  /** Length in bytes. */
  readonly length: number;
  /** @internal Seeded with the namespace, so it means nothing elsewhere. */
  readonly hash: number;
  /** @internal The bytes, zero-padded to 16, as words: the first four here, in the same cache line as the hash. */
  readonly word0: number;
  /** @internal */
  readonly word1: number;
  /** @internal */
  readonly word2: number;
  /** @internal */
  readonly word3: number;
  /** @internal */
  readonly more: Int32Array | null;

  private constructor(scope: KeyScope, words: Int32Array, length: number, hash: number) {
    this.scope = scope;
    this.length = length;
    this.hash = hash;
    this.word0 = words[0];
    this.word1 = words[1];
    this.word2 = words[2];
    this.word3 = words[3];
    this.more = words.length > 4 ? words.slice(4) : null;
  }

  /** @internal Use `namespace.key()`. */
  static make(scope: KeyScope, words: Int32Array, length: number, hash: number): PreparedKey {
    return new PreparedKey(scope, words, length, hash);
  }

  /** @internal The key as it was handed in, in bytes. */
  bytes(): Uint8Array {
    const words = Int32Array.of(this.word0, this.word1, this.word2, this.word3, ...(this.more ?? []));
    return new Uint8Array(words.buffer, 0, this.length);
  }
}

/** How a caller names an entry. */
export type Key = string | Uint8Array | PreparedKey;

/** The bytes by which the engine knows a key. */
export function keyBytes(key: Key): Uint8Array {
  if (key instanceof PreparedKey) return key.bytes();
  return typeof key === "string" ? Buffer.from(key) : key;
}

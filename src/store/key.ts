/** A key encoded and hashed once, for one namespace: the fastest way to use the same key many times. */

/** What a prepared key belongs to: one namespace of one store in one thread. Compared by identity. */
export interface KeyScope {
  readonly namespace: string;
}

export class PreparedKey {
  /** @internal */
  readonly scope: KeyScope;
  /** Length in bytes. */
  readonly length: number;
  /** @internal Seeded with the namespace, so it means nothing elsewhere. */
  readonly hash: number;
  // @internal The bytes, zero-padded to 16, as words: the first four here, in the same cache line as the hash.
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  /** @internal */
  readonly more: Int32Array | null;

  /** @internal Use `namespace.key()`. */
  constructor(scope: KeyScope, words: Int32Array, length: number, hash: number) {
    this.scope = scope;
    this.length = length;
    this.hash = hash;
    this.word0 = words[0];
    this.word1 = words[1];
    this.word2 = words[2];
    this.word3 = words[3];
    this.more = words.length > 4 ? words.slice(4) : null;
  }
}

/** A key encoded and hashed once, for one namespace: the fastest way to use the same key many times. */
import { InvalidArgumentError } from "./errors.js";

export class PreparedKey {
  /** @internal Name of the namespace it was made in: the hash is seeded with it. */
  readonly namespace: string;
  /** @internal */
  readonly storeId: number;
  /** @internal Bytes, zero-padded to 16, as words. */
  readonly words: Int32Array;
  /** Length in bytes. */
  readonly length: number;
  /** @internal */
  readonly hash: number;

  /** @internal Use `namespace.key()`. */
  constructor(storeId: number, namespace: string, words: Int32Array, length: number, hash: number) {
    this.storeId = storeId;
    this.namespace = namespace;
    this.words = words;
    this.length = length;
    this.hash = hash;
  }

  /** @internal */
  assertOf(storeId: number, namespace: string): void {
    if (this.namespace !== namespace || this.storeId !== storeId) {
      throw new InvalidArgumentError(
        `the key was prepared in namespace "${this.namespace}"${this.storeId === storeId ? "" : " of another store"} and is used in "${namespace}"`,
      );
    }
  }
}

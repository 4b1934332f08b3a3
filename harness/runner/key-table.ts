/** Key numbers of all phases and namespaces as one dense list. */
import {
  keyName,
  MAILBOX_OPERATIONS,
  type OperationStream,
  STREAM_OPERATIONS,
  WRITES_VALUE,
} from "../../workloads/index.js";
import type { SubjectNamespace } from "../subjects/index.js";
import type { Preload } from "./messages.js";

/** 1 for the codes of operations whose key is a mailbox. */
const OF_MAILBOXES = Uint8Array.from(STREAM_OPERATIONS, (name) => (MAILBOX_OPERATIONS.includes(name) ? 1 : 0));
/** 1 for the codes of operations that send a message. */
const SENDS = Uint8Array.from(STREAM_OPERATIONS, (name) => (name === "send" || name === "handOff" ? 1 : 0));

/**
 * With several namespaces a key's string begins with its namespace, so that a subject without namespaces keeps them apart too.
 */
export class KeyTable {
  readonly #several: boolean;
  readonly #numbers: Array<Map<number, number>>;
  readonly #keys: string[] = [];
  readonly #namespaceOf: number[] = [];
  readonly #largest: number[] = [];
  readonly #sizes = new Set<number>();
  readonly #mailboxes = new Set<number>();

  constructor(namespaces: number) {
    this.#several = namespaces > 1;
    this.#numbers = Array.from({ length: namespaces }, () => new Map());
  }

  /**
   * The stream's keys by their numbers here. `namespaceAt` tells the namespace of operation i, `insertedAt` whether its key is one that the
   * stream inserts, the numbers of which are moved by `ahead`: no other phase is to have inserted it before.
   */
  numberKeys(
    drawn: OperationStream,
    namespaceAt: (i: number) => number,
    insertedAt: ((i: number) => boolean) | null = null,
    ahead = 0,
  ): Uint32Array {
    const keys = new Uint32Array(drawn.count);
    for (let i = 0; i < drawn.count; i++) {
      const op = drawn.ops[i];
      if (OF_MAILBOXES[op] === 1) {
        keys[i] = drawn.keys[i];
        this.#mailboxes.add(drawn.keys[i]);
        if (SENDS[op] === 1) this.#sizes.add(drawn.sizes[i]);
        continue;
      }
      const moved = insertedAt?.(i) ? ahead : 0;
      const key = this.#number(drawn.keys[i] + moved, namespaceAt(i), drawn.keyName);
      keys[i] = key;
      if (WRITES_VALUE[op] === 1) this.#written(key, drawn.sizes[i]);
    }
    return keys;
  }

  /** Keys set beforehand are generated ones. */
  adoptPreload(drawn: ReadonlyArray<{ key: number; size: number; namespace: number }>): Preload {
    const keys = Uint32Array.from(drawn, ({ key, size, namespace }) => {
      const own = this.#number(key, namespace, keyName);
      this.#written(own, size);
      return own;
    });
    return { keys, sizes: Uint32Array.from(drawn, ({ size }) => size) };
  }

  finish(namespaces: readonly SubjectNamespace[]) {
    const keys = this.#several
      ? this.#keys.map((key, i) => `${namespaces[this.#namespaceOf[i]].name}/${key}`)
      : this.#keys;
    return {
      keys,
      keyBytes: Uint16Array.from(keys, (key) => Buffer.byteLength(key)),
      largestValues: Int32Array.from(this.#largest),
      valueSizes: Uint32Array.from(this.#sizes),
      namespaces,
      namespaceOf: this.#several ? Uint16Array.from(this.#namespaceOf) : null,
    };
  }

  /** Mailboxes that are sent to or received from, ascending. */
  get mailboxes(): number[] {
    return [...this.#mailboxes].sort((a, b) => a - b);
  }

  addMailbox(mailbox: number): void {
    this.#mailboxes.add(mailbox);
  }

  #number(key: number, namespace: number, nameOf: (key: number) => string): number {
    const numbers = this.#numbers[namespace];
    let number = numbers.get(key);
    if (number === undefined) {
      number = this.#keys.length;
      numbers.set(key, number);
      this.#keys.push(nameOf(key));
      this.#namespaceOf.push(namespace);
      this.#largest.push(-1);
    }
    return number;
  }

  #written(key: number, size: number): void {
    if (size > this.#largest[key]) this.#largest[key] = size;
    this.#sizes.add(size);
  }
}

/** A store of keys and bytes, as most are, driven as the lab drives its subjects: by numbers. */
import { InvalidArgumentError } from "../errors.js";
import type { AgentContext, Answer, AsyncSubjectAgent, MemoryUse } from "./subject.js";

/** What `byKey` takes: a Map-like over bytes. Answers may be promises where the subject is `asynchronous`. */
export interface KeyedStore {
  /** The value's bytes; null or undefined when there is none. */
  get(key: string): Answer<Uint8Array | null | undefined>;
  /** @param ttlMs 0: never expires */
  set(key: string, value: Uint8Array, ttlMs: number): unknown;
  /** Whether the key was there, where it can tell. */
  delete(key: string): unknown;
  /** Adds 1. Left out: it cannot (say so in `cannot` too). */
  increment?(key: string): unknown;
  /** Reads up to `count` entries, the key's first; how many there were. */
  scan?(key: string, count: number): Answer<number>;
  /** Waits until what was written so far is done, for a store that queues. Left out: everything is done when its call returns. */
  settle?(): Promise<void>;
  /** Bytes that it takes. Left out: it cannot tell. */
  memory?(): MemoryUse;
  /** Ends it. Left out: there is nothing to end. */
  close?(): unknown;
}

/** @returns an agent over the store; a value that is no Uint8Array is an InvalidArgumentError from its get */
export function byKey(context: AgentContext, store: KeyedStore): AsyncSubjectAgent {
  const { keys, values } = context;
  const { increment, scan, settle, memory } = store;
  return {
    get(key) {
      const value = store.get(keys[key]);
      return isLater(value) ? value.then(lengthOf) : lengthOf(value);
    },
    set(key, size, ttlMs) {
      return store.set(keys[key], values[size] as Uint8Array, ttlMs) as undefined;
    },
    delete(key) {
      return store.delete(keys[key]) as boolean;
    },
    increment(key) {
      if (increment === undefined) throw new InvalidArgumentError('it has no increment: name it in "cannot"');
      return increment.call(store, keys[key]) as undefined;
    },
    bytes: (key) => {
      const value = store.get(keys[key]);
      return isLater(value) ? value.then(bytesOf) : bytesOf(value);
    },
    ...(scan === undefined ? {} : { scan: (key, count) => scan.call(store, keys[key], count) }),
    ...(settle === undefined ? {} : { settle: () => settle.call(store) }),
    ...(memory === undefined ? {} : { memory: () => memory.call(store) }),
    close: async () => {
      await store.close?.();
    },
  };
}

function lengthOf(value: Uint8Array | null | undefined): number {
  if (value === undefined || value === null) return -1;
  // One byte is read, so that a reference is really followed.
  if (value instanceof Uint8Array) return value.length + ((value[0] ?? 0) & 0);
  throw new InvalidArgumentError(
    `its get answered with a ${typeof value}; expected a Uint8Array, or undefined for no value`,
  );
}

function bytesOf(value: Uint8Array | null | undefined): Uint8Array | null {
  lengthOf(value);
  return value ?? null;
}

function isLater<T>(value: Answer<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null)?.then === "function";
}

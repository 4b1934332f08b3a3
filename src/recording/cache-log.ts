/** What one cache of a program writes into the log: its operations as they were asked for, with the sizes that are known. */
import { LOGGED_DELETE, LOGGED_GET, LOGGED_SET } from "./format.js";
import { hashed, hashText, seedOf } from "./key-hash.js";
import { hashOtherKey, type Identities } from "./program-key.js";
import type { Recorder } from "./recorder.js";
import { asBytes, bytesKnownOf, UNKNOWN_BYTES } from "./value-bytes.js";

/** Bytes of a value that the program stores under a key; whatever is no number from 0 on, or throws, is a size that is not known. */
export type SizeOf = (value: unknown, key: unknown) => number;

export class CacheLog {
  /** Methods of the cache that are at work: what they call of the cache themselves was not asked for by the program. */
  depth = 0;
  /** Whether operations are still logged. */
  open = true;
  private readonly seed: number;
  /** The program gives sizes of its own (`set(k, v, { size })`): then a value's bytes say nothing about what it counts as. */
  private ownSizes = false;

  constructor(
    private readonly recorder: Recorder,
    private readonly identities: Identities,
    name: string,
    private readonly sizeOf: SizeOf | undefined,
    /** Told of keys that nobody can list. */
    private readonly cannotLog: () => void,
  ) {
    this.seed = seedOf(name);
  }

  /**
   * @param value what was found; undefined: nothing, or it is not there yet
   * @returns the operation's place, for `found`
   */
  get(key: unknown, value: unknown): number {
    return this.add(LOGGED_GET, key, this.bytesFound(key, value), 0);
  }

  /** What a get has found that took its time. */
  found(place: number, key: unknown, value: unknown): void {
    const bytes = this.bytesFound(key, value);
    if (this.open && bytes > 0) this.recorder.amend(place, bytes);
  }

  /** @param size what the program says it counts as; @param ttl milliseconds, 0 = none */
  set(key: unknown, value: unknown, size: number | undefined, ttl: number): void {
    if (size === undefined) {
      this.add(LOGGED_SET, key, this.bytesOf(value, key), ttl);
      return;
    }
    this.ownSizes = true;
    this.add(LOGGED_SET, key, asBytes(size), ttl);
  }

  delete(key: unknown): void {
    this.add(LOGGED_DELETE, key, UNKNOWN_BYTES, 0);
  }

  /** Something happened to keys that cannot be told. */
  unlogged(): void {
    this.cannotLog();
  }

  private bytesFound(key: unknown, value: unknown): number {
    return value === undefined || this.ownSizes ? UNKNOWN_BYTES : this.bytesOf(value, key);
  }

  private bytesOf(value: unknown, key: unknown): number {
    if (this.sizeOf === undefined) return bytesKnownOf(value);
    try {
      return asBytes(this.sizeOf(value, key));
    } catch {
      return UNKNOWN_BYTES;
    }
  }

  /** A set whose size is not known is written with a key of 0 bytes: it would otherwise seem to be one of as many as the key has. */
  private add(operation: number, key: unknown, bytes: number, ttl: number): number {
    let counted = true;
    if (typeof key === "string") hashText(key, this.seed);
    else counted = hashOtherKey(key, this.seed, this.identities);
    if (operation === LOGGED_SET && bytes < 0) counted = false;
    return this.recorder.add(operation, counted ? hashed.length : 0, bytes < 0 ? 0 : bytes, ttl);
  }
}

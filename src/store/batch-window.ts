/**
 * The part of a worker's slot through which batches pass: a row of words for each entry, telling offsets and lengths, then the
 * bytes they point to. Which words a row has is the engine's: see getMany and setMany there.
 */
import { type Engine, layout } from "../core/index.js";
import { byteCount } from "./bytes.js";
import { Window } from "./encoding.js";
import { ENTRY_ROOM, type Key, type KeyScope, PreparedKey, packAscii, padded } from "./key.js";

/** Entries of one call of the engine: enough that their cache misses overlap. */
const BATCH = 512;
/** Keys of a read end here; the rest is for the values it finds. */
const KEYS_END = 16384;
const { MISS } = layout;
const READ_ROW = 2;
const WRITE_ROW = 4;

/** What a batch asks of its thread's connection. */
export interface BatchHost {
  readonly engine: Pick<Engine, "getMany" | "setMany">;
  readonly manyAddress: number;
  readonly manyBytes: Uint8Array;
  readonly manyWords: Int32Array;
  putKey(key: string | Uint8Array): number;
  putPrepared(key: PreparedKey): void;
  copyKeyTo(batch: Uint8Array, at: number, room: number): void;
}

export class BatchWindow {
  private readonly worker: BatchHost;
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  readonly window: Window;

  constructor(worker: BatchHost, buffer: ArrayBufferLike) {
    this.worker = worker;
    this.bytes = worker.manyBytes;
    this.words = worker.manyWords;
    this.window = new Window(buffer, worker.manyAddress, layout.S_MANY_SIZE);
  }

  /** Reads keys from `from` on: how many were done, or STALE. The next one, if any, must be read by itself. */
  read(entry: number, version: number, scope: KeyScope, keys: readonly Key[], from: number): number {
    const most = Math.min(keys.length - from, BATCH);
    let at = padded(most * READ_ROW * 4);
    let n = 0;
    for (; n < most; n++) {
      const length = this.putKey(keys[from + n], scope, at, KEYS_END);
      if (length < 0) break;
      this.words[n * READ_ROW] = at;
      this.words[n * READ_ROW + 1] = length;
      at = padded(at + length);
    }
    return this.worker.engine.getMany(entry, version, n, at, layout.S_MANY_SIZE);
  }

  /** Length of the i-th value read, or MISS. */
  lengthOf(i: number): number {
    return this.words[i * READ_ROW + 1];
  }

  /** Where in the window the i-th value read lies. */
  startOf(i: number): number {
    return this.words[i * READ_ROW];
  }

  /** Writes entries from `from` on, each as its own set would: how many were done. The next one, if any, must be set by itself. */
  write(
    entry: number,
    version: number,
    scope: KeyScope,
    keys: readonly Key[],
    values: readonly Uint8Array[],
    from: number,
    expires: number,
    mode: number,
  ): number {
    const most = Math.min(keys.length - from, BATCH);
    let at = padded(most * WRITE_ROW * 4);
    let n = 0;
    for (; n < most; n++) {
      const value = values[from + n];
      const valueLength = byteCount(value);
      const length = this.putKey(keys[from + n], scope, at, layout.S_MANY_SIZE - valueLength);
      if (length < 0 || padded(length) + valueLength > ENTRY_ROOM) break;
      const valueAt = padded(at + length);
      this.bytes.set(value, valueAt);
      const row = n * WRITE_ROW;
      this.words[row] = at;
      this.words[row + 1] = length;
      this.words[row + 2] = valueAt;
      this.words[row + 3] = valueLength;
      at = padded(valueAt + valueLength);
    }
    return this.worker.engine.setMany(entry, version, n, expires, mode);
  }

  /** Copies of the first `n` values read, undefined for those that are absent. They share one buffer: making each its own costs more. */
  copies(n: number): (Uint8Array | undefined)[] {
    let first = -1;
    let end = 0;
    for (let i = 0; i < n; i++) {
      const length = this.lengthOf(i);
      if (length === MISS) continue;
      if (first < 0) first = this.startOf(i);
      end = this.startOf(i) + length;
    }
    const { buffer } = this.bytes.slice(first, end);
    const values = new Array<Uint8Array | undefined>(n);
    for (let i = 0; i < n; i++) {
      const length = this.lengthOf(i);
      values[i] = length === MISS ? undefined : new Uint8Array(buffer, this.startOf(i) - first, length);
    }
    return values;
  }

  /**
   * Puts a key at an offset, zero-padded to 16: its length, or -1 when it would reach past `end` or is no key of this namespace.
   * The operation on that key alone says so: here those before it are not done yet.
   */
  private putKey(key: Key, scope: KeyScope, at: number, end: number): number {
    if (typeof key === "string") {
      if (padded(at + key.length) > end) return -1;
      const length = packAscii(key, this.words, at >>> 2);
      if (length > 0) return length;
    }
    const length = this.putAny(key, scope);
    if (length < 0 || padded(at + length) > end) return -1;
    this.worker.copyKeyTo(this.bytes, at, padded(length));
    return length;
  }

  private putAny(key: Key, scope: KeyScope): number {
    if (key instanceof PreparedKey) {
      if (key.scope !== scope) return -1;
      this.worker.putPrepared(key);
      return key.length;
    }
    try {
      return this.worker.putKey(key);
    } catch {
      return -1;
    }
  }
}

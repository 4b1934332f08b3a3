/** Words of an arena as the host reads them, by the offsets that layout.ts has. */
import { A_LOCK, A_MAGIC, A_STORE, ARENA_HEADER, ARENA_MAGIC, BLOCKS_HEADER } from "./layout.js";

export class ArenaWords {
  readonly words: Int32Array;

  private constructor(buffer: ArrayBufferLike, at: number, bytes: number) {
    this.words = new Int32Array(buffer, at, bytes / 4);
  }

  static header(buffer: ArrayBufferLike): ArenaWords {
    return new ArenaWords(buffer, 0, ARENA_HEADER);
  }

  /** Of a pool of blocks. */
  static pool(buffer: ArrayBufferLike, at: number): ArenaWords {
    return new ArenaWords(buffer, at, BLOCKS_HEADER);
  }

  static whole(buffer: ArrayBufferLike): ArenaWords {
    return new ArenaWords(buffer, 0, buffer.byteLength);
  }

  /** Whether this is the header of an arena of that store. */
  isArenaOf(storeId: number): boolean {
    return this.get(A_MAGIC) === ARENA_MAGIC && this.get(A_STORE) === storeId;
  }

  get(offset: number): number {
    return Atomics.load(this.words, offset / 4) >>> 0;
  }

  put(offset: number, value: number): void {
    Atomics.store(this.words, offset / 4, value | 0);
  }

  add(offset: number, value: number): void {
    Atomics.add(this.words, offset / 4, value);
  }

  /** Of the directory's lock; 0 when it was free, and is `claim`'s now. */
  lock(expected: number, claim: number): number {
    return Atomics.compareExchange(this.words, A_LOCK / 4, expected | 0, claim | 0) >>> 0;
  }

  unlock(): void {
    Atomics.store(this.words, A_LOCK / 4, 0);
    if (this.words.buffer instanceof SharedArrayBuffer) Atomics.notify(this.words, A_LOCK / 4, 1);
  }

  /** Until it is unlocked, or a millisecond has passed. */
  waitForLock(holder: number): void {
    if (this.words.buffer instanceof SharedArrayBuffer) Atomics.wait(this.words, A_LOCK / 4, holder | 0, 1);
  }
}

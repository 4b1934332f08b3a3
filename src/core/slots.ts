/** Workers' slots as the host reads them: who has one, what it counts, and the windows through which its keys and values pass. */
import type { Header } from "./header.js";
import * as L from "./layout.js";

/** Bytes of a key window: the longest key and its padding. */
export const KEY_WINDOW = L.KEY_MAX + 16;

/** The slot of any worker. Slots never move, so its views stay good when the memory grows. */
export class Slot {
  /** 32 counters, at C_*. */
  readonly counters: BigUint64Array;
  private readonly words: Int32Array;
  private readonly caches: BigInt64Array;

  constructor(header: Header, number: number) {
    const { buffer } = header;
    const at = header.slots + number * L.SLOT_SIZE;
    this.words = new Int32Array(buffer, at, L.S_RETIRED / 4);
    this.counters = new BigUint64Array(buffer, at + L.S_COUNTERS, L.COUNTER_COUNT);
    this.caches = new BigInt64Array(buffer, at + L.S_CACHES, (L.CLASS_COUNT * L.CACHE_STRIDE) / 8);
  }

  get active(): boolean {
    return Atomics.load(this.words, L.S_STATE / 4) === L.SLOT_ACTIVE;
  }

  /** Keeps a free slot for the maintenance thread, which takes a while to come. */
  reserve(): void {
    Atomics.store(this.words, L.S_STATE / 4, L.SLOT_RESERVED);
  }

  /** Grows each time the slot is given out. */
  get incarnation(): number {
    return Atomics.load(this.words, L.S_INCARNATION / 4);
  }

  /** Node's number of the thread that has it. */
  get thread(): number {
    return this.words[L.S_THREAD / 4];
  }

  /** Epoch its current write began in, 0 = none. */
  get writeEpoch(): number {
    return Atomics.load(this.words, L.S_WRITE_EPOCH / 4) >>> 0;
  }

  /** Chunks it has out as buffers, and their bytes. */
  get bufferCount(): number {
    return this.words[L.S_BUFFER_COUNT / 4] >>> 0;
  }

  get bufferBytes(): number {
    return this.words[L.S_BUFFER_BYTES / 4] >>> 0;
  }

  /** Chunks of a size class that it has taken, less those it has given back: negative where others' chunks came to it. */
  chunksOut(sizeClass: number): number {
    const at = (sizeClass * L.CACHE_STRIDE) / 8;
    return Number(this.caches[at + L.K_TAKEN / 8] - this.caches[at + L.K_GIVEN / 8]);
  }

  /** Free chunks of a size class that wait in its cache. */
  cachedChunks(sizeClass: number): number {
    return this.words[(L.S_CACHES + sizeClass * L.CACHE_STRIDE) / 4];
  }
}

/** All slots, by number. */
export function allSlots(header: Header): Slot[] {
  return Array.from({ length: header.slotCount }, (_, number) => new Slot(header, number));
}

/** The parts of a worker's own slot that its host writes keys and values to, and reads results from. */
export class SlotWindows {
  /** The key window, as bytes and as words. */
  readonly keyBytes: Uint8Array;
  readonly keyWords: Int32Array;
  readonly valueAddress: number;
  /** Small results next to the return value, by result-word.ts. */
  readonly out: Uint32Array;
  /** The same, where a result takes 8 bytes. */
  readonly outWide: BigInt64Array;
  /** Batches and scans. */
  readonly manyAddress: number;
  readonly manyBytes: Uint8Array;
  readonly manyWords: Int32Array;

  /** @param slot its address, as the engine tells it */
  constructor(buffer: ArrayBufferLike, slot: number) {
    this.keyBytes = new Uint8Array(buffer, slot + L.S_KEY, KEY_WINDOW);
    this.keyWords = new Int32Array(buffer, slot + L.S_KEY, KEY_WINDOW / 4);
    this.valueAddress = slot + L.S_VALUE;
    this.out = new Uint32Array(buffer, slot + L.S_OUT, 16);
    this.outWide = new BigInt64Array(buffer, slot + L.S_OUT, 8);
    this.manyAddress = slot + L.S_MANY;
    this.manyBytes = new Uint8Array(buffer, this.manyAddress, L.S_MANY_SIZE);
    this.manyWords = new Int32Array(buffer, this.manyAddress, L.S_MANY_SIZE / 4);
  }
}

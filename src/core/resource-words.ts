/** The table of what threads hold, and the permits of all of them, as the host reads them (assembly/resources.ts, assembly/permits.ts). */
import * as L from "./layout.js";

/** A record as it was copied out of the table. */
export interface ResourceRecord {
  /** Claim of who has it. */
  readonly owner: number;
  /** One of RESOURCE_*. */
  readonly phase: number;
  /** How often the record was given back before: with its place, which record of which life it is. */
  readonly life: number;
  /** Numbers of names; of the label also 0 or RESOURCE_LABELLED. */
  readonly kind: number;
  readonly label: number;
  /** Unix time, ms. */
  readonly since: number;
  /** Tick at which it came to its phase. */
  readonly changed: number;
}

/** @param copied of which `readRecord` has filled the first bytes */
export function readResource(copied: Buffer): ResourceRecord {
  const state = copied.readUInt32LE(L.RESOURCE_STATE);
  return {
    owner: copied.readUInt32LE(L.RESOURCE_OWNER),
    phase: state & ((1 << L.RESOURCE_PHASE_BITS) - 1),
    life: state >>> L.RESOURCE_PHASE_BITS,
    kind: copied.readUInt32LE(L.RESOURCE_KIND),
    label: copied.readUInt32LE(L.RESOURCE_LABEL),
    since: copied.readDoubleLE(L.RESOURCE_SINCE),
    changed: copied.readUInt32LE(L.RESOURCE_CHANGED),
  };
}

/** What is counted since a store's first table was made. */
export const RESOURCE_COUNTERS = {
  ended: L.RESOURCES_ENDED,
  closed: L.RESOURCES_CLOSED,
  failed: L.RESOURCES_FAILED,
  forced: L.RESOURCES_FORCED,
  reaped: L.RESOURCES_REAPED,
  refused: L.RESOURCES_REFUSED,
} as const;
export type ResourceCounter = keyof typeof RESOURCE_COUNTERS;

/** The words of one table beside its records. */
export class ResourceWords {
  private readonly words: Int32Array;

  constructor(buffer: ArrayBufferLike, at: number) {
    this.words = new Int32Array(buffer, at, L.RESOURCES_HEADER / 4);
  }

  /** Records that it has, and how far they were ever used. */
  get count(): number {
    return Atomics.load(this.words, L.RESOURCES_COUNT / 4);
  }

  get reach(): number {
    return Atomics.load(this.words, L.RESOURCES_REACH / 4);
  }

  add(counter: ResourceCounter, by = 1): void {
    Atomics.add(this.words, RESOURCE_COUNTERS[counter] / 4, by);
  }

  read(counter: ResourceCounter): number {
    return Atomics.load(this.words, RESOURCE_COUNTERS[counter] / 4) >>> 0;
  }

  /** Numbers of the names of pools whose permits all threads share. */
  permitNames(): number[] {
    const first = L.RESOURCES_PERMITS / 4;
    return Array.from(this.words.subarray(first, first + L.RESOURCES_PERMITS_MOST), (_, i) =>
      Atomics.load(this.words, first + i),
    )
      .map((name) => name >>> 0)
      .filter((name) => name !== 0);
  }

  /** False when as many have been noted as can be. */
  notePermits(name: number): boolean {
    for (let i = 0; i < L.RESOURCES_PERMITS_MOST; i++) {
      const there = Atomics.compareExchange(this.words, L.RESOURCES_PERMITS / 4 + i, 0, name | 0);
      if (there === 0 || there === (name | 0)) return true;
    }
    return false;
  }
}

/** Who has the permits of one pool, and who waits for one. */
export class PermitWords {
  private readonly words: Int32Array;

  constructor(buffer: ArrayBufferLike, at: number) {
    this.words = new Int32Array(buffer, at, PERMIT_BYTES / 4);
  }

  get max(): number {
    return Atomics.load(this.words, L.PERMITS_MAX / 4);
  }

  /** Claims of their owners; 0 = nobody's. */
  owners(): number[] {
    return Array.from({ length: this.max }, (_, i) => Atomics.load(this.words, L.PERMITS_OWNERS / 4 + i) >>> 0);
  }

  /** Claims of who waits. */
  waiters(): number[] {
    const at = (slot: number): number => (L.PERMITS_WAITERS + slot * L.PERMIT_WAITER_SIZE + L.PERMIT_WAITER) / 4;
    return Array.from({ length: L.SLOT_MAX }, (_, slot) => Atomics.load(this.words, at(slot)) >>> 0).filter(
      (claim) => claim !== 0,
    );
  }
}

/** Bytes of the region that holds a table of so many slabs, and of one for permits: whole slabs. */
export function resourceBytes(slabs: number): number {
  return slabs * L.SLAB_SIZE - L.G_DATA;
}
export const PERMIT_BYTES = L.SLAB_SIZE - L.G_DATA;
/** Permits that have room there. */
export const PERMITS_MOST = (PERMIT_BYTES - L.PERMITS_OWNERS) / 4;

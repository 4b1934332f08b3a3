/** The few sums over all slots that an evictor looks at every round: as `collectStats`, without making anything of them. */
import { layout } from "../../core/index.js";
import type { WorkerConnection } from "../worker.js";
import { pressureOf } from "./pressure.js";

export class Gauges {
  readonly poolBytes: number;
  private readonly counters: BigUint64Array[] = [];
  /** Of each slot and size class, chunks taken and given back. */
  private readonly caches: BigInt64Array[] = [];
  private readonly header: Uint32Array;

  constructor(worker: WorkerConnection) {
    const { header } = worker;
    this.header = header;
    const buffer = worker.currentBuffer(); // slots never move, so these views stay good when the memory grows
    this.poolBytes = header[layout.H_SLAB_MAX / 4] * layout.SLAB_SIZE;
    for (let number = 0; number < header[layout.H_SLOT_COUNT / 4]; number++) {
      const slot = header[layout.H_SLOTS / 4] + number * layout.SLOT_SIZE;
      this.counters.push(new BigUint64Array(buffer, slot + layout.S_COUNTERS, layout.COUNTER_COUNT));
      this.caches.push(
        new BigInt64Array(buffer, slot + layout.S_CACHES, (layout.CLASS_COUNT * layout.CACHE_STRIDE) / 8),
      );
    }
  }

  /** The sum of a counter (C_*) over all slots. */
  sum(counter: number): number {
    let sum = 0n;
    for (const counters of this.counters) sum += counters[counter];
    return Number(sum);
  }

  entries(): number {
    return this.sum(layout.C_INSERTED) - this.sum(layout.C_REMOVED);
  }

  /** Chunk bytes of entries. */
  entryBytes(): number {
    return this.sum(layout.C_BYTES_IN) - this.sum(layout.C_BYTES_OUT);
  }

  /** Chunk bytes in use by anything. */
  usedBytes(): number {
    let bytes = 0;
    for (const cache of this.caches) {
      for (let sizeClass = 0; sizeClass < layout.CLASS_COUNT; sizeClass++) {
        const at = (sizeClass * layout.CACHE_STRIDE) / 8;
        bytes += Number(cache[at + layout.K_TAKEN / 8] - cache[at + layout.K_GIVEN / 8]) * (32 << sizeClass);
      }
    }
    return bytes;
  }

  /** Writes the pressure level where every thread can read it. */
  notePressure(): void {
    this.header[layout.H_PRESSURE / 4] = pressureOf(this.usedBytes() / this.poolBytes);
  }
}

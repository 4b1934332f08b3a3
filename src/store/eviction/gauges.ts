/** The few sums over all slots that an evictor looks at every round: as `collectStats`, without making anything of them. */
import {
  allSlots,
  chunkSize,
  countSpanSlabs,
  type Header,
  layout,
  type Slot,
  slabStart,
  slabStates,
} from "../../core/index.js";
import type { WorkerConnection } from "../worker.js";
import { pressureOf } from "./pressure.js";

export class Gauges {
  readonly poolBytes: number;
  private readonly slots: readonly Slot[];
  private readonly header: Header;
  private readonly slabs: Uint32Array;

  constructor(worker: WorkerConnection) {
    const { header } = worker;
    this.header = header;
    this.poolBytes = header.poolBytes;
    this.slots = allSlots(header);
    this.slabs = slabStates(worker.currentBuffer(), header);
  }

  /** The sum of a counter (C_*) over all slots. */
  sum(counter: number): number {
    let sum = 0n;
    for (const { counters } of this.slots) sum += counters[counter];
    return Number(sum);
  }

  entries(): number {
    return this.sum(layout.C_INSERTED) - this.sum(layout.C_REMOVED);
  }

  /** Bytes of the chunks and spans of entries. */
  entryBytes(): number {
    return this.sum(layout.C_BYTES_IN) - this.sum(layout.C_BYTES_OUT);
  }

  /** Slabs of spans, in bytes. Nothing is looked at in a store that never had one: then both words of the hint are 0 still. */
  private spanBytes(): number {
    const { header, slabs } = this;
    return header.hadSpans ? slabStart(countSpanSlabs(slabs, header.slabLimit)) : 0;
  }

  /** Bytes of chunks and slabs in use by anything. */
  usedBytes(): number {
    let bytes = this.spanBytes();
    for (const slot of this.slots) {
      for (let sizeClass = 0; sizeClass < layout.CLASS_COUNT; sizeClass++) {
        bytes += slot.chunksOut(sizeClass) * chunkSize(sizeClass);
      }
    }
    return bytes;
  }

  /** Writes the pressure level where every thread can read it. */
  notePressure(): void {
    this.header.pressure = pressureOf(this.usedBytes() / this.poolBytes);
  }
}

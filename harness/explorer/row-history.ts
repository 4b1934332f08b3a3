/** Reads of the one row that programs have, judged: each is of one write that may have been there, or of what a dead owner had made of it when the next repaired it. */
import { layout as L } from "../../src/core/index.js";
import { checkOf } from "./program.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

/** Of its cells, the first lie beside its head and are copied with it, the others are copied after them. */
export const ROW_FIRST_BYTES = 32;
export const ROW_BYTES = 48;
const HEAD_WORDS = 4;

interface Write {
  readonly value: number;
  readonly began: number;
  ended: number;
  /** It returned; of one that its owner died in nobody knows how much was written. */
  whole: boolean;
}

interface Repair {
  readonly at: number;
  /** The cells that the dead owner had left. */
  readonly cells: string;
}

const cellsOf = (words: Uint32Array, address: number): Uint32Array =>
  words.subarray((address >> 2) + HEAD_WORDS, (address + ROW_BYTES) >> 2);

export class RowHistory {
  /** The thread that writes. */
  owner = 0;
  private readonly writes: Write[] = [];
  private readonly repairs: Repair[] = [];

  reset(): void {
    this.owner = 0;
    this.writes.length = 0;
    this.repairs.length = 0;
  }

  /** What a thread that wants to write does first: nothing at all while another owns the row and lives. */
  begin(thread: Thread, owner: Thread): "writeRow" | "repairRow" | "leaveRow" {
    if (this.owner === thread.number) return "writeRow";
    if (!owner.killed) return "leaveRow";
    this.owner = thread.number;
    return "repairRow";
  }

  noteWrite(value: number, now: number): void {
    this.writes.push({ value, began: now, ended: Number.POSITIVE_INFINITY, whole: false });
  }

  noteWritten(now: number): void {
    const write = this.writes[this.writes.length - 1];
    write.ended = now;
    write.whole = true;
  }

  /** The write that its owner died in is over. */
  noteRepaired(words: Uint32Array, halfWritten: boolean, now: number): void {
    for (const write of this.writes) write.ended = Math.min(write.ended, now);
    if (halfWritten) this.repairs.push({ at: now, cells: cellsOf(words, T.ROW).join() });
  }

  /** @returns what is wrong with what a thread has copied, or has given up to copy */
  readFault(thread: Thread, words: Uint32Array, copied: boolean, invoked: number, returned: number): string | null {
    const by = `the row that thread ${thread.number}`;
    if (!copied) {
      const written = this.writes.some(({ began, ended }) => began < returned && ended > invoked);
      return written ? null : `${by} could not read was being written by nobody`;
    }
    const cells = cellsOf(words, thread.slot + L.S_MANY);
    const value = cells[0];
    const whole = cells.every((cell, i) => cell === (i % 2 === 0 ? value : checkOf(value) >>> 0));
    if (
      whole &&
      (this.writes.some(
        (write) => write.value === value && this.canBeSeen(write.began, write.ended, invoked, returned),
      ) ||
        this.isFirst(value, invoked))
    )
      return null;
    const text = cells.join();
    if (this.repairs.some(({ at, cells }) => cells === text && this.canBeSeen(at, at, invoked, returned))) return null;
    return whole ? `${by} read was over before it began` : `${by} read is of no write`;
  }

  /** Zeros, which nobody wrote. */
  private isFirst(value: number, invoked: number): boolean {
    return value === 0 && this.canBeSeen(-1, -1, invoked, 0);
  }

  /** It began before the read ended, and nothing else was written whole between it and the read. */
  private canBeSeen(began: number, ended: number, invoked: number, returned: number): boolean {
    return (
      began <= returned && !this.writes.some((other) => other.whole && other.began > ended && other.ended < invoked)
    );
  }
}

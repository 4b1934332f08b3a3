/** Records of the one table that programs have, judged: what a reader sees is what one owner wrote, and nobody misses one that is there all along. */
import { layout as L } from "../../src/core/index.js";
import { checkOf } from "./program.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

interface Life {
  readonly value: number;
  readonly index: number;
  readonly owner: Thread;
  /** The call that tracks it began, and answered; the call that ends it began, and answered. */
  readonly began: number;
  shown: number;
  leaving: number;
  ended: number;
}

export class RecordHistory {
  private readonly lives: Life[] = [];

  reset(): void {
    this.lives.length = 0;
  }

  noteTracked(owner: Thread, index: number, value: number, began: number, now: number): void {
    this.lives.push({ value, index, owner, began, shown: now, leaving: Infinity, ended: Infinity });
  }

  /** In hand: it may be seen from now on, if it comes to that. */
  noteTaken(owner: Thread, index: number, value: number, began: number): void {
    this.lives.push({ value, index, owner, began, shown: Infinity, leaving: Infinity, ended: Infinity });
  }

  noteShown(owner: Thread, now: number): void {
    const life = this.lives.findLast((one) => one.owner === owner);
    if (life !== undefined) life.shown = now;
  }

  noteLeaving(owner: Thread, index: number, now: number): void {
    const life = this.lives.findLast((one) => one.owner === owner && one.index === index);
    if (life !== undefined) life.leaving = now;
  }

  noteLeft(owner: Thread, index: number, now: number): void {
    const life = this.lives.findLast((one) => one.owner === owner && one.index === index);
    if (life !== undefined) life.ended = now;
  }

  noteDeath(owner: Thread, now: number): void {
    for (const life of this.lives) if (life.owner === owner) life.leaving = Math.min(life.leaving, now);
  }

  noteReaped(owner: Thread, now: number): void {
    for (const life of this.lives) if (life.owner === owner) life.ended = Math.min(life.ended, now);
  }

  /** @returns what is wrong with what a thread has read of a record, or not seen */
  readFault(
    { slot, number }: Thread,
    index: number,
    words: Uint32Array,
    seen: boolean,
    began: number,
    now: number,
  ): string | null {
    const by = `the record ${index} that thread ${number} read`;
    if (!seen) {
      const there = this.lives.some((life) => life.index === index && life.shown < began && life.leaving > now);
      return there ? `${by} was there all along, and it was not seen` : null;
    }
    const at = (slot + L.S_MANY) >> 2;
    const value = words[at + L.RESOURCE_KIND / 4];
    const whole =
      words[at + L.RESOURCE_LABEL / 4] === checkOf(value) >>> 0 && words[at + L.RESOURCE_DEADLINE / 4] === value;
    if (!whole) return `${by} is of no owner`;
    const life = this.lives.find((one) => one.index === index && one.value === value);
    if (life === undefined) return `${by} was written by nobody`;
    return life.ended < began ? `${by} was over before the read began` : null;
  }

  /** What is wrong with the table, all threads being at rest. */
  restFault(words: Uint32Array, threads: readonly Thread[]): string | null {
    for (let index = 0; index < T.RECORD_COUNT; index++) {
      const record = (T.RESOURCES + L.RESOURCES_HEADER + index * L.RESOURCE_SIZE) >> 2;
      const owner = words[record + L.RESOURCE_OWNER / 4];
      const holder = threads.find(({ killed, tracked }) => !killed && tracked.includes(index));
      if (holder === undefined && owner !== 0) return `record ${index} is claim ${owner}'s, and nobody has it`;
      if (holder !== undefined && owner !== holder.claim)
        return `record ${index} was taken from thread ${holder.number}`;
    }
    return null;
  }
}

/**
 * A backup of the tiny store, step by step, as src/backup does it on stores of any size: the cut, the dirty bitmap drained, the
 * marked regions copied into a file that has all else from the backup before. Each step is one access to shared memory.
 */
import { type Census, findGap, takeCensus } from "../../src/backup/index.js";
import { Header, layout as L, slabClass } from "../../src/core/index.js";
import * as T from "./tiny-layout.js";

/** Number of the fault in which a region's dirty bit is cleared after its copy instead of before. */
export const FAULT_CLEAR_AFTER_COPY = 30;
/** Number of the fault in which the workers' counts are read before the writes of the epoch have ended. */
export const FAULT_COUNT_EARLY = 51;
/** Number of the fault in which the copy keeps what was freed, and used again, while it was copied. */
export const FAULT_KEEP_FREED = 31;

const CHUNK_MIN = 32;

type Stage =
  | "claim"
  | "release"
  | "read"
  | "activate"
  | "bump"
  | "wait"
  | "drain"
  | "copy"
  | "drop"
  | "clear"
  | "end"
  | "done";

export type Progress = "going on" | "blocked" | "cut" | "done";

export class Snapshot {
  epoch = 0;
  /** False when a writer short of memory took it away. */
  valid = false;
  /** False when another thread has the store's backups: nothing was done then. */
  claimed = false;
  private stage: Stage = "claim";
  private before: Census | null = null;
  private after: Census | null = null;
  private later: Census | null = null;
  private slot = 0;
  private region = 0;
  private bits = 0;

  constructor(
    private readonly words: Uint32Array,
    /** The pool as the backup file has it. */
    readonly file: Uint32Array,
    private readonly slabs: number,
    private readonly fault: number,
    /** Of the thread that opens the backups: who has it is reaped like everything else the thread holds. */
    private readonly claim: number,
    /** The file is new: another thread had the backups before. */
    private readonly full: boolean,
  ) {}

  /** One access. `cut`: no write of the epoch is under way any more. */
  step(): Progress {
    const { words } = this;
    switch (this.stage) {
      case "claim":
        this.claimed = words[L.H_BACKUP >> 2] === 0;
        if (this.claimed) words[L.H_BACKUP >> 2] = this.claim;
        this.stage = this.claimed ? "read" : "done";
        return this.claimed ? "going on" : "done";
      case "read":
        this.epoch = words[L.H_EPOCH >> 2];
        this.stage = "activate";
        return "going on";
      case "activate":
        this.before = this.census();
        if (this.fault === FAULT_COUNT_EARLY) this.after = this.before;
        words[L.H_SNAPSHOT >> 2] = this.epoch;
        this.stage = "bump";
        return "going on";
      case "bump":
        words[L.H_EPOCH >> 2] = this.epoch + 1;
        this.stage = "wait";
        return "going on";
      case "wait":
        return this.wait();
      case "drain":
        this.bits = this.full ? 2 ** this.slabs - 1 : words[T.DIRTY >> 2];
        if (this.fault !== FAULT_CLEAR_AFTER_COPY) words[T.DIRTY >> 2] = 0;
        this.stage = "copy";
        return "going on";
      case "copy":
        return this.copy();
      case "drop":
        return this.dropFreed();
      case "clear":
        words[T.DIRTY >> 2] = 0;
        this.stage = "end";
        return "going on";
      case "end":
        this.valid = words[L.H_SNAPSHOT >> 2] === this.epoch;
        if (this.valid) words[L.H_SNAPSHOT >> 2] = 0;
        this.later = this.census();
        this.stage = "release";
        return "going on";
      case "release":
        if (words[L.H_BACKUP >> 2] === this.claim) words[L.H_BACKUP >> 2] = 0;
        this.stage = "done";
        return "done";
      case "done":
        return "done";
    }
  }

  private wait(): Progress {
    const writing = this.words[(T.SLOTS + this.slot * L.SLOT_SIZE + L.S_WRITE_EPOCH) >> 2];
    if (writing !== 0 && writing <= this.epoch) return "blocked";
    if (++this.slot < T.SLOT_COUNT) return "going on";
    this.after ??= this.census();
    this.stage = "drain";
    return "cut";
  }

  /** 16 bytes a step: a chunk can be freed and used again between two of them. */
  private copy(): Progress {
    const unit = 4;
    const perRegion = T.SLAB_SIZE / 4 / unit;
    while (this.region < this.slabs * perRegion && !(this.bits & (1 << Math.floor(this.region / perRegion))))
      this.region++;
    if (this.region < this.slabs * perRegion) {
      const at = this.region++ * unit;
      for (let i = 0; i < unit; i++) this.file[at + i] = this.words[(T.POOL >> 2) + at + i];
      return "going on";
    }
    this.region = 0;
    this.stage = "drop";
    return "going on";
  }

  /** The look at the version of one chunk that was copied: what was evicted is not kept for a snapshot. */
  private dropFreed(): Progress {
    const { words } = this;
    const chunks = (this.slabs * T.SLAB_SIZE) / CHUNK_MIN;
    while (this.region < chunks) {
      const chunk = this.region++ * CHUNK_MIN;
      const slab = chunk >> T.SLAB_SHIFT;
      const sizeClass = slabClass(words[(T.SLABS >> 2) + slab]);
      if (!(this.bits & (1 << slab)) || sizeClass < 0 || chunk & ((CHUNK_MIN << sizeClass) - 1)) continue;
      const freed = this.file[(chunk + L.E_VERSION) >> 2] !== words[(T.POOL + chunk + L.E_VERSION) >> 2];
      if (freed && this.fault !== FAULT_KEEP_FREED) this.file[(chunk + L.E_BIRTH) >> 2] = 0;
      return "going on";
    }
    this.stage = this.fault === FAULT_CLEAR_AFTER_COPY ? "clear" : "end";
    return "going on";
  }

  /** What the workers have counted: as in one access, since each slot's part is right wherever it is read between its neighbours. */
  private census(): Census {
    return takeCensus(new Header(this.words.buffer));
  }

  /** Why the backup would be given up as incomplete: never, for it holds the whole cut. */
  gap(): string | null {
    return findGap(this.entries().length, this.before as Census, this.after as Census, this.later as Census);
  }

  /** Addresses (within the file) of the entries that belong to the cut. */
  entries(): number[] {
    const found: number[] = [];
    for (let slab = 0; slab < this.slabs; slab++) {
      const sizeClass = slabClass(this.words[(T.SLABS >> 2) + slab]);
      if (sizeClass < 0) continue;
      for (let at = slab * T.SLAB_SIZE; at < (slab + 1) * T.SLAB_SIZE; at += 32 << sizeClass) {
        const birth = this.file[(at + L.E_BIRTH) >> 2];
        const death = this.file[(at + L.E_DEATH) >> 2] >>> L.DEATH_SLOT_BITS;
        if (birth !== 0 && birth <= this.epoch && (death === 0 || death > this.epoch)) found.push(at);
      }
    }
    return found;
  }
}

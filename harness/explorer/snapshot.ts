/**
 * A backup of the tiny store, step by step, as src/backup does it on stores of any size: the cut, the dirty bitmap drained, the
 * marked regions copied into a file that has all else from the backup before. Each step is one access to shared memory.
 */
import { type Census, censusOf, findGap } from "../../src/backup/index.js";
import { Header, layout as L, slabClass, slabState } from "../../src/core/index.js";
import { checkOf } from "./program.js";
import * as T from "./tiny-layout.js";

/** Number of the fault in which a region's dirty bit is cleared after its copy instead of before. */
export const FAULT_CLEAR_AFTER_COPY = 30;
/** Number of the fault in which the workers' counts are read before the writes of the epoch have ended. */
export const FAULT_COUNT_EARLY = 51;
/** Number of the fault in which the copy keeps what was freed, and used again, while it was copied. */
export const FAULT_KEEP_FREED = 31;

/** Numbers of the faults in which chunks are copied before the spans they lead to, and the table is read while what it has may be freed. */
export const FAULT_CHUNKS_FIRST = 76;
export const FAULT_TABLE_UNKEPT = 77;

const CHUNK_MIN = 32;

/** Slabs that are copied one after the other. */
interface Part {
  readonly slabs: readonly number[];
  /** They are cut: what was freed under the copy is dropped from it before anything else is copied. */
  readonly cut: boolean;
}

/** Whoever finds an entry as it was, after its span was copied, has that as it was too (src/backup/snapshot.ts). */
function partsOf(states: Uint32Array, chunksFirst: boolean): Part[] {
  const slabs = [...states.keys()];
  const isSpan = (slab: number) => slabClass(states[slab]) < 0;
  const spans = { slabs: slabs.filter(isSpan), cut: false };
  const chunks = { slabs: slabs.filter((slab) => !isSpan(slab)), cut: true };
  return chunksFirst ? [chunks, spans] : [spans, chunks];
}

type Stage =
  | "claim"
  | "release"
  | "read"
  | "activate"
  | "bump"
  | "wait"
  | "drain"
  | "table"
  | "relax"
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
  /** The table of slabs at the cut, and what is still to be copied of them. */
  private states = new Uint32Array(0);
  private parts: readonly Part[] = [];
  private slot = 0;
  private unit = 0;
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
        words[L.H_SNAPSHOT >> 2] = this.epoch | (this.fault === FAULT_TABLE_UNKEPT ? 0 : L.SNAPSHOT_SPANS);
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
        this.stage = "table";
        return "going on";
      case "table":
        this.states = words.slice(T.SLABS >> 2, (T.SLABS >> 2) + this.slabs);
        this.parts = partsOf(this.states, this.fault === FAULT_CHUNKS_FIRST);
        this.stage = "relax";
        return "going on";
      case "relax":
        // a swap: a writer may have taken the snapshot away
        if (words[L.H_SNAPSHOT >> 2] >>> 0 === (this.epoch | L.SNAPSHOT_SPANS) >>> 0)
          words[L.H_SNAPSHOT >> 2] = this.epoch;
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
    const perSlab = T.SLAB_SIZE / 4 / unit;
    const { slabs, cut } = this.parts[0];
    const end = slabs.length * perSlab;
    while (this.unit < end && !(this.bits & (1 << slabs[Math.floor(this.unit / perSlab)]))) this.unit++;
    if (this.unit < end) {
      const at = (slabs[Math.floor(this.unit / perSlab)] * perSlab + (this.unit++ % perSlab)) * unit;
      for (let i = 0; i < unit; i++) this.file[at + i] = this.words[(T.POOL >> 2) + at + i];
      return "going on";
    }
    this.unit = 0;
    this.parts = this.parts.slice(1);
    this.stage = cut ? "drop" : this.afterPart();
    return "going on";
  }

  private afterPart(): Stage {
    if (this.parts.length > 0) return "copy";
    return this.fault === FAULT_CLEAR_AFTER_COPY ? "clear" : "end";
  }

  /** The look at the version of one chunk that was copied: what was evicted is not kept for a snapshot. */
  private dropFreed(): Progress {
    const { words } = this;
    const chunks = (this.slabs * T.SLAB_SIZE) / CHUNK_MIN;
    while (this.unit < chunks) {
      const chunk = this.unit++ * CHUNK_MIN;
      const slab = chunk >> T.SLAB_SHIFT;
      const sizeClass = slabClass(this.states[slab]);
      if (!(this.bits & (1 << slab)) || sizeClass < 0 || chunk & ((CHUNK_MIN << sizeClass) - 1)) continue;
      const freed = this.file[(chunk + L.E_VERSION) >> 2] !== words[(T.POOL + chunk + L.E_VERSION) >> 2];
      if (freed && this.fault !== FAULT_KEEP_FREED) this.file[(chunk + L.E_BIRTH) >> 2] = 0;
      return "going on";
    }
    this.unit = 0;
    this.stage = this.afterPart();
    return "going on";
  }

  /** What the workers have counted: as in one access, since each slot's part is right wherever it is read between its neighbours. */
  private census(): Census {
    return censusOf(new Header(this.words.buffer));
  }

  /** Why the backup would be given up as incomplete: never, for it holds the whole cut. */
  gap(): string | null {
    return findGap(this.entries().length, this.before as Census, this.after as Census, this.later as Census);
  }

  /** The value of an entry as the file has it: null when it is of no write, or its span is of no slabs that can be one. */
  valueOf(entry: number): number | null {
    const { file } = this;
    const at = (entry + L.E_KEY + 16) >> 2;
    if ((file[(entry + L.E_VALUE_LENGTH) >> 2] & (L.FLAG_LARGE << 16)) === 0) return file[at];
    const first = file[at + L.D_FIRST / 4];
    const count = file[at + L.D_COUNT / 4];
    for (let i = 0; i < count; i++) if (!slabState(this.states[first + i] ?? 1).span) return null;
    const span = (first * T.SLAB_SIZE) >> 2;
    for (let i = 0; i < file[at + L.D_BYTES / 4] / 4; i += 2) {
      if (file[span + i] !== file[span] || file[span + i + 1] !== checkOf(file[span]) >>> 0) return null;
    }
    return file[span];
  }

  /** Addresses (within the file) of the entries that belong to the cut. */
  entries(): number[] {
    const found: number[] = [];
    for (let slab = 0; slab < this.slabs; slab++) {
      const sizeClass = slabClass(this.states[slab]);
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

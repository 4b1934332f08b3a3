/**
 * The backups of one store into one directory: which file comes next, which regions it lacks, one backup at a time. Runs in
 * the thread that writes backups, but knows nothing of threads.
 *
 * Two generations (or more) take turns. A region that is dirty is missing in each of them, so the drained bitmap goes into
 * every file's own pending set, and a set is emptied only when its file is committed. Thus each file is always one
 * incremental step behind the store, and a backup that fails at any point costs nothing but its own file's commit.
 */
import * as nodeFs from "node:fs";
import { existsSync } from "node:fs";
import { layout, REGIONS_PER_SLAB, regionOf } from "../core/index.js";
import { BackupError, type BackupFailure, CorruptBackupError } from "../errors.js";
import type { Mapper } from "../mapping.js";
import { BackupFile, type Durability, type FileSystem, MOST_REGIONS } from "./backup-file.js";
import { findGap } from "./census.js";
import { chunkBytes } from "./chunk.js";
import { type BackupKind, isCut, SPAN_CLASS } from "./format.js";
import { generationFiles, inspectHeader } from "./generations.js";
import { BackupReader } from "./read.js";
import { RegionCounts } from "./region-counts.js";
import { RegionSet } from "./region-set.js";
import { LiveMemory, type SnapshotCut } from "./snapshot.js";

export interface SessionSettings {
  readonly directory: string;
  readonly durability: Durability;
  /** Generations kept, 2 or more. */
  readonly generations: number;
  /** How long a backup waits for writes that are under way, ms. */
  readonly patienceMs: number;
  /** Line of stores this one goes on in, if it was restored; else its own id begins one. */
  readonly lineage?: number;
}

/** What one backup did. Times in ms. */
export interface BackupReport {
  /** Path of the file that was written. */
  readonly file: string;
  /** Its number: one more than that of the generation before. */
  readonly generation: number;
  /** How it was written: a file that is new, as every first one after a restore, is written in full whatever was asked. */
  readonly kind: BackupKind;
  /** The store's epoch at the cut. */
  readonly epoch: number;
  /** Unix time of the cut, ms. */
  readonly takenMs: number;
  /** What the file holds: entries of all namespaces, and the store's own. */
  readonly entries: number;
  /** Regions of the store's memory that are in use, of 4 KiB each. */
  readonly regions: number;
  /** Of those, the ones that were written: what had changed, in an incremental backup. */
  readonly regionsWritten: number;
  /** Bytes that went to the file. */
  readonly bytesWritten: number;
  /** Waiting for writes under way, ms. */
  readonly waitMs: number;
  /** Holding the snapshot and copying, ms: writers go on meanwhile. */
  readonly copyMs: number;
  /** From the call to the finished file, ms. */
  readonly totalMs: number;
}

/** What a strategy decides by. */
export interface StoreActivity {
  /** Writes since that file was written. */
  readonly writes: number;
  /** Of those, the ones with changes since. */
  readonly dirtyRegions: number;
  /** Regions in use. */
  readonly regions: number;
  /** Slabs cut, as a share of those there can be. */
  readonly slabShare: number;
  /** How full the pool is, 0 (low) to 3 (critical). */
  readonly pressure: number;
}

interface Turn {
  readonly file: BackupFile;
  readonly pending: RegionSet;
  readonly counts: RegionCounts;
  /** Generation it holds, 0 = none that is whole. */
  generation: number;
}

/** The largest chunk's regions: pieces that begin and end between such groups hold every chunk whole. */
const GROUP = regionOf(layout.CHUNK_MAX);

/** A damaged file that claims to be beyond it is not believed: there is no number left to count on from. */
const LAST_GENERATION = 2 ** 48;

export class BackupSession {
  private readonly memory: LiveMemory;
  private readonly settings: SessionSettings;
  private readonly turns: Turn[];
  private generation: number;
  private open = true;

  /**
   * @param mapper null: files are written at positions
   * @throws BackupError when the directory cannot be read
   */
  constructor(memory: WebAssembly.Memory, settings: SessionSettings, mapper: Mapper | null, fs: FileSystem = nodeFs) {
    this.memory = new LiveMemory(memory);
    this.settings = settings;
    const paths = generationFiles(settings.directory, settings.generations);
    const found = paths.map(wholeGeneration);
    // beyond those that are damaged too: what is written from now on is newer than what can be kept of them
    const claimed = paths.map((path) => inspectHeader(path)?.generation ?? 0);
    this.generation = Math.max(0, ...found, ...claimed.filter((generation) => generation < LAST_GENERATION));
    const stage = Buffer.allocUnsafe(1 << 20);
    this.turns = paths.map((path, i) => ({
      file: new BackupFile(path, mapper, fs, stage),
      pending: new RegionSet(this.memory.header.regionMax),
      counts: new RegionCounts(this.memory.header.regionMax),
      generation: found[i],
    }));
  }

  /**
   * Takes one backup.
   *
   * @param first asked before anything is touched: whether the directory is still ours
   * @throws BackupError: the store and the other generations are as before, and the next call makes up for it
   */
  backup(kind: BackupKind, first: () => void = () => {}): BackupReport {
    const start = performance.now();
    const turn = this.turns.reduce((oldest, other) => (other.generation < oldest.generation ? other : oldest));
    try {
      first();
      return this.backupInto(turn, kind, start);
    } catch (error) {
      throw asBackupError(error, turn.file.path);
    }
  }

  private backupInto(turn: Turn, asked: BackupKind, start: number): BackupReport {
    const { memory } = this;
    const pending = this.turns.map((other) => other.pending);
    const cut = memory.beginSnapshot(this.settings.patienceMs, pending);
    const waited = performance.now();
    try {
      const regions = cut.slabCount * REGIONS_PER_SLAB;
      turn.generation = 0;
      const fresh = turn.file.begin(cut.slabCount);
      const kind = fresh ? "full" : asked;
      if (kind === "full") turn.pending.addBelow(regions);
      const { slabClasses } = cut;
      const regionsWritten = this.copy(turn, cut, regions, slabClasses);
      if (!memory.endSnapshot(cut.epoch)) throw gaveWay();
      const entries = this.countEntries(turn, cut, regions);
      const copied = performance.now();
      turn.file.commit(this.headerOf(cut, kind, entries), slabClasses, this.settings.durability);
      // Not those beyond: a slab that was cut after this cut's were counted, and written to before the bitmap was drained, is the next one's.
      turn.pending.clearBelow(regions);
      turn.generation = ++this.generation;
      return {
        file: turn.file.path,
        generation: this.generation,
        kind,
        epoch: cut.epoch,
        takenMs: cut.takenMs,
        entries,
        regions,
        regionsWritten,
        bytesWritten: turn.file.written,
        waitMs: waited - start,
        copyMs: copied - waited,
        totalMs: performance.now() - start,
      };
    } finally {
      memory.endSnapshot(cut.epoch);
    }
  }

  private copy(turn: Turn, cut: SnapshotCut, regions: number, slabClasses: Uint8Array): number {
    completeChunks(turn.pending, slabClasses);
    const pool = this.memory.poolBytes(cut.slabCount);
    let written = 0;
    const runs = [...turn.pending.runs(regions)];
    for (const [from, to] of [...ofKind(runs, slabClasses, true), ...ofKind(runs, slabClasses, false)]) {
      for (let start = from, end = 0; start < to; start = end) {
        end = Math.min(to, start - (start % GROUP) + MOST_REGIONS);
        if (!this.memory.isActive(cut.epoch)) throw gaveWay();
        turn.file.copyRun(pool, start, end, (copy) =>
          this.memory.settle(copy, start, end, slabClasses, cut.epoch, turn.counts),
        );
      }
      written += to - from;
    }
    return written;
  }

  /** What the file holds now. @throws BackupError when that is not what the store counts: all of it is written anew next time */
  private countEntries(turn: Turn, cut: SnapshotCut, regions: number): number {
    const entries = turn.counts.sum(regions);
    const gap = findGap(entries, cut.before, cut.after, this.memory.census());
    if (gap === null) return entries;
    turn.pending.addBelow(this.memory.header.regionMax);
    throw new BackupError(
      "incomplete",
      `${turn.file.path}: ${gap}; the file was given up, the next one is written in full`,
    );
  }

  private headerOf(cut: SnapshotCut, kind: BackupKind, entries: number) {
    const { header } = this.memory;
    return {
      kind,
      slabCount: cut.slabCount,
      epoch: cut.epoch,
      tick: cut.tick,
      takenMs: cut.takenMs,
      createdMs: header.createdMs,
      generation: this.generation + 1,
      storeId: header.storeId,
      lineage: this.settings.lineage ?? header.storeId,
      hashKind: header.hashKind,
      hashSeed: header.hashSeed,
      eviction: header.eviction,
      maxEntries: header.maxEntries,
      capacity: header.capacity || 2 ** 32,
      slotCount: header.slotCount,
      idCount: header.idCount,
      bucketCount: header.bucketCount,
      slabMax: header.slabMax,
      pool: header.pool,
      entriesAndOne: entries + 1,
      valueMax: header.valueMax,
      keptForSpans: header.keptForSpans,
    };
  }

  /** What changed since the file whose turn is next was written. */
  activity(): StoreActivity {
    const { memory } = this;
    const turn = this.turns.reduce((newest, other) => (other.generation > newest.generation ? other : newest));
    const slabs = memory.countSlabs();
    const regions = slabs * REGIONS_PER_SLAB;
    return {
      writes: memory.countWrites(),
      dirtyRegions: memory.countDirty(turn.pending, regions),
      regions,
      slabShare: slabs / Math.max(1, memory.header.slabMax),
      pressure: memory.header.pressure,
    };
  }

  /** The file of the newest whole generation, null before the first. */
  newest(): string | null {
    const turn = this.turns.reduce((newest, other) => (other.generation > newest.generation ? other : newest));
    return turn.generation === 0 ? null : turn.file.path;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    for (const { file } of this.turns) file.close();
  }
}

/** Which file's turn it is goes by what can be restored, not by what a header says. */
function wholeGeneration(path: string): number {
  if (!existsSync(path)) return 0;
  try {
    const reader = new BackupReader(path);
    try {
      for (const _ of reader.slabs());
      return reader.header.generation;
    } finally {
      reader.close();
    }
  } catch (error) {
    if (error instanceof CorruptBackupError) return 0;
    throw error;
  }
}

/** The parts of runs of regions that are of spans, or that are not. */
function* ofKind(
  runs: readonly (readonly [from: number, to: number])[],
  slabClasses: Uint8Array,
  spans: boolean,
): IterableIterator<[from: number, to: number]> {
  for (const [from, to] of runs) {
    let start = -1;
    for (let region = from; region < to; ) {
      const slab = Math.floor(region / REGIONS_PER_SLAB);
      const end = Math.min(to, (slab + 1) * REGIONS_PER_SLAB);
      const wanted = (slabClasses[slab] === SPAN_CLASS) === spans;
      if (wanted && start < 0) start = region;
      if (!wanted && start >= 0) {
        yield [start, region];
        start = -1;
      }
      region = end;
    }
    if (start >= 0) yield [start, to];
  }
}

/** A chunk longer than a region is copied whole or not at all: its header answers for all of it. */
function completeChunks(pending: RegionSet, slabClasses: Uint8Array): void {
  for (const [slab, slabClass] of slabClasses.entries()) {
    const regions = isCut(slabClass) ? regionOf(chunkBytes(slabClass)) : 0;
    if (regions > 1) pending.roundUp(slab * REGIONS_PER_SLAB, (slab + 1) * REGIONS_PER_SLAB, regions);
  }
}

function gaveWay(): BackupError {
  return new BackupError("gave-way", "a writer needed the memory that was kept for the backup; it is tried again");
}

const NO_SPACE = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const GONE = new Set(["ENOENT", "ENOTDIR", "ESTALE", "EISDIR"]);

function asBackupError(error: unknown, path: string): BackupError {
  if (error instanceof BackupError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const failure: BackupFailure = NO_SPACE.has(code) ? "no-space" : GONE.has(code) ? "file-gone" : "io";
  return new BackupError(failure, `${path}: ${message}`, { cause: error });
}

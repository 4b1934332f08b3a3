/**
 * The live store as a backup sees it: a consistent cut of memory that others go on writing to.
 *
 * Writes are stamped with an epoch; a snapshot of epoch E is every entry born in E or before that had not died by then. The
 * protocol, in its order:
 *
 *   1. H_SNAPSHOT = E + ALL  from here on, chunks that belong to E are not used again (decision 0005), nor the slabs of their spans
 *   2. H_EPOCH = E + 1       from here on, no write can begin in E: whoever publishes E re-reads the epoch and starts over
 *   3. wait                  until no worker's write that began in E or before is under way. Now the set of births and
 *                            deaths stamped E or less is final, and every region they changed is marked: a write marks
 *                            before it ends
 *   4. drain the bitmap      each word is exchanged for 0, before the copy: a bit set later is for the next backup
 *      read the slab table   what each slab is at the cut; then H_SNAPSHOT: E + ALL -> E, by a swap: what was evicted may be freed
 *   5. copy                  the spans of large values first, then the chunks. What belongs to E lies still (its link, death stamp and hash aside: the predicate needs only
 *                            that a death after E is not 0 < death <= E, links and hashes are computed anew)
 *      What was evicted meanwhile is not kept, or a full cache would have no room to write; if it was freed under the copy,
 *      the copy drops it (`settle`). A cache may lose an entry at any time, so without it the cut is one all the same. Of an entry
 *      that is still the same when its chunk is copied, the span was the same when that was copied before: the version moves on
 *      before the slabs are given back. And of an entry whose chunk is not copied, being clean, no region of the span is copied as it
 *      is now: those were marked before the chunk was
 *   6. H_SNAPSHOT: E -> 0    by a swap. It fails if a writer short of memory took the snapshot away: then the copy is void
 *
 * A region that is not marked is already in the file as it is here, but for changes that cannot matter: links, access
 * counters, the hash field of kept chunks, versions and births of chunks that were freed (the file has them as dead, by a
 * stamp that was marked) and the contents of chunks in hand (the file has them unborn, or born after E; when they are
 * published or given up they are marked). So the file plus the copied regions satisfies the same predicate as the memory.
 *
 * The cut is closed under happens-before: a write reads its epoch after it read what it depends on, and epochs only grow.
 */
import {
  allSlots,
  clearBirth,
  dirtyBitmap,
  Header,
  headerWord,
  LAST_EPOCH,
  layout,
  regionOf,
  slabBytes,
  slabClass,
  slabHolders,
  slabOf,
  slabStart,
  slabState,
  slabStates,
  versionOf,
} from "../core/index.js";
import { BackupError } from "../errors.js";
import { claimOf, monotonicNow } from "../store/index.js";
import { type Census, censusOf } from "./census.js";
import { chunkBytes } from "./chunk.js";
import { isCut, REGION, SPAN_CLASS } from "./format.js";
import type { RegionCounts } from "./region-counts.js";
import type { RegionSet } from "./region-set.js";

/** What a cut says about itself. */
export interface SnapshotCut {
  readonly epoch: number;
  readonly tick: number;
  readonly takenMs: number;
  /** One more than the last slab that is cut; there may be holes before it, where a restore left a place free. */
  readonly slabCount: number;
  /** One byte a slab: size class + 1, SPAN_CLASS, or 0 = neither. */
  readonly slabClasses: Uint8Array;
  /** What the workers had counted before the cut, and right after it (census.ts). */
  readonly before: Census;
  readonly after: Census;
}

/** Ticks by which another thread's clock may be ahead and still be believed. */
const SKEW_TICKS = 100;
const { BACKUP, EPOCH, SNAPSHOT } = headerWord;
/** Looks at the writers before the first nap: a write lasts well under a microsecond unless its thread was descheduled. */
const SPINS = 200;
const NAP_MS = 0.1;
/** For the memory to be as long as the slab table says: seconds, where microseconds do. */
const GROWTH_NAPS = 20_000;
const napping = new Int32Array(new SharedArrayBuffer(4));

export class LiveMemory {
  private readonly memory: WebAssembly.Memory;
  readonly header: Header;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.header = new Header(memory.buffer);
  }

  /** The store's time, in ticks, by this thread's clock or what others have told: as in src/core/assembly/expiry.ts. */
  private now(): number {
    const shared = this.header.tick;
    const own = Math.floor((monotonicNow() - this.header.createdMonotonic) / layout.TICK_MS) >>> 0;
    const ahead = (shared - own) | 0;
    return ahead > 0 && ahead <= SKEW_TICKS ? shared : own;
  }

  /**
   * Claims the dirty bitmap, which can have one reader, for the worker whose slot and incarnation `claim` names: the thread that
   * opened the backups. False when others have it.
   *
   * The one who has the claim is the only one to set H_SNAPSHOT. If that worker dies, the thread that writes its backups has ended
   * before its death is told, and whoever reaps the slot ends the snapshot, then lets go of the claim (reap.ts): so whoever
   * claims finds no snapshot of another.
   */
  claim(claim: number): boolean {
    return Atomics.compareExchange(this.header.words, BACKUP, 0, claim | 0) === 0;
  }

  /** A swap: the reaper of a dead worker may have let go before, and someone else have claimed since. */
  release(claim: number): void {
    Atomics.compareExchange(this.header.words, BACKUP, claim | 0, 0);
  }

  /** The claim of the worker in a slot, as that of a ring's receiver. */
  claimOf(slotNumber: number): number {
    return claimOf(this.header, slotNumber) >>> 0;
  }

  // ---------------------------------------------------------------- the cut

  /**
   * Steps 1 to 4.
   *
   * @param into the sets that take what is marked
   * @param patienceMs how long to wait for writes that are under way
   * @throws BackupError "blocked" when one does not end; no snapshot is active then
   */
  beginSnapshot(patienceMs: number, into: readonly RegionSet[] = []): SnapshotCut {
    const { header } = this;
    const { epoch } = header;
    if (epoch > LAST_EPOCH) throw new BackupError("blocked", `the store has used up its ${LAST_EPOCH} snapshots`);
    const before = this.census();
    const all = epoch | layout.SNAPSHOT_SPANS;
    Atomics.store(header.words, SNAPSHOT, all);
    Atomics.store(header.words, EPOCH, epoch + 1);
    const takenMs = Date.now();
    const tick = this.now();
    const blocking = this.waitForWriters(epoch, patienceMs);
    if (blocking !== null) {
      Atomics.compareExchange(header.words, SNAPSHOT, all, 0);
      throw new BackupError("blocked", blocking);
    }
    const after = this.census();
    this.drain(into);
    // after the bitmap: a slab that is cut from here on marks what is written to it, for the next backup
    const slabCount = this.countSlabs();
    const slabClasses = this.slabClasses(slabCount);
    Atomics.compareExchange(header.words, SNAPSHOT, all, epoch); // unless a writer has taken the snapshot away
    return { epoch, tick, takenMs, slabCount, slabClasses, before, after };
  }

  /** Step 6. False when the snapshot had been taken away: nothing copied in it may be used. */
  endSnapshot(epoch: number): boolean {
    return Atomics.compareExchange(this.header.words, SNAPSHOT, epoch, 0) === epoch;
  }

  /** Whether the snapshot still stands: asked now and then during a long copy. */
  isActive(epoch: number): boolean {
    return this.header.snapshot === epoch;
  }

  /** What the workers have counted until now. */
  census(): Census {
    return censusOf(this.header);
  }

  /** Counted in naps, not read from a clock: a process that stood still for minutes, its writers with it, has slept one nap. */
  private waitForWriters(epoch: number, patienceMs: number): string | null {
    let naps = Math.ceil(patienceMs / NAP_MS);
    for (const [number, slot] of allSlots(this.header).entries()) {
      for (let looks = 0; ; looks++) {
        const writing = slot.writeEpoch;
        if (writing === 0 || writing > epoch) break;
        if (looks < SPINS) continue;
        if (naps-- <= 0) {
          return `thread ${slot.thread} (slot ${number}) has been in one write for ${patienceMs} ms; if its worker died, store.watch(worker) would have given its slot back`;
        }
        Atomics.wait(napping, 0, 0, NAP_MS);
      }
    }
    return null;
  }

  // ---------------------------------------------------------------- the dirty bitmap

  /** Takes what is marked, into each of the sets. */
  drain(into: readonly RegionSet[]): void {
    const words = this.dirtyWords();
    for (let i = 0; i < words.length; i++) {
      if (Atomics.load(words, i) === 0) continue;
      const bits = Atomics.exchange(words, i, 0);
      for (const set of into) set.addWord(i, bits);
    }
  }

  /** Regions marked now, or in `also`, among the first `end`. */
  countDirty(also: RegionSet, end: number): number {
    const words = this.dirtyWords();
    const marked = also.copy();
    for (let i = 0; i < words.length; i++) marked.addWord(i, words[i]);
    return marked.countBelow(end);
  }

  private dirtyWords(): Int32Array {
    return dirtyBitmap(this.memory.buffer, this.header);
  }

  // ---------------------------------------------------------------- what is copied

  /**
   * The pool's first `slabCount` slabs, live.
   *
   * @param patience naps in which the memory may still grow
   * @throws BackupError when the memory is not that long: what lies in it was damaged
   */
  poolBytes(slabCount: number, patience = GROWTH_NAPS): Uint8Array {
    const end = this.header.pool + slabStart(slabCount);
    // another thread's growth reaches this thread's buffer a moment after the memory
    for (let naps = 0; this.memory.buffer.byteLength < end; naps++) {
      if (naps === patience) {
        const bytes = this.memory.buffer.byteLength;
        throw new BackupError(
          "blocked",
          `the pool's first ${slabCount} slabs end at byte ${end} of a memory of ${bytes}`,
        );
      }
      Atomics.wait(napping, 0, 0, NAP_MS);
    }
    return slabBytes(this.memory.buffer, this.header, 0, slabCount);
  }

  /** One byte a slab, as in a cut. What is in the spans of regions, messages and buffers is not backed up. */
  slabClasses(slabCount: number): Uint8Array {
    const table = slabStates(this.memory.buffer, this.header, slabCount);
    const holders = slabHolders(this.memory.buffer, this.header, slabCount);
    return Uint8Array.from(table, (state, slab) => {
      return slabState(state).span && holders[slab] !== 0 ? SPAN_CLASS : slabClass(state) + 1;
    });
  }

  /**
   * One more than the last slab that is cut, or being cut. Looked for from the end: H_SLAB_NEXT is where the next one is looked
   * for, and in a store that was restored there are holes both above it and below slabs that are cut.
   */
  countSlabs(): number {
    const table = slabStates(this.memory.buffer, this.header);
    let count = table.length;
    while (count > 0 && Atomics.load(table, count - 1) === 0) count--;
    return count;
  }

  /**
   * Takes back from a copy of regions `from` to `to` - 1 the entries whose chunk was freed while it was copied: they were not
   * kept, being dead by E or evicted, and the copy may have the next owner's bytes under their header. A chunk that still has
   * the version that was copied has not been freed since that was read: `free` takes the birth away, then bumps the version.
   *
   * @param copy starts with region `from`, and holds every chunk whole
   * @param epoch of the cut
   * @param counts takes how many entries begin in each of the regions
   */
  settle(copy: Uint32Array, from: number, to: number, classes: Uint8Array, epoch: number, counts: RegionCounts): void {
    Atomics.exchange(napping, 0, 0); // the copy before the look at the versions
    const live = new Uint32Array(this.memory.buffer, this.header.pool, (to * REGION) / 4);
    const offset = (from * REGION) / 4;
    counts.reset(from, to);
    for (let word = offset; word < live.length; ) {
      const slab = slabOf(word * 4);
      const end = Math.min(live.length, slabStart(slab + 1) / 4);
      if (!isCut(classes[slab])) {
        word = end;
        continue;
      }
      const step = chunkBytes(classes[slab]) / 4;
      for (; word < end; word += step) {
        const chunk = word - offset;
        if (versionOf(copy, chunk) !== versionOf(live, word)) clearBirth(copy, chunk);
        else counts.add(copy, chunk, epoch, regionOf(word * 4));
      }
    }
  }

  /** Writes begun since the store was made, summed over the workers: each may be one operation behind. */
  countWrites(): number {
    let writes = 0;
    for (const { counters } of allSlots(this.header)) {
      writes += Number(counters[layout.C_SETS] + counters[layout.C_DELETES]);
    }
    return writes;
  }
}

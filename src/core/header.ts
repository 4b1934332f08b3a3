/** The store's header as the host reads it: each word by its name, so that where it lies is this room's business alone. */
import { ACL_GENERATION, CLEARS, CLEARS_SWEPT, CLOSED, EPOCH, MAINTAINED, NEXT_ID, SNAPSHOT } from "./header-word.js";
import * as L from "./layout.js";

export class Header {
  readonly buffer: ArrayBufferLike;
  /** Signed, as Atomics.wait needs them; for what several threads swap or wait for (header-word.ts). */
  readonly words: Int32Array;
  private readonly unsigned: Uint32Array;
  private readonly floats: Float64Array;

  /** @param buffer any buffer of the memory: the header lies in all of them */
  constructor(buffer: ArrayBufferLike) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, L.HEADER_SIZE / 4);
    this.unsigned = new Uint32Array(buffer, 0, L.HEADER_SIZE / 4);
    this.floats = new Float64Array(buffer, 0, L.HEADER_SIZE / 8);
  }

  // ---------------------------------------------------------------- written once, before the store is handed out

  /** Whether a store of this layout begins here. */
  get isStore(): boolean {
    return this.unsigned[L.H_MAGIC / 4] === L.MAGIC && this.unsigned[L.H_LAYOUT / 4] === L.LAYOUT_VERSION;
  }

  get slotCount(): number {
    return this.unsigned[L.H_SLOT_COUNT / 4];
  }

  /** Address of the first slot. */
  get slots(): number {
    return this.unsigned[L.H_SLOTS / 4];
  }

  /** Address of the usage lines of namespace ids. */
  get ids(): number {
    return this.unsigned[L.H_IDS / 4];
  }

  get idCount(): number {
    return this.unsigned[L.H_ID_COUNT / 4];
  }

  /** Namespace ids that are not the store's own. */
  get userIdCount(): number {
    return this.idCount - L.FIRST_ID;
  }

  /** Bytes the store was created with. 0 = all the 4 GiB that an address reaches. */
  get capacity(): number {
    return this.unsigned[L.H_CAPACITY / 4];
  }

  /** Address of the slabs' state words. */
  get slabs(): number {
    return this.unsigned[L.H_SLABS / 4];
  }

  /** Slabs at most. */
  get slabMax(): number {
    return this.unsigned[L.H_SLAB_MAX / 4];
  }

  /** Bytes of the pool at its largest. */
  get poolBytes(): number {
    return this.slabMax * L.SLAB_SIZE;
  }

  /** Regions of the pool at its largest, each with its bit in the dirty bitmap. */
  get regionMax(): number {
    return this.slabMax << (L.SLAB_SHIFT - L.REGION_SHIFT);
  }

  /** Address of the dirty bitmap. */
  get dirty(): number {
    return this.unsigned[L.H_DIRTY / 4];
  }

  get bucketCount(): number {
    return this.unsigned[L.H_BUCKET_MASK / 4] + 1;
  }

  /** Address of the first slab. */
  get pool(): number {
    return this.unsigned[L.H_POOL / 4];
  }

  get hashSeed(): number {
    return this.unsigned[L.H_HASH_SEED / 4];
  }

  /** HASH_XX and so on. */
  get hashKind(): number {
    return this.unsigned[L.H_HASH_KIND / 4];
  }

  /** What the store does when it is full: 0 = refuse, 1 = sampled CLOCK, above: that, and a policy (the host's numbering). */
  get eviction(): number {
    return this.unsigned[L.H_EVICTION / 4];
  }

  get storeId(): number {
    return this.unsigned[L.H_STORE_ID / 4];
  }

  get hasLogs(): boolean {
    return this.unsigned[L.H_LOG / 4] !== 0;
  }

  /** Records of an access log. */
  get logRecords(): number {
    return this.unsigned[L.H_LOG_RECORDS / 4];
  }

  /** Entries in namespaces of users at most; 0 = no limit. */
  get maxEntries(): number {
    return this.unsigned[L.H_MAX_ENTRIES / 4];
  }

  /** Bytes of a value at most; 0 = what fits a chunk. */
  get valueMax(): number {
    return this.unsigned[L.H_VALUE_MAX / 4];
  }

  /** Slabs at the end of the pool that are kept for spans. */
  get keptForSpans(): number {
    return this.slabMax - this.unsigned[L.H_CUT_MAX / 4];
  }

  /** Unix time, ms, of tick 0. */
  get createdMs(): number {
    return this.floats[L.H_CREATED_MS / 8];
  }

  /** The same instant on the process's monotonic clock, ms. */
  get createdMonotonic(): number {
    return this.floats[L.H_CREATED_MONOTONIC / 8];
  }

  // ---------------------------------------------------------------- what changes

  /** The latest tick that any thread has told. */
  get tick(): number {
    return Atomics.load(this.unsigned, L.H_TICK / 4);
  }

  /** Of snapshots. */
  get epoch(): number {
    return Atomics.load(this.unsigned, EPOCH);
  }

  /** Epoch of the active snapshot, 0 = none. */
  get snapshot(): number {
    return Atomics.load(this.unsigned, SNAPSHOT);
  }

  /** Slabs that the memory has room for now. */
  get slabLimit(): number {
    return Atomics.load(this.unsigned, L.H_SLAB_LIMIT / 4);
  }

  /** Whether there ever was a span: then the hint for them has moved. */
  get hadSpans(): boolean {
    return this.unsigned[L.H_SPAN_NEXT / 4] !== 0 || this.unsigned[L.H_SPAN_NEXT / 4 + 1] !== 0;
  }

  get pressure(): number {
    return this.unsigned[L.H_PRESSURE / 4];
  }

  set pressure(level: number) {
    this.unsigned[L.H_PRESSURE / 4] = level;
  }

  get closed(): boolean {
    return Atomics.load(this.words, CLOSED) !== 0;
  }

  set closed(closed: boolean) {
    Atomics.store(this.words, CLOSED, closed ? 1 : 0);
  }

  /** A maintenance thread runs, or is about to. */
  get maintained(): boolean {
    return Atomics.load(this.words, MAINTAINED) !== 0;
  }

  set maintained(maintained: boolean) {
    Atomics.store(this.words, MAINTAINED, maintained ? 1 : 0);
  }

  /** Bumped on every grant and revoke. */
  get aclGeneration(): number {
    return Atomics.load(this.unsigned, ACL_GENERATION);
  }

  bumpAclGeneration(): void {
    Atomics.add(this.words, ACL_GENERATION, 1);
  }

  /** Namespaces cleared or dropped so far. */
  get clears(): number {
    return Atomics.load(this.unsigned, CLEARS);
  }

  /** How many of them had been when a sweep began that left nothing of any. */
  get clearsSwept(): number {
    return Atomics.load(this.unsigned, CLEARS_SWEPT);
  }

  set clearsSwept(clears: number) {
    Atomics.store(this.unsigned, CLEARS_SWEPT, clears);
  }

  /** Where the next namespace looks for its id first. */
  set nextId(id: number) {
    Atomics.store(this.unsigned, NEXT_ID, id);
  }
}

/** What the evictor writes about itself, f64 each, it alone. */
export class EvictorWords {
  private readonly words: Float64Array;

  constructor(buffer: ArrayBufferLike) {
    this.words = new Float64Array(buffer, L.H_EVICTOR_WORDS, L.LINE / 8);
  }

  /** Victims that had been rewritten or deleted meanwhile. */
  get spared(): number {
    return this.words[L.V_SPARED / 8];
  }
  set spared(n: number) {
    this.words[L.V_SPARED / 8] = n;
  }

  get rebuilds(): number {
    return this.words[L.V_REBUILDS / 8];
  }
  set rebuilds(n: number) {
    this.words[L.V_REBUILDS / 8] = n;
  }

  /** The policy an adaptive one follows: its number among the candidates + 1, 0 = none. */
  get following(): number {
    return this.words[L.V_FOLLOWING / 8];
  }
  set following(n: number) {
    this.words[L.V_FOLLOWING / 8] = n;
  }

  /** Entries the policy measures itself by. */
  get capacity(): number {
    return this.words[L.V_CAPACITY / 8];
  }
  set capacity(n: number) {
    this.words[L.V_CAPACITY / 8] = n;
  }

  /** Entries it knows of. */
  get residents(): number {
    return this.words[L.V_RESIDENTS / 8];
  }
  set residents(n: number) {
    this.words[L.V_RESIDENTS / 8] = n;
  }

  /** Whole walks of the table, to find what the logs lost. */
  get walks(): number {
    return this.words[L.V_WALKS / 8];
  }
  set walks(n: number) {
    this.words[L.V_WALKS / 8] = n;
  }

  get victims(): number {
    return this.words[L.V_VICTIMS / 8];
  }
  set victims(n: number) {
    this.words[L.V_VICTIMS / 8] = n;
  }

  /** Changes of policy so far. */
  get decisions(): number {
    return this.words[L.V_DECISIONS / 8];
  }
  set decisions(n: number) {
    this.words[L.V_DECISIONS / 8] = n;
  }
}

/** The latest changes of an adaptive policy: a ring of DECISIONS_KEPT rows of DECISION_WORDS f64 each. */
export function decisionRing(buffer: ArrayBufferLike): Float64Array {
  return new Float64Array(buffer, L.H_DECISIONS, L.DECISIONS_KEPT * DECISION_WORDS);
}

export const DECISION_WORDS = L.DECISION_SIZE / 8;

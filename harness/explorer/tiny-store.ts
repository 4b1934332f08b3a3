/** The memory the threads share: an empty store of a program's settings, its keys, its namespace, and images of its state. */
import { layout as L, slabClass } from "../../src/core/index.js";
import { hasAdoptions, prepareAdoptions } from "./adoption.js";
import { hasAgents } from "./agent-steps.js";
import {
  FIRST_SPACE_KEYS,
  hasPermits,
  hasRecords,
  hasRow,
  KEY_COUNT,
  type Program,
  permitsOf,
  watches,
} from "./program.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

const KEY_CANDIDATES = 26;
const UNLIMITED = 0x3fffffff;
/** Rings that a schedule makes at most, one after the other: each has a place of its own to be waited for on. */
const PLACES_USED = 32;
/** The namespaces' names, "n" and "m", as the key window has them. */
const NAMES = [0x6e, 0x6d];

export class TinyStore {
  readonly memory = new WebAssembly.Memory({ initial: T.MEMORY_PAGES, maximum: 65536, shared: true });
  readonly words = new Uint32Array(this.memory.buffer);
  /** The key window's word, by key. */
  readonly keyWords = new Uint32Array(KEY_COUNT);
  /** Hash of each key of the first namespace. */
  readonly keyHashes = new Uint32Array(FIRST_SPACE_KEYS);

  /** By namespace: the hash of its name's entry in the directory, and the one its keys begin with. */
  readonly nameHashes = new Uint32Array(NAMES.length);
  readonly nameSeeds = new Uint32Array(NAMES.length);

  /** The key window's word for a namespace's name. */
  nameWord(space: number): number {
    return NAMES[space];
  }

  /** Letters for the keys, so that the first three share bucket 0 of two and the last is in the other. */
  chooseKeys(thread: Thread): void {
    this.words.fill(0, 0, T.POOL_END >> 2);
    T.writeHeader(this.words, {
      buckets: 2,
      slabs: T.SLAB_MAX,
      refill: 4,
      cacheLimit: 8,
      cacheReturn: 4,
      retireLimit: 4,
      evict: false,
      logRecords: 0,
      changeBytes: T.CHANGE_BYTES,
    });
    this.attach([thread]);
    NAMES.forEach((name, space) => {
      this.makeNamespace(thread, space);
      this.words[(thread.slot + L.S_KEY) >> 2] = name;
      this.nameHashes[space] = thread.engine.nameHash(1);
      this.nameSeeds[space] = this.words[(thread.records[space * 2] + L.E_KEY + 16 + L.N_SEED) >> 2];
    });
    const wanted = [0, 0, 0, 1];
    let letter = 0;
    for (let key = 0; key < FIRST_SPACE_KEYS; key++) {
      for (; ; letter++) {
        if (letter === KEY_CANDIDATES) throw new Error("the alphabet has too few keys of this bucket");
        this.words[(thread.slot + L.S_KEY) >> 2] = 0x61 + letter;
        this.keyHashes[key] = thread.engine.prepare(thread.records[0], thread.records[1], 1);
        if ((this.keyHashes[key] & 1) === wanted[key]) break;
      }
      this.keyWords[key] = 0x61 + letter++;
    }
    // the same names again in the second namespace: only the id tells them apart
    for (let key = FIRST_SPACE_KEYS; key < KEY_COUNT; key++) this.keyWords[key] = this.keyWords[key - FIRST_SPACE_KEYS];
  }

  /** Makes the memory that of an empty store, the program's threads attached and its namespaces made. */
  lay(program: Program, threads: readonly Thread[]): void {
    const { settings, ring, queue, spaces } = program;
    const { words } = this;
    words.fill(0, 0, T.POOL_END >> 2);
    words[T.CONTROL_TIME >> 2] = 0;
    words.fill(0, T.ROW >> 2, (T.ROW + L.LINE) >> 2);
    words.fill(0, T.RESOURCES >> 2, T.PERMITS_END >> 2);
    words[(T.RESOURCES + L.RESOURCES_COUNT) >> 2] = T.RECORD_COUNT;
    words[(T.PERMITS + L.PERMITS_MAX) >> 2] = permitsOf(program);
    words.fill(0, T.LOGS >> 2, T.logAddress(T.SLOT_COUNT, settings.logRecords) >> 2);
    words.fill(0, T.CHANGES >> 2, T.changeLogAddress(T.SLOT_COUNT, settings.changeBytes) >> 2);
    T.writeHeader(words, settings);
    this.attach(threads);
    for (let space = 0; space < spaces; space++) this.makeNamespace(threads[0], space);
    for (const thread of threads) this.resolveAll(thread, spaces);
    if (hasAdoptions(program)) prepareAdoptions(program, words, threads[0].records[0]);
    words.fill(0, T.ARENA >> 2, T.AGENTS_END >> 2);
    if (hasAgents(program)) T.makeAgents(threads[0].engine);
    if (ring !== null) this.makeRing(ring, threads);
    if (queue !== null) this.makeQueue(queue, threads);
    if (program.locks !== null) this.makeLocks(program.locks, threads);
  }

  /** Lets engine functions called from here run without interruption. */
  unbind(): void {
    this.words[T.CONTROL_FUEL >> 2] = UNLIMITED;
    this.words[T.CONTROL_FINE >> 2] = 0;
  }

  private attach(threads: readonly Thread[]): void {
    this.unbind();
    for (const thread of threads) thread.slot = T.SLOTS + thread.engine.attach(thread.number) * L.SLOT_SIZE;
  }

  private makeNamespace(thread: Thread, space: number): void {
    this.words[(thread.slot + L.S_KEY) >> 2] = NAMES[space];
    if (thread.engine.createNamespace(1, 0, 0, 0n) !== L.OK) throw new Error("the pool is too small for its namespace");
    this.resolve(thread, space);
  }

  private resolve(thread: Thread, space: number): void {
    this.words[(thread.slot + L.S_KEY) >> 2] = NAMES[space];
    thread.engine.resolve(1);
    this.noteRecord(thread, space);
  }

  /** Has the thread look the namespaces up. */
  resolveAll(thread: Thread, spaces: number): void {
    for (let space = 0; space < spaces; space++) this.resolve(thread, space);
  }

  /** What the thread's lookup has found. */
  noteRecord(thread: Thread, space: number): void {
    thread.records[space * 2] = this.words[(thread.slot + L.S_OUT + L.O_ENTRY) >> 2];
    thread.records[space * 2 + 1] = this.words[(thread.slot + L.S_OUT + L.O_VERSION) >> 2];
  }

  /** What has been logged so far counts as read. */
  emptyLogs(records: number): void {
    for (let slot = 0; slot < T.SLOT_COUNT && records > 0; slot++) {
      const log = T.logAddress(slot, records) >> 2;
      this.words[log + L.L_HEAD / 4] = this.words[log + L.L_TAIL / 4];
    }
  }

  /** The channel that the thread has opened is its own from here on. */
  noteRing(thread: Thread): void {
    thread.ring = this.words[(thread.slot + L.S_OUT + L.O_ENTRY) >> 2];
    thread.ringVersion = this.words[(thread.slot + L.S_OUT + L.O_VERSION) >> 2];
  }

  private makeRing({ single, capacity }: NonNullable<Program["ring"]>, threads: readonly Thread[]): void {
    const kind = single ? L.RING_SPSC : L.RING_MPSC;
    this.openAll(threads, ({ engine }) => engine.makeRing(1, capacity, kind, 0));
  }

  private makeQueue({ capacity }: NonNullable<Program["queue"]>, threads: readonly Thread[]): void {
    this.openAll(threads, ({ engine }) => engine.makeQueue(1, capacity, 1, 0, 0n));
  }

  private makeLocks({ kind, count, late }: NonNullable<Program["locks"]>, threads: readonly Thread[]): void {
    for (const thread of threads) {
      thread.locks.entries.length = count;
      thread.locks.versions.length = count;
      for (let lock = 0; lock < count; lock++) {
        this.words.fill(0, (thread.slot + L.S_KEY) >> 2, (thread.slot + L.S_KEY + 16) >> 2);
        this.words[(thread.slot + L.S_KEY) >> 2] = T.LOCK_NAMES[lock];
        thread.engine.makeLock(1, kind === "rw" ? L.LOCK_RW : L.LOCK_MUTEX, 0);
        if (!thread.engine.openLock(1)) throw new Error("the pool is too small for its locks");
        this.noteLock(thread, lock);
      }
    }
    if (!late) return;
    const slot = (threads[1].slot - T.SLOTS) / L.SLOT_SIZE;
    this.words[(this.lockAddress(threads[1].locks.entries[0]) + L.K_READERS) >> 2] = 1 << slot;
  }

  /** The lock that the thread has opened. */
  noteLock({ slot, locks }: Thread, lock: number): void {
    locks.entries[lock] = this.words[(slot + L.S_OUT + L.O_ENTRY) >> 2];
    locks.versions[lock] = this.words[(slot + L.S_OUT + L.O_VERSION) >> 2];
  }

  /** Where its words lie. */
  lockAddress(entry: number): number {
    const keyLength = this.words[(entry + L.E_META) >> 2] >>> 16;
    return entry + ((L.E_KEY + ((keyLength + 15) & -16) + T.LOCK_ALIGN - 1) & -T.LOCK_ALIGN);
  }

  /** Each thread opens it; the first of them makes it. */
  private openAll(threads: readonly Thread[], make: (thread: Thread) => void): void {
    const { words } = this;
    for (const thread of threads) {
      words.fill(0, (thread.slot + L.S_KEY) >> 2, (thread.slot + L.S_KEY + 16) >> 2);
      words[(thread.slot + L.S_KEY) >> 2] = T.RING_NAME;
      make(thread);
      if (!thread.engine.openRing(1)) throw new Error("the pool is too small for its channel or queue");
      this.noteRing(thread);
    }
  }

  /** The parts of the memory that a schedule of the program may change. */
  private parts(program: Program, attached: number): Uint32Array[] {
    const part = (from: number, to: number) => this.words.subarray(from >> 2, to >> 2);
    const parts = [
      part(0, T.HEADER_STATE_SIZE),
      part(L.H_BACKUP, L.H_BACKUP + L.LINE),
      part(L.H_WAKE, L.H_WAKE + L.LINE),
      part(L.H_SPAN_NEXT, L.H_SPAN_NEXT + L.LINE),
      part(L.H_EXPIRY, L.H_CLEARS_SWEPT + L.LINE),
      part(L.H_TIDY, L.H_TIDY + L.LINE),
      part(L.H_WATCHERS, L.H_REMOVALS + L.REMOVAL_WORDS * 4),
      part(T.IDS, T.POOL + program.settings.slabs * T.SLAB_SIZE),
      part(L.H_NEXT_PLACE, L.H_NEXT_PLACE + L.LINE),
      part(L.PARKING, L.PARKING + PLACES_USED * L.PARKING_SIZE),
    ];
    const { logRecords, changeBytes } = program.settings;
    if (watches(program)) parts.push(part(T.CHANGES, T.changeLogAddress(T.SLOT_COUNT, changeBytes)));
    if (hasRow(program)) parts.push(part(T.ROW, T.ROW + L.LINE));
    if (hasAgents(program)) parts.push(part(T.ARENA, T.AGENTS_END));
    if (hasRecords(program)) parts.push(part(T.RESOURCES, T.RESOURCES_END));
    if (hasPermits(program)) parts.push(part(T.PERMITS, T.PERMITS_END));
    if (logRecords > 0) parts.push(part(T.LOGS, T.logAddress(T.SLOT_COUNT, logRecords)));
    for (let i = 0; i < attached; i++) {
      const slot = T.SLOTS + i * L.SLOT_SIZE;
      parts.push(part(slot, slot + T.SLOT_STATE_SIZE));
      parts.push(part(slot + L.S_REGIONS, slot + L.S_REGIONS + L.REGION_PINS * 4));
      if (program.locks !== null || hasPermits(program))
        parts.push(part(slot + L.S_LOCK_WAKE, slot + L.S_HELD + T.HELD_MAX * 8));
      if (!watches(program)) continue;
      parts.push(part(slot + L.S_INTEREST, slot + L.S_GAP + 8));
      parts.push(part(slot + L.S_POSITIONS, slot + L.S_POSITIONS + T.SLOT_COUNT * 8));
    }
    return parts;
  }

  image(program: Program, attached: number): Uint32Array[] {
    return this.parts(program, attached).map((part) => part.slice());
  }

  restore(program: Program, attached: number, image: readonly Uint32Array[]): void {
    const parts = this.parts(program, attached);
    for (let i = 0; i < parts.length; i++) parts[i].set(image[i]);
  }

  /** Every thread attached anew: the instances outlive a schedule, and their globals with them (where eviction starts, for one). */
  reattach(threads: readonly Thread[], count: number): void {
    this.unbind();
    for (let i = 0; i < count; i++) {
      this.words[(T.SLOTS + i * L.SLOT_SIZE + L.S_STATE) >> 2] = L.SLOT_FREE;
      threads[i].engine.attach(i);
    }
  }

  /** Hash of the shared state: ids, slabs, buckets and chunks (FNV-1a, word by word). */
  fingerprint(slabs: number): number {
    const { words } = this;
    const end = (T.POOL + slabs * T.SLAB_SIZE) >> 2;
    let hash = 0x811c9dc5;
    for (let i = T.IDS >> 2; i < end; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
    return hash ^ (hash >>> 15);
  }

  /** Of each place where a chunk can begin, in a slab that is cut; what is in others are no versions, and they are zero once they are cut. */
  versions(slabs: number): Uint32Array {
    const versions = new Uint32Array((slabs << T.SLAB_SHIFT) >> 5);
    for (let i = 0; i < versions.length; i++) {
      if (slabClass(this.words[(T.SLABS >> 2) + ((i << 5) >> T.SLAB_SHIFT)]) < 0) continue;
      versions[i] = this.words[(T.POOL + i * 32 + L.E_VERSION) >> 2];
    }
    return versions;
  }
}

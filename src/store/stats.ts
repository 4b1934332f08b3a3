/** What the store counts. Counters have one writer each and are summed here, so a sum may be a few operations old. */
import {
  allSlots,
  chunkSize,
  countLocks,
  EvictorWords,
  type Header,
  IdLine,
  layout,
  slabHolders,
  slabStart,
  slabState,
  slabStates,
} from "../core/index.js";
import type { BackupStats } from "./backup-notes.js";
import { type HeldBuffers, heldBuffers } from "./buffers.js";
import { type AdaptiveStats, readDecisions } from "./eviction/decision-log.js";
import { type EvictionName, evictionName, livePolicy } from "./eviction/live-policies.js";
import { type PressureLevel, pressureLevels, pressureOf } from "./eviction/pressure.js";
import { type ResourceStats, resourceStats } from "./resources/figures.js";
import type { WorkerConnection } from "./worker.js";

/** The chunks of one size. */
export interface SizeClassStats {
  /** Bytes of a chunk. */
  size: number;
  /** Cut so far. */
  chunks: number;
  /** Of those, in use: entries, messages, buffers, retired. */
  used: number;
}

/** Large values that take as many slabs. */
export interface SpanStats {
  /** Slabs of 64 KiB that each has; at most, where they are counted by powers of two. */
  slabs: number;
  /** How many there are. */
  values: number;
}

/** What a store has done and what it holds: each count as of some moment during the call. */
export interface StoreStats {
  /**
   * Entries of all namespaces, expired and cleared ones included until they are swept: unlike a namespace's `size`, which counts the
   * living. A thread that dies in the middle of a
   * write leaves it one off, until `verify` counts.
   */
  entries: number;
  /** Of all threads, since the store was made. */
  operations: {
    /** Look-ups. */
    gets: number;
    /** Of those, the ones that found a value. */
    hits: number;
    /** And the ones that did not. */
    misses: number;
    /** Writes. */
    sets: number;
    /** Removals. */
    deletes: number;
    /** Entries that had to make room. */
    evictions: number;
    /** Entries that were taken away because their time had come. */
    expired: number;
    /** Entries that were taken away for another reason: their namespace was cleared or dropped. */
    swept: number;
    /** Rounds that writes began anew because another thread was faster. */
    writeRetries: number;
    /** Rounds that reads began anew because the entry was written meanwhile. */
    readRetries: number;
    /** Reads that gave up validating and went through hazard pointers. */
    readFallbacks: number;
    /** Times a write found no memory; it may have got some after a sweep. */
    outOfMemory: number;
    /** Messages. */
    sent: number;
    /** Messages. */
    received: number;
  };
  /** What the memory is used for. */
  memory: {
    /** Of the whole memory. */
    capacityBytes: number;
    /** Of its pool, at most. */
    poolBytes: number;
    /** Of slabs that were cut. */
    slabBytes: number;
    /** Of chunks and spans in use. */
    usedBytes: number;
    /** Chunk bytes of entries. */
    entryBytes: number;
    /** Slabs of large values, regions, and messages and buffers that do not fit a chunk. */
    spanBytes: number;
    /** Large values by the slabs they take, fewest first; those with more than 16 slabs count by powers of two. */
    bySpan: SpanStats[];
    /** usedBytes / poolBytes, 0 to 1. */
    utilisation: number;
    /** Share of the cut slabs that no chunk uses, 0 to 1: external fragmentation between classes. */
    fragmentation: number;
    /** Smallest first. */
    bySizeClass: SizeClassStats[];
    /** Chunks of what threads hold by `buffer()`. */
    bufferBytes: number;
    /** The same by thread, those with the most first. */
    buffers: HeldBuffers[];
  };
  /** Of the handles that keep values near. Hits are among `operations.gets`; so is the read that follows a stale look. */
  near: {
    /** Gets that were answered with a kept value. */
    hits: number;
    /** Kept values that were not the present ones any more when they were asked for. */
    stale: number;
    /** Kept values that made room for others. */
    drops: number;
  };
  /** Locks that threads have, each reader of one counted, and that they wait for; a thread's own tasks that wait for each other are not seen here. */
  locks: {
    /** That threads have; each reader of one counts. */
    held: number;
    /** Threads that wait for one. */
    waiting: number;
  };
  /** What threads have told the store that they hold. */
  resources: ResourceStats;
  /** Threads that are attached, and those that ended without detaching. */
  workers: {
    /** Threads that are attached now. */
    attached: number;
    /** Threads that can be. */
    limit: number;
    /** Slots taken back from threads that ended without detaching. */
    reaped: number;
  };
  /** How the store makes room. */
  eviction: EvictionStats;
  /** Of the backups that this thread has open; null: it has none. */
  backups: BackupStats | null;
  /** Milliseconds since the store was created. */
  uptimeMs: number;
}

/** Without a policy (`none`, `clock`) all counts are 0: writers evict for themselves, counted in `operations.evictions`. */
export interface EvictionStats {
  /** How the store makes room. */
  policy: EvictionName;
  /** With policy "adaptive": which policy it follows, and its latest changes. Null for others, and until the evictor's first round. */
  adaptive: AdaptiveStats | null;
  /** Of the pool's utilisation, now. */
  pressure: PressureLevel;
  /** Entries at most, kept by the policy; 0 = no limit. */
  maxEntries: number;
  /** Entries the policy measures itself by: `maxEntries`, or how many are estimated to fit. */
  capacityEntries: number;
  /** Entries it knows of, as of its last round. */
  residents: number;
  /** Entries it evicted; writers that found no room evicted the rest of `operations.evictions`. */
  victims: number;
  /** Victims that had been rewritten, deleted or expired before they could be evicted. */
  spared: number;
  /** Times it was started anew because the estimate of its capacity moved. */
  rebuilds: number;
  /** Whole walks of the table to find what the logs had lost. */
  walks: number;
  /** Access-log records written. */
  logged: number;
  /** Insertions and removals lost to full logs. */
  logDrops: number;
  /** Hits left out while logs were filling up. */
  hitsNotLogged: number;
  /** Records that wait to be read. */
  backlog: number;
}

/** Reads every counter. */
export function collectStats(worker: WorkerConnection): Omit<StoreStats, "backups"> {
  const slots = allSlots(worker.header);
  const counters = new Array<number>(layout.COUNTER_COUNT).fill(0);
  const used = new Array<number>(layout.CLASS_COUNT).fill(0);
  let attached = 0;
  for (const slot of slots) {
    for (let i = 0; i < counters.length; i++) counters[i] += Number(slot.counters[i]);
    for (let sizeClass = 0; sizeClass < used.length; sizeClass++) used[sizeClass] += slot.chunksOut(sizeClass);
    if (slot.active) attached++;
  }
  const own = ownUsage(worker);
  const memory = memoryStats(worker, used, counters[layout.C_BYTES_IN] - counters[layout.C_BYTES_OUT] - own.bytes);
  const near = {
    hits: counters[layout.C_NEAR_HITS],
    stale: counters[layout.C_NEAR_STALE],
    drops: counters[layout.C_NEAR_DROPS],
  };
  const gets = counters[layout.C_GETS] + near.hits;
  return {
    entries: counters[layout.C_INSERTED] - counters[layout.C_REMOVED] - own.entries,
    operations: {
      gets,
      hits: gets - counters[layout.C_MISSES],
      misses: counters[layout.C_MISSES],
      sets: counters[layout.C_SETS],
      deletes: counters[layout.C_DELETES],
      evictions: counters[layout.C_EVICTIONS],
      expired: counters[layout.C_EXPIRED],
      swept: counters[layout.C_SWEPT],
      writeRetries: counters[layout.C_WRITE_RETRIES],
      readRetries: counters[layout.C_READ_RETRIES],
      readFallbacks: counters[layout.C_READ_FALLBACKS],
      outOfMemory: counters[layout.C_OUT_OF_MEMORY],
      sent: counters[layout.C_SENT],
      received: counters[layout.C_RECEIVED],
    },
    memory,
    near,
    locks: countLocks(worker.header),
    resources: resourceStats(worker),
    workers: { attached, limit: slots.length, reaped: counters[layout.C_REAPED] },
    eviction: evictionStats(worker, counters, memory.utilisation),
    uptimeMs: worker.elapsed(),
  };
}

function evictionStats(worker: WorkerConnection, counters: number[], utilisation: number): EvictionStats {
  const { header, engine } = worker;
  const word = header.eviction;
  const figures = new EvictorWords(header.buffer);
  let backlog = 0;
  if (livePolicy(word) !== null) {
    for (let number = 0; number < header.slotCount; number++) backlog += engine.logBacklog(number) >>> 0;
  }
  return {
    policy: evictionName(word),
    adaptive: readDecisions(worker),
    pressure: pressureLevels[pressureOf(utilisation)],
    maxEntries: header.maxEntries,
    capacityEntries: figures.capacity,
    residents: figures.residents,
    victims: figures.victims,
    spared: figures.spared,
    rebuilds: figures.rebuilds,
    walks: figures.walks,
    logged: counters[layout.C_LOGGED],
    logDrops: counters[layout.C_LOG_DROPS],
    hitsNotLogged: counters[layout.C_LOG_SKIPPED],
    backlog,
  };
}

/** The store's own entries: the directory of namespaces, grants, channels. */
function ownUsage(worker: WorkerConnection): { entries: number; bytes: number } {
  const own = { entries: 0, bytes: 0 };
  for (let id = 0; id < layout.FIRST_ID; id++) {
    const { entries, bytes } = new IdLine(worker.currentBuffer(), worker.header, id);
    own.entries += entries;
    own.bytes += bytes;
  }
  return own;
}

/** What the store may use now: its creation capacity, or what it has grown to. The memory itself has its largest size all along. */
function capacityOf(header: Header): number {
  const end = header.pool + slabStart(header.slabLimit);
  return Math.max(header.capacity, end + layout.GUARD_SIZE);
}

/** Neighbouring slabs with the same holder are one value's. */
function countSpans(holders: Uint32Array): SpanStats[] {
  const values = new Map<number, number>();
  for (let i = 0; i < holders.length; ) {
    let end = i + 1;
    while (end < holders.length && holders[end] === holders[i]) end++;
    if (holders[i] !== 0) {
      const slabs = end - i <= 16 ? end - i : 2 ** Math.ceil(Math.log2(end - i));
      values.set(slabs, (values.get(slabs) ?? 0) + 1);
    }
    i = end;
  }
  return [...values].sort(([a], [b]) => a - b).map(([slabs, n]) => ({ slabs, values: n }));
}

function memoryStats(worker: WorkerConnection, used: number[], entryBytes: number): StoreStats["memory"] {
  const { header } = worker;
  const slabs = slabStates(worker.currentBuffer(), header);
  const bySizeClass = used.map((n, sizeClass) => ({ size: chunkSize(sizeClass), chunks: 0, used: n }));
  let cut = 0;
  let spans = 0;
  for (const state of slabs) {
    const { sizeClass, span } = slabState(state);
    if (span) spans++;
    if (sizeClass < 0) continue;
    cut++;
    const entry = bySizeClass[sizeClass];
    entry.chunks += layout.SLAB_SIZE / entry.size;
  }
  const spanBytes = spans * layout.SLAB_SIZE;
  const bySpan = countSpans(slabHolders(worker.currentBuffer(), header));
  const usedBytes = spanBytes + bySizeClass.reduce((sum, { size, used: n }) => sum + size * n, 0);
  const slabBytes = cut * layout.SLAB_SIZE + spanBytes;
  const { poolBytes } = header;
  const buffers = heldBuffers(worker);
  return {
    capacityBytes: capacityOf(header),
    poolBytes,
    slabBytes,
    usedBytes,
    entryBytes,
    spanBytes,
    bySpan,
    utilisation: usedBytes / poolBytes,
    fragmentation: slabBytes === 0 ? 0 : 1 - usedBytes / slabBytes,
    bySizeClass,
    bufferBytes: buffers.reduce((sum, { bytes }) => sum + bytes, 0),
    buffers,
  };
}

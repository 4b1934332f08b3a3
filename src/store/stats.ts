/** What the store counts. Counters have one writer each and are summed here, so a sum may be a few operations old. */
import { layout } from "../core/index.js";
import type { WorkerConnection } from "./worker.js";

export interface SizeClassStats {
  /** Bytes of a chunk. */
  size: number;
  /** Chunks cut so far, and of those in use (entries, messages, buffers, retired). */
  chunks: number;
  used: number;
}

export interface StoreStats {
  /** Living entries, expired ones included until they are swept. */
  entries: number;
  operations: {
    gets: number;
    hits: number;
    misses: number;
    sets: number;
    deletes: number;
    evictions: number;
    expired: number;
    swept: number;
    writeRetries: number;
    readRetries: number;
    /** Reads that gave up validating and went through hazard pointers. */
    readFallbacks: number;
    outOfMemory: number;
    sent: number;
    received: number;
  };
  memory: {
    /** Bytes: of the whole memory, of its pool at most, of slabs cut, of chunks in use. */
    capacityBytes: number;
    poolBytes: number;
    slabBytes: number;
    usedBytes: number;
    /** Chunk bytes of entries. */
    entryBytes: number;
    /** usedBytes / poolBytes, 0 to 1. */
    utilisation: number;
    /** Share of the cut slabs that no chunk uses, 0 to 1: external fragmentation between classes. */
    fragmentation: number;
    bySizeClass: SizeClassStats[];
  };
  workers: { attached: number; limit: number };
  eviction: { policy: "clock" | "none" };
}

/** Reads every counter. */
export function collectStats(worker: WorkerConnection): StoreStats {
  const buffer = worker.currentBuffer();
  const header = worker.header;
  const slotCount = header[layout.H_SLOT_COUNT / 4];
  const slots = header[layout.H_SLOTS / 4];
  const counters = new Array<number>(layout.COUNTER_COUNT).fill(0);
  const used = new Array<number>(layout.CLASS_COUNT).fill(0);
  let attached = 0;
  for (let number = 0; number < slotCount; number++) {
    const slot = slots + number * layout.SLOT_SIZE;
    const values = new BigUint64Array(buffer, slot + layout.S_COUNTERS, layout.COUNTER_COUNT);
    for (let i = 0; i < counters.length; i++) counters[i] += Number(values[i]);
    for (let sizeClass = 0; sizeClass < used.length; sizeClass++) {
      const cache = slot + layout.S_CACHES + sizeClass * layout.CACHE_STRIDE;
      const [taken, given] = new BigInt64Array(buffer, cache + layout.K_TAKEN, 2);
      used[sizeClass] += Number(taken - given);
    }
    if (new Uint32Array(buffer, slot, 1)[0] === layout.SLOT_ACTIVE) attached++;
  }
  return {
    entries: counters[layout.C_INSERTED] - counters[layout.C_REMOVED],
    operations: {
      gets: counters[layout.C_GETS],
      hits: counters[layout.C_GETS] - counters[layout.C_MISSES],
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
    memory: memoryStats(worker, used, counters[layout.C_BYTES_IN] - counters[layout.C_BYTES_OUT]),
    workers: { attached, limit: slotCount },
    eviction: { policy: header[layout.H_EVICTION / 4] === 0 ? "none" : "clock" },
  };
}

function memoryStats(worker: WorkerConnection, used: number[], entryBytes: number): StoreStats["memory"] {
  const { header } = worker;
  const buffer = worker.currentBuffer();
  const slabMax = header[layout.H_SLAB_MAX / 4];
  const slabs = new Uint32Array(buffer, header[layout.H_SLABS / 4], slabMax);
  const bySizeClass = used.map((n, sizeClass) => ({ size: 32 << sizeClass, chunks: 0, used: n }));
  let cut = 0;
  for (const state of slabs) {
    if (state === 0) continue;
    cut++;
    const entry = bySizeClass[(state & 0xff) - 1];
    entry.chunks += layout.SLAB_SIZE / entry.size;
  }
  const usedBytes = bySizeClass.reduce((sum, { size, used: n }) => sum + size * n, 0);
  const slabBytes = cut * layout.SLAB_SIZE;
  const poolBytes = slabMax * layout.SLAB_SIZE;
  return {
    capacityBytes: buffer.byteLength,
    poolBytes,
    slabBytes,
    usedBytes,
    entryBytes,
    utilisation: usedBytes / poolBytes,
    fragmentation: slabBytes === 0 ? 0 : 1 - usedBytes / slabBytes,
    bySizeClass,
  };
}

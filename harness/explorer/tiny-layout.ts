/**
 * The store the explorer works on: the engine's own layout, with slabs so small that a pool has a dozen chunks. Recycling,
 * eviction and the cutting of slabs then happen within a few operations, and a schedule begins by restoring some ten
 * kilobytes. The constants that differ from the shipped engine are the sizes of slabs, dirty regions and groups of buckets, and how far apart
 * the two sides of a ring write; every line of its code is the same.
 */
import { layout as L } from "../../src/core/index.js";

export const SLAB_SHIFT = 8;
/** The same for the regions of the dirty bitmap: one a slab, so that a snapshot has something to leave out. */
export const REGION_SHIFT = 8;
export const SLAB_SIZE = 1 << SLAB_SHIFT;
/** A bucket a group, so that the presence filters have something to leave out. */
export const GROUP_SHIFT = 0;

/** What the sides of a ring write lies this far apart, so that a ring fits a chunk. */
export const RING_STRIDE = 16;
/** The same for a lock; and how many of them a worker may have. */
export const LOCK_ALIGN = 16;
export const HELD_MAX = 4;
/** The key window's words for the names of the locks, "k" and "l". */
export const LOCK_NAMES = [0x6b, 0x6c];
/** The key window's word for the name of the one channel, "r". */
export const RING_NAME = 0x72;

export const SLOT_COUNT = 6;
export const ID_COUNT = 6;
export const SLAB_MAX = 16;

export const SLOTS = L.SLOTS;
export const SLOTS_END = SLOTS + SLOT_COUNT * L.SLOT_SIZE;
export const IDS = SLOTS_END;
export const SLABS = IDS + ID_COUNT * L.ID_STRIDE;
export const DIRTY = SLABS + SLAB_MAX * 8;
export const BUCKETS = DIRTY + 64;
/** Where the bounds of expiries lie: one group holds all buckets (assembly/worker.ts). */
export const expiriesOf = (buckets: number): number => (BUCKETS + buckets * 4 + L.EXPIRY_SIZE - 1) & -L.EXPIRY_SIZE;
/** In the same line: two words at most. */
export const GROUPS = BUCKETS + 32;
export const POOL = BUCKETS + 64;
export const POOL_END = POOL + SLAB_MAX * SLAB_SIZE;

/** What the scheduler and the instances tell each other: words of one line behind everything the store may reach. */
export const CONTROL = 32 * 65536;
/** Accesses the running thread may still make before it is paused; at -1 each one calls the host (tracing). */
export const CONTROL_FUEL = CONTROL;
/** Hash of every access of the schedule so far: thread, kind, address. */
export const CONTROL_HASH = CONTROL + 4;
/** The running thread's number, spread over the word: what makes the same access of two threads hash apart. */
export const CONTROL_MIX = CONTROL + 8;
/** 1 = plain stores, and plain loads of what belongs to others, are steps too: a worker can die between any two. */
export const CONTROL_FINE = CONTROL + 12;
/** Address of the running thread's slot. */
export const CONTROL_SELF = CONTROL + 16;

/** The time, in ticks, that every thread's clock shows: what a tick moves. */
export const CONTROL_TIME = CONTROL + 20;

/** One access log a slot, where a program has them: a line each for tail and head, then the records. */
export const LOGS = CONTROL - 65536;
export const logAddress = (slot: number, records: number): number =>
  LOGS + slot * (L.L_RECORDS + records * L.LOG_RECORD_SIZE);

/** Of a change log, where a program does not watch. */
export const CHANGE_BYTES = 256;
/** One change log a slot, where a program watches. */
export const CHANGES = LOGS - 65536;
export const changeLogAddress = (slot: number, bytes: number): number => CHANGES + slot * (L.T_RECORDS + bytes);

/** The one row of programs that have one. */
export const ROW = CHANGES - 4096;

/** What agents' memory is made of, in programs that use it: an arena of a few units, a pool of two blocks, an agent's word and what it owns. */
export const ARENA = ROW + 256;
export const UNITS = 4;
export const UNIT_SHIFT = 4;
/** Fewer than there are units: they can be all out. */
export const RECORDS = 3;
const RECORD_TABLE = ARENA + L.ARENA_HEADER;
const UNIT_WORDS = RECORD_TABLE + RECORDS * L.PIECE_SIZE;
const UNIT_BYTES = UNIT_WORDS + 64;
export const BLOCKS = UNIT_BYTES + (UNITS << UNIT_SHIFT);
export const BLOCK_COUNT = 2;
const BLOCK_SIZE = 8;
export const OWNER = BLOCKS + L.BLOCKS_HEADER + 192;
export const OWNED = OWNER + L.OWNERSHIP_SIZE;
export const AGENTS_END = OWNED + 64;

export interface AgentMakers {
  makeArena(
    arena: number,
    units: number,
    limit: number,
    shift: number,
    states: number,
    records: number,
    table: number,
    data: number,
  ): void;
  makeBlocks(at: number, count: number, size: number): void;
}

/** As src/agents makes them, where all is zero; half of the units are below the limit. */
export function makeAgents(engine: AgentMakers): void {
  engine.makeArena(ARENA, UNITS, UNITS / 2, UNIT_SHIFT, UNIT_WORDS, RECORDS, RECORD_TABLE, UNIT_BYTES);
  engine.makeBlocks(BLOCKS, BLOCK_COUNT, BLOCK_SIZE);
}

/** The one table of records, of programs that track; and the permits of those that ask for some. */
export const RESOURCES = CHANGES - 8192;
export const RECORD_COUNT = 2;
export const RESOURCES_END = RESOURCES + L.RESOURCES_HEADER + RECORD_COUNT * L.RESOURCE_SIZE;
export const PERMITS = RESOURCES + 1024;
export const PERMITS_END = PERMITS + L.PERMITS_OWNERS + 64;

/** One region a thread for the stack that asyncify saves. */
export const STACKS = CONTROL + 65536;
export const STACK_SIZE = 16384;
export const MEMORY_PAGES = 36;

/** The parts of a slot that a schedule changes and the next one must not see; the windows behind them are scratch. */
export const SLOT_STATE_SIZE = L.S_RETIRED + 256;
/** The header's words that matter, class stacks included. */
export const HEADER_STATE_SIZE = L.H_CLASSES + L.CLASS_COUNT * L.LINE;

export interface TinySettings {
  /** 1 or 2. */
  buckets: number;
  /** 256-byte slabs there are: four chunks of 64 bytes, or two of 128. */
  slabs: number;
  refill: number;
  cacheLimit: number;
  cacheReturn: number;
  retireLimit: number;
  evict: boolean;
  /** Records of each access log, a power of two; 0 = there are none. */
  logRecords: number;
  /** Bytes of each change log, a power of two: a record has 48. */
  changeBytes: number;
}

/** Writes the header of an empty store; all else must be zero. */
export function writeHeader(words: Uint32Array, settings: TinySettings): void {
  const put = (offset: number, value: number) => {
    words[offset >>> 2] = value;
  };
  put(L.H_MAGIC, L.MAGIC);
  put(L.H_LAYOUT, L.LAYOUT_VERSION);
  put(L.H_SLOTS, SLOTS);
  put(L.H_SLOT_COUNT, SLOT_COUNT);
  put(L.H_IDS, IDS);
  put(L.H_ID_COUNT, ID_COUNT);
  put(L.H_CAPACITY, MEMORY_PAGES * 65536);
  put(L.H_SLABS, SLABS);
  put(L.H_SLAB_MAX, settings.slabs);
  put(L.H_SLAB_LIMIT, settings.slabs);
  put(L.H_DIRTY, DIRTY);
  put(L.H_GROUPS, GROUPS);
  put(L.H_BUCKETS, BUCKETS);
  put(L.H_BUCKET_MASK, settings.buckets - 1);
  put(L.H_POOL, POOL);
  put(L.H_HASH_SEED, 1);
  put(L.H_HASH_KIND, L.HASH_XX);
  put(L.H_RETIRE_LIMIT, settings.retireLimit);
  put(L.H_REFILL, settings.refill);
  put(L.H_CACHE_LIMIT, settings.cacheLimit);
  put(L.H_CACHE_RETURN, settings.cacheReturn);
  put(L.H_EVICTION, settings.evict ? 1 : 0);
  put(L.H_LOG, settings.logRecords > 0 ? LOGS : 0);
  put(L.H_LOG_RECORDS, settings.logRecords);
  put(L.H_CHANGES, CHANGES);
  put(L.H_CHANGE_BYTES, settings.changeBytes);
  put(L.H_CUT_MAX, settings.slabs);
  put(L.H_EPOCH, 1);
  put(L.H_NEXT_ID, L.FIRST_ID);
  for (let id = 0; id < L.FIRST_ID; id++) put(IDS + id * L.ID_STRIDE + L.I_STATE, L.ID_USED);
}

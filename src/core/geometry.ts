/** Where everything lies in a store's memory: computed once by the creator, written into the header, read by all others. */
import * as L from "./layout.js";

export interface Geometry {
  /** Bytes of the memory now and at most; whole WebAssembly pages, 64 KiB. */
  readonly capacity: number;
  readonly maxCapacity: number;
  readonly slotCount: number;
  readonly slots: number;
  /** The access logs, and records a log; both 0 when there are none. */
  readonly logs: number;
  readonly logRecords: number;
  /** The change logs, and bytes of records a log. */
  readonly changes: number;
  readonly changeBytes: number;
  readonly ids: number;
  readonly idCount: number;
  readonly slabs: number;
  readonly dirty: number;
  /** One word for every group of buckets. */
  readonly groups: number;
  readonly buckets: number;
  readonly bucketCount: number;
  readonly pool: number;
  /** Slabs of 64 KiB now and at most. */
  readonly slabLimit: number;
  readonly slabMax: number;
}

export interface GeometryRequest {
  capacity: number;
  maxCapacity: number;
  slotCount: number;
  /** Share of the memory that is pool, 0 to 1 (M-006: 0.6). */
  poolShare: number;
  /** Entries to expect at most; sizes the bucket table. null: by the pool, see planGeometry. */
  expectedEntries: number | null;
  maxNamespaces: number | null;
  /** Records of each worker's access log, a power of two; 0 or absent: no policy needs them. */
  logRecords?: number;
  /** Bytes of each worker's change log, a power of two. Default 8 KiB. */
  changeBytes?: number;
}

const CHANGE_BYTES = 8192;

const PAGE = 65536;
/** Below this a store cannot hold one slab of each of the common size classes. */
const MIN_SLABS = 10;

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

/** Bytes of one worker's access log. */
export function logSize(records: number): number {
  return records === 0 ? 0 : L.L_RECORDS + records * L.LOG_RECORD_SIZE;
}

export function powerOfTwo(atLeast: number): number {
  let n = 1;
  while (n < atLeast) n *= 2;
  return n;
}

/** Bytes of pool a bucket stands for, when the caller does not say how many entries to expect. */
const POOL_PER_BUCKET = 256;
/** And at most, whatever the caller expects: chains of 64 of the smallest entries are as long as they may get. */
const POOL_PER_BUCKET_MAX = 4096;

/**
 * The bucket policy: one bucket per 256 bytes of the whole pool, rounded up to a power of two; nothing is ever resized. A store
 * full of 128-byte chunks (64-byte values) has chains of at most 2 on average, one full of the smallest chunks at most 4, from a
 * thousand entries to ten million. A denser table was measured (one per 64 bytes): chains of 1 at worst, but reads of
 * 100 k entries in a large store were slower by half, because each bucket is then a cache and TLB miss of its own.
 * `expectedEntries` sets another size: one bucket per entry, but never less than one per 4 KiB of pool, so that a number
 * that turns out too low costs speed and not the store.
 */
export function planGeometry(request: GeometryRequest): Geometry {
  const capacity = align(request.capacity, PAGE);
  const maxCapacity = Math.max(capacity, align(request.maxCapacity, PAGE));
  const idCount = Math.min(65536, powerOfTwo(request.maxNamespaces ?? Math.max(256, maxCapacity / 1024)));
  const slots = L.SLOTS;
  const logRecords = request.logRecords ?? 0;
  const logs = logRecords === 0 ? 0 : slots + request.slotCount * L.SLOT_SIZE;
  const changeBytes = request.changeBytes ?? CHANGE_BYTES;
  const changes = slots + request.slotCount * (L.SLOT_SIZE + logSize(logRecords));
  const ids = changes + request.slotCount * (L.T_RECORDS + changeBytes);
  const slabs = ids + idCount * L.ID_STRIDE;

  let share = Math.floor((maxCapacity * request.poolShare) / PAGE);
  for (;;) {
    const dirty = align(slabs + share * 8, L.LINE); // of each slab its state and its holder
    const wanted = request.expectedEntries ?? (share * PAGE) / POOL_PER_BUCKET;
    const bucketCount = Math.max(1024, powerOfTwo(Math.max(wanted, (share * PAGE) / POOL_PER_BUCKET_MAX)));
    const expiries = (bucketCount >> L.EXPIRY_SHIFT) * L.EXPIRY_SIZE;
    const groups = align(dirty + (share * PAGE) / 4096 / 8, L.LINE);
    const buckets = align(groups + (bucketCount >> L.GROUP_SHIFT) * 4, 4096);
    const pool = align(buckets + bucketCount * 4 + expiries, PAGE);
    const slabMax = Math.min(share, Math.floor((maxCapacity - L.GUARD_SIZE - pool) / PAGE));
    const slabLimit = Math.min(slabMax, Math.floor((capacity - L.GUARD_SIZE - pool) / PAGE));
    if (slabMax < share && share > MIN_SLABS) {
      share -= Math.max(1, Math.ceil((share - slabMax) / 8));
      continue;
    }
    return {
      capacity,
      maxCapacity,
      slotCount: request.slotCount,
      slots,
      logs,
      logRecords,
      changes,
      changeBytes,
      ids,
      idCount,
      slabs,
      dirty,
      groups,
      buckets,
      bucketCount,
      pool,
      slabLimit: Math.max(0, slabLimit),
      slabMax: Math.max(0, slabMax),
    };
  }
}

/** The smallest capacity, in bytes, that leaves a working pool when all else stays as requested. */
export function minimumCapacity(request: GeometryRequest): number {
  let capacity = 0;
  let geometry: Geometry;
  do {
    capacity += PAGE;
    geometry = planGeometry({ ...request, capacity, maxCapacity: Math.max(capacity, request.maxCapacity) });
  } while (!hasRoom(geometry));
  return capacity;
}

/** Where the pool can begin at the earliest: what must lie before it, no more. */
export function leastPool(counts: Pick<Geometry, "slotCount" | "idCount" | "slabMax" | "bucketCount">): number {
  const { slotCount, idCount, slabMax, bucketCount } = counts;
  return L.HEADER_SIZE + slotCount * L.SLOT_SIZE + idCount * L.ID_STRIDE + slabMax * 4 + bucketCount * 4;
}

export function hasRoom(geometry: Geometry): boolean {
  return geometry.slabLimit >= MIN_SLABS;
}

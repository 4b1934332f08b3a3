import { chunkSizeFor, DESCRIPTOR_BYTES, ENTRY_ROOM, layout, slabStart, slabsFor } from "../../src/core/index.js";
import type { SubjectPlan } from "./subject.js";

const MIB = 1024 * 1024;
/** Share of the capacity that is the pool of chunks (M-006). */
const POOL_SHARE = 0.6;
/** Free chunks wait in the workers' caches, replaced ones until no reader can hold them, slabs are 64 KiB: room for all that. */
const SLACK = 1.3;
const FIXED_BYTES = 8 * MIB;
/** Where inserts go on for as long as the run lasts and no capacity is named. */
const GROWING_BYTES = 1024 * MIB;

/** Share of the pool that the largest value takes at most: the store's own limit. */
const VALUE_SHARE = 1 / 4;
/** Where addresses end. */
const MOST_BYTES = 4096 * MIB;
/** Of messages, what room is made for: mailboxes are rarely full, and one that finds no room is refused and counted. */
const MESSAGES_MOST = 256 * MIB;

/** Bytes of the size class that an entry takes; of a large value, those of a chunk for its key and of the slabs it lies in. */
function chunkBytes(keyBytes: number, valueBytes: number): number {
  const key = paddedKey(keyBytes);
  if (key + valueBytes <= ENTRY_ROOM) return chunkSizeFor(key + valueBytes);
  return chunkSizeFor(key + DESCRIPTOR_BYTES) + slabStart(slabsFor(valueBytes));
}

function paddedKey(keyBytes: number): number {
  return Math.ceil(keyBytes / 16) * 16;
}

export interface StoreSizing {
  readonly capacity: number;
  readonly maxWorkers: number;
  /** As the scenario names it; null: the store's own. */
  readonly eviction: string | null;
  /** How it was sized, for the reader of a result. */
  readonly note: string;
}

/**
 * The store a scenario needs: of the capacity the scenario names, or, when it names none, one whose pool (60 % of the
 * capacity) has 1.3 times the chunks that all entries take when each holds its largest value.
 */
export function storeOptionsFor(plan: SubjectPlan): StoreSizing {
  const { workers: maxWorkers, capacityBytes, eviction } = plan;
  if (capacityBytes !== null) {
    return {
      capacity: capacityBytes,
      maxWorkers,
      eviction,
      note: `store of ${capacityBytes / MIB} MiB, as the scenario says`,
    };
  }
  if (plan.grows) {
    const note = `store of ${GROWING_BYTES / MIB} MiB: it is inserted into without end, and the scenario names no capacity`;
    return { capacity: GROWING_BYTES, maxWorkers, eviction, note };
  }
  const entries = chunkTotal(plan) + messageTotal(plan) + readBuffers(plan);
  const pool = Math.max(entries * SLACK, largestOf(plan) / VALUE_SHARE);
  const bytes = pool / POOL_SHARE + maxWorkers * layout.SLOT_SIZE + FIXED_BYTES;
  const capacity = Math.ceil(bytes / MIB) * MIB;
  const note = `store of ${capacity / MIB} MiB: all entries at their largest in chunks of their size class, x ${SLACK}, the pool being 60 % of it`;
  return { capacity, maxWorkers, eviction, note };
}

/** Why there can be no such store; null: there can. */
export function whyTooLarge(plan: SubjectPlan): string | null {
  const { capacity } = storeOptionsFor(plan);
  if (capacity <= MOST_BYTES) return null;
  return `${plan.entries} entries at their largest take a store of ${capacity / MIB} MiB, and addresses end at 4 GiB; expected store: { capacity: … }`;
}

/** Each worker reads into a buffer of the store's, which for a large value is a span like the value's own. */
function readBuffers(plan: SubjectPlan): number {
  const bytes = largestOf(plan);
  return bytes > ENTRY_ROOM ? plan.workers * slabStart(slabsFor(bytes)) : 0;
}

function largestOf({ maxValueBytes, messages }: SubjectPlan): number {
  return Math.max(maxValueBytes, messages?.maxBytes ?? 0);
}

function messageTotal({ messages }: SubjectPlan): number {
  if (messages === undefined) return 0;
  return Math.min(MESSAGES_MOST, messages.count * chunkBytes(0, messages.maxBytes));
}

function chunkTotal(plan: SubjectPlan): number {
  let bytes = 0;
  for (let key = 0; key < plan.largestValues.length; key++) {
    if (plan.largestValues[key] >= 0) bytes += chunkBytes(plan.keyBytes[key], plan.largestValues[key]);
  }
  return bytes;
}

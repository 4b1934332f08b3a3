/**
 * This thread's place in the store. Wasm globals belong to the instance, so each worker has its own. What another
 * worker may need after this one's death lives in the slot, never here.
 */
import {
  EXPIRY_SIZE,
  H_BUCKETS,
  H_BUCKET_MASK,
  H_DIRTY,
  H_EPOCH,
  H_GROUPS,
  H_HASH_KIND,
  H_IDS,
  H_LOG,
  H_LOG_RECORDS,
  H_POOL,
  H_SLABS,
  H_SLAB_MAX,
  H_SLOTS,
  LOG_RECORD_SIZE,
  L_RECORDS,
  REGION_SHIFT,
  SLAB_SHIFT,
  SLOT_SIZE,
  S_COUNTERS,
  S_WRITE_EPOCH,
} from "../layout";
import { load32, or32, release32, store32 } from "./memory";

export let slot: u32 = 0;
export let slotNumber: u32 = 0;
export let pool: u32 = 0;
export let poolEnd: u32 = 0;
export let slabs: u32 = 0;
/** Behind the states of the slabs: whose value each is of (slabs.ts). */
export let holders: u32 = 0;
export let buckets: u32 = 0;
export let bucketMask: u32 = 0;
/** Words that tell where entries expire, one a group of buckets (expiry.ts). */
export let expiries: u32 = 0;
export let groups: u32 = 0;
export let hashKind: u32 = 0;
export let ids: u32 = 0;
/** This worker's access log, and its records - 1; 0 where no policy asks for it (log.ts). */
export let log: u32 = 0;
export let logMask: u32 = 0;
let dirty: u32 = 0;
let random: u32 = 0;

export function takePlace(number: u32): void {
  slotNumber = number;
  slot = load<u32>(H_SLOTS) + number * SLOT_SIZE;
  pool = load<u32>(H_POOL);
  poolEnd = pool + (load<u32>(H_SLAB_MAX) << SLAB_SHIFT);
  slabs = load<u32>(H_SLABS);
  holders = slabs + (load<u32>(H_SLAB_MAX) << 2);
  buckets = load<u32>(H_BUCKETS);
  bucketMask = load<u32>(H_BUCKET_MASK);
  expiries = (buckets + ((bucketMask + 1) << 2) + (EXPIRY_SIZE - 1)) & ~(EXPIRY_SIZE - 1);
  groups = load<u32>(H_GROUPS);
  hashKind = load<u32>(H_HASH_KIND);
  ids = load<u32>(H_IDS);
  dirty = load<u32>(H_DIRTY);
  const records = load<u32>(H_LOG_RECORDS);
  log = records == 0 ? 0 : load<u32>(H_LOG) + number * (L_RECORDS + records * LOG_RECORD_SIZE);
  logMask = records - 1;
  random = number * 2654435761 + 0x9e3779b9;
}

/** The evictor's own removals are no news to it. */
export function setLog(address: u32): void {
  log = address;
}

/** xorshift32: where to look for a victim. */
export function nextRandom(): u32 {
  random ^= random << 13;
  random ^= random >> 17;
  random ^= random << 5;
  return random;
}

/** Own counters are written by this worker alone; readers may see a value one operation old. */
// @ts-ignore: decorator
@inline
export function count(counter: u32, by: u64 = 1): void {
  const at = slot + S_COUNTERS + (counter << 3);
  store<u64>(at, load<u64>(at) + by);
}

/**
 * A write begins: publish the epoch it runs in, then read the epoch again. Either the snapshot that ends this epoch sees
 * the publication and waits for us, or we see its bump and start over in the new epoch.
 */
// @ts-ignore: decorator
@inline
export function beginWrite(): void {
  if (FAULT == 19) return;
  let epoch = load32(H_EPOCH);
  while (true) {
    store32(slot + S_WRITE_EPOCH, epoch);
    const again = load32(H_EPOCH);
    if (again == epoch) return;
    epoch = again;
  }
}

// @ts-ignore: decorator
@inline
export function endWrite(): void {
  release32(slot + S_WRITE_EPOCH, 0);
}

/**
 * Marks the regions of a chunk dirty, after it was written: a set bit seen here has not been cleared yet, so the copy
 * that follows its clearing sees our write too.
 */
// @ts-ignore: decorator
@inline
export function markDirty(chunk: u32, size: u32): void {
  if (!ASC_NO_ASSERT) assert(chunk >= pool && chunk + size <= poolEnd);
  markRegion((chunk - pool) >> REGION_SHIFT);
  if (size > 1 << REGION_SHIFT) markMore(chunk, size);
}

function markMore(chunk: u32, size: u32): void {
  const last = (chunk + size - 1 - pool) >> REGION_SHIFT;
  for (let region = ((chunk - pool) >> REGION_SHIFT) + 1; region <= last; region++) markRegion(region);
}

// @ts-ignore: decorator
@inline
function markRegion(region: u32): void {
  const word = dirty + ((region >> 5) << 2);
  const bit: u32 = 1 << (region & 31);
  if (!(load32(word) & bit)) or32(word, bit);
}

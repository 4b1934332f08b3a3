/**
 * Entries of a backup into the table: either a whole slab where it lies, read from the file straight into the pool
 * (`adoptSlab`), or copied from a window into chunks of their own (`loadChunks`), which needs no more slabs than there are entries for.
 *
 * Nobody but threads that load have the store: it was just made, no maintenance thread runs yet, no entry goes. So no hazard is
 * named, and counts are added up and stored a piece at a time. Chains only grow, at their heads, by one swap each: a loader
 * that swapped has seen every entry of the chain, so that no key comes in twice. Several threads may adopt slabs at a time; one
 * alone, after them, copies, which may evict. Should a loader die, the store is given up.
 *
 * A cut can have a key twice: a write of its epoch found the key absent; then it was inserted, in this epoch or before, and
 * deleted, in the next, so that the bucket's head was as before; then that first write inserted it, stamped with its own
 * epoch. Both were there for a moment between the backup's start and its cut: either is right. To look for the key in the chain takes
 * two thirds of the time, nearly always for nothing. So while slabs are adopted, the five low bits of a bucket, which no address has,
 * say which fifths of the hashes its chain holds any of (a Bloom filter), and most chains need not be looked at.
 *
 * The namespace ids are those of the backup. Whoever restores has made each namespace under its old id and noted its hash
 * seed at the id's line (I_LOAD); entries of any other id are left out.
 */
import {
  C_BYTES_IN,
  C_INSERTED,
  C_SLABS,
  DEATH_SLOT_BITS,
  E_BIRTH,
  E_DEATH,
  E_EXPIRES,
  E_FLAGS,
  E_HASH,
  E_KEY,
  E_META,
  E_NEXT,
  E_VALUE_LENGTH,
  E_VERSION,
  FLAG_LARGE,
  H_EPOCH,
  H_ID_COUNT,
  H_SLAB_LIMIT,
  H_SLAB_MAX,
  I_BYTES,
  I_ENTRIES,
  I_LOAD,
  I_SEED,
  KEY_MAX,
  LOG_INSERT,
  NO_MEMORY,
  REGION_SHIFT,
  SLAB_SHIFT,
  SLAB_SIZE,
  S_HAND_CHUNK,
  S_MANY,
  O_EXPIRED,
  O_OFFSET,
  S_OUT,
} from "../layout";
import { allocateOrEvict } from "./evict";
import { now, noteExpiry } from "./expiry";
import { hashKey } from "./hash";
import { add32, add64, equalBytes, load32, swap32 } from "./memory";
import { classAt, classOf, countTaken, giveList, putBack, sizeOf } from "./pool";
import { enrol } from "./presence";
import { idLine } from "./quota";
import { bucketOf, padded, tell } from "./table";
import { beginWrite, bucketMask, buckets, count, endWrite, hashKind, markDirty, pool, slabs, slot } from "./worker";
import { fill } from "./write";

/** A chunk whose lengths contradict its class: its offset is in O_OFFSET. */
const CORRUPT: i32 = -20;

/**
 * Loads what belongs to snapshot `epoch` of the `bytes` of chunks of `size` bytes in the window S_MANY. In two passes, so
 * that the cache misses of the first, which depend on nothing but their keys, overlap.
 *
 * @param tick the old store's time at the cut, in its ticks
 * @param passed ticks from then to this store's beginning, 2^32 - 1 for any longer time
 * @returns entries loaded; how many had expired is in O_EXPIRED. NO_MEMORY or CORRUPT when it stopped
 */
export function loadChunks(bytes: u32, size: u32, epoch: u32, tick: u32, passed: u32): i32 {
  const from = slot + S_MANY;
  const end = from + bytes;
  atCut(tick, passed);
  if (!survey(from, end, size, epoch, 0)) return CORRUPT;
  beginWrite();
  const loaded = copyAll(from, end, size);
  endWrite();
  store<u32>(slot + S_OUT, expired, O_EXPIRED);
  return loaded;
}

/** Keeps the slab for `adoptSlab`, which fills it: no chunk of it is handed out before. */
export function reserveSlab(index: u32, sizeClass: u32): void {
  const limit = min<u32>((index | 15) + 1, load<u32>(H_SLAB_MAX));
  if (load<u32>(H_SLAB_LIMIT) < limit) store<u32>(H_SLAB_LIMIT, limit);
  store<u32>(slabs + (index << 2), sizeClass + 1);
  count(C_SLABS);
}

/**
 * Makes entries of what belongs to snapshot `epoch` in a reserved slab, where the file's bytes lie already, and free chunks
 * of the rest.
 *
 * @returns as loadChunks, but for NO_MEMORY
 */
export function adoptSlab(index: u32, sizeClass: u32, epoch: u32, tick: u32, passed: u32): i32 {
  atCut(tick, passed);
  const from = pool + (index << SLAB_SHIFT);
  const end = from + SLAB_SIZE;
  const size = sizeOf(sizeClass);
  if (!survey(from, end, size, epoch, FIFTHS)) return CORRUPT;
  beginWrite();
  const loaded = linkAll(from, end, sizeClass, size);
  for (let region = from; region < end; region += 1 << REGION_SHIFT) markDirty(region, 1);
  endWrite();
  store<u32>(slot + S_OUT, expired, O_EXPIRED);
  return loaded;
}

/** Takes the birth from every chunk that is no entry of the snapshot, and looks at the others. False at one that cannot be. */
function survey(from: u32, end: u32, size: u32, epoch: u32, filters: u32): bool {
  expired = 0;
  for (let chunk = from; chunk < end; chunk += size) {
    if (belongs(chunk, epoch) && isAdmitted(chunk) && !isLarge(chunk)) {
      if (!fits(chunk, size)) {
        store<u32>(slot + S_OUT, chunk - from, O_OFFSET);
        return false;
      }
      look(chunk, filters);
    } else {
      store<u32>(chunk + E_BIRTH, 0);
      store<u8>(chunk + E_FLAGS, 0); // a span it may have had in the old store is not here
    }
  }
  return true;
}

let expired: u32 = 0;
/** What the sum of all that `look` touched is good for: no compiler may leave the loads out. */
let sink: u32 = 0;

/** The predicate of a snapshot, as in src/backup/entries.ts. */
// @ts-ignore: decorator
@inline
function belongs(chunk: u32, epoch: u32): bool {
  const birth = load<u32>(chunk + E_BIRTH);
  if (birth == 0 || birth > epoch) return false;
  const death = load<u32>(chunk + E_DEATH) >> DEATH_SLOT_BITS;
  return death == 0 || death > epoch;
}

// @ts-ignore: decorator
@inline
function isAdmitted(chunk: u32): bool {
  const id = load<u32>(chunk + E_META) & 0xffff;
  return id < load<u32>(H_ID_COUNT) && load<u32>(idLine(id) + I_LOAD) != 0;
}

/** Large values come when all else is in, each with an entry of its own: where it lay in the old store says nothing here. */
// @ts-ignore: decorator
@inline
function isLarge(chunk: u32): bool {
  return (load<u8>(chunk + E_FLAGS) & FLAG_LARGE) != 0;
}

// @ts-ignore: decorator
@inline
function fits(chunk: u32, size: u32): bool {
  const keyLength = load<u32>(chunk + E_META) >> 16;
  return keyLength != 0 && keyLength <= KEY_MAX && bytesOf(chunk) <= size;
}

// @ts-ignore: decorator
@inline
function bytesOf(chunk: u32): u32 {
  return E_KEY + padded(load<u32>(chunk + E_META) >> 16) + <u32>load<u16>(chunk + E_VALUE_LENGTH);
}

/** Gives the chunk its hash in this store, and touches its bucket and, if that may hold the key, the first entry there. */
// @ts-ignore: decorator
@inline
function look(chunk: u32, filters: u32): void {
  const meta = load<u32>(chunk + E_META);
  const hash = hashKey(hashKind, chunk + E_KEY, meta >> 16, load<u32>(idLine(meta & 0xffff) + I_SEED));
  store<u32>(chunk + E_HASH, hash);
  const head = load<u32>(bucketOf(hash));
  const mayHoldIt = filters == 0 ? head != 0 : (head & fifthOf(hash)) != 0;
  sink += mayHoldIt ? load<u32>((head & ~FIFTHS) + E_HASH) : head;
}

/** The bits of a bucket that filter, while slabs are adopted. */
const FIFTHS: u32 = 31;

// @ts-ignore: decorator
@inline
function fifthOf(hash: u32): u32 {
  return 1 << (((hash >> 16) * 5) >> 16);
}

/**
 * Takes the filters out of all buckets: before anyone else looks at one. Stores only where there are any: a bucket that was never
 * written to has no memory of its own yet, and is not to get any.
 */
export function endAdoption(): void {
  const end = buckets + (bucketMask + 1) * 4;
  for (let bucket = buckets; bucket < end; bucket += 16) {
    const four = v128.load(bucket);
    if (v128.any_true(v128.and(four, i32x4.splat(FIFTHS)))) v128.store(bucket, v128.and(four, i32x4.splat(~FIFTHS)));
  }
}

/** Entries loaded since `startCounting`; per namespace as long as the id is the same, as it mostly is for a while. */
let entries: u32 = 0;
let chunkBytes: u64 = 0;
let id: u32 = 0;
let entriesOfId: u32 = 0;
let bytesOfId: u64 = 0;

function startCounting(): void {
  entries = 0;
  chunkBytes = 0;
  entriesOfId = 0;
  bytesOfId = 0;
}

// @ts-ignore: decorator
@inline
function countEntry(itsId: u32, bytes: u32): void {
  if (itsId != id) {
    charge();
    id = itsId;
  }
  entriesOfId++;
  bytesOfId += bytes;
}

function charge(): void {
  if (entriesOfId == 0) return;
  const line = idLine(id);
  add32(line + I_ENTRIES, entriesOfId);
  add64(line + I_BYTES, bytesOfId);
  entries += entriesOfId;
  chunkBytes += bytesOfId;
  entriesOfId = 0;
  bytesOfId = 0;
}

function endCounting(): void {
  charge();
  count(C_INSERTED, entries);
  count(C_BYTES_IN, chunkBytes);
}

function copyAll(from: u32, end: u32, size: u32): i32 {
  let room = true;
  startCounting();
  for (let chunk = from; chunk < end && room; chunk += size) {
    if (load<u32>(chunk + E_BIRTH) == 0) continue;
    const expires = expiryHere(chunk);
    if (expires >= 0) room = copyEntry(chunk, <u32>expires);
  }
  endCounting();
  return room ? entries : NO_MEMORY;
}

function linkAll(from: u32, end: u32, sizeClass: u32, size: u32): i32 {
  let first: u32 = 0; // of the chunks that are free
  let last: u32 = 0;
  startCounting();
  for (let chunk = from; chunk < end; chunk += size) {
    if (load<u32>(chunk + E_BIRTH) != 0) {
      const expires = expiryHere(chunk);
      if (expires >= 0 && adoptEntry(chunk, <u32>expires)) {
        countEntry(load<u32>(chunk + E_META) & 0xffff, size);
        continue;
      }
      store<u32>(chunk + E_BIRTH, 0);
      store<u8>(chunk + E_FLAGS, 0);
    }
    store<u64>(chunk + E_NEXT, 0); // and no death
    if (first == 0) first = chunk;
    else store<u32>(last + E_NEXT, chunk);
    last = chunk;
  }
  endCounting();
  countTaken(sizeClass, entries);
  if (first != 0) giveList(sizeClass, first, last);
  return entries;
}

let cutTick: u32 = 0;
let passedSince: u32 = 0;
let timeHere: u32 = 0;

function atCut(tick: u32, passed: u32): void {
  cutTick = tick;
  passedSince = passed;
  timeHere = now();
}

/**
 * The tick at which the entry expires here, 0 = never; -1 when that has come, and it is counted. Ticks wrap around, so two of them are only
 * compared where they are known to be near: the entry's expiry with the cut's, both of the old store. What was left of it then, and what
 * has passed since, are numbers of ticks and do not wrap.
 */
// @ts-ignore: decorator
@inline
function expiryHere(chunk: u32): i64 {
  const then = load<u32>(chunk + E_EXPIRES);
  if (then == 0) return 0;
  const left = <i64><i32>(then - cutTick);
  const expires = left - <i64>passedSince;
  if (expires <= <i64>timeHere) {
    expired++;
    return -1;
  }
  return expires;
}

/** A copy of the entry into a chunk of its own, unless its key is there. False when there is no chunk. */
function copyEntry(source: u32, expires: u32): bool {
  const hash = load<u32>(source + E_HASH);
  const meta = load<u32>(source + E_META);
  const key = source + E_KEY;
  const chunk = allocateOrEvict(classOf(bytesOf(source)));
  if (chunk == 0) return false;
  const size = sizeOf(classAt(chunk));
  fill(chunk, hash, meta, key, key + padded(meta >> 16), load<u16>(source + E_VALUE_LENGTH), expires);
  if (!publish(chunk, hash, meta, expires, 0)) {
    putBack(chunk);
    return true;
  }
  markDirty(chunk, size);
  store<u32>(slot + S_HAND_CHUNK, 0);
  countEntry(meta & 0xffff, size);
  return true;
}

/** The chunk itself as an entry: its key and value are in place, the rest is set as `fill` would. */
// @ts-ignore: decorator
@inline
function adoptEntry(chunk: u32, expires: u32): bool {
  store<u32>(chunk + E_EXPIRES, expires);
  store<u16>(chunk + E_FLAGS, 0); // flags and access
  return publish(chunk, load<u32>(chunk + E_HASH), load<u32>(chunk + E_META), expires, FIFTHS);
}

/** Puts a filled chunk at the head of its chain. False when the key is there already. */
// @ts-ignore: decorator
@inline
function publish(chunk: u32, hash: u32, meta: u32, expires: u32, filters: u32): bool {
  const bucket = bucketOf(hash);
  const fifth = fifthOf(hash);
  enrol(meta & 0xffff, hash & bucketMask); // nobody forgets anything yet
  store<u32>(chunk + E_BIRTH, load<u32>(H_EPOCH));
  while (true) {
    const head = load32(bucket);
    const first = head & ~FIFTHS;
    if (filters == 0 || head & fifth) if (isIn(first, chunk, hash, meta)) return false;
    store<u64>(chunk + E_NEXT, <u64>first); // and no death
    const filter = FAULT == 26 ? fifth : (head | fifth) & filters;
    if (swap32(bucket, FAULT == 25 ? load<u32>(bucket) : head, chunk | filter)) break;
  }
  if (expires != 0) noteExpiry(hash, expires);
  tell(LOG_INSERT, hash, meta & 0xffff, chunk, load<u32>(chunk + E_VERSION), expires);
  return true;
}

// @ts-ignore: decorator
@inline
function isIn(first: u32, chunk: u32, hash: u32, meta: u32): bool {
  for (let entry = first; entry != 0; entry = load<u32>(entry + E_NEXT) & ~1) {
    if (load<u32>(entry + E_HASH) != hash || load<u32>(entry + E_META) != meta) continue;
    if (equalBytes(entry + E_KEY, chunk + E_KEY, meta >> 16)) return true;
  }
  return false;
}

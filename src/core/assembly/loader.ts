/**
 * Entries of a backup into the table, a piece of a slab at a time.
 *
 * The thread that loads has the store to itself: it has just made it, no maintenance thread runs yet, nobody has its handle. So
 * buckets are read and written plainly, no hazard is named, and counts are added up and stored a piece at a time. Should the
 * thread die, the store dies with it.
 *
 * The namespace ids are those of the backup. Whoever restores has made each namespace under its old id and noted its hash
 * seed at the id's line (I_LOAD); entries of any other id are left out.
 */
import {
  C_BYTES_IN,
  C_INSERTED,
  DEATH_SLOT_BITS,
  E_BIRTH,
  E_DEATH,
  E_EXPIRES,
  E_HASH,
  E_KEY,
  E_META,
  E_NEXT,
  E_VALUE_LENGTH,
  E_VERSION,
  H_EPOCH,
  H_ID_COUNT,
  H_TICK,
  I_BYTES,
  I_ENTRIES,
  I_LOAD,
  I_LOAD_SEED,
  KEY_MAX,
  LOG_INSERT,
  NO_MEMORY,
  S_HAND_CHUNK,
  S_MANY,
  S_OUT,
} from "../layout";
import { allocateOrEvict } from "./evict";
import { hashKey } from "./hash";
import { add32, add64, equalBytes } from "./memory";
import { classAt, classOf, sizeOf } from "./pool";
import { idLine } from "./quota";
import { bucketOf, fill, padded, tell } from "./table";
import { beginWrite, count, endWrite, hashKind, markDirty, slot } from "./worker";

/** A chunk whose lengths contradict its class: its offset is in S_OUT. */
const CORRUPT: i32 = -20;

/**
 * Loads what belongs to snapshot `epoch` of the `bytes` of chunks of `size` bytes in the window S_MANY. In two passes, so
 * that the cache misses of the first, which depend on nothing but their keys, overlap.
 *
 * @param shift ticks from the old store's beginning to this one's
 * @returns entries loaded; how many had expired is in S_OUT + 4. NO_MEMORY or CORRUPT when it stopped
 */
export function loadChunks(bytes: u32, size: u32, epoch: u32, shift: u32): i32 {
  const from = slot + S_MANY;
  const end = from + bytes;
  expired = 0;
  for (let chunk = from; chunk < end; chunk += size) {
    if (belongs(chunk, epoch) && isAdmitted(chunk)) {
      if (!fits(chunk, size)) {
        store<u32>(slot + S_OUT, chunk - from);
        return CORRUPT;
      }
      look(chunk);
    } else {
      store<u32>(chunk + E_BIRTH, 0);
    }
  }
  beginWrite();
  const loaded = loadAll(from, end, size, shift);
  endWrite();
  store<u32>(slot + S_OUT, expired, 4);
  return loaded;
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

/** Gives the chunk its hash in this store, and touches its bucket and the first entry there. */
// @ts-ignore: decorator
@inline
function look(chunk: u32): void {
  const meta = load<u32>(chunk + E_META);
  const hash = hashKey(hashKind, chunk + E_KEY, meta >> 16, load<u32>(idLine(meta & 0xffff) + I_LOAD_SEED));
  store<u32>(chunk + E_HASH, hash);
  const first = load<u32>(bucketOf(hash));
  if (first != 0) sink += load<u32>(first + E_HASH);
}

function loadAll(from: u32, end: u32, size: u32, shift: u32): i32 {
  let loaded: i32 = 0;
  let id: u32 = 0; // of the entries not yet counted
  let entries: u32 = 0;
  let chunkBytes: u64 = 0;
  let allBytes: u64 = 0;
  let room = true;
  for (let chunk = from; chunk < end; chunk += size) {
    if (load<u32>(chunk + E_BIRTH) == 0) continue;
    const meta = load<u32>(chunk + E_META);
    const hash = load<u32>(chunk + E_HASH);
    if (isLoaded(hash, meta, chunk + E_KEY)) continue;
    let expires = load<u32>(chunk + E_EXPIRES);
    if (expires != 0) {
      expires -= shift;
      if (<i32>(load<u32>(H_TICK) - expires) >= 0) {
        expired++;
        continue;
      }
      if (expires == 0) expires = 1;
    }
    const taken = loadEntry(chunk, hash, meta, expires);
    room = taken != 0;
    if (!room) break;
    if ((meta & 0xffff) != id) {
      charge(id, entries, chunkBytes);
      id = meta & 0xffff;
      entries = 0;
      chunkBytes = 0;
    }
    entries++;
    chunkBytes += taken;
    allBytes += taken;
    loaded++;
  }
  charge(id, entries, chunkBytes);
  count(C_INSERTED, loaded);
  count(C_BYTES_IN, allBytes);
  return room ? loaded : NO_MEMORY;
}

// @ts-ignore: decorator
@inline
function charge(id: u32, entries: u32, bytes: u64): void {
  if (entries == 0) return;
  const line = idLine(id);
  add32(line + I_ENTRIES, entries);
  add64(line + I_BYTES, bytes);
}

/**
 * Whether the key is there already. A cut can have a key twice: a write of its epoch found the key absent; then it was
 * inserted, in this epoch, and deleted, in the next, so that the bucket's head was as before; then that first write inserted
 * it, stamped with the cut's epoch. Both were there for a moment between the backup's start and its cut: either is right.
 */
// @ts-ignore: decorator
@inline
function isLoaded(hash: u32, meta: u32, key: u32): bool {
  for (let entry = load<u32>(bucketOf(hash)); entry != 0; entry = load<u32>(entry + E_NEXT) & ~1) {
    if (load<u32>(entry + E_HASH) != hash || load<u32>(entry + E_META) != meta) continue;
    if (equalBytes(entry + E_KEY, key, meta >> 16)) return true;
  }
  return false;
}

/** Bytes of the chunk that the entry took; 0 when there is none. */
function loadEntry(source: u32, hash: u32, meta: u32, expires: u32): u32 {
  const chunk = allocateOrEvict(classOf(bytesOf(source)));
  if (chunk == 0) return 0;
  const key = source + E_KEY;
  const size = sizeOf(classAt(chunk));
  fill(chunk, hash, meta, key, key + padded(meta >> 16), load<u16>(source + E_VALUE_LENGTH), expires);
  store<u32>(chunk + E_BIRTH, load<u32>(H_EPOCH));
  store<u32>(chunk + E_DEATH, 0);
  const bucket = bucketOf(hash);
  store<u32>(chunk + E_NEXT, load<u32>(bucket));
  store<u32>(bucket, chunk);
  markDirty(chunk, size);
  store<u32>(slot + S_HAND_CHUNK, 0);
  tell(LOG_INSERT, hash, meta & 0xffff, chunk, load<u32>(chunk + E_VERSION), expires);
  return size;
}

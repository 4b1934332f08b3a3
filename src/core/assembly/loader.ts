/**
 * Entries of a backup into the table, a piece of a slab at a time. The store is new, so a key is absent unless the
 * cut has it twice; otherwise an entry comes to be as in any write, and other threads may be at work.
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
import { add32, add64, load32, swap32 } from "./memory";
import { classAt, classOf, sizeOf } from "./pool";
import { idLine, settled, unsettled } from "./quota";
import { clearHazards } from "./reclaim";
import { bucketOf, fill, find, found, padded, tell } from "./table";
import { beginWrite, count, endWrite, hashKind, markDirty, slot } from "./worker";

/** A chunk whose lengths contradict its class: its offset is in S_OUT. */
const CORRUPT: i32 = -20;

/**
 * Loads what belongs to snapshot `epoch` of the `bytes` of chunks of `size` bytes in the window S_MANY.
 *
 * @param shift ticks from the old store's beginning to this one's
 * @returns entries loaded; how many had expired is in S_OUT + 4. NO_MEMORY or CORRUPT when it stopped
 */
export function loadChunks(bytes: u32, size: u32, epoch: u32, shift: u32): i32 {
  const from = slot + S_MANY;
  const ids = load<u32>(H_ID_COUNT);
  let loaded: i32 = 0;
  let expired: u32 = 0;
  for (let chunk = from; chunk < from + bytes; chunk += size) {
    if (!belongs(chunk, epoch)) continue;
    const meta = load<u32>(chunk + E_META);
    const id = meta & 0xffff;
    if (id >= ids || load<u32>(idLine(id) + I_LOAD) == 0) continue;
    const keyLength = meta >> 16;
    const valueLength = <u32>load<u16>(chunk + E_VALUE_LENGTH);
    const need = E_KEY + padded(keyLength) + valueLength;
    if (keyLength == 0 || keyLength > KEY_MAX || need > size) {
      store<u32>(slot + S_OUT, chunk - from);
      return CORRUPT;
    }
    if (isLoaded(meta, chunk + E_KEY)) continue;
    let expires = load<u32>(chunk + E_EXPIRES);
    if (expires != 0) {
      expires -= shift;
      if (<i32>(load32(H_TICK) - expires) >= 0) {
        expired++;
        continue;
      }
      if (expires == 0) expires = 1;
    }
    if (!loadEntry(chunk, meta, need, valueLength, expires)) return NO_MEMORY;
    loaded++;
  }
  store<u32>(slot + S_OUT, expired, 4);
  return loaded;
}

/** The predicate of a snapshot, as in src/backup/entries.ts. */
// @ts-ignore: decorator
@inline
function belongs(chunk: u32, epoch: u32): bool {
  const birth = load<u32>(chunk + E_BIRTH);
  if (birth == 0 || birth > epoch) return false;
  const death = load<u32>(chunk + E_DEATH) >> DEATH_SLOT_BITS;
  return death == 0 || death > epoch;
}

/**
 * Whether the key is there already. A cut can have a key twice: a write of its epoch found the key absent; then it was
 * inserted, in this epoch, and deleted, in the next, so that the bucket's head was as before; then that first write inserted
 * it, stamped with the cut's epoch. Both were there for a moment between the backup's start and its cut: either is right.
 */
function isLoaded(meta: u32, key: u32): bool {
  find(hashKey(hashKind, key, meta >> 16, load<u32>(idLine(meta & 0xffff) + I_LOAD_SEED)), meta, key);
  clearHazards();
  return found != 0;
}

function loadEntry(source: u32, meta: u32, need: u32, valueLength: u32, expires: u32): bool {
  const id = meta & 0xffff;
  const line = idLine(id);
  const key = source + E_KEY;
  const hash = hashKey(hashKind, key, meta >> 16, load<u32>(line + I_LOAD_SEED));
  beginWrite();
  const chunk = allocateOrEvict(classOf(need));
  if (chunk == 0) {
    clearHazards();
    endWrite();
    return false;
  }
  const size = sizeOf(classAt(chunk));
  fill(chunk, hash, meta, key, key + padded(meta >> 16), valueLength, expires);
  store<u32>(chunk + E_BIRTH, load32(H_EPOCH));
  store<u32>(chunk + E_DEATH, 0);
  const version = load<u32>(chunk + E_VERSION);
  unsettled(id);
  add32(line + I_ENTRIES, 1);
  add64(line + I_BYTES, size);
  const bucket = bucketOf(hash);
  while (true) {
    const head = load32(bucket);
    store<u32>(chunk + E_NEXT, head);
    if (swap32(bucket, head, chunk)) break;
  }
  markDirty(chunk, size);
  store<u32>(slot + S_HAND_CHUNK, 0);
  settled();
  count(C_INSERTED);
  count(C_BYTES_IN, size);
  tell(LOG_INSERT, hash, id, chunk, version, expires);
  clearHazards();
  endWrite();
  return true;
}

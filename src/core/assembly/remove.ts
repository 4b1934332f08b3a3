/** Taking an entry out (table.ts): marked by one swap of its link and death stamp, then unlinked and retired. What writing and evicting share. */
import {
  CHANGE_DELETE,
  CHANGE_EXPIRE,
  C_BYTES_OUT,
  C_REMOVED,
  DEATH_SLOT_BITS,
  E_EXPIRES,
  E_FLAGS,
  E_KEY,
  E_NEXT,
  E_VERSION,
  H_EPOCH,
  LOG_REMOVE,
} from "../layout";
import { afterChange, beforeRemoval, notChanged } from "./changes";
import { load32, swap32, swap64 } from "./memory";
import { classAt, isChunk, sizeOf } from "./pool";
import { discharge, unsettled } from "./quota";
import { isExpired } from "./expiry";
import { clearHazards, letGo, retire, takeInHand } from "./reclaim";
import { spanBytes } from "./slabs";
import { backOff, find, found, link, successor, tell } from "./table";
import { beginWrite, count, endWrite, markDirty, slotNumber } from "./worker";

// @ts-ignore: decorator
@inline
function death(epoch: u32): u64 {
  return <u64>((epoch << DEATH_SLOT_BITS) | slotNumber) << 32;
}

/**
 * Marks `found`, leaving `next` (its successor, or its replacement) as its frozen link. One swap: it dies, its stamp is
 * written, and a replacement is in.
 */
// @ts-ignore: decorator
@inline
export function mark(next: u32, epoch: u32): bool {
  if (!ASC_NO_ASSERT) assert(isChunk(found) && !(next & 1));
  takeInHand(found);
  if (swap64(found + E_NEXT, <u64>successor, <u64>(next | 1) | death(epoch))) return true;
  letGo();
  return false;
}

/** Takes the entry we marked out of its chain, or lets a find do it, and retires it. */
// @ts-ignore: decorator
@inline
export function unlink(entry: u32, next: u32, hash: u32, meta: u32, key: u32): void {
  if (!swap32(link, entry, next)) find(hash, meta, key);
  retire(entry);
}

/**
 * Deletes the key's entry if it is still this life of this one; true when it was there and had not expired.
 *
 * Its address and version are compared while a hazard names what `find` found, so they are those of the entry whose link is swapped, and a
 * newer one is never taken: takes effect at that swap. The swap fails for any change of the link, a neighbour's too, of which the entry itself
 * knows nothing; so the key is looked up again and the life asked for again, until it is gone or ours to take. Takes effect where `find`
 * loaded the last link, when it is another life or none.
 */
export function removeLife(hash: u32, meta: u32, key: u32, entry: u32, version: u32): bool {
  beginWrite();
  let retries: u32 = 0;
  let present = false;
  while (true) {
    find(hash, meta, key);
    const same = found == entry && load32(entry + E_VERSION) == version;
    present = found != 0 && (same || (FAULT == 66 && retries != 0)) && !isExpired(load<u32>(found + E_EXPIRES));
    if (found == 0 || !(same || (FAULT == 66 && retries != 0)) || removeFound(hash, meta, key, 0, present ? CHANGE_DELETE : CHANGE_EXPIRE)) break;
    backOff(++retries);
  }
  clearHazards();
  endWrite();
  return present;
}

/** What the last entry taken out had of the pool, in bytes. */
export let takenBytes: u32 = 0;

/**
 * Marks and unlinks what `find` found, `flags` noted on it. False when someone else changed it first.
 *
 * @param change what whoever watches is told: one of CHANGE_*
 */
export function removeFound(hash: u32, meta: u32, key: u32, flags: u32, change: u32): bool {
  const entry = found;
  const next = successor;
  const version = load<u32>(entry + E_VERSION);
  unsettled(meta & 0xffff);
  beforeRemoval(hash, meta & 0xffff);
  if (!mark(next, load32(H_EPOCH))) {
    notChanged();
    return false;
  }
  afterChange(change, hash, meta, key, entry, version, 0);
  if (flags) store<u8>(entry + E_FLAGS, load<u8>(entry + E_FLAGS) | <u8>flags);
  const size = sizeOf(classAt(entry)) + spanBytes(entry);
  markDirty(entry, E_KEY);
  discharge(meta & 0xffff, size);
  takenBytes = size;
  count(C_REMOVED);
  count(C_BYTES_OUT, size);
  tell(LOG_REMOVE, hash, meta & 0xffff, entry, version, 0);
  unlink(entry, next, hash, meta, key);
  return true;
}

/**
 * Near caches: is a value that this thread has read before, and keeps as it decoded it, still the present one? No bucket, no key and no value is
 * looked at, so it costs what four words of two entries cost.
 *
 * An entry that was read is known by address and version, and never changes while it is in the table (table.ts): its value is the key's
 * value for as long as it is linked. What has to hold, then, at one instant during the call:
 *
 *   linked     its link is unmarked, in the life that was read. An entry is linked once and leaves the table by a mark, in that order,
 *              once a life; and a life ends by a version that moves on. So: load the link, THEN the version. If that is still the one remembered
 *              the link was loaded in the same life, versions only grow. In the other order a chunk that dies after the look at its version, and
 *              is reborn as another key's before the look at its link, passes for the old value.
 *   its own    its namespace id and its expiry are loaded between the two, so they are those of that life as well.
 *   current    the namespace's directory entry is current, by the same two loads in the same order, and its id is the one the entry has: not so
 *              for a namespace that was cleared (its entries stay linked until they are swept) nor for one of the same name that
 *              was made since, to which the caller's handle may have moved on. An id is given out again after the last entry
 *              that had it was marked.
 *   in time    it has not expired by the clock that reads go by (expiry.ts), which tells the others before it says so.
 *
 * Each of the four is true when the value is read, and once it is false it is false for ever. So the order among them does not matter: where the earliest
 * of the looks was made, all of them held. There the call takes effect, as a read of this value. Whatever fails sends the caller
 * the way of every read; nothing is decided here about what is there instead.
 *
 * All loads that the argument orders are atomic, or fenced. It stores what a read stores: counters of its own, the entry's access counter (racy; a chunk's header
 * is a header for ever) and a record for the evictor. Nothing is held, so a thread may die or stand still anywhere in it.
 */
import {
  ACCESS_MAX,
  C_NEAR_DROPS,
  C_NEAR_HITS,
  C_NEAR_STALE,
  E_ACCESS,
  E_EXPIRES,
  E_HASH,
  E_META,
  E_NEXT,
  E_VERSION,
  S_COUNTERS,
} from "../layout";
import { isExpired } from "./expiry";
import { load32 } from "./memory";
import { isChunk } from "./pool";
import { isCurrent } from "./quota";
import { tellHit } from "./table";
import { count, log, slot } from "./worker";

/**
 * Whether the value of the entry, read in this life of it, is still that of its key in the namespace. Counted, and told to the evictor, as the read
 * that it stands for.
 *
 * @param id the namespace's, by this directory entry in this version: it is the namespace's for as long as that is current
 */
export function isPresent(record: u32, recordVersion: u32, id: u32, entry: u32, version: u32): bool {
  if (!ASC_NO_ASSERT) assert(isChunk(entry));
  if (FAULT == 90 && load32(entry + E_VERSION) != version) return stale();
  if (load32(entry + E_NEXT) & 1 && FAULT != 94) return stale();
  let expires = load32(entry + E_EXPIRES);
  const meta = load32(entry + E_META);
  const hash = log == 0 ? 0 : load32(entry + E_HASH); // nobody else asks for it
  if (FAULT != 90 && FAULT != 92 && load32(entry + E_VERSION) != version) return stale();
  if (FAULT == 103) expires = load32(entry + E_EXPIRES);
  if (FAULT != 101 && isExpired(expires)) return stale();
  if (FAULT != 100 && !isCurrent(record, recordVersion)) return stale();
  if (FAULT != 102 && (meta & 0xffff) != id) return stale();
  count(C_NEAR_HITS);
  const access = load<u8>(entry + E_ACCESS);
  if (access < ACCESS_MAX) store<u8>(entry + E_ACCESS, access + 1);
  tellHit(hash, meta, entry, version, expires);
  return true;
}

function stale(): bool {
  count(C_NEAR_STALE);
  return false;
}

/** So many values were let go to make room for others. */
export function noteDropped(values: u32): void {
  const counter = slot + S_COUNTERS + (C_NEAR_DROPS << 3);
  store<u64>(counter, load<u64>(counter) + values);
}

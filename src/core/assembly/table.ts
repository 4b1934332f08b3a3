/**
 * The table: Michael's lock-free hash table (SPAA 2002) with two changes that make it a store for immutable entries.
 *
 * An entry's link word and its death stamp form one u64. To delete is to swap (next, 0) for (next | 1, death); to replace
 * is to swap it for (new | 1, death), where new.next = next: one swap takes the old entry out and puts the new one in,
 * and no moment exists at which a dead entry lacks its stamp. `death` is epoch << 6 | slot of the marker.
 *
 * A new key enters at the head of its bucket and nowhere else, by a swap of the head it read before it scanned the chain.
 * That head has been named as a hazard since, so it cannot have been recycled and come back: whoever else inserted the
 * key meanwhile has changed the head. This keeps a key reachable at most once.
 *
 * Writers find their entry as Michael does: name the entry (hazard), then read again the link that led to it. Readers store
 * nothing. They follow links unprotected and validate:
 *
 *   v = e.version, then the link by which we came still leads to e       -> e was linked, in life v, at that moment
 *   ... key compared, next loaded, value copied ...
 *   e.version is still v                                                -> all of it belonged to that life
 *
 * A marked link is frozen. While the last unmarked link (the anchor) still leads to the first entry of a run of marked
 * ones, the run is linked and may be walked; so a replaced entry leads to its replacement even if its writer died before
 * it could unlink. A read is linearized at its load of the matching entry's unmarked link; a miss at its load of
 * the bucket, or where an entry of that key was marked if one was there.
 *
 * Invariants: a key is reachable at most once; an unlinked chunk is never reachable again; published entries are immutable
 * but for next, death and access.
 */
import {
  C_WRITE_RETRIES,
  E_HASH,
  E_KEY,
  E_META,
  E_NEXT,
  FIRST_ID,
  H_TICK,
  S_HAZARD_CURRENT,
  S_HAZARD_HEAD,
  S_HAZARD_PREVIOUS,
} from "../layout";
import { logHit, logWrite } from "./log";
import { equalBytes, load32, store32, swap32 } from "./memory";
import { bucketMask, buckets, count, log, slot } from "./worker";

// @ts-ignore: decorator
@inline
export function bucketOf(hash: u32): u32 {
  return buckets + ((hash & bucketMask) << 2);
}

// @ts-ignore: decorator
@inline
export function padded(length: u32): u32 {
  return (length + 15) & ~15;
}

// ------------------------------------------------------------------ find, protected

/** The link word that leads to `found`; valid, like the rest, until this worker's next find. */
export let link: u32 = 0;
/** The entry of the key, named as a hazard; 0 = the key is absent. */
export let found: u32 = 0;
/** Its successor when it was found: its link was unmarked. */
export let successor: u32 = 0;
/** The bucket's first entry before the scan, named as a hazard ever since. */
export let head: u32 = 0;

/**
 * Finds the key, and unlinks the marked entries it meets, one swap each. On return `found` and the owner of `link` are
 * protected. Starts over whenever a link changed under it.
 *
 * @param key zero-padded to 16 bytes, in memory no one else writes
 */
export function find(hash: u32, meta: u32, key: u32): void {
  const bucket = bucketOf(hash);
  const keyLength = meta >> 16;
  let retries: u32 = 0;
  while (true) {
    head = load32(bucket);
    store32(slot + (FAULT == 3 ? S_HAZARD_CURRENT : S_HAZARD_HEAD), head);
    // store, then load: the scan that frees `head` either sees our hazard or unlinked it before this load
    if (load32(bucket) != head) {
      backOff(++retries);
      continue;
    }
    link = bucket;
    found = head;
    let restart = false;
    while (found != 0) {
      const next = load32(found + E_NEXT);
      // the predecessor must still lead here, unmarked: an unlinked entry's own link proves nothing
      if (FAULT != 2 && FAULT != 6 && load32(link) != found) {
        restart = true;
        break;
      }
      if (FAULT != 7 && next & 1) {
        const after = next & ~1;
        if (!swap32(link, found, after)) {
          restart = true;
          break;
        }
        if (link == bucket) {
          head = after;
          store32(slot + (FAULT == 3 ? S_HAZARD_CURRENT : S_HAZARD_HEAD), after);
        } else {
          store32(slot + S_HAZARD_CURRENT, after);
        }
        found = after;
        if (load32(link) != found) {
          restart = true;
          break;
        }
        continue;
      }
      if (load<u32>(found + E_HASH) == hash && load<u32>(found + E_META) == meta) {
        if (equalBytes(found + E_KEY, key, keyLength)) {
          successor = next;
          return;
        }
      }
      // moves one way only, from CURRENT to PREVIOUS: scans read in that order
      if (found != head) store32(slot + S_HAZARD_PREVIOUS, found);
      link = found + E_NEXT;
      found = next & ~1;
      if (found == 0) break;
      store32(slot + S_HAZARD_CURRENT, found);
      if (FAULT != 6 && load32(link) != found) {
        restart = true;
        break;
      }
    }
    if (!restart) return;
    backOff(++retries);
  }
}

/** Counts a retry; after a few, waits a little longer each time, so that one of the contenders gets through. */
export function backOff(retries: u32): void {
  count(C_WRITE_RETRIES);
  if (EXPLORE) return;
  if (retries < 4) return;
  const spins: u32 = 8 << min<u32>(retries - 4, 8);
  for (let i: u32 = 0; i < spins; i++) load32(H_TICK);
}

/** Tells the evictor, where there is one, what became of an entry; the store's own are none of its business. */
// @ts-ignore: decorator
@inline
export function tell(kind: u32, hash: u32, id: u32, entry: u32, version: u32, expires: u32): void {
  if (log != 0 && id >= FIRST_ID) logWrite(kind, hash, entry, version, expires);
}

// @ts-ignore: decorator
@inline
export function tellHit(hash: u32, meta: u32, entry: u32, version: u32, expires: u32): void {
  if (log != 0 && (meta & 0xffff) >= FIRST_ID) logHit(hash, entry, version, expires);
}

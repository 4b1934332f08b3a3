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
  C_BYTES_IN,
  C_BYTES_OUT,
  C_DELETES,
  C_EXPIRED,
  C_GETS,
  C_INSERTED,
  C_MISSES,
  C_READ_FALLBACKS,
  C_READ_RETRIES,
  C_REMOVED,
  C_SETS,
  C_WRITE_RETRIES,
  DEATH_SLOT_BITS,
  E_ACCESS,
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
  FIRST_ID,
  H_EPOCH,
  H_TICK,
  LOG_INSERT,
  LOG_REMOVE,
  LOG_REPLACE,
  MISS,
  MODE_ADD,
  MODE_IF_ABSENT,
  MODE_IF_VERSION,
  MODE_SET,
  NOT_A_COUNTER,
  NO_MEMORY,
  OK,
  QUOTA,
  S_HAND_CHUNK,
  S_HAZARD_CURRENT,
  S_HAZARD_HEAD,
  S_HAZARD_PREVIOUS,
  S_OUT,
  S_PINS,
  UNMET,
} from "../layout";
import { allocateOrEvict } from "./evict";
import { logHit, logWrite } from "./log";
import { copyRacy, copyRacyExact, copyVectors, equalBytes, load32, loadsFence, racy32, store32, swap32, swap64 } from "./memory";
import { discharge, recharge, reserve, settled, unsettled } from "./quota";
import { classAt, classOf, isChunk, putBack, sizeOf } from "./pool";
import { clearHazards, letGo, retire, takeInHand } from "./reclaim";
import { beginWrite, bucketMask, buckets, count, endWrite, log, markDirty, slot, slotNumber } from "./worker";

/** Longest chain walk or number of restarts before a reader takes the writers' protected path. */
const READ_PATIENCE: u32 = 64;

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

// @ts-ignore: decorator
@inline
function isExpired(expires: u32): bool {
  return expires != 0 && <i32>(load32(H_TICK) - expires) >= 0;
}

// ------------------------------------------------------------------ find, protected

/** The link word that leads to `found`; valid, like the rest, until this worker's next find. */
let link: u32 = 0;
/** The entry of the key, named as a hazard; 0 = the key is absent. */
export let found: u32 = 0;
/** Its successor when it was found: its link was unmarked. */
let successor: u32 = 0;
/** The bucket's first entry before the scan, named as a hazard ever since. */
let head: u32 = 0;

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
function backOff(retries: u32): void {
  count(C_WRITE_RETRIES);
  if (EXPLORE) return;
  if (retries < 4) return;
  const spins: u32 = 8 << min<u32>(retries - 4, 8);
  for (let i: u32 = 0; i < spins; i++) load32(H_TICK);
}

// ------------------------------------------------------------------ read

/**
 * Whether the anchor, which is the bucket (owner 0) or the link of an entry in a known life, still leads to the life of `first`
 * by which we entered a run: all the marked links of the run are then frozen, and what they lead to is linked.
 */
// @ts-ignore: decorator
@inline
function runIsLinked(anchor: u32, owner: u32, ownerVersion: u32, first: u32, firstVersion: u32): bool {
  if (load32(anchor) != first) return false;
  if (owner != 0 && load32(owner + E_VERSION) != ownerVersion) return false;
  return load32(first + E_VERSION) == firstVersion;
}

const AGAIN: i32 = -100;

/**
 * Copies the value of the key to `target` and returns its length, MISS when the key is absent or expired. Stores nothing
 * in shared memory but the entry's access counter, and that only while it still grows. Leaves address, version and expiry
 * of the entry in S_OUT.
 *
 * @param limit copy at most this many bytes; the length returned may be larger
 * @param exact the target is the caller's: not a byte past the value
 */
// @ts-ignore: decorator
@inline
export function read(hash: u32, meta: u32, key: u32, target: u32, limit: u32, exact: bool): i32 {
  count(C_GETS);
  const direct = readFirst(hash, meta, key, target, limit, exact);
  if (direct != AGAIN) {
    if (direct == MISS) count(C_MISSES);
    return direct;
  }
  return readOn(hash, meta, key, target, limit, exact);
}

/** The whole protocol, for whatever the first look could not settle. */
function readOn(hash: u32, meta: u32, key: u32, target: u32, limit: u32, exact: bool): i32 {
  let patience = READ_PATIENCE;
  while (true) {
    const length = tryRead(hash, meta, key, target, limit, exact);
    if (length != AGAIN) {
      if (length == MISS) count(C_MISSES);
      return length;
    }
    count(C_READ_RETRIES);
    if (--patience == 0) return readProtected(hash, meta, key, target, limit);
  }
}

/**
 * The common case without its bookkeeping: the first entry of the bucket is ours, unmarked and stays in its life. The same
 * steps as tryRead on a run of one whose anchor is the bucket; anything else is AGAIN.
 */
// @ts-ignore: decorator
@inline
function readFirst(hash: u32, meta: u32, key: u32, target: u32, limit: u32, exact: bool): i32 {
  const bucket = bucketOf(hash);
  const entry = load32(bucket);
  if (entry == 0) return MISS;
  if (!isChunk(entry)) return AGAIN;
  const version = load32(entry + E_VERSION);
  if (FAULT != 2 && load32(bucket) != entry) return AGAIN;
  if (racy32(entry + E_HASH) != hash || racy32(entry + E_META) != meta) return AGAIN;
  if (!equalBytes(entry + E_KEY, key, meta >> 16)) return AGAIN;
  const expires = racy32(entry + E_EXPIRES);
  if (FAULT != 7 && load32(entry + E_NEXT) & 1) return AGAIN;
  if (isExpired(expires)) return AGAIN;
  return copyOut(entry, version, expires, hash, meta, target, limit, exact);
}

/** Copies the value of an entry that was just seen linked and unmarked; AGAIN when its life ended under the copy. */
// @ts-ignore: decorator
@inline
function copyOut(
  entry: u32,
  version: u32,
  expires: u32,
  hash: u32,
  meta: u32,
  target: u32,
  limit: u32,
  exact: bool,
): i32 {
  const length = <u32>load<u16>(entry + E_VALUE_LENGTH);
  const value = entry + E_KEY + padded(meta >> 16);
  if (exact) copyRacyExact(target, value, min(length, limit));
  else copyRacy(target, value, min(length, limit));
  loadsFence(); // the copy before the re-check
  if (FAULT != 9 && load32(entry + E_VERSION) != version) return AGAIN;
  const access = load<u8>(entry + E_ACCESS);
  if (access < 3) store<u8>(entry + E_ACCESS, access + 1);
  tellHit(hash, meta, entry, version, expires);
  if (exact) return length; // nobody asks what else there is to know
  store<u32>(slot + S_OUT, entry);
  store<u32>(slot + S_OUT, version, 4);
  store<u32>(slot + S_OUT, expires, 8);
  return length;
}

function tryRead(hash: u32, meta: u32, key: u32, target: u32, limit: u32, exact: bool): i32 {
  let anchor = bucketOf(hash); // the last unmarked link, and the life of its owner
  let owner: u32 = 0;
  let ownerVersion: u32 = 0;
  let entry = load32(anchor);
  let first = entry; // what the anchor leads to
  let firstVersion: u32 = 0;
  while (entry != 0) {
    if (!isChunk(entry)) return AGAIN;
    const version = load32(entry + E_VERSION);
    if (entry == first) firstVersion = version;
    if (FAULT != 2 && (FAULT != 8 || entry == first) && !runIsLinked(anchor, owner, ownerVersion, first, firstVersion)) return AGAIN;
    let ours = racy32(entry + E_HASH) == hash && racy32(entry + E_META) == meta;
    if (ours) ours = equalBytes(entry + E_KEY, key, meta >> 16);
    // before the link: as long as the entry is unmarked its expiry is its own
    const expires = racy32(entry + E_EXPIRES);
    // and the clock, too: expired and still linked afterwards is absent. The other way round it may have been replaced in
    // time by a value that stays, and the key was never absent
    const expired = ours && isExpired(expires);
    const next = load32(entry + E_NEXT);
    if (ours && (FAULT == 7 || !(next & 1))) {
      if (FAULT == 15 ? isExpired(expires) : expired) {
        if (load32(entry + E_VERSION) != version) return AGAIN;
        return MISS;
      }
      return copyOut(entry, version, expires, hash, meta, target, limit, exact);
    }
    if (load32(entry + E_VERSION) != version) return AGAIN;
    if (next & 1) {
      if (FAULT != 8 && !runIsLinked(anchor, owner, ownerVersion, first, firstVersion)) return AGAIN;
      entry = next & ~1;
      continue;
    }
    owner = entry;
    ownerVersion = version;
    anchor = entry + E_NEXT;
    first = next;
    entry = next;
  }
  return MISS;
}

/** The same under hazards: for a reader that keeps losing against writers of its bucket. */
function readProtected(hash: u32, meta: u32, key: u32, target: u32, limit: u32): i32 {
  count(C_READ_FALLBACKS);
  let length: i32 = MISS;
  while (true) {
    find(hash, meta, key);
    if (found == 0) break;
    const expires = load<u32>(found + E_EXPIRES);
    if (isExpired(expires)) {
      if (load32(found + E_NEXT) & 1) continue; // replaced before it expired
      break;
    }
    const size = <u32>load<u16>(found + E_VALUE_LENGTH);
    copyRacyExact(target, found + E_KEY + padded(meta >> 16), min(size, limit));
    store<u32>(slot + S_OUT, found);
    store<u32>(slot + S_OUT, load<u32>(found + E_VERSION), 4);
    store<u32>(slot + S_OUT, expires, 8);
    tellHit(hash, meta, found, load<u32>(found + E_VERSION), expires);
    length = <i32>size;
    break;
  }
  clearHazards();
  if (length == MISS) count(C_MISSES);
  return length;
}

/** Whether the key is present. */
export function contains(hash: u32, meta: u32, key: u32): bool {
  return read(hash, meta, key, slot + S_OUT + 64, 0, false) >= 0;
}

/**
 * Names the key's entry in pin `pin` and returns the address of its value (length in S_OUT + 12), 0 when absent. It
 * stays readable until `unpin`.
 */
export function pinValue(hash: u32, meta: u32, key: u32, pin: u32): u32 {
  count(C_GETS);
  let value: u32 = 0;
  let present = false;
  while (true) {
    find(hash, meta, key);
    if (found == 0) break;
    present = !isExpired(load<u32>(found + E_EXPIRES));
    if (present || !(load32(found + E_NEXT) & 1)) break; // else it was replaced before it expired
  }
  if (present) {
    // PREVIOUS, CURRENT or HEAD names it while the pin is written, and scans read the pins after those
    store32(slot + S_PINS + (pin << 2), found);
    const access = load<u8>(found + E_ACCESS);
    if (access < 3) store<u8>(found + E_ACCESS, access + 1);
    tellHit(hash, meta, found, load<u32>(found + E_VERSION), load<u32>(found + E_EXPIRES));
    store<u32>(slot + S_OUT, load<u16>(found + E_VALUE_LENGTH), 12);
    value = found + E_KEY + padded(meta >> 16);
  } else {
    count(C_MISSES);
  }
  clearHazards();
  return value;
}

export function unpin(pin: u32): void {
  store32(slot + S_PINS + (pin << 2), 0);
}

// ------------------------------------------------------------------ write

/** Fills a private chunk; next, birth and the rest of the first line are set before it is published. */
// @ts-ignore: decorator
@inline
export function fill(chunk: u32, hash: u32, meta: u32, key: u32, value: u32, length: u32, expires: u32): void {
  const keyLength = padded(meta >> 16);
  store<u32>(chunk + E_HASH, hash);
  store<u32>(chunk + E_EXPIRES, expires);
  store<u16>(chunk + E_VALUE_LENGTH, <u16>length);
  store<u16>(chunk + E_FLAGS, 0); // flags and access
  store<u32>(chunk + E_META, meta);
  let i: u32 = 0;
  do {
    v128.store(chunk + E_KEY + i, v128.load(key + i));
    i += 16;
  } while (i < keyLength);
  copyVectors(chunk + E_KEY + keyLength, value, length);
}

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
function mark(next: u32, epoch: u32): bool {
  takeInHand(found);
  if (swap64(found + E_NEXT, <u64>successor, <u64>(next | 1) | death(epoch))) return true;
  letGo();
  return false;
}

/** Takes the entry we marked out of its chain, or lets a find do it, and retires it. */
// @ts-ignore: decorator
@inline
function unlink(entry: u32, next: u32, hash: u32, meta: u32, key: u32): void {
  if (!swap32(link, entry, next)) find(hash, meta, key);
  retire(entry);
}

/**
 * Writes a key. The chunk is taken and filled before the chain is looked at, so a full memory changes nothing.
 *
 * The epoch is read after the chain was read and stamps both the new entry's birth and the old one's death: whatever
 * this write could have seen was born no later.
 *
 * @param expected address and @param generation of the entry that MODE_IF_VERSION asks for
 * @returns OK, UNMET, NO_MEMORY, QUOTA, or STALE when the namespace was cleared meanwhile
 */
export function write(
  hash: u32,
  meta: u32,
  key: u32,
  value: u32,
  length: u32,
  expires: u32,
  mode: u32,
  expected: u32,
  generation: u32,
): i32 {
  beginWrite();
  count(C_SETS);
  if (mode != MODE_SET && mode != MODE_ADD) {
    // a condition that fails should not cost a chunk, nor evict anyone
    find(hash, meta, key);
    if (!holds(mode, expected, generation)) return finish(UNMET);
  }
  const cls = classOf(E_KEY + padded(meta >> 16) + length);
  const chunk = allocateOrEvict(cls);
  if (chunk == 0) return finish(NO_MEMORY);
  fill(chunk, hash, meta, key, value, length, expires);
  const status = publish(hash, meta, key, chunk, mode, expected, generation, 0);
  if (status != OK) putBack(chunk);
  return finish(status);
}

/**
 * Adds to a counter: 8 bytes, little-endian, two's complement; an absent key counts as 0. Its expiry stays.
 * The sum is left in S_OUT + 16.
 */
export function addTo(hash: u32, meta: u32, key: u32, by: i64): i32 {
  beginWrite();
  count(C_SETS);
  const chunk = allocateOrEvict(classOf(E_KEY + padded(meta >> 16) + 8));
  if (chunk == 0) return finish(NO_MEMORY);
  fill(chunk, hash, meta, key, slot + S_OUT + 16, 8, 0);
  const status = publish(hash, meta, key, chunk, MODE_ADD, 0, 0, by);
  if (status != OK) putBack(chunk);
  return finish(status);
}

function finish(status: i32): i32 {
  clearHazards();
  endWrite();
  return status;
}

/** Whether the condition of a write holds for what `find` found. An expired entry counts as absent. */
function holds(mode: u32, expected: u32, generation: u32): bool {
  if (mode == MODE_SET || mode == MODE_ADD) return true;
  const present = found != 0 && !isExpired(load<u32>(found + E_EXPIRES));
  if (mode == MODE_IF_ABSENT) return !present;
  return present && found == expected && load<u32>(found + E_VERSION) == generation;
}

/** Puts a filled chunk in: the retry loop of every write. */
function publish(
  hash: u32,
  meta: u32,
  key: u32,
  chunk: u32,
  mode: u32,
  expected: u32,
  generation: u32,
  by: i64,
): i32 {
  const cls = classAt(chunk);
  const size = sizeOf(cls);
  const id = meta & 0xffff;
  let retries: u32 = 0;
  while (true) {
    find(hash, meta, key);
    const epoch = load32(H_EPOCH);
    if (!holds(mode, expected, generation)) return UNMET;
    if (mode == MODE_ADD && !addInto(chunk, padded(meta >> 16), by)) return NOT_A_COUNTER;
    store<u32>(chunk + E_BIRTH, epoch);
    store<u32>(chunk + E_DEATH, 0);
    // once it is published it may be freed at any moment, and these be another's
    const version = load<u32>(chunk + E_VERSION);
    const expiry = load<u32>(chunk + E_EXPIRES);
    if (found != 0) {
      const old = found;
      const oldClass = classAt(old);
      if (oldClass != cls) unsettled(id);
      if (oldClass != cls && !recharge(id, <i64>size - <i64>sizeOf(oldClass))) return QUOTA;
      store<u32>(chunk + E_NEXT, successor);
      store<u32>(slot + S_OUT, chunk);
      store<u32>(slot + S_OUT, version, 4);
      if (mark(chunk, epoch)) {
        // before the chunk leaves our hand: a reaper marks what is in hand, so a death anywhere loses no mark
        markDirty(chunk, size);
        markDirty(old, E_KEY);
        store<u32>(slot + S_HAND_CHUNK, 0);
        settled();
        if (oldClass != cls) {
          count(C_BYTES_IN, size);
          count(C_BYTES_OUT, sizeOf(oldClass));
        }
        tell(LOG_REPLACE, hash, id, chunk, version, expiry);
        unlink(old, chunk, hash, meta, key);
        return OK;
      }
      if (oldClass != cls) recharge(id, <i64>sizeOf(oldClass) - <i64>size);
    } else {
      const room = reserve(id, size);
      if (room != OK) return room;
      store<u32>(chunk + E_NEXT, head);
      store<u32>(slot + S_OUT, chunk);
      store<u32>(slot + S_OUT, version, 4);
      if (swap32(bucketOf(hash), head, chunk)) {
        markDirty(chunk, size);
        store<u32>(slot + S_HAND_CHUNK, 0);
        settled();
        count(C_INSERTED);
        count(C_BYTES_IN, size);
        tell(LOG_INSERT, hash, id, chunk, version, expiry);
        return OK;
      }
      discharge(id, size);
    }
    backOff(++retries);
  }
}

/** Tells the evictor, where there is one, what became of an entry; the store's own are none of its business. */
// @ts-ignore: decorator
@inline
export function tell(kind: u32, hash: u32, id: u32, entry: u32, version: u32, expires: u32): void {
  if (log != 0 && id >= FIRST_ID) logWrite(kind, hash, entry, version, expires);
}

// @ts-ignore: decorator
@inline
function tellHit(hash: u32, meta: u32, entry: u32, version: u32, expires: u32): void {
  if (log != 0 && (meta & 0xffff) >= FIRST_ID) logHit(hash, entry, version, expires);
}

/** Sum of the found counter and `by` into the chunk's value, keeping its expiry. */
function addInto(chunk: u32, keyLength: u32, by: i64): bool {
  let base: i64 = 0;
  let expires: u32 = 0;
  if (found != 0 && !isExpired(load<u32>(found + E_EXPIRES))) {
    if (load<u16>(found + E_VALUE_LENGTH) != 8) return false;
    base = load<i64>(found + E_KEY + keyLength);
    expires = load<u32>(found + E_EXPIRES);
  }
  store<i64>(chunk + E_KEY + keyLength, base + by);
  store<u32>(chunk + E_EXPIRES, expires);
  store<i64>(slot + S_OUT, base + by, 16);
  return true;
}

/** Deletes a key; true when it was there and not expired. */
export function remove(hash: u32, meta: u32, key: u32): bool {
  beginWrite();
  count(C_DELETES);
  let retries: u32 = 0;
  let present = false;
  while (true) {
    find(hash, meta, key);
    if (found == 0) break;
    present = !isExpired(load<u32>(found + E_EXPIRES));
    if (take(hash, meta, key, 0)) break;
    backOff(++retries);
    present = false;
  }
  finish(OK);
  return present;
}

/** Marks and unlinks what `find` found, `flags` noted on it. False when someone else changed it first. */
export function take(hash: u32, meta: u32, key: u32, flags: u32): bool {
  const entry = found;
  const next = successor;
  unsettled(meta & 0xffff);
  if (!mark(next, load32(H_EPOCH))) return false;
  if (flags) store<u8>(entry + E_FLAGS, <u8>flags);
  const size = sizeOf(classAt(entry));
  markDirty(entry, E_KEY);
  discharge(meta & 0xffff, size);
  count(C_REMOVED);
  count(C_BYTES_OUT, size);
  tell(LOG_REMOVE, hash, meta & 0xffff, entry, load<u32>(entry + E_VERSION), 0);
  unlink(entry, next, hash, meta, key);
  return true;
}

/** True when the entry is still this one, alive: for evictors and sweepers, which know an address rather than a key. */
export function isFound(entry: u32): bool {
  return found == entry;
}

export function expiredNow(expires: u32): bool {
  return isExpired(expires);
}

export function countExpired(): void {
  count(C_EXPIRED);
}

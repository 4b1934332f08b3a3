/**
 * Reading (table.ts): without storing anything, validated by the versions of what was read; by the writers' protected way after
 * too many tries, and where a value is to be kept from being freed.
 */
import {
  C_GETS,
  C_MISSES,
  C_READ_FALLBACKS,
  C_READ_RETRIES,
  D_BYTES,
  D_FIRST,
  E_ACCESS,
  E_EXPIRES,
  E_HASH,
  E_KEY,
  E_META,
  E_NEXT,
  E_VALUE_LENGTH,
  E_VERSION,
  FLAG_LARGE,
  LARGE,
  MISS,
  O_ENTRY,
  O_EXPIRES,
  O_LENGTH,
  O_TEMPORARY,
  O_VERSION,
  READ_PIN,
  S_OUT,
  S_PINS,
  ACCESS_MAX,
  NOWHERE,
  PIN_COUNT,
} from "../layout";
import { isExpired } from "./expiry";
import { copyRacy, copyRacyExact, equalBytes, load32, loadsFence, racy32, store32 } from "./memory";
import { isChunk } from "./pool";
import { clearHazards } from "./reclaim";
import { descriptorOf, slabStart } from "./slabs";
import { bucketOf, find, found, padded, tellHit } from "./table";
import { count, slot } from "./worker";

/** Longest chain walk or number of restarts before a reader takes the writers' protected path. */
const READ_PATIENCE: u32 = 64;

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
/** In the word that has the value's length. */
const IS_LARGE: u32 = FLAG_LARGE << 16;

/**
 * Copies the value of the key to `target` and returns its length, MISS when the key is absent or expired. Stores nothing
 * in shared memory but the entry's access counter, and that only while it still grows. Leaves address, version and expiry
 * of the entry in O_ENTRY, O_VERSION and O_EXPIRES. LARGE when the value is in a span, which must be held before it is read (large.ts).
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
  const word = load<u32>(entry + E_VALUE_LENGTH);
  const length = word & 0xffff;
  const value = entry + E_KEY + padded(meta >> 16);
  if (word & IS_LARGE) return foundLarge(entry, version, expires, hash, meta);
  if (exact) copyRacyExact(target, value, min(length, limit));
  else copyRacy(target, value, min(length, limit));
  loadsFence(); // the copy before the re-check
  if (FAULT != 9 && load32(entry + E_VERSION) != version) return AGAIN;
  const access = load<u8>(entry + E_ACCESS);
  if (access < ACCESS_MAX) store<u8>(entry + E_ACCESS, access + 1);
  tellHit(hash, meta, entry, version, expires);
  if (exact) return length; // nobody asks what else there is to know
  store<u32>(slot + S_OUT, entry, O_ENTRY);
  store<u32>(slot + S_OUT, version, O_VERSION);
  store<u32>(slot + S_OUT, expires, O_EXPIRES);
  return length;
}

/** The entry that was seen, if its life has not ended meanwhile, has a large value. */
function foundLarge(entry: u32, version: u32, expires: u32, hash: u32, meta: u32): i32 {
  loadsFence(); // the flag before the re-check
  if (load32(entry + E_VERSION) != version) return AGAIN;
  const access = load<u8>(entry + E_ACCESS);
  if (access < ACCESS_MAX) store<u8>(entry + E_ACCESS, access + 1);
  tellHit(hash, meta, entry, version, expires);
  return LARGE;
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
  const length = peek(hash, meta, key, target, limit);
  if (length == MISS) count(C_MISSES);
  else tellHit(hash, meta, load<u32>(slot + S_OUT, O_ENTRY), load<u32>(slot + S_OUT, O_VERSION), load<u32>(slot + S_OUT, O_EXPIRES));
  return length;
}

/**
 * As `read`, under hazards, and of no consequence: it counts in no statistics, leaves the entry's access counter as it is and tells the
 * evictor nothing. The entry cannot be recycled while it is copied. Found, it takes effect where `find` loaded the entry's unmarked link; one
 * that has expired meanwhile is absent only if it was still linked then.
 */
export function peek(hash: u32, meta: u32, key: u32, target: u32, limit: u32): i32 {
  let length: i32 = MISS;
  while (true) {
    find(hash, meta, key);
    if (found == 0) break;
    const expires = load<u32>(found + E_EXPIRES);
    if (isExpired(expires)) {
      if (FAULT != 67 && load32(found + E_NEXT) & 1) continue; // replaced before it expired
      break;
    }
    if (load<u32>(found + E_VALUE_LENGTH) & IS_LARGE) {
      length = LARGE;
      break;
    }
    const size = <u32>load<u16>(found + E_VALUE_LENGTH);
    copyRacyExact(target, found + E_KEY + padded(meta >> 16), min(size, limit));
    store<u32>(slot + S_OUT, found, O_ENTRY);
    store<u32>(slot + S_OUT, load<u32>(found + E_VERSION), O_VERSION);
    store<u32>(slot + S_OUT, expires, O_EXPIRES);
    length = <i32>size;
    break;
  }
  clearHazards();
  return length;
}

/** Whether the key is present. */
export function contains(hash: u32, meta: u32, key: u32): bool {
  const length = read(hash, meta, key, slot + S_OUT + O_TEMPORARY, 0, false);
  return length >= 0 || length == LARGE;
}

/**
 * Names the key's entry in pin `pin` and returns the address of its value (length in O_LENGTH, as `read` the rest), NOWHERE when absent. It
 * stays readable until `unpin`.
 *
 * @param isRead false: it goes on with a read that was counted
 */
export function pinValue(hash: u32, meta: u32, key: u32, pin: u32, isRead: bool): u32 {
  if (!ASC_NO_ASSERT) assert(pin < PIN_COUNT && load<u32>(slot + S_PINS + (pin << 2)) == 0);
  if (isRead) count(C_GETS);
  let value: u32 = NOWHERE;
  let present = false;
  while (true) {
    find(hash, meta, key);
    if (found == 0) break;
    present = !isExpired(load<u32>(found + E_EXPIRES));
    if (present || !(load32(found + E_NEXT) & 1)) break; // else it was replaced before it expired
  }
  if (present) {
    value = pinFound(pin);
    if (isRead) {
      const access = load<u8>(found + E_ACCESS);
      if (access < ACCESS_MAX) store<u8>(found + E_ACCESS, access + 1);
      tellHit(hash, meta, found, load<u32>(found + E_VERSION), load<u32>(found + E_EXPIRES));
    }
  } else {
    count(C_MISSES);
  }
  clearHazards();
  return value;
}

/** The same for what `find` has found: PREVIOUS, CURRENT or HEAD names it while the pin is written, and scans read the pins after those. */
export function pinFound(pin: u32): u32 {
  if (FAULT != 70 || pin != READ_PIN) store32(slot + S_PINS + (pin << 2), found);
  store<u32>(slot + S_OUT, found, O_ENTRY);
  store<u32>(slot + S_OUT, load<u32>(found + E_VERSION), O_VERSION);
  store<u32>(slot + S_OUT, load<u32>(found + E_EXPIRES), O_EXPIRES);
  const descriptor = descriptorOf(found);
  if (load<u32>(found + E_VALUE_LENGTH) & IS_LARGE) {
    store<u32>(slot + S_OUT, load<u32>(descriptor, D_BYTES), O_LENGTH);
    return slabStart(load<u32>(descriptor, D_FIRST));
  }
  store<u32>(slot + S_OUT, load<u16>(found + E_VALUE_LENGTH), O_LENGTH);
  return descriptor; // where any other value is, too
}

export function unpin(pin: u32): void {
  if (!ASC_NO_ASSERT) assert(pin < PIN_COUNT && load<u32>(slot + S_PINS + (pin << 2)) != 0);
  store32(slot + S_PINS + (pin << 2), 0);
}

/** Writing (table.ts): insert, replace, add, delete. Each takes effect by one swap, of a bucket's head or of an entry's link. */
import {
  C_BYTES_IN,
  C_BYTES_OUT,
  C_DELETES,
  C_INSERTED,
  C_SETS,
  DIRECTORY_ID,
  D_COUNT,
  D_FIRST,
  D_SIZE,
  CHANGE_DELETE,
  CHANGE_EXPIRE,
  CHANGE_SET,
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
  FLAG_LOCK,
  FLAG_RING,
  G_ENTRY,
  G_VERSION,
  H_EPOCH,
  LOG_INSERT,
  LOG_REPLACE,
  MODE_ADD,
  MODE_IF_ABSENT,
  MODE_IF_VERSION,
  MODE_SET,
  NOT_A_COUNTER,
  N_ID,
  NO_MEMORY,
  OK,
  QUOTA,
  R_CAPACITY,
  R_KIND,
  S_HAND_CHUNK,
  FLAG_LARGE,
  LARGE,
  O_ENTRY,
  O_LENGTH,
  O_SUM,
  O_VERSION,
  SLAB_SOILED,
  S_OUT,
  S_VALUE,
  UNMET,
  KEY_MAX,
} from "../layout";
import { afterChange, afterInsert, beforeChange, beforeInsert, mayInsert, notChanged } from "./changes";
import { allocateOrEvict } from "./evict";
import { isExpired, noteExpiry } from "./expiry";
import { initialiseLock, lockOf, lockSize } from "./lock-words";
import { copyVectors, load32, swap32 } from "./memory";
import { classAt, classOf, putBack, sizeOf } from "./pool";
import { announce, enrol, filed } from "./presence";
import { discharge, recharge, reserve, settled, unsettled } from "./quota";
import { clearHazards } from "./reclaim";
import { initialiseRing } from "./ring";
import { ringOf, ringSize } from "./ring-cells";
import { bindSpan, spanBytes, unclaim } from "./slabs";
import { backOff, bucketOf, find, found, head, padded, successor, tell } from "./table";
import { mark, removeFound, unlink } from "./remove";
import { beginWrite, bucketMask, count, endWrite, markDirty, slot } from "./worker";

/** Fills a private chunk; next, birth and the rest of the first line are set before it is published. */
// @ts-ignore: decorator
@inline
export function fill(chunk: u32, hash: u32, meta: u32, key: u32, value: u32, length: u32, expires: u32): void {
  const keyLength = padded(meta >> 16);
  if (!ASC_NO_ASSERT) assert(meta >> 16 <= KEY_MAX && E_KEY + keyLength + length <= sizeOf(classAt(chunk)));
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
 * The sum is left in O_SUM.
 *
 * @param expires of one that is made by this
 */
export function addTo(hash: u32, meta: u32, key: u32, by: i64, expires: u32): i32 {
  beginWrite();
  count(C_SETS);
  const chunk = allocateOrEvict(classOf(E_KEY + padded(meta >> 16) + 8));
  if (chunk == 0) return finish(NO_MEMORY);
  fill(chunk, hash, meta, key, slot + S_OUT + O_SUM, 8, 0);
  const status = publish(hash, meta, key, chunk, MODE_ADD, expires, 0, by);
  if (status != OK) putBack(chunk);
  return finish(status);
}

/**
 * Gives an entry another expiry. A published entry never changes, so it is written anew: its value copied into a chunk of ours, and that put in its
 * place if it is still the entry that was copied, by address and version. Takes effect at that swap, and so never in the place of a newer value
 * nor of one that was removed; whoever changed the entry meanwhile makes it start over with what is there then. One that has expired is
 * absent. Time is asked before the swap, as by every write that depends on what it finds: a touch that began in time may take effect just
 * after another thread has seen the entry expired.
 *
 * The copy is made after the chunk was taken, which may need an eviction, and that its own hazards. From the `find` before it until `publish`
 * looks for the key again a hazard names what is copied. Whoever dies in it has the chunk in hand, as in any write.
 *
 * @returns OK or NO_MEMORY with the value's length in O_LENGTH, UNMET when the key is absent
 */
export function touch(hash: u32, meta: u32, key: u32, expires: u32): i32 {
  beginWrite();
  count(C_SETS);
  const keyLength = padded(meta >> 16);
  let retries: u32 = 0;
  while (true) {
    find(hash, meta, key);
    if (found == 0) return finish(UNMET);
    if (isExpired(load<u32>(found + E_EXPIRES))) {
      if (load32(found + E_NEXT) & 1) continue; // replaced before it expired
      return finish(UNMET);
    }
    if (load<u8>(found + E_FLAGS) & FLAG_LARGE) return finish(LARGE);
    const cls = classAt(found);
    store<u32>(slot + S_OUT, load<u16>(found + E_VALUE_LENGTH), O_LENGTH); // for the error, if there is no chunk
    const chunk = allocateOrEvict(cls);
    if (chunk == 0) return finish(NO_MEMORY);
    find(hash, meta, key);
    let status: i32 = UNMET;
    if (found != 0 && classAt(found) == cls && !(load<u8>(found + E_FLAGS) & FLAG_LARGE)) {
      const length = <u32>load<u16>(found + E_VALUE_LENGTH);
      const version = load<u32>(found + E_VERSION);
      fill(chunk, hash, meta, key, found + E_KEY + keyLength, length, expires);
      status = publish(hash, meta, key, chunk, FAULT == 65 ? MODE_SET : MODE_IF_VERSION, found, version, 0);
      store<u32>(slot + S_OUT, length, O_LENGTH);
    }
    if (status == OK) return finish(OK);
    putBack(chunk);
    if (status != UNMET) return finish(status);
    backOff(++retries);
  }
}

/**
 * Writes an entry that holds a span, unless there is one of that key. The span names us as its owner, and is given back if the
 * entry does not come to be.
 *
 * @param start of the span: the entry is noted there, in the words of a region's header
 */
export function writeSpan(hash: u32, meta: u32, key: u32, descriptor: u32, start: u32): i32 {
  const first = load<u32>(descriptor, D_FIRST);
  const slabCount = load<u32>(descriptor, D_COUNT);
  beginWrite();
  count(C_SETS);
  find(hash, meta, key);
  const absent = holds(MODE_IF_ABSENT, 0, 0);
  const chunk = absent ? allocateOrEvict(classOf(E_KEY + padded(meta >> 16) + D_SIZE)) : 0;
  if (chunk == 0) {
    unclaim(first, slabCount, SLAB_SOILED);
    return finish(absent ? NO_MEMORY : UNMET);
  }
  fill(chunk, hash, meta, key, descriptor, D_SIZE, 0);
  store<u32>(start, chunk, G_ENTRY);
  store<u32>(start, load<u32>(chunk + E_VERSION), G_VERSION);
  bindSpan(chunk, 0);
  const status = publish(hash, meta, key, chunk, MODE_IF_ABSENT, 0, 0, 0);
  if (status != OK) putBack(chunk);
  return finish(status);
}

/** Writes the entry of a channel or queue, unless there is one of that key: an empty ring, as described at `made`, and no value. */
export function writeRing(hash: u32, meta: u32, key: u32, made: u32): i32 {
  beginWrite();
  count(C_SETS);
  find(hash, meta, key);
  if (!holds(MODE_IF_ABSENT, 0, 0)) return finish(UNMET);
  const size = ringSize(meta >> 16, load<u32>(made + R_CAPACITY), load<u32>(made + R_KIND));
  const chunk = allocateOrEvict(classOf(size));
  if (chunk == 0) return finish(NO_MEMORY);
  fill(chunk, hash, meta, key, key, 0, 0);
  initialiseRing(ringOf(chunk), made);
  store<u8>(chunk + E_FLAGS, FLAG_RING);
  const status = publish(hash, meta, key, chunk, MODE_IF_ABSENT, 0, 0, 0);
  if (status != OK) putBack(chunk);
  return finish(status);
}

/** Writes the entry of a lock, unless there is one of that key. */
export function writeLock(hash: u32, meta: u32, key: u32, kind: u32, order: u32): i32 {
  beginWrite();
  count(C_SETS);
  find(hash, meta, key);
  if (!holds(MODE_IF_ABSENT, 0, 0)) return finish(UNMET);
  const chunk = allocateOrEvict(classOf(lockSize(meta >> 16)));
  if (chunk == 0) return finish(NO_MEMORY);
  fill(chunk, hash, meta, key, key, 0, 0);
  initialiseLock(lockOf(chunk), kind, order);
  store<u8>(chunk + E_FLAGS, FLAG_LOCK);
  const status = publish(hash, meta, key, chunk, MODE_IF_ABSENT, 0, 0, 0);
  if (status != OK) putBack(chunk);
  return finish(status);
}

export function finish(status: i32): i32 {
  clearHazards();
  endWrite();
  return status;
}

/** Whether the condition of a write holds for what `find` found. An expired entry counts as absent. */
export function holds(mode: u32, expected: u32, generation: u32): bool {
  if (mode == MODE_SET || mode == MODE_ADD) return true;
  const present = found != 0 && !isExpired(load<u32>(found + E_EXPIRES));
  if (mode == MODE_IF_ABSENT) return !present;
  return present && found == expected && load<u32>(found + E_VERSION) == generation;
}

/** Bytes that an entry takes of the pool: its chunk, and the slabs of its span if it has one. */
// @ts-ignore: decorator
@inline
export function footprint(entry: u32): u32 {
  return sizeOf(classAt(entry)) + spanBytes(entry);
}

/**
 * Puts a filled chunk in: the retry loop of every write.
 *
 * @param expected as in `write`; of MODE_ADD the expiry of a counter that is made
 */
export function publish(
  hash: u32,
  meta: u32,
  key: u32,
  chunk: u32,
  mode: u32,
  expected: u32,
  generation: u32,
  by: i64,
): i32 {
  const chunkSize = sizeOf(classAt(chunk));
  const size = chunkSize + spanBytes(chunk);
  const id = meta & 0xffff;
  let retries: u32 = 0;
  let counted = false; // the removals that an insert has to know of, if anybody watches
  while (true) {
    if (FAULT == 80) beforeChange(hash, id);
    find(hash, meta, key);
    const epoch = load32(H_EPOCH);
    if (!holds(mode, expected, generation)) return UNMET;
    if (mode == MODE_ADD && !addInto(chunk, padded(meta >> 16), by, expected)) return NOT_A_COUNTER;
    store<u32>(chunk + E_BIRTH, epoch);
    store<u32>(chunk + E_DEATH, 0);
    // once it is published it may be freed at any moment, and these be another's
    const version = load<u32>(chunk + E_VERSION);
    const expiry = load<u32>(chunk + E_EXPIRES);
    if (found != 0) {
      const old = found;
      const oldSize = footprint(old);
      if (oldSize != size) unsettled(id);
      if (oldSize != size && !recharge(id, <i64>size - <i64>oldSize)) return QUOTA;
      store<u32>(chunk + E_NEXT, successor);
      store<u32>(slot + S_OUT, chunk, O_ENTRY);
      store<u32>(slot + S_OUT, version, O_VERSION);
      if (FAULT != 80) beforeChange(hash, id);
      if (mark(chunk, epoch)) {
        afterChange(CHANGE_SET, hash, meta, key, chunk, version, id == DIRECTORY_ID ? load<u32>(slot + S_VALUE, N_ID) : expiry);
        // before the chunk leaves our hand: a reaper marks what is in hand, so a death anywhere loses no mark
        markDirty(chunk, chunkSize);
        markDirty(old, E_KEY);
        if (expiry != 0) noteExpiry(hash, expiry); // and a reaper notes it, too
        store<u32>(slot + S_HAND_CHUNK, 0);
        settled();
        if (oldSize != size) {
          count(C_BYTES_IN, size);
          count(C_BYTES_OUT, oldSize);
        }
        tell(LOG_REPLACE, hash, id, chunk, version, expiry);
        unlink(old, chunk, hash, meta, key);
        return OK;
      }
      notChanged();
      if (oldSize != size) recharge(id, <i64>oldSize - <i64>size);
    } else {
      if (!mayInsert(hash, id, counted)) {
        counted = true;
        continue;
      }
      announce(hash & bucketMask);
      const room = reserve(id, size);
      if (room != OK) {
        filed();
        return room;
      }
      enrol(id, hash & bucketMask);
      store<u32>(chunk + E_NEXT, head);
      store<u32>(slot + S_OUT, chunk, O_ENTRY);
      store<u32>(slot + S_OUT, version, O_VERSION);
      if (FAULT != 80) beforeInsert(hash, id, counted);
      const linked = swap32(bucketOf(hash), head, chunk);
      if (linked) afterInsert(hash, meta, key, chunk, version, id == DIRECTORY_ID ? load<u32>(slot + S_VALUE, N_ID) : expiry);
      filed();
      if (linked) {
        markDirty(chunk, chunkSize);
        if (expiry != 0) noteExpiry(hash, expiry);
        store<u32>(slot + S_HAND_CHUNK, 0);
        settled();
        count(C_INSERTED);
        count(C_BYTES_IN, size);
        tell(LOG_INSERT, hash, id, chunk, version, expiry);
        return OK;
      }
      notChanged();
      counted = false;
      discharge(id, size);
    }
    backOff(++retries);
  }
}

/** Sum of the found counter and `by` into the chunk's value, keeping its expiry; of none, `by` until `expires`. */
function addInto(chunk: u32, keyLength: u32, by: i64, expires: u32): bool {
  let base: i64 = 0;
  if (found != 0 && !isExpired(load<u32>(found + E_EXPIRES))) {
    if (load<u16>(found + E_VALUE_LENGTH) != 8) return false;
    base = load<i64>(found + E_KEY + keyLength);
    expires = load<u32>(found + E_EXPIRES);
  }
  store<i64>(chunk + E_KEY + keyLength, base + by);
  store<u32>(chunk + E_EXPIRES, expires);
  store<i64>(slot + S_OUT, base + by, O_SUM);
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
    if (removeFound(hash, meta, key, 0, present ? CHANGE_DELETE : CHANGE_EXPIRE)) break;
    backOff(++retries);
    present = false;
  }
  finish(OK);
  return present;
}

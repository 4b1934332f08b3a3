/**
 * The engine's door: what the host may call. Keys come in the key window, zero-padded to 16 bytes; values in the value
 * window or at any address inside the shared memory. `record` and `version` name the namespace's directory entry as the
 * host last saw it; STALE asks it to look again.
 */
import {
  CHUNK_MAX,
  C_DELETES,
  C_EVICTIONS,
  E_EXPIRES,
  E_KEY,
  E_META,
  E_NEXT,
  E_VERSION,
  E_VALUE_LENGTH,
  FIRST_ID,
  H_BUCKET_MASK,
  H_EVICTOR,
  H_SLOTS,
  H_SLOT_COUNT,
  H_SWEEP,
  H_EXPIRY,
  FLAG_LARGE,
  I_SEED,
  LARGE,
  MODE_IF_ABSENT,
  N_ID,
  N_SEED,
  OK,
  READ_PIN,
  SLOT_ACTIVE,
  SLOT_FREE,
  SLOT_RESERVED,
  SLOT_SIZE,
  STALE,
  S_BUFFERS,
  S_BUFFER_BYTES,
  S_BUFFER_COUNT,
  S_HAND_CHUNK,
  S_HAND_FREE,
  S_INCARNATION,
  S_KEY,
  S_MANY,
  O_ADDRESS,
  O_EXPIRES,
  O_PIN,
  O_WRITTEN,
  S_OUT,
  S_PINS,
  S_STATE,
  S_THREAD,
  S_VALUE,
  UNMET,
  KEY_MAX,
  SYSTEM_SEED,
  SYSTEM_ID,
  STALE_RECORD,
  NO_PIN,
} from "../layout";
import * as changes from "./changes";
import { allocateOrEvict, evictOne, removeEntry } from "./evict";
import * as expiry from "./expiry";
import { fnv1a, hashKey, murmur3, xxhash32 } from "./hash";
import * as large from "./large";
import * as logs from "./log";
import { add32, copyRacyExact, load32, load64, loadsFence, store32, swap32 } from "./memory";
import * as names from "./namespace";
import * as deadlocks from "./deadlock";
import * as held from "./held";
import * as locks from "./lock";
import * as near from "./near";
import { allocate, classOf, giveToCache, putBack, trim, classAt } from "./pool";
import { enter, idLine, isCurrent, valueOf } from "./quota";
import { clearHazards, giveBack } from "./reclaim";
import * as reader from "./read";
import * as reaping from "./reap";
import * as permits from "./permits";
import * as regions from "./region";
import * as resources from "./resources";
import * as queues from "./queue";
import * as rings from "./ring";
import * as loader from "./loader";
import { hasSpan, releaseSpan } from "./slabs";
import * as walk from "./sweep";
import * as table from "./table";
import { removeLife, takenBytes } from "./remove";
import * as writer from "./write";
import { beginWrite, count, endWrite, hashKind, log, setLog, slot, slotNumber, takePlace } from "./worker";

// ------------------------------------------------------------------ a worker's place

/** Takes a free slot for this thread. Its number, or -1 when all are taken. */
export function attach(thread: u32): i32 {
  const slots = load<u32>(H_SLOT_COUNT);
  for (let number: u32 = 0; number < slots; number++) {
    const place = load<u32>(H_SLOTS) + number * SLOT_SIZE;
    if (load32(place + S_STATE) == SLOT_FREE && swap32(place + S_STATE, SLOT_FREE, SLOT_ACTIVE)) {
      // at once, with no call between: threads are terminated at calls and loops, and the reaper looks for this number
      store<u32>(place + S_THREAD, thread);
      takePlace(number);
      logs.joinLog();
      changes.joinChanges();
      return number;
    }
  }
  return -1;
}

/** Takes the slot that was reserved for this thread. Its number, or -1 when it is not reserved. */
export function attachTo(number: u32, thread: u32): i32 {
  const place = load<u32>(H_SLOTS) + number * SLOT_SIZE;
  if (!swap32(place + S_STATE, SLOT_RESERVED, SLOT_ACTIVE)) return -1;
  store<u32>(place + S_THREAD, thread);
  takePlace(number);
  logs.joinLog();
  changes.joinChanges();
  return number;
}

/** Leaves in good order. */
export function detach(): void {
  reaping.leave();
  store32(slot + S_INCARNATION, load<u32>(slot + S_INCARNATION) + 1);
  store32(slot + S_STATE, SLOT_FREE);
}

export function reap(number: u32): bool {
  return reaping.reap(number);
}

/** Returns caches and frees what can be freed: for others who are short of memory. */
export function relinquish(): void {
  giveBack();
}

// ------------------------------------------------------------------ clock

/** Ticks since the store was made, by this thread's clock or what others have told; tells them in turn. */
export function time(): u32 {
  return expiry.now();
}

// ------------------------------------------------------------------ operations by key

let hash: u32 = 0;
let meta: u32 = 0;

/** Looks at the namespace's directory entry: false when it is not current any more. Sets `meta` and the seed. */
// @ts-ignore: decorator
@inline
function into(record: u32, version: u32, length: u32): bool {
  const value = valueOf(record);
  meta = (length << 16) | load<u32>(value, N_ID);
  seed = load<u32>(value, N_SEED);
  loadsFence(); // the id before the check that it was the current one
  if (FAULT != 24 && !isCurrent(record, version)) return false;
  enter(record, version);
  return true;
}

let seed: u32 = 0;

// @ts-ignore: decorator
@inline
function intoKey(record: u32, version: u32, length: u32): bool {
  if (!into(record, version, length)) return false;
  hash = hashKey(hashKind, slot + S_KEY, length, seed);
  return true;
}

/** The hash this namespace gives the key in the key window: what a prepared key remembers. */
export function prepare(record: u32, version: u32, length: u32): u32 {
  intoKey(record, version, length);
  return hash;
}

/** The same for a namespace that is not there just now: its keys are hashed by its name, whenever it was made. */
export function prepareSeeded(itsSeed: u32, length: u32): u32 {
  return hashKey(hashKind, slot + S_KEY, length, itsSeed);
}

/** Value into the value window. Its length, MISS, STALE, or LARGE: then `hold` is called. */
export function get(record: u32, version: u32, length: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return reader.read(hash, meta, slot + S_KEY, slot + S_VALUE, 0xffff, false);
}

/**
 * The same with a prepared key, whose hash and meta (length << 16 | namespace id) the host remembers. The id belongs to this
 * directory entry in this version, so it holds as long as the entry is current.
 */
export function getHashed(record: u32, version: u32, keyMeta: u32, hashed: u32): i32 {
  if (!isCurrent(record, version)) return STALE;
  return reader.read(hashed, keyMeta, slot + S_KEY, slot + S_VALUE, 0xffff, false);
}

/** Value to `target`, at most `limit` bytes of it, not a byte more. LARGE as in `get`, or `copyLarge` is called. */
export function getInto(record: u32, version: u32, length: u32, target: u32, limit: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return reader.read(hash, meta, slot + S_KEY, target, limit, true);
}

export function getIntoHashed(
  record: u32,
  version: u32,
  keyMeta: u32,
  hashed: u32,
  target: u32,
  limit: u32,
): i32 {
  if (!isCurrent(record, version)) return STALE;
  return reader.read(hashed, keyMeta, slot + S_KEY, target, limit, true);
}

/** 1 present, 0 absent, or STALE. */
export function has(record: u32, version: u32, length: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return reader.contains(hash, meta, slot + S_KEY) ? 1 : 0;
}

/** Whether a value that this worker has read, of the entry in this life, is still present in the namespace: a read of it, without a key. */
export function isPresent(record: u32, version: u32, id: u32, entry: u32, generation: u32): bool {
  return near.isPresent(record, version, id, entry, generation);
}

/** Values kept near made room for others. */
export function noteDropped(values: u32): void {
  near.noteDropped(values);
}

export function set(
  record: u32,
  version: u32,
  length: u32,
  value: u32,
  valueLength: u32,
  expires: u32,
  mode: u32,
  expected: u32,
  generation: u32,
): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return writer.write(hash, meta, slot + S_KEY, value, valueLength, expires, mode, expected, generation);
}

/** The plain set with a prepared key. */
export function setHashed(
  record: u32,
  version: u32,
  keyMeta: u32,
  hashed: u32,
  value: u32,
  valueLength: u32,
): i32 {
  if (!isCurrent(record, version)) return STALE;
  enter(record, version);
  return writer.write(hashed, keyMeta, slot + S_KEY, value, valueLength, 0, 0, 0, 0);
}

/** Adds to a counter, which expires at `expires` if it is made by this; the sum is in O_SUM. */
export function add(record: u32, version: u32, length: u32, by: i64, expires: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return writer.addTo(hash, meta, slot + S_KEY, by, expires);
}

/** As `get`, but nobody takes note of it. */
export function peek(record: u32, version: u32, length: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return reader.peek(hash, meta, slot + S_KEY, slot + S_VALUE, 0xffff);
}

/** Another expiry, 0 = none, for what is there: OK or NO_MEMORY with the value's length in O_LENGTH, UNMET when nothing is, STALE. */
export function touch(record: u32, version: u32, length: u32, expires: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return writer.touch(hash, meta, slot + S_KEY, expires);
}

/** 1 deleted, 0 absent, or STALE. */
export function remove(record: u32, version: u32, length: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return writer.remove(hash, meta, slot + S_KEY) ? 1 : 0;
}

/** Deletes the key if its entry is still the one in this version (`generation`): 1 deleted, 0 another or none, or STALE. */
export function removeIf(record: u32, version: u32, length: u32, entry: u32, generation: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  count(C_DELETES);
  return removeLife(hash, meta, slot + S_KEY, entry, generation) ? 1 : 0;
}

/** Pins the value in the first free pin: its address, or NOWHERE, STALE_RECORD, NO_PIN. */
export function borrow(record: u32, version: u32, length: u32): u32 {
  if (!intoKey(record, version, length)) return STALE_RECORD;
  for (let pin: u32 = 0; pin < READ_PIN; pin++) {
    if (load<u32>(slot + S_PINS + (pin << 2)) != 0) continue;
    store<u32>(slot + S_OUT, pin, O_PIN);
    return reader.pinValue(hash, meta, slot + S_KEY, pin, true);
  }
  return NO_PIN;
}

export function giveBackPin(pin: u32): void {
  reader.unpin(pin);
}

// ------------------------------------------------------------------ large values (large.ts)

/** Address of a span for so many bytes, in this worker's hands; 0 = out of memory. `setLarge`, `sendLarge` or `dropLarge` follows. */
export function takeLarge(bytes: u32): u32 {
  return large.takeLarge(bytes);
}

export function dropLarge(address: u32, bytes: u32): void {
  large.dropLarge(address, bytes);
}

/** Whether the condition of a write would hold now: 1, 0 or STALE. */
export function wouldWrite(record: u32, version: u32, length: u32, mode: u32, expected: u32, generation: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return large.wouldWrite(hash, meta, slot + S_KEY, mode, expected, generation) ? 1 : 0;
}

/** As `set`, of what lies in a span in hand; unless it is OK the span is in hand still. */
export function setLarge(
  record: u32,
  version: u32,
  length: u32,
  address: u32,
  bytes: u32,
  expires: u32,
  mode: u32,
  expected: u32,
  generation: u32,
): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return large.writeLarge(hash, meta, slot + S_KEY, address, bytes, expires, mode, expected, generation);
}

/** As `borrow`, for a read that has found a large value; `letGo` ends it. */
export function hold(record: u32, version: u32, length: u32): u32 {
  if (!intoKey(record, version, length)) return STALE_RECORD;
  return large.holdLarge(hash, meta, slot + S_KEY);
}

/** The same for a listed entry, NOWHERE when it is not there any more. */
export function holdListed(entry: u32, version: u32): u32 {
  return large.holdListed(entry, version);
}

export function letGo(): void {
  large.letLargeGo();
}

/** The value, large or not, to `target`, at most `limit` bytes of it: its length, MISS or STALE. */
export function copyLarge(record: u32, version: u32, length: u32, target: u32, limit: u32): i32 {
  if (!intoKey(record, version, length)) return STALE;
  return large.copyLarge(hash, meta, slot + S_KEY, target, limit);
}

// ------------------------------------------------------------------ batches

/**
 * Reads a batch. The window S_MANY holds `n` pairs (key offset, key length), then the keys, each padded to 16. First all
 * keys are hashed, then all buckets and all first entries are loaded, so that their cache misses overlap; then each
 * is read. The pairs are overwritten by (value offset, length or MISS); values go to `room` bytes from offset `free` on.
 *
 * @returns how many keys were done before the room ended, or STALE
 */
export function getMany(record: u32, version: u32, n: u32, free: u32, end: u32): i32 {
  if (!into(record, version, 0)) return STALE;
  const window = slot + S_MANY;
  const base = meta;
  warm(n, 8);
  let at = free;
  for (let i: u32 = 0; i < n; i++) {
    const pair = window + (i << 3);
    const length = load<u32>(pair, 4);
    const key = window + load<u32>(pair);
    const room = end - at;
    const got = reader.read(hashKey(hashKind, key, length, seed), (length << 16) | base, key, window + at, room, true);
    if (got == LARGE || (got > 0 && <u32>got > room)) return i;
    store<u32>(pair, at);
    store<i32>(pair, got, 4);
    if (got > 0) at = (at + got + 15) & ~15;
  }
  return n;
}

/**
 * Writes a batch: the window S_MANY holds `n` rows (key offset, key length, value offset, value length), then the bytes. Keys
 * are hashed and buckets and first entries loaded beforehand, as in getMany; then each is a set of its own.
 *
 * @returns how many were done, their condition met or not: the next one found no memory or no quota, or the namespace cleared. How many were
 *   written is left in O_WRITTEN, unless none was done
 */
export function setMany(record: u32, version: u32, n: u32, expires: u32, mode: u32): i32 {
  if (!into(record, version, 0)) return 0;
  const window = slot + S_MANY;
  const base = meta;
  warm(n, 16);
  let written: u32 = 0;
  store<u32>(slot + S_OUT, 0, O_WRITTEN);
  for (let i: u32 = 0; i < n; i++) {
    const row = window + (i << 4);
    const length = load<u32>(row, 4);
    const key = window + load<u32>(row);
    if (!isCurrent(record, version)) return i; // what follows belongs after the clear
    const status = writer.write(
      hashKey(hashKind, key, length, seed),
      (length << 16) | base,
      key,
      window + load<u32>(row, 8),
      load<u32>(row, 12),
      expires,
      mode,
      0,
      0,
    );
    if (status != OK && status != UNMET) return i;
    if (status == OK) store<u32>(slot + S_OUT, ++written, O_WRITTEN);
  }
  return n;
}

let sink: u32 = 0;

/** Touches the bucket and the first entry of every key of the batch, `row` bytes apart. The loads depend on nothing but their key. */
function warm(n: u32, row: u32): void {
  const window = slot + S_MANY;
  let sum: u32 = 0;
  for (let at = window, end = window + n * row; at < end; at += row) {
    const entry = load<u32>(table.bucketOf(hashKey(hashKind, window + load<u32>(at), load<u32>(at, 4), seed)));
    if (entry != 0) sum += load<u32>(entry + E_VERSION);
  }
  sink = sum;
}

// ------------------------------------------------------------------ iteration, sweep, eviction

/** Of one of the store's own ids, which are never given to anybody else. */
export function list(id: u32, from: u32, to: u32, target: u32, room: u32): u64 {
  return walk.list(id, from, to, target, room);
}

/** What `listOf` answers when the directory entry is not current. */
const STALE_LIST: u64 = u64.MAX_VALUE;

/**
 * Lists a namespace. Its directory entry was current before and after, so all that while its id was this namespace's and nobody
 * else's, and what was listed are entries of it: from here on each is known by address and version, whatever becomes of the
 * namespace and its id.
 */
export function listOf(record: u32, version: u32, from: u32, to: u32, target: u32, room: u32): u64 {
  const id = load<u32>(valueOf(record), N_ID);
  loadsFence(); // the id before the check that it was the current one
  if (!isCurrent(record, version)) return STALE_LIST;
  const listed = walk.list(id, from, to, target, room);
  loadsFence(); // what was read of the entries before the check
  if (FAULT != 45 && !isCurrent(record, version)) return STALE_LIST;
  return listed;
}

/**
 * Copies a listed entry if it is still that life of it: key to the key window, value to the value window, its expiry to O_EXPIRES.
 * Key length << 16 | value length, or 0 when it was recycled. The length of a large value is 0xffff, and `holdListed` leads to it.
 */
export function readListed(entry: u32, version: u32): u32 {
  const keyLength = load<u32>(entry + E_META) >> 16;
  const word = load<u32>(entry + E_VALUE_LENGTH);
  const valueLength = word & 0xffff;
  if (keyLength == 0 || keyLength > KEY_MAX) return 0;
  copyRacyExact(slot + S_KEY, entry + E_KEY, keyLength);
  copyRacyExact(slot + S_VALUE, entry + E_KEY + table.padded(keyLength), min<u32>(valueLength, CHUNK_MAX));
  store<u32>(slot + S_OUT, load<u32>(entry + E_EXPIRES), O_EXPIRES);
  loadsFence(); // the copies before the re-check
  if (load32(entry + E_VERSION) != version) return 0;
  return (keyLength << 16) | (word & (FLAG_LARGE << 16) ? 0xffff : valueLength);
}

/** As `readListed`, without the value, for who wants keys alone or looks at a key first. Key length, or 0 when it was recycled. */
export function readListedKey(entry: u32, version: u32): u32 {
  const keyLength = load<u32>(entry + E_META) >> 16;
  if (keyLength == 0 || keyLength > KEY_MAX) return 0;
  copyRacyExact(slot + S_KEY, entry + E_KEY, keyLength);
  store<u32>(slot + S_OUT, load<u32>(entry + E_EXPIRES), O_EXPIRES);
  loadsFence(); // the copy before the re-check
  return load32(entry + E_VERSION) == version ? keyLength : 0;
}

/** Sweeps the next `n` buckets, wherever the last sweeper of any worker stopped. */
export function sweep(n: u32): u32 {
  const from = add32(H_SWEEP, n) & load<u32>(H_BUCKET_MASK);
  return walk.sweep(from, n);
}

/** Takes out what has expired, `limit` entries at most; how many went. */
export function sweepDue(limit: u32): u32 {
  if (!isDue()) return 0;
  const own = log;
  if (own != 0 && load32(H_EVICTOR) == rings.claim()) setLog(0); // the evictor knows what expires, and its own log is short
  beginWrite();
  const swept = walk.sweepDue(limit);
  clearHazards();
  endWrite();
  setLog(own);
  return swept;
}

/** Whether something has expired and is there still, as far as the bounds tell. */
export function isDue(): bool {
  return expiry.isDue(load64(H_EXPIRY), expiry.now());
}

/** Whether entries of a cleared namespace are in the table still. */
export function holdsCleared(): bool {
  return walk.holdsCleared();
}

/** Evicts one entry of the class, by sampled CLOCK. */
export function evict(cls: u32): bool {
  beginWrite();
  const done = evictOne(cls);
  clearHazards();
  endWrite();
  return done;
}

/** Removes an entry by address and version: a victim that was just rewritten is spared. */
export function removeVictim(entry: u32, version: u32): bool {
  beginWrite();
  const done = removeEntry(entry, version, false);
  clearHazards();
  endWrite();
  return done;
}

// ------------------------------------------------------------------ the evictor: the one thread that runs a policy

/** Makes this worker the evictor unless a living one is. */
export function claimEvictor(): bool {
  return rings.holder(H_EVICTOR);
}

export function releaseEvictor(): void {
  swap32(H_EVICTOR, rings.claim(), 0);
}

export function readLog(number: u32, target: u32, room: u32): u32 {
  return logs.readLog(number, target, room);
}

export function logBacklog(number: u32): u32 {
  return logs.backlog(number);
}

export function isAlive(entry: u32, version: u32): bool {
  return logs.isAlive(entry, version);
}

export function survey(from: u32, target: u32, room: u32): u64 {
  return walk.survey(from, target, room);
}

/**
 * As `removeVictim`, for an entry of a user's namespace, counted as an eviction and not logged. The bytes that it had of the pool, 0
 * when it was spared.
 */
export function evictVictim(entry: u32, version: u32): u32 {
  if ((load<u32>(entry + E_META) & 0xffff) < FIRST_ID) return 0;
  const own = log;
  setLog(0);
  const done = removeVictim(entry, version);
  setLog(own);
  if (!done) return 0;
  count(C_EVICTIONS);
  return takenBytes;
}

// ------------------------------------------------------------------ restoring a backup

export function loadChunks(bytes: u32, size: u32, epoch: u32, tick: u32, passed: u32): i32 {
  return loader.loadChunks(bytes, size, epoch, tick, passed);
}

/** An entry of a namespace id that is being loaded, its key in the key window: the value is in a span in hand. OK, NO_MEMORY or UNMET: it is there. */
export function loadLarge(id: u32, length: u32, address: u32, bytes: u32, expires: u32): i32 {
  enter(0, 0); // whatever its namespace was limited to, it had this entry
  const hashed = hashKey(hashKind, slot + S_KEY, length, load<u32>(idLine(id) + I_SEED));
  return large.writeLarge(hashed, (length << 16) | id, slot + S_KEY, address, bytes, expires, MODE_IF_ABSENT, 0, 0);
}

export function reserveSlab(index: u32, sizeClass: u32): void {
  loader.reserveSlab(index, sizeClass);
}

export function adoptSlab(index: u32, sizeClass: u32, epoch: u32, tick: u32, passed: u32): i32 {
  return loader.adoptSlab(index, sizeClass, epoch, tick, passed);
}

export function endAdoption(): void {
  loader.endAdoption();
}

// ------------------------------------------------------------------ namespaces

export function resolve(length: u32): i32 {
  return names.resolve(length);
}

export function createNamespace(length: u32, encoding: u32, maxEntries: u32, maxBytes: u64): i32 {
  return names.create(length, encoding, maxEntries, maxBytes);
}

export function configureNamespace(record: u32, version: u32, length: u32, maxEntries: u32, maxBytes: u64): i32 {
  return names.configure(record, version, length, maxEntries, maxBytes);
}

export function clearNamespace(record: u32, version: u32, length: u32): i32 {
  return names.clear(record, version, length);
}

export function dropNamespace(record: u32, version: u32, length: u32): i32 {
  return names.drop(record, version, length);
}

/** Whether a directory entry is still current. */
export function isCurrentRecord(record: u32, version: u32): bool {
  return isCurrent(record, version);
}

// ------------------------------------------------------------------ the store's own entries (grants, channels)

/** As `get`, in the store's own id 1. */
export function getSystem(length: u32): i32 {
  systemKey(length);
  return reader.read(hash, meta, slot + S_KEY, slot + S_VALUE, 0xffff, false);
}

export function setSystem(length: u32, valueLength: u32, mode: u32, expected: u32, generation: u32): i32 {
  systemKey(length);
  return writer.write(hash, meta, slot + S_KEY, slot + S_VALUE, valueLength, 0, mode, expected, generation);
}

/** The same of what lies in a span in hand; unless it is OK the span is in hand still. */
export function setSystemLarge(
  length: u32,
  address: u32,
  bytes: u32,
  mode: u32,
  expected: u32,
  generation: u32,
): i32 {
  systemKey(length);
  return large.writeLarge(hash, meta, slot + S_KEY, address, bytes, 0, mode, expected, generation);
}

/** As `hold`, for a read that has found a large value. */
export function holdSystem(length: u32): u32 {
  systemKey(length);
  return large.holdLarge(hash, meta, slot + S_KEY);
}

/** What the key in the key window is known by to whoever watches it. */
export function systemHash(length: u32): u32 {
  systemKey(length);
  return hash;
}

export function removeSystem(length: u32): bool {
  systemKey(length);
  return writer.remove(hash, meta, slot + S_KEY);
}

/** The same, if the entry is still this one. */
export function removeSystemIf(length: u32, entry: u32, version: u32): bool {
  systemKey(length);
  return removeLife(hash, meta, slot + S_KEY, entry, version);
}

function systemKey(length: u32): void {
  enter(0, 0);
  hash = hashKey(hashKind, slot + S_KEY, length, SYSTEM_SEED);
  meta = (length << 16) | SYSTEM_ID;
}

// ------------------------------------------------------------------ buffers: chunks lent to the host

/**
 * A chunk of at least `size` + 32 bytes; its first 32 are ours. 0 = out of memory. O_ADDRESS has the address of what is the caller's, which
 * is in a span of its own where it does not fit a chunk.
 */
export function takeBuffer(size: u32): u32 {
  const chunk = size + E_KEY > CHUNK_MAX ? large.takeLargeBuffer(size) : takeSmallBuffer(size);
  if (chunk == 0) return 0;
  store<u32>(chunk + E_NEXT, load<u32>(slot + S_BUFFERS));
  store<u32>(slot + S_BUFFERS, chunk);
  store<u32>(slot + S_HAND_CHUNK, 0);
  countBuffer(chunk, 1);
  return chunk;
}

function takeSmallBuffer(size: u32): u32 {
  beginWrite();
  const chunk = allocateOrEvict(classOf(size + E_KEY));
  clearHazards();
  endWrite();
  store<u32>(slot + S_OUT, chunk + E_KEY, O_ADDRESS);
  return chunk;
}

/** A death in between is settled with the buffers: whoever takes them over counts none. */
function countBuffer(chunk: u32, by: i32): void {
  store<u32>(slot + S_BUFFER_COUNT, load<u32>(slot + S_BUFFER_COUNT) + by);
  store<u32>(slot + S_BUFFER_BYTES, load<u32>(slot + S_BUFFER_BYTES) + by * writer.footprint(chunk));
}

export function returnBuffer(chunk: u32): bool {
  let link = slot + S_BUFFERS;
  while (true) {
    const at = load<u32>(link);
    if (at == 0) return false;
    if (at == chunk) break;
    link = at + E_NEXT;
  }
  store<u32>(slot + S_HAND_FREE, chunk);
  store<u32>(link, load<u32>(chunk + E_NEXT));
  countBuffer(chunk, -1);
  if (hasSpan(chunk)) releaseSpan(chunk);
  giveToCache(chunk, classAt(chunk));
  store<u32>(slot + S_HAND_FREE, 0);
  trim(classAt(chunk));
  return true;
}

// ------------------------------------------------------------------ channels

/** OK, UNMET (there is one of the name in the key window) or NO_MEMORY. */
export function makeRing(length: u32, capacity: u32, kind: u32, whenFull: u32): i32 {
  systemKey(length);
  return rings.makeRing(hash, meta, capacity, kind, whenFull);
}

/** Whether there is one: O_ENTRY, O_VERSION, O_CAPACITY, O_KIND, O_WHEN_FULL, and in O_PLACE the address of the words it is waited for on. */
export function openRing(length: u32): bool {
  systemKey(length);
  return rings.openRing(hash, meta);
}

/** Address of the words that it is waited for on: whoever sleeps there is to be woken. 0 when there is none. */
export function dropRing(length: u32): u32 {
  systemKey(length);
  return rings.dropRing(hash, meta);
}

export function send(entry: u32, version: u32, from: u32, length: u32): i32 {
  return rings.send(entry, version, from, length);
}

/** OK, or FULL, DROPPED or GONE as `send` would answer: before a span is taken for a message. */
export function admits(entry: u32, version: u32): i32 {
  return rings.admits(entry, version);
}

/** As `send`, of a span in hand; unless it is OK the span is in hand still. */
export function sendLarge(entry: u32, version: u32, address: u32, bytes: u32): i32 {
  return rings.sendLarge(entry, version, address, bytes);
}

/** After `receive` answered LARGE, and what was received was read. */
export function endReceive(): void {
  rings.endReceive();
}

export function receive(entry: u32, version: u32, target: u32): i32 {
  return rings.receive(entry, version, target);
}

export function measureRing(entry: u32, version: u32): i32 {
  return rings.measureRing(entry, version);
}

export function leaveRing(entry: u32, version: u32): void {
  rings.leaveRing(entry, version);
}

// ------------------------------------------------------------------ work queues: `openRing` and `dropRing` are theirs as well

/** OK, UNMET (there is one of the name in the key window) or NO_MEMORY. */
export function makeQueue(length: u32, capacity: u32, lease: u32, maxAttempts: u32, maxBytes: u64): i32 {
  systemKey(length);
  return queues.makeQueue(hash, meta, capacity, lease, maxAttempts, maxBytes);
}

export function putTask(entry: u32, version: u32, from: u32, length: u32, delay: u32): i32 {
  return queues.put(entry, version, from, length, delay);
}

/** The same of what lies in a span in hand; unless it is OK the span is in hand still. */
export function putTaskLarge(entry: u32, version: u32, address: u32, bytes: u32, delay: u32): i32 {
  return queues.putLarge(entry, version, address, bytes, delay);
}

export function admitsTask(entry: u32, version: u32, bytes: u32): i32 {
  return queues.admits(entry, version, bytes);
}

/** Whether a message that was found large, and has been copied since, is still what it was. */
export function isStillTask(entry: u32, version: u32, cell: u32, low: u32, high: u32, number: u32): i32 {
  return queues.isStill(entry, version, cell, low, high, number);
}

export function takeTask(entry: u32, version: u32, target: u32, lease: u32): i32 {
  return queues.take(entry, version, target, lease);
}

export function acknowledgeTask(entry: u32, version: u32, cell: u32, low: u32, high: u32): i32 {
  return queues.acknowledge(entry, version, cell, low, high);
}

export function giveBackTask(entry: u32, version: u32, cell: u32, low: u32, high: u32, delay: u32): i32 {
  return queues.giveBack(entry, version, cell, low, high, delay);
}

export function extendTask(entry: u32, version: u32, cell: u32, low: u32, high: u32, lease: u32): i32 {
  return queues.extend(entry, version, cell, low, high, lease);
}

export function readLetter(entry: u32, version: u32, cell: u32, target: u32): i32 {
  return queues.readLetter(entry, version, cell, target);
}

export function endLetter(entry: u32, version: u32, cell: u32, again: bool): i32 {
  return queues.endLetter(entry, version, cell, again);
}

export function measureQueue(entry: u32, version: u32): i32 {
  return queues.measureQueue(entry, version);
}

// ------------------------------------------------------------------ locks (lock.ts), by the name in the key window

/** OK, UNMET (there is one) or NO_MEMORY. */
export function makeLock(length: u32, kind: u32, order: u32): i32 {
  systemKey(length);
  return locks.makeLock(hash, meta, kind, order);
}

export function openLock(length: u32): bool {
  systemKey(length);
  return locks.openLock(hash, meta);
}

export function dropLock(length: u32): i32 {
  systemKey(length);
  return locks.dropLock(hash, meta);
}

export function takeLock(entry: u32, version: u32, how: u32, wait: u32): i32 {
  return locks.takeLock(entry, version, how, wait);
}

export function attemptLock(entry: u32, how: u32, due: bool): i32 {
  return locks.attemptLock(entry, how, due);
}

export function abandonLock(entry: u32, how: u32): i32 {
  return locks.abandonLock(entry, how);
}

export function releaseLock(entry: u32, how: u32): void {
  locks.releaseLock(entry, how);
}

export function mendLock(entry: u32): void {
  locks.mendLock(entry);
}

/** Whoever has `entry` in this worker waits for `target`; 0 = for nothing more. */
export function noteWait(entry: u32, target: u32): void {
  held.noteWait(entry, target);
}

/** Locks of the cycle that this worker's wait for `target` is in, 0 = none; they are in the window S_MANY (deadlock.ts). */
export function findDeadlock(target: u32): u32 {
  return deadlocks.findDeadlock(target);
}

// ------------------------------------------------------------------ regions

/** OK, UNMET (there is one of the name in the key window) or NO_MEMORY. */
export function makeRegion(length: u32, bytes: u32): i32 {
  systemKey(length);
  return regions.makeRegion(hash, meta, bytes);
}

/** Address of its bytes, NOWHERE, or NO_PIN when too many are open; O_SIZE has its size, O_PIN what `closeRegion` takes. */
export function openRegion(length: u32): u32 {
  systemKey(length);
  return regions.openRegion(hash, meta);
}

export function closeRegion(pin: u32): void {
  regions.closeRegion(pin);
}

/** Takes the region's name away. Its memory is given back when nobody has it open: here, or by whoever scans next after the last one closed it. */
export function dropRegion(length: u32): bool {
  const dropped = removeSystem(length);
  regions.collectRegions();
  return dropped;
}

export function claimRegion(data: u32): u32 {
  return regions.claimRegion(data);
}

export function leaveRegion(data: u32): bool {
  return regions.leaveRegion(data);
}

// ------------------------------------------------------------------ changes

export function beginWatching(first: bool): f64 {
  return changes.beginWatching(first);
}

export function stopWatching(): void {
  changes.stopWatching();
}

export function settledStamp(): f64 {
  return changes.settledStamp();
}

export function nextStamp(): f64 {
  return changes.nextStamp();
}

export function readChanges(target: u32, room: u32): i32 {
  return changes.readChanges(target, room);
}

export function listen(listening: u32): u32 {
  return changes.listen(listening);
}

export function nameHash(length: u32): u32 {
  return names.nameHash(length);
}

// ------------------------------------------------------------------ what threads hold, and permits of all of them

export function makeResources(at: u32, bytes: u32): void {
  resources.makeResources(at, bytes);
}

export function takeRecord(at: u32, claim: u32): i32 {
  return resources.takeRecord(at, claim);
}

export function showRecord(
  at: u32,
  index: u32,
  kind: u32,
  label: u32,
  since: f64,
  deadline: u32,
  now: u32,
  phase: u32,
): void {
  resources.showRecord(at, index, kind, label, since, deadline, now, phase);
}

export function movePhase(at: u32, index: u32, now: u32, phase: u32): void {
  resources.movePhase(at, index, now, phase);
}

export function giveRecord(at: u32, index: u32, claim: u32): bool {
  return resources.giveRecord(at, index, claim);
}

export function readRecord(at: u32, index: u32, to: u32): bool {
  return resources.readRecord(at, index, to);
}

export function reapRecord(at: u32, from: u32, dead: u32, claim: u32): i32 {
  return resources.reapRecord(at, from, dead, claim);
}

export function ownerOfRecord(at: u32, index: u32): u32 {
  return resources.ownerOfRecord(at, index);
}

export function makePermits(at: u32, max: u32): u32 {
  return permits.makePermits(at, max);
}

export function takePermit(at: u32, claim: u32): i32 {
  return permits.takePermit(at, claim);
}

export function givePermit(at: u32, index: u32, claim: u32): bool {
  return permits.givePermit(at, index, claim);
}

export function waitForPermit(at: u32, claim: u32, since: u32): void {
  permits.waitForPermit(at, claim, since);
}

export function endWaitForPermit(at: u32): void {
  permits.endWaitForPermit(at);
}

export function promisePermit(at: u32, now: u32, patience: u32): bool {
  return permits.promisePermit(at, now, patience);
}

export function reapPermits(at: u32, dead: u32): u32 {
  return permits.reapPermits(at, dead);
}

// ------------------------------------------------------------------ parts measured and tested on their own

export function hashXx(at: u32, length: u32, seed: u32): u32 {
  return xxhash32(at, length, seed);
}

export function hashFnv(at: u32, length: u32, seed: u32): u32 {
  return fnv1a(at, length, seed);
}

export function hashMurmur(at: u32, length: u32, seed: u32): u32 {
  return murmur3(at, length, seed);
}

/** Allocates and frees `n` chunks of a class: what M-006 puts a figure on. */
export function benchAllocate(cls: u32, n: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    const chunk = allocate(cls);
    if (chunk != 0) putBack(chunk);
  }
}

/** Hashes the same bytes `n` times, each seeded by the last result, so that nothing can be hoisted. */
export function benchHash(kind: u32, at: u32, length: u32, n: u32): u32 {
  let h: u32 = 1;
  if (kind == 0) for (let i: u32 = 0; i < n; i++) h = xxhash32(at, length, h);
  else if (kind == 1) for (let i: u32 = 0; i < n; i++) h = fnv1a(at, length, h);
  else for (let i: u32 = 0; i < n; i++) h = murmur3(at, length, h);
  return h;
}

export function benchNamespace(record: u32, version: u32, n: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    if (into(record, version, 16)) sum += meta + seed;
  }
  return sum;
}

export function slotAddress(): u32 {
  return slot;
}

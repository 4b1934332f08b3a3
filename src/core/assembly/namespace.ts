/**
 * Namespaces (M-008). The directory of them is part of the table: an entry with namespace id 0, the name as key and the
 * namespace's id, hash seed and limits as value. A worker finds it once and remembers (address, version); each operation
 * checks that this entry is still current, two loads of one line. To clear a namespace is to replace its directory entry
 * by one with a fresh id: the old entries are unreachable at once, the sweeper takes them out, and when the old id's count
 * is zero it may be given out again. Nothing here is a new kind of concurrency: replace, insert, delete are the table's.
 */
import {
  CHANGE_DELETE,
  DIRECTORY_ID,
  E_VERSION,
  FIRST_ID,
  H_HASH_SEED,
  H_ID_COUNT,
  H_NEXT_ID,
  H_SLOTS,
  H_SLOT_COUNT,
  H_TICK,
  ID_CLEARED,
  ID_FREE,
  ID_USED,
  I_ENTRIES,
  I_LAST_USED,
  I_LIFE,
  I_MADE,
  I_SEED,
  I_STATE,
  MODE_IF_ABSENT,
  MODE_IF_VERSION,
  NO_IDS,
  N_ENCODING,
  N_ID,
  N_MAX_BYTES,
  N_MAX_ENTRIES,
  N_SEED,
  N_SIZE,
  OK,
  SLOT_SIZE,
  STALE,
  S_HAND_ID,
  S_HAND_OLD_ID,
  S_KEY,
  S_OUT,
  S_VALUE,
} from "../layout";
import { noteClear } from "./expiry";
import { hashKey, xxhash32 } from "./hash";
import { load32, release32, store32, swap32 } from "./memory";
import { enter, idKind, idLine, idTaker, isCurrent, takenBy, valueOf, withKind } from "./quota";
import { forgetLife } from "./presence";
import { clearHazards } from "./reclaim";
import { read } from "./read";
import { find, found } from "./table";
import { removeFound } from "./remove";
import { write } from "./write";
import { beginWrite, endWrite, hashKind, slot, slotNumber } from "./worker";

// @ts-ignore: decorator
@inline
function directoryMeta(length: u32): u32 {
  return (length << 16) | DIRECTORY_ID;
}

// @ts-ignore: decorator
@inline
function directoryHash(length: u32): u32 {
  return hashKey(hashKind, slot + S_KEY, length, load<u32>(H_HASH_SEED));
}

/** Looks the name in the key window up: value in the value window, address and version in O_ENTRY and O_VERSION. A length or MISS. */
export function resolve(length: u32): i32 {
  return read(directoryHash(length), directoryMeta(length), slot + S_KEY, slot + S_VALUE, N_SIZE, false);
}

/** What the name in the key window is known by to whoever watches it: the hash of its directory entry. */
export function nameHash(length: u32): u32 {
  return directoryHash(length);
}

/** A free namespace id, now ours; 0 when all are in use. */
function takeId(): u32 {
  const total = load<u32>(H_ID_COUNT);
  let id = load32(H_NEXT_ID);
  for (let tried: u32 = FIRST_ID; tried < total; tried++, id++) {
    if (id >= total || id < FIRST_ID) id = FIRST_ID;
    const state = idLine(id) + I_STATE;
    const now = load32(state);
    if (idKind(now) == ID_USED) continue;
    if (FAULT != 21 && idKind(now) == ID_CLEARED && load32(idLine(id) + I_ENTRIES) != 0) continue;
    store<u32>(slot + S_HAND_ID, id);
    if (swap32(state, now, takenBy(now, slotNumber + 1))) {
      // it counts as used from now on: not since the store began, nor since its last owner's last write
      store<u32>(idLine(id) + I_LAST_USED, max<u32>(load32(H_TICK), 1));
      store32(H_NEXT_ID, id + 1);
      beginLife(id);
      return id;
    }
  }
  store<u32>(slot + S_HAND_ID, 0);
  return 0;
}

/**
 * An id just taken is in no directory entry, so its line is ours to write. The life's number and its id make one that no other
 * life has, however often ids go round (the generation in the state has sixteen bits and only guards swaps).
 */
function beginLife(id: u32): void {
  const line = idLine(id);
  const life = load<u64>(line + I_LIFE) + 1;
  store<u64>(line + I_LIFE, life);
  store<u64>(line + I_MADE, (life << 16) | id);
  forgetLife(id);
}

function abandonId(id: u32): void {
  const state = idLine(id) + I_STATE;
  release32(state, withKind(load32(state), ID_FREE)); // no one else changes it while it is ours and in no directory entry
  store<u32>(slot + S_HAND_ID, 0);
}

/** The id is in the directory: from now on whoever clears the namespace answers for it. */
function keepId(id: u32): void {
  const state = idLine(id) + I_STATE;
  const now = load32(state);
  // still ours, or the namespace was cleared already and the id with it
  if (idTaker(now) == slotNumber + 1) swap32(state, now, withKind(now, ID_USED));
  store<u32>(slot + S_HAND_ID, 0);
}

/**
 * The state of the id that a current directory entry names, without its taker's mark: whoever takes the id out of the
 * directory, or reaps who did, then knows it by this state alone. 0 when the entry is not current.
 */
function stateInUse(entry: u32, version: u32, id: u32): u32 {
  const state = idLine(id) + I_STATE;
  while (true) {
    const now = load32(state);
    // after the load: the state belongs to the life of the id that the directory names
    if (!isCurrent(entry, version)) return 0;
    if (idTaker(now) == 0) return now;
    const kept = withKind(now, ID_USED);
    if (swap32(state, now, kept)) return kept;
  }
}

/** The id has left the directory. A swap: a reaper may have said so before us, and another worker taken the id again. */
function retireId(id: u32, state: u32): void {
  swap32(idLine(id) + I_STATE, state, withKind(state, ID_CLEARED));
  noteClear();
  store<u32>(slot + S_HAND_OLD_ID, 0);
}

/** Makes the namespace whose name is in the key window, unless it exists. OK, UNMET (it exists), NO_IDS, NO_MEMORY. */
export function create(length: u32, encoding: u32, maxEntries: u32, maxBytes: u64): i32 {
  const id = takeId();
  if (id == 0) return NO_IDS;
  const value = slot + S_VALUE;
  store<u32>(value, id, N_ID);
  const seed = xxhash32(slot + S_KEY, length, load<u32>(H_HASH_SEED));
  store<u32>(value, seed, N_SEED);
  store<u32>(idLine(id) + I_SEED, seed);
  store<u32>(value, maxEntries, N_MAX_ENTRIES);
  store<u32>(value, encoding, N_ENCODING);
  store<u64>(value, maxBytes, N_MAX_BYTES);
  const status = replace(length, MODE_IF_ABSENT, 0, 0);
  if (status == OK) keepId(id);
  else abandonId(id);
  return status;
}

function replace(length: u32, mode: u32, entry: u32, version: u32): i32 {
  enter(0, 0);
  return write(
    directoryHash(length),
    directoryMeta(length),
    slot + S_KEY,
    slot + S_VALUE,
    N_SIZE,
    0,
    mode,
    entry,
    version,
  );
}

/** Changes the limits. OK, or STALE when the entry is not the current one any more. */
export function configure(entry: u32, version: u32, length: u32, maxEntries: u32, maxBytes: u64): i32 {
  if (!copyRecord(entry, version)) return STALE;
  store<u32>(slot + S_VALUE, maxEntries, N_MAX_ENTRIES);
  store<u64>(slot + S_VALUE, maxBytes, N_MAX_BYTES);
  const status = replace(length, MODE_IF_VERSION, entry, version);
  return status == 0 ? STALE : status;
}

/** The value of a directory entry into the value window; false when it was recycled meanwhile. */
function copyRecord(entry: u32, version: u32): bool {
  memory.copy(slot + S_VALUE, valueOf(entry), N_SIZE);
  return load32(entry + E_VERSION) == version;
}

/**
 * Empties the namespace: a new directory entry with a fresh id. The old id is noted in the slot until it is marked cleared,
 * so that a reaper can finish.
 */
export function clear(entry: u32, version: u32, length: u32): i32 {
  if (!copyRecord(entry, version)) return STALE;
  const oldId = load<u32>(slot + S_VALUE, N_ID);
  const oldState = stateInUse(entry, version, oldId);
  if (oldState == 0) return STALE;
  const id = takeId();
  if (id == 0) return NO_IDS;
  store<u32>(slot + S_VALUE, id, N_ID);
  store<u32>(idLine(id) + I_SEED, load<u32>(slot + S_VALUE, N_SEED));
  // it stays the namespace it was. Should the old id be another's by now, then the directory entry is not current either
  store<u64>(idLine(id) + I_MADE, load<u64>(idLine(oldId) + I_MADE));
  store<u32>(slot + S_HAND_OLD_ID, oldId);
  const status = replace(length, MODE_IF_VERSION, entry, version);
  if (status != OK) {
    store<u32>(slot + S_HAND_OLD_ID, 0);
    abandonId(id);
    return status == 0 ? STALE : status;
  }
  keepId(id);
  retireId(oldId, oldState);
  return OK;
}

/** Takes the namespace out of the directory, entries and all. OK or STALE. */
export function drop(entry: u32, version: u32, length: u32): i32 {
  if (!copyRecord(entry, version)) return STALE;
  const oldId = load<u32>(slot + S_VALUE, N_ID);
  const oldState = stateInUse(entry, version, oldId);
  if (oldState == 0) return STALE;
  const hash = directoryHash(length);
  const meta = directoryMeta(length);
  store<u32>(slot + S_HAND_OLD_ID, oldId);
  beginWrite();
  let status: i32 = STALE;
  while (true) {
    find(hash, meta, slot + S_KEY);
    if (found != entry || load32(entry + E_VERSION) != version) break;
    if (removeFound(hash, meta, slot + S_KEY, 0, CHANGE_DELETE)) {
      retireId(oldId, oldState);
      status = OK;
      break;
    }
  }
  clearHazards();
  endWrite();
  store<u32>(slot + S_HAND_OLD_ID, 0);
  return status;
}

/**
 * What a namespace holds, and what it may hold. Usage is kept per namespace *id*: an insert reserves its place first and
 * then looks whether the directory entry it came by is still the current one. So a cleared id whose count is zero can be
 * given out again: whoever reserves in it later finds the directory changed and takes the reservation back.
 */
import {
  E_KEY,
  E_META,
  E_NEXT,
  E_VERSION,
  FIRST_ID,
  H_TICK,
  ID_CLEARED,
  ID_USED,
  I_BYTES,
  I_ENTRIES,
  I_LAST_USED,
  I_STATE,
  ID_STRIDE,
  N_MAX_BYTES,
  N_MAX_ENTRIES,
  OK,
  QUOTA,
  STALE,
  S_HAND_USAGE,
} from "../layout";
import { add32, add64, load32 } from "./memory";
import { ids, slot } from "./worker";

/** The directory entry the current operation came by, and its version; 0 for the store's own ids. */
let record: u32 = 0;
let recordVersion: u32 = 0;
let limits: u32 = 0;

/** Where a directory entry keeps its value. */
// @ts-ignore: decorator
@inline
export function valueOf(entry: u32): u32 {
  return entry + E_KEY + ((<u32>load<u16>(entry + E_META, 2) + 15) & ~15);
}

/** Whether the entry is still this life of it, and neither replaced nor deleted. */
// @ts-ignore: decorator
@inline
export function isCurrent(entry: u32, version: u32): bool {
  return !(load32(entry + E_NEXT) & 1) && load32(entry + E_VERSION) == version;
}

/** An operation enters a namespace. */
// @ts-ignore: decorator
@inline
export function enter(entry: u32, version: u32): void {
  record = entry;
  recordVersion = version;
}

// @ts-ignore: decorator
@inline
export function idLine(id: u32): u32 {
  return ids + id * ID_STRIDE;
}

/**
 * The state of an id: what it is now, who has taken it and not yet put it into the directory (slot + 1, for its reaper), and a
 * generation, so that a swap of a state that was seen cannot succeed on a later one that looks the same.
 *
 *   31        16 15      8 7     0
 *   | generation | taker  | ID_*  |
 */
// @ts-ignore: decorator
@inline
export function idKind(state: u32): u32 {
  return state & 0xff;
}

// @ts-ignore: decorator
@inline
export function idTaker(state: u32): u32 {
  return (state >> 8) & 0xff;
}

// @ts-ignore: decorator
@inline
export function withKind(state: u32, kind: u32): u32 {
  return (state & 0xffff0000) | kind;
}

// @ts-ignore: decorator
@inline
export function takenBy(state: u32, taker: u32): u32 {
  return ((state & 0xffff0000) + 0x10000) | (taker << 8) | ID_USED;
}

// @ts-ignore: decorator
@inline
export function isCleared(id: u32): bool {
  return id >= FIRST_ID && idKind(load32(idLine(id) + I_STATE)) == ID_CLEARED;
}

/** Reserves one entry of `size` chunk bytes. OK, QUOTA, or STALE when the namespace was cleared or changed. */
export function reserve(id: u32, size: u32): i32 {
  const line = idLine(id);
  store<u32>(slot + S_HAND_USAGE, id + 1);
  const entries = add32(line + I_ENTRIES, 1) + 1;
  const bytes = add64(line + I_BYTES, size) + size;
  if (record == 0) return OK;
  if (FAULT != 13 && !isCurrent(record, recordVersion)) {
    discharge(id, size);
    return STALE;
  }
  touch(line);
  if (fits(entries, bytes)) return OK;
  discharge(id, size);
  return QUOTA;
}

/** A write comes to a namespace: to the second, so that the line stays shared among readers. */
// @ts-ignore: decorator
@inline
function touch(line: u32): void {
  const now = load<u32>(H_TICK);
  if (now - load<u32>(line + I_LAST_USED) > 100) store<u32>(line + I_LAST_USED, now);
}

/** Limits are read from an entry that was current a moment ago; a recycled one only makes this write start over. */
function fits(entries: u32, bytes: u64): bool {
  limits = valueOf(record);
  const maxEntries = load<u32>(limits + N_MAX_ENTRIES);
  if (maxEntries != 0 && entries > maxEntries) return false;
  const maxBytes = load<u64>(limits + N_MAX_BYTES);
  return maxBytes == 0 || bytes <= maxBytes;
}

export function discharge(id: u32, size: u32): void {
  const line = idLine(id);
  add64(line + I_BYTES, 0 - <u64>size);
  add32(line + I_ENTRIES, -1);
  settled();
}

/** The counts agree again with what is published. */
// @ts-ignore: decorator
@inline
export function settled(): void {
  store<u32>(slot + S_HAND_USAGE, 0);
}

/** From here to `settled` a death leaves the counts of this id one off; the reaper then says so. */
// @ts-ignore: decorator
@inline
export function unsettled(id: u32): void {
  store<u32>(slot + S_HAND_USAGE, id + 1);
}

/** A replacement changes the bytes, not the count. False when it would break the limit. */
export function recharge(id: u32, by: i64): bool {
  const line = idLine(id);
  const bytes = add64(line + I_BYTES, <u64>by) + <u64>by;
  if (by <= 0 || record == 0 || fits(0, bytes)) return true;
  add64(line + I_BYTES, 0 - <u64>by);
  return false;
}

/**
 * Large values: what does not fit a chunk lies in a span (slabs.ts) that the entry's descriptor names (FLAG_LARGE). An entry is small
 * either way: published, replaced, retired, kept for a snapshot and freed as any other, and its span with it.
 *
 * A writer takes the span first, fills it, and only then makes the entry; until that is published the span is in its hand, which is
 * to say that its slabs name it and no descriptor names them (slabs.ts tells how a reaper knows). It may have several: what is
 * encoded is the caller's code, which may write on its own.
 *
 * A span has no versions, so nobody reads one that is not held: a reader who finds that the value is large names the entry in a pin, as
 * a borrowed view does, and looks again whether the entry is there. From then on the span stays as it is until the pin is cleared, so
 * what is copied or decoded is never garbage, and a large copy is never made twice. The price is a look-up under hazards, some
 * hundred nanoseconds beside a copy of microseconds.
 *
 * Where there is no run of free slabs, expired entries go, then living ones with large values, those in a place that was not read
 * lately first (evict.ts).
 */
import {
  C_SETS,
  D_BYTES,
  D_FIRST,
  D_SIZE,
  E_FLAGS,
  E_KEY,
  E_META,
  E_VALUE_LENGTH,
  FLAG_LARGE,
  MISS,
  MODE_SET,
  NOWHERE,
  NO_MEMORY,
  OK,
  O_ADDRESS,
  O_LENGTH,
  READ_PIN,
  SLAB_FREED,
  SLAB_SHIFT,
  S_OUT,
  S_VALUE,
  UNMET,
} from "../layout";
import { allocateOrEvict, findEntry, takeSpanOrEvict } from "./evict";
import { copyRacyExact } from "./memory";
import { classOf, putBack } from "./pool";
import { clearHazards } from "./reclaim";
import { pinFound, pinValue, unpin } from "./read";
import { bindSpan, describeSpan, slabStart, slabsFor, unbindSpan, unclaim } from "./slabs";
import { find, padded } from "./table";
import { beginWrite, count, endWrite, markDirty, pool, slot } from "./worker";
import { fill, finish, holds, publish } from "./write";

/** A span for a value of so many bytes, in this worker's hands: its address, 0 = no such run of slabs is free nor can be made. */
export function takeLarge(bytes: u32): u32 {
  beginWrite();
  const first = takeSpanOrEvict(slabsFor(bytes));
  finish(OK);
  return first < 0 ? 0 : slabStart(first);
}

/** Gives back a span in hand. */
export function dropLarge(address: u32, bytes: u32): void {
  unclaim(slabOf(address), slabsFor(bytes), SLAB_FREED);
}

// @ts-ignore: decorator
@inline
function slabOf(address: u32): u32 {
  return (address - pool) >> SLAB_SHIFT;
}

/** A chunk in hand that has a span of so many bytes, for a buffer: 0 = out of memory. The span's address is in O_ADDRESS. */
export function takeLargeBuffer(bytes: u32): u32 {
  beginWrite();
  const first = takeSpanOrEvict(slabsFor(bytes));
  if (first < 0) {
    finish(NO_MEMORY);
    return 0;
  }
  const chunk = allocateOrEvict(classOf(E_KEY + D_SIZE));
  if (chunk == 0) {
    unclaim(first, slabsFor(bytes), SLAB_FREED);
  } else {
    makeHolder(chunk, slabStart(first), bytes);
    store<u32>(slot + S_OUT, slabStart(first), O_ADDRESS);
  }
  finish(OK);
  return chunk;
}

/** Makes a chunk in hand, which is no entry, the holder of a span in hand: a message, or a buffer. */
export function makeHolder(chunk: u32, address: u32, bytes: u32): void {
  store<u32>(chunk + E_META, 0);
  store<u32>(chunk + E_VALUE_LENGTH, D_SIZE | (FLAG_LARGE << 16));
  describe(chunk + E_KEY, address, bytes);
  bindSpan(chunk, 0);
}

/** Whether the condition of a write would hold now: asked before a span is taken for it, which may evict others. */
export function wouldWrite(hash: u32, meta: u32, key: u32, mode: u32, expected: u32, generation: u32): bool {
  find(hash, meta, key);
  const would = holds(mode, expected, generation);
  clearHazards();
  return would;
}

/** Writes into `at` the descriptor of the span at an address. */
function describe(at: u32, address: u32, bytes: u32): void {
  describeSpan(at, slabOf(address), slabsFor(bytes));
  store<u32>(at, bytes, D_BYTES);
}

/** As `write`, of a value that lies in a span in hand. Only when OK is the span the entry's; else it is in hand still. */
export function writeLarge(
  hash: u32,
  meta: u32,
  key: u32,
  address: u32,
  bytes: u32,
  expires: u32,
  mode: u32,
  expected: u32,
  generation: u32,
): i32 {
  beginWrite();
  count(C_SETS);
  if (mode != MODE_SET) {
    find(hash, meta, key);
    if (!holds(mode, expected, generation)) return finish(UNMET);
  }
  const chunk = allocateOrEvict(classOf(E_KEY + padded(meta >> 16) + D_SIZE));
  if (chunk == 0) return finish(NO_MEMORY);
  const descriptor = slot + S_VALUE;
  describe(descriptor, address, bytes);
  fill(chunk, hash, meta, key, descriptor, D_SIZE, expires);
  store<u8>(chunk + E_FLAGS, FLAG_LARGE);
  bindSpan(chunk, chunk);
  // before the entry's own chunk is marked: whoever finds this in its backup and not that one, finds it as it is now (backup/snapshot.ts)
  if (FAULT != 74) markDirty(address, bytes);
  const status = publish(hash, meta, key, chunk, mode, expected, generation, 0);
  if (status != OK) {
    if (FAULT != 73) unbindSpan(chunk);
    putBack(chunk);
  }
  return finish(status);
}

/**
 * Holds the value of the key, large or not, for a read that has found it large: until `letLargeGo` it stays. Its address, NOWHERE when
 * absent; length in O_LENGTH, entry, version and expiry as after a read.
 */
export function holdLarge(hash: u32, meta: u32, key: u32): u32 {
  return pinValue(hash, meta, key, READ_PIN, false);
}

/** The same for an entry that was listed, if it is still that life of it and linked; else NOWHERE. */
export function holdListed(entry: u32, version: u32): u32 {
  const value = findEntry(entry, version) ? pinFound(READ_PIN) : NOWHERE;
  clearHazards();
  return value;
}

export function letLargeGo(): void {
  unpin(READ_PIN);
}

/** Copies the value of the key, large or not, to `target`: at most `limit` bytes. Its length, or MISS. */
export function copyLarge(hash: u32, meta: u32, key: u32, target: u32, limit: u32): i32 {
  const value = holdLarge(hash, meta, key);
  if (value == NOWHERE) return MISS;
  const length = load<u32>(slot + S_OUT, O_LENGTH);
  copyRacyExact(target, value, min(length, limit));
  letLargeGo();
  return length;
}

/**
 * Memory: 64 KiB slabs, each cut once into chunks of one size class and kept by it (M-006). Because a chunk never
 * changes its class, a stale pointer always points at a chunk header, and its version tells whether it is still the same
 * life of that chunk: memory is type-stable.
 *
 * Free chunks are in a worker's cache or on their class's stack (Treiber). Workers move chunks between the two in
 * batches, one CAS each. The stack head is one u64:
 *
 *   63           34 33     32 31            5 4      0
 *   | tag (30)     | owner hi | address (27) | owner lo |
 *
 * The tag counts successful swaps, so a head that was popped and pushed back does not look unchanged (ABA).
 *
 * A worker may die at any instruction, also right after its swap and before it noted so. Its reaper must then know
 * whether the swap took effect: the head names the owner of the last swap, and whoever swaps next first acknowledges
 * that owner by raising `acks[owner][class]` to the tag (detectable compare-and-swap, after Attiya, Ben-Baruch and
 * Hendler, PODC 2018). With the tag the dead worker expected in its slot, the reaper decides.
 *
 * Invariant: a chunk is in exactly one of: chain, one cache, one retired list, one class stack, one worker's hands.
 */
import {
  CACHE_STRIDE,
  CHUNK_MAX,
  CLASS_COUNT,
  CLASS_MIN_SHIFT,
  C_REFILLS,
  C_RETURNS,
  C_SLABS,
  E_BIRTH,
  E_KEY,
  E_NEXT,
  E_VERSION,
  H_CACHE_LIMIT,
  H_CACHE_RETURN,
  H_CLASSES,
  H_REFILL,
  H_SLOTS,
  K_GIVEN,
  K_TAKEN,
  LINE,
  PENDING_POP,
  PENDING_PUSH,
  PENDING_SLAB,
  SLAB_SHIFT,
  SLAB_SIZE,
  SLOT_SIZE,
  S_ACKS,
  S_CACHES,
  S_HAND_CHUNK,
  S_HAND_CHUNK_VERSION,
  S_HAND_FREE,
  S_PENDING,
  S_PENDING_CLASS,
  S_PENDING_COUNT,
  S_PENDING_TAG,
} from "../layout";
import { load32, load64, racy32, raise32, release32, storesFence, swap32, swap64 } from "./memory";
import { forgetRing, hasRing } from "./ring-cells";
import { claimSlab, cleanSlab, hasSpan, releaseSpan, slabStart, slabState } from "./slabs";
import { count, markDirty, pool, poolEnd, slabs, slot, slotNumber } from "./worker";

// @ts-ignore: decorator
@inline
export function classOf(size: u32): u32 {
  return size <= 32 ? 0 : 27 - clz<u32>(size - 1);
}

// @ts-ignore: decorator
@inline
export function sizeOf(cls: u32): u32 {
  return 1 << (cls + CLASS_MIN_SHIFT);
}

/** The class of a chunk, from its slab. A slab is given its class before any of its chunks is handed out. */
// @ts-ignore: decorator
@inline
export function classAt(chunk: u32): u32 {
  return (load<u32>(slabs + (((chunk - pool) >> SLAB_SHIFT) << 2)) & 0xff) - 1;
}

/** Whether an address read without protection can be a chunk at all. */
// @ts-ignore: decorator
@inline
export function isChunk(address: u32): bool {
  return (address & 31) == 0 && address - pool < poolEnd - pool;
}

// @ts-ignore: decorator
@inline
function headAddress(head: u64): u32 {
  return <u32>head & ~31;
}

// @ts-ignore: decorator
@inline
function headOwner(head: u64): u32 {
  return (<u32>head & 31) | ((<u32>(head >> 32) & 3) << 5);
}

// @ts-ignore: decorator
@inline
function headTag(head: u64): u32 {
  return <u32>(head >> 34);
}

// @ts-ignore: decorator
@inline
function makeHead(address: u32, tag: u32, owner: u32): u64 {
  return <u64>(address | (owner & 31)) | (<u64>(owner >> 5) << 32) | (<u64>tag << 34);
}

/** Tells the last swapper that its swap took effect, before ours hides the fact. Tags are 30 bits, compared shifted. */
function acknowledge(head: u64, cls: u32): void {
  const owner = headOwner(head);
  if (FAULT == 11 || owner == 0 || owner == slotNumber + 1) return;
  raise32(load<u32>(H_SLOTS) + (owner - 1) * SLOT_SIZE + S_ACKS + (cls << 2), headTag(head) << 2);
}

/** Whether `dead`'s swap that expected `tag` took effect. */
export function swapTookEffect(deadSlot: u32, deadNumber: u32, cls: u32, tag: u32): bool {
  const head = load64(H_CLASSES + cls * LINE);
  const done = (tag + 1) << 2;
  if (headOwner(head) == deadNumber + 1 && headTag(head) << 2 == done) return true;
  return load32(deadSlot + S_ACKS + (cls << 2)) == done;
}

/**
 * Takes a chunk of the class into this worker's hands; 0 when neither the cache, the class nor the memory has one.
 * The hand is filled before the cache shrinks: a reaper that finds the chunk in both knows it is in the cache.
 */
export function allocate(cls: u32): u32 {
  if (!ASC_NO_ASSERT) assert(cls < CLASS_COUNT);
  const cache = slot + S_CACHES + cls * CACHE_STRIDE;
  let n = load<u32>(cache);
  if (n == 0) {
    if (!refill(cls, cache)) return 0;
    n = load<u32>(cache);
  }
  const chunk = load<u32>(cache + (n << 2));
  if (!ASC_NO_ASSERT) assert(isChunk(chunk) && classAt(chunk) == cls);
  // its last life's link is marked still: a mark on a chunk in hand must mean that it was published and removed (reap.ts)
  if (FAULT != 20) store<u32>(chunk + E_NEXT, 0);
  store<u32>(slot + S_HAND_CHUNK_VERSION, load<u32>(chunk + E_VERSION));
  if (FAULT != 12) store<u32>(slot + S_HAND_CHUNK, chunk);
  store<u32>(cache, n - 1);
  store<u64>(cache + K_TAKEN, load<u64>(cache + K_TAKEN) + 1);
  return chunk;
}

/**
 * Puts back a chunk that was in hand and never published: no other thread has its address, so its version stays. A write that
 * failed may have stamped it, though, and a backup may have copied it so: unborn again, and marked, or the next snapshot
 * would take it for an entry.
 */
export function putBack(chunk: u32): void {
  if (!ASC_NO_ASSERT) assert(isChunk(chunk) && load<u32>(slot + S_HAND_CHUNK) == chunk);
  unstamp(chunk);
  if (hasSpan(chunk)) releaseSpan(chunk);
  if (hasRing(chunk)) forgetRing(chunk);
  giveToCache(chunk, classAt(chunk));
  store<u32>(slot + S_HAND_CHUNK, 0);
  trim(classAt(chunk));
}

/** A chunk that is no entry after all: not born, in the backups too. */
export function unstamp(chunk: u32): void {
  if (load<u32>(chunk + E_BIRTH) == 0) return;
  store<u32>(chunk + E_BIRTH, 0);
  markDirty(chunk, E_KEY);
}

/**
 * Frees a chunk that was published, retired, and is named by no hazard. The version is bumped before anything of it that readers
 * look at changes (storesFence), so a reader that saw a new word of it also sees the new version and starts over. The birth
 * goes first: whoever copies the chunk in ascending order and finds the new version finds no old birth beside it.
 */
export function free(chunk: u32): void {
  if (!ASC_NO_ASSERT) assert(isChunk(chunk));
  const cls = classAt(chunk);
  store<u32>(slot + S_HAND_FREE, chunk);
  if (FAULT == 72 && hasSpan(chunk)) releaseSpan(chunk);
  store<u32>(chunk + E_BIRTH, 0);
  storesFence();
  if (FAULT != 4) release32(chunk + E_VERSION, load<u32>(chunk + E_VERSION) + 1);
  storesFence();
  if (hasSpan(chunk)) releaseSpan(chunk); // last: whoever sees what another puts there sees the new version (backup/snapshot.ts)
  giveToCache(chunk, cls);
  store<u32>(slot + S_HAND_FREE, 0);
  trim(cls);
}

export function giveToCache(chunk: u32, cls: u32): void {
  const cache = slot + S_CACHES + cls * CACHE_STRIDE;
  const n = load<u32>(cache) + 1;
  if (!ASC_NO_ASSERT) assert((n << 2) < K_TAKEN && classAt(chunk) == cls);
  store<u32>(cache + (n << 2), chunk);
  store<u32>(cache, n);
  store<u64>(cache + K_GIVEN, load<u64>(cache + K_GIVEN) + 1);
}

/** A cache above its limit returns a batch to the class. */
// @ts-ignore: decorator
@inline
export function trim(cls: u32): void {
  const cache = slot + S_CACHES + cls * CACHE_STRIDE;
  if (load<u32>(cache) > load<u32>(H_CACHE_LIMIT)) giveToClass(cls, cache, load<u32>(H_CACHE_RETURN));
}

/** Returns every cached chunk: when a worker detaches, and when someone else is out of memory and asks for it. */
export function emptyCache(cls: u32): void {
  const cache = slot + S_CACHES + cls * CACHE_STRIDE;
  if (load<u32>(cache)) giveToClass(cls, cache, load<u32>(cache));
}

function giveToClass(cls: u32, cache: u32, batch: u32): void {
  const n = load<u32>(cache);
  const first = load<u32>(cache + (n << 2));
  let last = first;
  for (let i: u32 = 1; i < batch; i++) {
    const chunk = load<u32>(cache + ((n - i) << 2));
    store<u32>(last + E_NEXT, chunk);
    last = chunk;
  }
  push(PENDING_PUSH, cls, first, last, n - batch);
  store<u32>(cache, n - batch);
  store<u32>(slot + S_PENDING, 0);
  count(C_RETURNS);
}

/** Counts chunks as handed out by this worker that came with a backup's slab (loader.ts). */
export function countTaken(cls: u32, chunks: u32): void {
  const taken = slot + S_CACHES + cls * CACHE_STRIDE + K_TAKEN;
  store<u64>(taken, load<u64>(taken) + chunks);
}

/** Gives a list of chunks that no one was handed yet to their class. */
export function giveList(cls: u32, first: u32, last: u32): void {
  push(PENDING_SLAB, cls, first, last, 0);
  store<u32>(slot + S_PENDING, 0);
}

/**
 * Pushes a private list with one swap. `left` is what the cache holds once the swap took effect. The caller clears
 * S_PENDING when its own books say so too.
 */
function push(kind: u32, cls: u32, first: u32, last: u32, left: u32): void {
  const line = H_CLASSES + cls * LINE;
  store<u32>(slot + S_PENDING_CLASS, cls);
  store<u32>(slot + S_PENDING_COUNT, left);
  while (true) {
    const head = load64(line);
    const tag = headTag(head);
    acknowledge(head, cls);
    store<u32>(last + E_NEXT, headAddress(head));
    store<u32>(slot + S_PENDING_TAG, tag);
    release32(slot + S_PENDING, kind);
    if (swap64(line, head, makeHead(first, FAULT == 5 ? tag : tag + 1, slotNumber + 1))) return;
  }
}

/**
 * Takes up to a batch from the class in one swap. The list is walked before the swap, on links that others may be
 * changing: they are checked to be chunks, and the swap fails if the head was touched at all (tag).
 */
function refill(cls: u32, cache: u32): bool {
  const line = H_CLASSES + cls * LINE;
  const batch = load<u32>(H_REFILL);
  while (true) {
    const head = load64(line);
    const tag = headTag(head);
    let chunk = headAddress(head);
    if (chunk == 0) {
      if (!cutSlab(cls, false)) return false;
      continue;
    }
    let n: u32 = 0;
    do {
      n++;
      store<u32>(cache + (n << 2), chunk);
      chunk = racy32(chunk + E_NEXT);
    } while (n < batch && chunk != 0 && isChunk(chunk));
    if (chunk != 0 && !isChunk(chunk)) continue; // popped under us: the swap would fail
    acknowledge(head, cls);
    store<u32>(slot + S_PENDING_CLASS, cls);
    store<u32>(slot + S_PENDING_COUNT, n);
    store<u32>(slot + S_PENDING_TAG, tag);
    release32(slot + S_PENDING, PENDING_POP);
    if (swap64(line, head, makeHead(chunk, FAULT == 5 ? tag : tag + 1, slotNumber + 1))) {
      store<u32>(cache, n);
      store<u32>(slot + S_PENDING, 0);
      count(C_REFILLS);
      return true;
    }
    store<u32>(slot + S_PENDING, 0);
  }
}

/**
 * Claims a free slab for the class, cuts it and pushes its chunks. While it is being cut the slab names its owner, so
 * that a reaper can finish the work.
 */
export function cutSlab(cls: u32, lastResort: bool): bool {
  const index = claimSlab(cls, lastResort);
  if (index < 0) return false;
  finishSlab(index, cls);
  count(C_SLABS);
  return true;
}

/** Cuts a claimed slab into a list and pushes it. Also run by a reaper on a slab whose owner died before the push. */
export function finishSlab(index: u32, cls: u32): void {
  cleanSlab(index);
  const start = slabStart(index);
  const size = sizeOf(cls);
  const last = start + SLAB_SIZE - size;
  for (let chunk = start; chunk < last; chunk += size) store<u32>(chunk + E_NEXT, chunk + size);
  push(PENDING_SLAB, cls, start, last, 0);
  release32(slabState(index), cls + 1);
  store<u32>(slot + S_PENDING, 0);
}

/**
 * The table of slabs: what each 64 KiB of the pool is. A slab is never used, or cut into chunks of one size class and kept by it for
 * good (pool.ts), or one of a span.
 *
 * A span is a run of slabs that lie side by side, for what does not fit a chunk: a region, or a large value (large.ts). It holds
 * no links and no versions, and belongs to exactly one entry, message or buffer, whose value is its descriptor (FLAG_SPAN): published,
 * retired and freed with it. Slabs that were once cut never become a span, for memory that readers may walk without protection must
 * stay chunks, and nobody can tell when the last of them has stopped; a span's slabs may be cut later. They are soiled then: whoever
 * cuts one fills it with zeros first, so that nothing in it looks like an entry.
 *
 *   state             becomes        by                   means
 *   0, SOILED, FREED  SPAN + owner   takeSpan             taken by a worker, in no descriptor yet
 *   SPAN + o          SPAN           bindSpan, a reaper   an entry's: its descriptor names the slab
 *   SPAN              SPAN + owner   unbindSpan           about to be given back, or back in hand, by who frees the entry or failed to
 *                                                         publish it
 *   SPAN + o          SOILED, FREED  unclaim, a reaper    free
 *   0, SOILED, FREED  class + owner  claimSlab            being cut (pool.ts); with SLAB_UNCLEAN until it is zero
 *
 * FREED is what large values gave back. Where there is eviction small entries leave it to them, unless they could not have one slab
 * otherwise, and the last slabs of the pool too (H_CUT_MAX): else a store that is full would only ever cut, and large values would
 * have no place in it any more.
 *
 * A worker may die between any two of these. Invariant: a slab that names an owner is in the descriptor of an entry that its owner has
 * in hand (being made, or being freed), with FLAG_SPAN on it, or in no descriptor at all: then it is a span in hand, of which there may
 * be several. So a reaper can tell: what such a descriptor covers goes back to the entry, which is then settled like any chunk in
 * hand; the rest is free. FLAG_SPAN is set after all slabs name their owner, and taken away before the first of them is given back.
 *
 * Beside the states there is a word a slab for whoever looks for a victim: the entry whose value it is of, 0 when it may not be
 * evicted (regions, messages, buffers). It is a hint, written before the slab's state says SPAN and taken away before the slab is
 * given back: who acts on it proves first that the entry is alive.
 */
import {
  CLASS_MIN_SHIFT,
  D_COUNT,
  D_FIRST,
  D_SIZE,
  E_FLAGS,
  E_KEY,
  E_META,
  FLAG_LARGE,
  FLAG_SPAN,
  H_CUT_MAX,
  H_EVICTION,
  H_SLAB_LIMIT,
  H_SLAB_MAX,
  H_SLAB_NEXT,
  H_SPAN_NEXT,
  SLAB_FREED,
  SLAB_KIND_MASK,
  SLAB_OWNER_MASK,
  SLAB_OWNER_SHIFT,
  SLAB_SHIFT,
  SLAB_SIZE,
  SLAB_SOILED,
  SLAB_SPAN,
  SLAB_UNCLEAN,
  S_HAND_CHUNK,
  S_HAND_FREE,
} from "../layout";
import { load32, load64, release32, store32, swap32, swap64 } from "./memory";
import { holders, markDirty, pool, slabs, slotNumber } from "./worker";

// @ts-ignore: decorator
@inline
export function slabState(index: u32): u32 {
  return slabs + (index << 2);
}

// @ts-ignore: decorator
@inline
export function slabStart(index: u32): u32 {
  return pool + (index << SLAB_SHIFT);
}

/** Slot + 1 of who is changing what the slab is; 0 = nobody. */
// @ts-ignore: decorator
@inline
export function slabOwner(state: u32): u32 {
  return (state >> SLAB_OWNER_SHIFT) & SLAB_OWNER_MASK;
}

// @ts-ignore: decorator
@inline
export function isFree(state: u32): bool {
  return state == 0 || state == SLAB_SOILED || state == SLAB_FREED;
}

/** Where the entry is noted whose value the slab is of. */
// @ts-ignore: decorator
@inline
export function holderOf(index: u32): u32 {
  return holders + (index << 2);
}

// @ts-ignore: decorator
@inline
function mine(kind: u32): u32 {
  return kind | ((slotNumber + 1) << SLAB_OWNER_SHIFT);
}

/**
 * Makes room for the next slabs, up to the declared maximum. The memory has that size from the start, backed by pages only
 * where it is used: engines learn of a memory that grew under them with a delay, and until then trap on what lies
 * beyond the size they know, which a reader would reach by following another worker's link.
 */
function grow(): bool {
  const max = load<u32>(H_SLAB_MAX);
  const limit = load32(H_SLAB_LIMIT);
  if (limit >= max) return false;
  swap32(H_SLAB_LIMIT, limit, min<u32>(limit + 16, max)); // another worker's growth is as good as ours
  return true;
}

// ------------------------------------------------------------------ slabs that are cut

/**
 * A free slab for the class, ours to cut: its index, or -1 when there is none. Ends: every step looks at a slab further on.
 *
 * @param lastResort of those that are kept for spans, too
 */
export function claimSlab(cls: u32, lastResort: bool): i32 {
  if (EXPLORE && cls + CLASS_MIN_SHIFT > SLAB_SHIFT) return -1; // the explorer's slabs are smaller than the largest chunk
  const end = lastResort ? u32.MAX_VALUE : load<u32>(H_CUT_MAX);
  const hint = load64(H_SLAB_NEXT);
  for (let i: u32 = lastResort ? 0 : <u32>hint; i < end && (i < load32(H_SLAB_LIMIT) || grow()); i++) {
    const state = load32(slabState(i));
    if (!isFree(state) || (state == SLAB_FREED && !lastResort && load<u32>(H_EVICTION))) continue;
    const cutting = mine(cls + 1) | (state != 0 ? SLAB_UNCLEAN : 0);
    if (!swap32(slabState(i), state, cutting)) continue;
    // not if a span was given back meanwhile, or someone else has moved it: it would pass over a free slab
    if (!lastResort) swap64(H_SLAB_NEXT, hint, (hint & 0xffffffff00000000) | (<u64>i + 1));
    return i;
  }
  return -1;
}

/** Zeros in a slab that was part of a span, before it is cut; the backups are told, for what they have of it may be anything. */
export function cleanSlab(index: u32): void {
  const state = load32(slabState(index));
  if (FAULT == 64 || !(state & SLAB_UNCLEAN)) return;
  const start = slabStart(index);
  memory.fill(start, 0, SLAB_SIZE);
  markDirty(start, SLAB_SIZE);
  release32(slabState(index), state & ~SLAB_UNCLEAN);
}

// ------------------------------------------------------------------ spans

/** Slabs that hold so many bytes. */
// @ts-ignore: decorator
@inline
export function slabsFor(bytes: u32): u32 {
  return ((bytes - 1) >> SLAB_SHIFT) + 1;
}

/**
 * A run of `count` slabs that name us as their owner: index of the first, or -1 when no such run is free.
 *
 * @param clean they are all zero; else whatever was there
 */
export function takeSpan(count: u32, clean: bool): i32 {
  const hint = load64(H_SPAN_NEXT);
  let from = <u32>hint;
  firstFree = u32.MAX_VALUE;
  while (true) {
    from = freeRun(from, count);
    if (from == u32.MAX_VALUE) return -1;
    const claimed = claimRun(from, count, clean);
    if (claimed == count) break;
    unclaim(from, claimed, SLAB_SOILED);
    from += claimed + 1; // past the one that another worker has
  }
  const below = firstFree == from ? from + count : firstFree;
  if (below > <u32>hint) swap64(H_SPAN_NEXT, hint, (hint & 0xffffffff00000000) | <u64>below);
  return from;
}

/** The first slab that the last search saw free: what lies before it, from its hint on, is taken. */
let firstFree: u32 = 0;

/** The first slab, from one on, of `count` that look free; u32.MAX_VALUE when there are none. First fit: spans keep to the low end. */
function freeRun(from: u32, count: u32): u32 {
  let run: u32 = 0;
  for (let i = from; i < load32(H_SLAB_LIMIT) || grow(); i++) {
    const free = isFree(load32(slabState(i)));
    if (free && i < firstFree) firstFree = i;
    run = free ? run + 1 : 0;
    if (run == count) return i + 1 - count;
  }
  return u32.MAX_VALUE;
}

/** Claims slab after slab until one is not free; how many. */
function claimRun(from: u32, count: u32, clean: bool): u32 {
  for (let n: u32 = 0; n < count; n++) {
    const at = slabState(from + n);
    const state = load32(at);
    if (!isFree(state) || !swap32(at, state, FAULT == 63 ? SLAB_SPAN : mine(SLAB_SPAN))) return n;
    if (clean && state != 0) memory.fill(slabStart(from + n), 0, SLAB_SIZE);
  }
  return count;
}

/** Gives slabs back that are in no descriptor: SLAB_SOILED, or SLAB_FREED where they were a value's. */
export function unclaim(from: u32, count: u32, as: u32): void {
  for (let n: u32 = 0; n < count; n++) {
    store<u32>(holderOf(from + n), 0);
    release32(slabState(from + n), as);
  }
  lowerHint(H_SPAN_NEXT, from);
  if (as == SLAB_SOILED || !load<u32>(H_EVICTION)) lowerHint(H_SLAB_NEXT, from);
}

/** The slabs below the hint are taken: it goes down to one that was given back, and whoever is raising it starts over. */
function lowerHint(which: u32, index: u32): void {
  while (true) {
    const hint = load64(which);
    const releases = ((hint >> 32) + 1) << 32;
    if (swap64(which, hint, releases | <u64>min<u32>(<u32>hint, index))) return;
  }
}

/** Where an entry with FLAG_SPAN has its descriptor: the value, after the padded key. */
// @ts-ignore: decorator
@inline
export function descriptorOf(entry: u32): u32 {
  return entry + E_KEY + (((load<u32>(entry + E_META) >> 16) + 15) & ~15);
}

/** Writes a descriptor. */
export function describeSpan(at: u32, first: u32, count: u32): void {
  memory.fill(at, 0, D_SIZE);
  store<u32>(at, first, D_FIRST);
  store<u32>(at, count, D_COUNT);
}

/**
 * The span is the entry's from now on: it is in our hand, filled, and its descriptor names the slabs that name us.
 *
 * @param holder the entry, if it may be evicted for the span's sake; else 0
 */
export function bindSpan(entry: u32, holder: u32): void {
  const descriptor = descriptorOf(entry);
  const first = load<u32>(descriptor, D_FIRST);
  const count = load<u32>(descriptor, D_COUNT);
  for (let n: u32 = 0; n < count; n++) store<u32>(holderOf(first + n), holder);
  release32(entry + E_VALUE_WORD, load<u32>(entry + E_VALUE_WORD) | (FLAG_SPAN << 16));
  setOwner(entry, SLAB_SPAN);
}

/** The other way round: the span is in our hand again and the entry, in our hand or being freed by us, has none. */
export function unbindSpan(entry: u32): void {
  if (FAULT != 62) setOwner(entry, mine(SLAB_SPAN));
  release32(entry + E_VALUE_WORD, load<u32>(entry + E_VALUE_WORD) & ~(FLAG_SPAN << 16));
}

/** Flags and length of an entry are one word: E_FLAGS is its third byte. */
const E_VALUE_WORD: u32 = E_FLAGS - 2;

function setOwner(entry: u32, state: u32): void {
  const descriptor = descriptorOf(entry);
  const first = load<u32>(descriptor, D_FIRST);
  const count = load<u32>(descriptor, D_COUNT);
  for (let n: u32 = 0; n < count; n++) release32(slabState(first + n), state);
}

// @ts-ignore: decorator
@inline
export function hasSpan(entry: u32): bool {
  return (load<u8>(entry + E_FLAGS) & FLAG_SPAN) != 0;
}

/** Bytes of the slabs that the entry has in its span. */
// @ts-ignore: decorator
@inline
export function spanBytes(entry: u32): u32 {
  return hasSpan(entry) ? load<u32>(descriptorOf(entry), D_COUNT) << SLAB_SHIFT : 0;
}

/** Gives the span of an entry back that no one can reach any more. The entry is noted in our slot as being freed, or as in hand. */
export function releaseSpan(entry: u32): void {
  const descriptor = descriptorOf(entry);
  const first = load<u32>(descriptor, D_FIRST);
  const count = load<u32>(descriptor, D_COUNT);
  const as = load<u8>(entry + E_FLAGS) & FLAG_LARGE ? SLAB_FREED : SLAB_SOILED;
  unbindSpan(entry);
  unclaim(first, count, as);
}

/** Gives back what this worker has in hand, in no descriptor: it leaves. */
export function dropSpans(): void {
  const limit = load32(H_SLAB_LIMIT);
  for (let i: u32 = 0; i < limit; i++) if (load32(slabState(i)) == mine(SLAB_SPAN)) unclaim(i, 1, SLAB_SOILED);
}

/**
 * For a reaper, before the dead worker's hands are settled: slabs of spans that name it as owner are an entry's that it has in hand, or
 * free. Repeats harmlessly.
 *
 * @param number of the dead slot, at `dead`
 */
export function settleSpans(dead: u32, number: u32): void {
  const limit = load32(H_SLAB_LIMIT);
  for (let i: u32 = 0; i < limit; i++) {
    const state = load32(slabState(i));
    if ((state & SLAB_KIND_MASK) != SLAB_SPAN || slabOwner(state) != number + 1) continue;
    if (FAULT != 75 && (covers(load32(dead + S_HAND_CHUNK), i) || covers(load32(dead + S_HAND_FREE), i))) {
      store32(slabState(i), SLAB_SPAN);
    } else {
      unclaim(i, 1, SLAB_SOILED);
    }
  }
  // it may have died between a slab's release and the hints
  lowerHint(H_SPAN_NEXT, 0);
  lowerHint(H_SLAB_NEXT, 0);
}

function covers(entry: u32, index: u32): bool {
  if (entry == 0 || !hasSpan(entry)) return false;
  const descriptor = descriptorOf(entry);
  return index - load<u32>(descriptor, D_FIRST) < load<u32>(descriptor, D_COUNT);
}

/**
 * Room for a writer that finds none: it makes some itself, at once, and never waits for another thread. Sampled CLOCK:
 * look at chunks of the class from a random place on; one that was read lately loses a count of its access counter, one at
 * zero goes. A victim is deleted as any key is, so it may be rewritten or deleted under us; then the next one.
 *
 * An entry is known here by address and version. Its key is copied out and the version checked, then find() looks for the
 * key and only the very same entry is removed: a victim that was just rewritten is spared.
 */
import {
  CHANGE_EVICT,
  CHANGE_EXPIRE,
  CHANGE_NONE,
  CLASS_COUNT,
  CLASS_MIN_SHIFT,
  C_CLASS_CHANGES,
  C_EVICTIONS,
  C_OUT_OF_MEMORY,
  D_COUNT,
  D_FIRST,
  E_ACCESS,
  E_BIRTH,
  E_EXPIRES,
  E_HASH,
  E_KEY,
  E_META,
  E_NEXT,
  E_VERSION,
  FIRST_ID,
  FLAG_EVICTED,
  H_EVICTION,
  H_SLAB_LIMIT,
  H_SNAPSHOT,
  KEY_MAX,
  SLAB_SHIFT,
  SLAB_SIZE,
  SLAB_SPAN,
  S_DEFERRED,
  S_VICTIM_KEY,
} from "../layout";
import { isExpired } from "./expiry";
import { copyRacy, load32, loadsFence, racy32, swap32 } from "./memory";
import { allocate, cutSlab, isChunk, sizeOf } from "./pool";
import { isCleared } from "./quota";
import { clearHazards, scan } from "./reclaim";
import { descriptorOf, hasSpan, holderOf, isFree, slabState, takeSpan } from "./slabs";
import { sweepDue } from "./sweep";
import { find, found, padded } from "./table";
import { removeFound } from "./remove";
import { count, nextRandom, pool, slabs, slot } from "./worker";

/**
 * Chunks looked at in a row before the hand jumps to another slab, and slabs before it takes the coldest it saw. Few in a row,
 * and a slab anywhere: entries that were written together lie together, and a walk through a run of hot ones wears all their
 * counters down (with 128 in a row and neighbouring slabs, a third of a hot set was lost within two turns of the cache).
 */
const SAMPLE: u32 = 2;
const SLABS_TRIED: u32 = 64;
/** Attempts to take a coldest entry that others change under us. */
const ROUNDS: u32 = 4;
/** Victims taken before the writer gives up: some may stay named by hazards for a moment. */
const VICTIMS: u32 = 16;
/** Expired entries taken out between two looks for a chunk, and looks before living ones are evicted. */
const EXPIRED_BATCH: u32 = 64;
const EXPIRED_BATCHES: u32 = 4096;
/** Victims that bring no chunk before the snapshot is taken away. */
const PATIENCE: u32 = 8;

/** A chunk of the class, or of a larger one when its own has none left; 0 = out of memory, and nothing has changed. */
// @ts-ignore: decorator
@inline
export function allocateOrEvict(cls: u32): u32 {
  const chunk = allocate(cls);
  return chunk != 0 ? chunk : makeRoom(cls);
}

function makeRoom(cls: u32): u32 {
  scan();
  let chunk = allocate(cls);
  if (chunk != 0) return chunk;
  chunk = takeExpired(cls);
  if (chunk != 0) return chunk;
  chunk = evictFor(cls);
  if (chunk != 0) return chunk;
  for (let larger = cls + 1; larger < CLASS_COUNT; larger++) {
    chunk = allocate(larger);
    if (chunk == 0) chunk = evictFor(larger);
    if (chunk != 0) {
      count(C_CLASS_CHANGES);
      return chunk;
    }
  }
  chunk = cutForSmall(cls);
  if (chunk != 0) return chunk;
  if (endSnapshot()) {
    // also where nothing is evicted: no write fails for the sake of a backup
    scan();
    chunk = allocate(cls);
    if (chunk != 0) return chunk;
  }
  count(C_OUT_OF_MEMORY);
  return 0;
}

/**
 * No class from this one on has an entry to evict: large values, or what is kept for them, are all there is. One slab of theirs is
 * cut, and from then on the class evicts in it.
 */
function cutForSmall(cls: u32): u32 {
  if (cutSlab(cls, true)) return allocate(cls);
  if (!load<u32>(H_EVICTION) || !evictRun(1)) return 0;
  clearHazards();
  scan();
  return cutSlab(cls, true) ? allocate(cls) : 0;
}

/**
 * What has expired goes before anything that lives, and where nothing is evicted as well. In batches, until one of them brings a chunk or
 * there is nothing more; others may take the chunks, so not for ever.
 */
function takeExpired(cls: u32): u32 {
  for (let batch: u32 = 0; batch < EXPIRED_BATCHES; batch++) {
    if (sweepDue(EXPIRED_BATCH) == 0) return 0;
    clearHazards(); // ours name the last ones; a write that makes room has found nothing yet that it would keep
    scan();
    const chunk = allocate(cls);
    if (chunk != 0) return chunk;
  }
  return 0;
}

function evictFor(cls: u32): u32 {
  if (!load<u32>(H_EVICTION)) return 0;
  for (let victims: u32 = 0; victims < VICTIMS; victims++) {
    if (!evictOne(cls)) return 0;
    scan();
    let chunk = allocate(cls);
    if (chunk != 0) return chunk;
    // our own hazards still name the last victim or two; if more do not help, it is the snapshot that keeps what is missing
    if (victims >= PATIENCE && endSnapshot()) {
      scan();
      chunk = allocate(cls);
      if (chunk != 0) return chunk;
    }
  }
  return 0;
}

/** Chunks kept for a snapshot are what is missing: the backup gives way, the writer does not. */
function endSnapshot(): bool {
  if (load<u32>(slot + S_DEFERRED) == 0) return false;
  const snapshot = load32(H_SNAPSHOT);
  return snapshot != 0 && swap32(H_SNAPSHOT, snapshot, 0);
}

// ------------------------------------------------------------------ room for spans

/** Places looked at for a run of slabs before the coldest is taken, and runs evicted before the writer gives up. */
const PLACES: u32 = 8;
const RUNS: u32 = 16;
const NO_RUN: u32 = u32.MAX_VALUE;

/** A run of slabs for a large value, in hand: the first of them, or -1 when none is free nor can be made free. Within a write. */
export function takeSpanOrEvict(slabCount: u32): i32 {
  const first = takeSpan(slabCount, false);
  return first >= 0 ? first : makeRun(slabCount);
}

/**
 * As `makeRoom`: what was retired and what has expired goes first. Then entries with large values go that lie side by side, until the
 * run is there; others may take it first, or hold one of them, so not for ever. Small entries are not evicted: their slabs stay cut.
 */
function makeRun(slabCount: u32): i32 {
  scan();
  let first = takeSpan(slabCount, false);
  for (let batch: u32 = 0; first < 0 && batch < EXPIRED_BATCHES && sweepDue(EXPIRED_BATCH) != 0; batch++) {
    clearHazards();
    scan();
    first = takeSpan(slabCount, false);
  }
  for (let runs: u32 = 0; first < 0 && runs < RUNS && load<u32>(H_EVICTION) && evictRun(slabCount); runs++) {
    clearHazards(); // ours name the last of them
    scan();
    first = takeSpan(slabCount, false);
    if (first < 0 && runs >= PATIENCE && endSnapshot()) {
      scan();
      first = takeSpan(slabCount, false);
    }
  }
  if (first < 0 && endSnapshot()) {
    scan();
    first = takeSpan(slabCount, false);
  }
  if (first < 0) count(C_OUT_OF_MEMORY);
  return first;
}

/**
 * Evicts what lies in a run of `slabCount` slabs that are free or of entries that may go. Sampled, as single entries are: a run from a
 * random place on; one that nobody has read lately goes, others lose a count each, and after some of them the coldest goes. False when
 * there is no such run, or nothing in it went.
 */
function evictRun(slabCount: u32): bool {
  const limit = load32(H_SLAB_LIMIT);
  let best = NO_RUN;
  let least: u32 = u32.MAX_VALUE;
  for (let place: u32 = 0; place < PLACES && least > 0; place++) {
    const from = runFrom(nextRandom() % limit, slabCount, limit);
    if (from == NO_RUN) return false;
    const heat = heatOf(from, slabCount, least > 0 && place + 1 < PLACES);
    if (heat >= least) continue;
    best = from;
    least = heat;
  }
  return evictAll(best, slabCount);
}

/** The first run at or after `from`, around the end; NO_RUN when there is none. Looks at each slab at most twice. */
function runFrom(from: u32, slabCount: u32, limit: u32): u32 {
  let run: u32 = 0;
  let index = from;
  for (let i: u32 = 0; i < limit + slabCount; i++) {
    run = yields(index) ? run + 1 : 0;
    if (run == slabCount) return index + 1 - slabCount;
    if (++index == limit) {
      index = 0;
      run = 0;
    }
  }
  return NO_RUN;
}

/** Whether the slab is free, or of a large value that may be evicted. */
function yields(index: u32): bool {
  const state = load32(slabState(index));
  return isFree(state) || (state == SLAB_SPAN && evictable(load<u32>(holderOf(index))));
}

/** What a slab names as its holder may have been freed since: it is a chunk in any case, and whether it is that life is asked later. */
function evictable(holder: u32): bool {
  return holder != 0 && isChunk(holder) && isCandidate(holder);
}

/** How much the values in a run were read lately, slab by slab; and takes a count of each, if it is to cool. */
function heatOf(from: u32, slabCount: u32, cool: bool): u32 {
  let heat: u32 = 0;
  let before: u32 = 0;
  for (let index = from; index < from + slabCount; index++) {
    const holder = load<u32>(holderOf(index));
    if (holder == 0 || !isChunk(holder)) continue;
    const access: u32 = load<u8>(holder + E_ACCESS) & 3;
    heat += access;
    if (cool && holder != before && access > 0) store<u8>(holder + E_ACCESS, access - 1);
    before = holder;
  }
  return heat;
}

function evictAll(from: u32, slabCount: u32): bool {
  let any = false;
  for (let index = from; index < from + slabCount; index++) {
    const holder = load<u32>(holderOf(index));
    if (!evictable(holder)) continue;
    const version = load32(holder + E_VERSION);
    if (!covers(holder, index) || !removeEntry(holder, version, false)) continue;
    count(C_EVICTIONS);
    any = true;
  }
  return any;
}

/** Whether the slab is of the entry's span, as far as can be seen without protection: `removeEntry` asks for its life. */
function covers(holder: u32, index: u32): bool {
  if (!hasSpan(holder)) return false;
  const descriptor = descriptorOf(holder);
  return index - load<u32>(descriptor, D_FIRST) < load<u32>(descriptor, D_COUNT);
}

// ------------------------------------------------------------------ room for chunks

// The coldest entry the hand came by, for when it meets none at zero; 0 = none.
let coldest: u32 = 0;
let coldestVersion: u32 = 0;
let coldestAccess: u32 = 0;

/** Removes one entry of the class. False when there is none, or others changed each one we chose. */
export function evictOne(cls: u32): bool {
  for (let round: u32 = 0; round < ROUNDS; round++) {
    coldest = 0;
    coldestAccess = u32.MAX_VALUE;
    if (turnHand(cls)) return true;
    if (coldest == 0) return false;
    // all that were sampled are hot: the least hot of them goes, or a cache read by everyone would take nothing new
    if (removeEntry(coldest, coldestVersion, false)) {
      count(C_EVICTIONS);
      return true;
    }
  }
  return false;
}

/** Looks at a few slabs of the class, and removes the first entry there whose counter is at zero. */
function turnHand(cls: u32): bool {
  const limit = load32(H_SLAB_LIMIT);
  for (let tried: u32 = 0; tried < SLABS_TRIED; tried++) {
    const index = slabOf(cls, nextRandom() % limit, limit);
    if (index == limit) return false;
    if (evictFrom(pool + (index << SLAB_SHIFT), cls)) return true;
  }
  return false;
}

/** The first slab of the class from `from` on, around the end; `limit` when there is none. */
function slabOf(cls: u32, from: u32, limit: u32): u32 {
  let index = from;
  for (let i: u32 = 0; i < limit; i++) {
    if (load<u32>(slabs + (index << 2)) == cls + 1) return index;
    if (++index == limit) index = 0;
  }
  return limit;
}

function evictFrom(start: u32, cls: u32): bool {
  const chunks: u32 = SLAB_SIZE >> (cls + CLASS_MIN_SHIFT);
  const mask = chunks - 1;
  let i = nextRandom() & mask;
  for (let n: u32 = 0; n < SAMPLE; n++) {
    const entry = start + (i & mask) * sizeOf(cls);
    i++;
    if (!isCandidate(entry)) continue;
    const access: u32 = load<u8>(entry + E_ACCESS);
    if (access > 0 && !isExpired(racy32(entry + E_EXPIRES))) {
      if (access < coldestAccess) {
        coldest = entry;
        coldestVersion = load32(entry + E_VERSION);
        coldestAccess = access;
      }
      store<u8>(entry + E_ACCESS, access - 1); // may hit a chunk recycled just now: harmless, it is a hint
      continue;
    }
    if (removeEntry(entry, load32(entry + E_VERSION), false)) {
      count(C_EVICTIONS);
      return true;
    }
  }
  return false;
}

// @ts-ignore: decorator
@inline
function isCandidate(entry: u32): bool {
  return (
    racy32(entry + E_BIRTH) != 0 && !(load32(entry + E_NEXT) & 1) && (racy32(entry + E_META) & 0xffff) >= FIRST_ID
  );
}

/** What was copied of an entry: with its address, enough to find it by its key. */
let victimHash: u32 = 0;
let victimMeta: u32 = 0;

/**
 * Finds the entry by its own key; true when it is linked, in this life. It is named as a hazard then, and its fields, read
 * before without protection, can be trusted from here on. Unlinks marked entries of that key on the way.
 */
export function findEntry(entry: u32, version: u32): bool {
  victimHash = racy32(entry + E_HASH);
  victimMeta = racy32(entry + E_META);
  const keyLength = victimMeta >> 16;
  if (keyLength == 0 || keyLength > KEY_MAX) return false;
  const key = slot + S_VICTIM_KEY;
  copyRacy(key, entry + E_KEY, padded(keyLength));
  loadsFence(); // the copy before the re-check
  if (load32(entry + E_VERSION) != version) return false;
  find(victimHash, victimMeta, key);
  return found == entry && load32(entry + E_VERSION) == version;
}

/** What became of the entry found: who watches the namespace has been told that it was cleared. */
function changeOf(id: u32): u32 {
  if (isExpired(load<u32>(found + E_EXPIRES))) return CHANGE_EXPIRE;
  return isCleared(id) ? CHANGE_NONE : CHANGE_EVICT;
}

/**
 * Deletes the entry at this address if it still is in this life and in its chain; the store's own entries never. The
 * caller is within a write (beginWrite), because a deletion is stamped.
 *
 * @param deadOnly only if it has expired, or its namespace was cleared. Asked here and not by the caller alone: a chunk seen
 *   between two lives has the new version and the old expiry or id. That an id is cleared while its entry is linked means
 *   that this entry is dead, for an id is not taken again before it is empty.
 */
export function removeEntry(entry: u32, version: u32, deadOnly: bool): bool {
  while (true) {
    if (!findEntry(entry, version)) return false;
    const id = victimMeta & 0xffff;
    if (id < FIRST_ID) return false;
    if (FAULT != 14 && deadOnly && !isExpired(load<u32>(entry + E_EXPIRES)) && !isCleared(id)) return false;
    if (removeFound(victimHash, victimMeta, slot + S_VICTIM_KEY, deadOnly ? 0 : FLAG_EVICTED, changeOf(id))) return true;
  }
}

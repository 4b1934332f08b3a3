/**
 * After a worker's death. Everything it held is written in its slot before the step that matters, so a reaper can tell for
 * each thing whether the step took effect:
 *
 *   batch swap on a class stack     swapTookEffect (pool.ts): then the cache holds S_PENDING_COUNT, else what it held before
 *   slab being cut                  its entry names the owner: finish it
 *   slab of a span                  its entry names the owner: an entry's in hand, or free (slabs.ts)
 *   chunk in hand                   published if its version moved on, if it was marked, or if its key leads to it
 *   entry in hand to be marked      ours if the mark carries the dead slot's number: unlink, retire
 *   chunk between two lists         if it is in none of any slot's lists, it is put into ours
 *   messages of a dropped ring      its entry is in a retired list still: whoever inherits that goes on (ring-cells.ts)
 *   change without a record         those who watch are told that something was passed over (changes.ts)
 *   locks                           each is named in the slot from before the swap to the last wake-up: poisoned, handed on (lock.ts)
 *   the store's backups             the claim names slot and incarnation: the snapshot is ended, then the claim let go
 *
 * The reaper may die as well. Every move is noted in the reaper's own slot first, a move repeats harmlessly, and whoever
 * reaps a reaper takes over what it was reaping. All slots of such a chain are settled together, in phases: first what each
 * of them held in its hands, then their lists, so that nothing is moved on while a register may still name it. Only those
 * slots and our own are searched: the living move chunks while we look, and their caches may name chunks they have just
 * returned. Called only after the thread has exited (Node's exit event), never by pid or time.
 */
import {
  CACHE_STRIDE,
  CLAIM_SLOT_BITS,
  CLASS_COUNT,
  C_REAPED,
  DEATH_SLOT_BITS,
  E_BIRTH,
  E_EXPIRES,
  E_HASH,
  E_META,
  E_NEXT,
  E_KEY,
  E_VERSION,
  H_BACKUP,
  H_BUCKET_MASK,
  H_SLAB_LIMIT,
  H_SLOTS,
  H_SLOT_COUNT,
  H_SNAPSHOT,
  ID_CLEARED,
  ID_USED,
  I_INEXACT,
  I_STATE,
  KEY_MAX,
  K_GIVEN,
  N_ID,
  PENDING_SLAB,
  PIN_COUNT,
  SLAB_KIND_MASK,
  SLAB_OWNER_SHIFT,
  SLAB_SPAN,
  SLAB_UNCLEAN,
  SLOT_ACTIVE,
  SLOT_FREE,
  SLOT_SIZE,
  S_BUFFERS,
  S_BUFFER_BYTES,
  S_BUFFER_COUNT,
  S_CACHES,
  S_DEFERRED,
  S_HAND_CHUNK,
  S_HAND_CHUNK_VERSION,
  S_HAND_FREE,
  S_HAND_ID,
  S_HAND_MARK,
  S_HAND_MARK_VERSION,
  S_HAND_MESSAGE,
  S_HAND_MESSAGE_RING,
  S_HAND_OLD_ID,
  S_HAND_RETIRED,
  S_HAND_RING,
  S_HAND_USAGE,
  S_HAZARD_CURRENT,
  S_HAZARD_HEAD,
  S_HAZARD_PREVIOUS,
  S_INCARNATION,
  S_MANY,
  S_PENDING,
  S_PENDING_CLASS,
  S_PENDING_COUNT,
  S_PENDING_TAG,
  S_PINS,
  S_REAPER,
  S_RETIRED,
  S_RETIRED_COUNT,
  S_STATE,
  S_VICTIM_KEY,
  S_WRITE_EPOCH,
} from "../layout";
import { forgetWatcher, settleChanges } from "./changes";
import { noteClear, noteExpiry } from "./expiry";
import { settleLocks } from "./lock";
import { load32, load64, store32, swap32 } from "./memory";
import { classAt, emptyCache, finishSlab, giveToCache, isChunk, sizeOf, swapTookEffect, trim, unstamp } from "./pool";
import { closeRegions } from "./region-pins";
import { forgetRing, hasRing, isInRing } from "./ring-cells";
import { dropSpans, hasSpan, releaseSpan, settleSpans, slabOwner } from "./slabs";
import { idKind, idLine, idTaker, valueOf, withKind } from "./quota";
import { settlePresence } from "./presence";
import { clearHazards, scan } from "./reclaim";
import { list } from "./sweep";
import { find, found, padded } from "./table";
import { count, markDirty, slabs, slot, slotNumber } from "./worker";

// @ts-ignore: decorator
@inline
function slotAt(number: u32): u32 {
  return load<u32>(H_SLOTS) + number * SLOT_SIZE;
}

/** Takes a dead worker's slot apart and frees it. True when this call did it. */
export function reap(number: u32): bool {
  const dead = slotAt(number);
  if (number == slotNumber || load32(dead + S_STATE) != SLOT_ACTIVE) return false;
  if (!swap32(dead + S_REAPER, 0, slotNumber + 1)) return false;
  takeOverReaps();
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) settleStacks(slotAt(i), i);
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) settleHands(slotAt(i), i);
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) settleRetired(slotAt(i));
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) settleFree(slotAt(i));
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) clearHazardsOf(slotAt(i));
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) settlePresence(slotAt(i), i);
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) settleLocks(slotAt(i), i);
  for (let i: u32 = 0; i < slots; i++) if (isOurs(i)) inherit(slotAt(i), i);
  return true;
}

/** Whether this worker is taking the slot apart. */
function isOurs(number: u32): bool {
  const other = slotAt(number);
  return load32(other + S_REAPER) == slotNumber + 1 && load32(other + S_STATE) == SLOT_ACTIVE;
}

/** What a dead reaper was reaping becomes ours, and what that one was reaping, and so on. */
function takeOverReaps(): void {
  const slots = load<u32>(H_SLOT_COUNT);
  let more = true;
  while (more) {
    more = false;
    for (let i: u32 = 0; i < slots; i++) {
      const reaper = load32(slotAt(i) + S_REAPER);
      if (reaper == 0 || reaper == slotNumber + 1 || !isOurs(reaper - 1)) continue;
      store32(slotAt(i) + S_REAPER, slotNumber + 1);
      more = true;
    }
  }
}

function settleStacks(dead: u32, number: u32): void {
  settlePending(dead, number);
  settleSlabs(number);
  settleSpans(dead, number);
}

function settleHands(dead: u32, number: u32): void {
  settleChunk(dead);
  settleMark(dead, number);
  settleMessage(dead);
}

function clearHazardsOf(dead: u32): void {
  store32(dead + S_HAZARD_CURRENT, 0);
  store32(dead + S_HAZARD_PREVIOUS, 0);
  store32(dead + S_HAZARD_HEAD, 0);
  for (let pin: u32 = 0; pin < PIN_COUNT; pin++) store32(dead + S_PINS + (pin << 2), 0);
  closeRegions(dead);
}

/** Its lists become ours, and the slot is free. */
function inherit(dead: u32, number: u32): void {
  inheritRetired(dead);
  inheritDeferred(dead);
  inheritCaches(dead);
  inheritBuffers(dead);
  const usage = load32(dead + S_HAND_USAGE);
  if (usage != 0) store32(idLine(usage - 1) + I_INEXACT, 1);
  store32(dead + S_HAND_USAGE, 0);
  settleNewId(dead, number);
  settleOldId(dead);
  settleBackup(dead, number);
  settleChanges(dead, number);
  // before its write ends: a backup that waited for that knows by this that the counts may be one off (src/backup/census.ts)
  count(C_REAPED);
  store32(dead + S_WRITE_EPOCH, 0);
  store32(dead + S_INCARNATION, load<u32>(dead + S_INCARNATION) + 1);
  store32(dead + S_REAPER, 0);
  store32(dead + S_STATE, SLOT_FREE);
}

function settlePending(dead: u32, number: u32): void {
  const kind = load32(dead + S_PENDING);
  if (kind == 0) return;
  const cls = load<u32>(dead + S_PENDING_CLASS);
  if (swapTookEffect(dead, number, cls, load<u32>(dead + S_PENDING_TAG))) {
    if (kind == PENDING_SLAB) {
      const entry = slabOwnedBy(number, cls);
      if (entry != 0) store32(entry, cls + 1);
    } else {
      store<u32>(dead + S_CACHES + cls * CACHE_STRIDE, load<u32>(dead + S_PENDING_COUNT));
    }
  }
  store32(dead + S_PENDING, 0);
}

function slabOwnedBy(number: u32, cls: u32): u32 {
  const limit = load32(H_SLAB_LIMIT);
  for (let i: u32 = 0; i < limit; i++) {
    const entry = slabs + (i << 2);
    const state = load32(entry);
    if ((state & SLAB_KIND_MASK) == cls + 1 && slabOwner(state) == number + 1) return entry;
  }
  return 0;
}

function settleSlabs(number: u32): void {
  const limit = load32(H_SLAB_LIMIT);
  for (let i: u32 = 0; i < limit; i++) {
    const entry = slabs + (i << 2);
    const state = load32(entry);
    if (slabOwner(state) == number + 1 && (state & SLAB_KIND_MASK) != SLAB_SPAN) {
      const cls = (state & SLAB_KIND_MASK) - 1;
      store32(entry, (cls + 1) | ((slotNumber + 1) << SLAB_OWNER_SHIFT) | (state & SLAB_UNCLEAN));
      finishSlab(i, cls);
    }
  }
}

/** The key of an entry into the victim window; false when the chunk holds none. */
function copyKey(entry: u32): bool {
  const length = load<u32>(entry + E_META) >> 16;
  if (length == 0 || length > KEY_MAX) return false;
  memory.copy(slot + S_VICTIM_KEY, entry + E_KEY, padded(length));
  return true;
}

/** Whether a find by the entry's own key leads to it. Unlinks marked entries of that key on the way. */
function isLinked(entry: u32): bool {
  if (!copyKey(entry)) return false;
  find(load<u32>(entry + E_HASH), load<u32>(entry + E_META), slot + S_VICTIM_KEY);
  const linked = found == entry;
  clearHazards();
  return linked;
}

function settleChunk(dead: u32): void {
  const chunk = load32(dead + S_HAND_CHUNK);
  if (chunk == 0) return;
  const register = dead + S_HAND_CHUNK;
  if (!isAccountedFor(chunk, register)) {
    if (wasPublished(dead, chunk)) noteFor(chunk);
    else inheritChunk(chunk, register);
  }
  store32(dead + S_HAND_CHUNK, 0);
  store32(dead + S_HAND_RING, 0);
}

/** What its worker may have died before it did itself. Of a chunk that has been freed since, or taken again, this is idle but harmless. */
function noteFor(chunk: u32): void {
  markDirty(chunk, sizeOf(classAt(chunk)));
  const expires = load<u32>(chunk + E_EXPIRES);
  if (FAULT != 43 && expires != 0) noteExpiry(load<u32>(chunk + E_HASH), expires);
}

function wasPublished(dead: u32, chunk: u32): bool {
  const version = load<u32>(dead + S_HAND_CHUNK_VERSION);
  if (load32(chunk + E_VERSION) != version) return true;
  const ring = load<u32>(dead + S_HAND_RING);
  if (ring != 0 ? isInRing(ring, chunk) : isLinked(chunk)) return true;
  // not there any more: whoever removed or received it marked it before
  return (load32(chunk + E_NEXT) & 1) != 0 || load32(chunk + E_VERSION) != version;
}

/** Slots whose lists may hold what a register names: those we take apart, and our own. */
// @ts-ignore: decorator
@inline
function isSearched(number: u32): bool {
  return number == slotNumber || isOurs(number);
}

function isCached(chunk: u32): bool {
  const slots = load<u32>(H_SLOT_COUNT);
  const cls = classAt(chunk);
  for (let i: u32 = 0; i < slots; i++) {
    if (!isSearched(i)) continue;
    const cache = slotAt(i) + S_CACHES + cls * CACHE_STRIDE;
    const n = load<u32>(cache);
    for (let j: u32 = 1; j <= n; j++) if (load<u32>(cache + (j << 2)) == chunk) return true;
  }
  return false;
}

function isRetired(chunk: u32): bool {
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) {
    if (!isSearched(i)) continue;
    const other = slotAt(i);
    const n = load<u32>(other + S_RETIRED_COUNT);
    for (let j: u32 = 0; j < n; j++) if (load<u32>(other + S_RETIRED + (j << 2)) == chunk) return true;
    for (let kept = load<u32>(other + S_DEFERRED); kept != 0; kept = load<u32>(kept + E_HASH)) {
      if (kept == chunk) return true;
    }
  }
  return false;
}

function isBuffer(chunk: u32): bool {
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) {
    if (!isSearched(i)) continue;
    for (let at = load<u32>(slotAt(i) + S_BUFFERS); at != 0; at = load<u32>(at + E_NEXT)) if (at == chunk) return true;
  }
  return false;
}

/** Whether another dead worker noted the chunk as on its way, too: then that register accounts for it. */
function isNotedElsewhere(chunk: u32, register: u32): bool {
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) {
    if (!isOurs(i)) continue;
    const other = slotAt(i);
    if (other + S_HAND_FREE != register && load<u32>(other + S_HAND_FREE) == chunk) return true;
    if (other + S_HAND_RETIRED != register && load<u32>(other + S_HAND_RETIRED) == chunk) return true;
  }
  return false;
}

function isAccountedFor(chunk: u32, register: u32): bool {
  return isNotedElsewhere(chunk, register) || isCached(chunk) || isRetired(chunk) || isBuffer(chunk);
}

/** Puts a chunk that no one can reach into our cache, and clears the register it was found in before it can move on. */
function inheritChunk(chunk: u32, register: u32): void {
  store<u32>(slot + S_HAND_FREE, chunk);
  if (hasSpan(chunk)) releaseSpan(chunk);
  if (hasRing(chunk)) forgetRing(chunk);
  unstamp(chunk);
  store32(chunk + E_VERSION, load<u32>(chunk + E_VERSION) + 1);
  const cls = classAt(chunk);
  giveToCache(chunk, cls);
  store32(register, 0);
  store<u32>(slot + S_HAND_FREE, 0);
  trim(cls);
}

function settleMark(dead: u32, number: u32): void {
  const entry = load32(dead + S_HAND_MARK);
  if (entry == 0) return;
  // mark and stamp in one load: read apart, another worker's mark may come in between, and no stamp looks like slot 0's
  const link = load64(entry + E_NEXT);
  const ours =
    (link & 1) != 0 &&
    (<u32>(link >> 32) & ((1 << DEATH_SLOT_BITS) - 1)) == number &&
    load32(entry + E_VERSION) == load<u32>(dead + S_HAND_MARK_VERSION);
  if (ours) markDirty(entry, E_KEY); // the stamp: it may have died before it did so itself
  if (ours && !isAccountedFor(entry, dead + S_HAND_MARK)) {
    isLinked(entry);
    moveToRetired(entry, dead + S_HAND_MARK);
  }
  store32(dead + S_HAND_MARK, 0);
}

function settleRetired(dead: u32): void {
  const register = dead + S_HAND_RETIRED;
  const chunk = load32(register);
  if (chunk != 0 && !isAccountedFor(chunk, register)) moveToRetired(chunk, register);
  store32(register, 0);
}

/**
 * On its way from the retired list to the cache, or to the list of what a snapshot needs: it is retired once more, and the
 * next scan decides which.
 */
function settleFree(dead: u32): void {
  const register = dead + S_HAND_FREE;
  const chunk = load32(register);
  if (chunk != 0 && !isAccountedFor(chunk, register)) moveToRetired(chunk, register);
  store32(register, 0);
}

/** A message taken out of its ring but not yet freed; if it is still in the ring, the next receiver gets it. */
function settleMessage(dead: u32): void {
  const register = dead + S_HAND_MESSAGE;
  const message = load32(register);
  if (message != 0) {
    const ring = load<u32>(dead + S_HAND_MESSAGE_RING);
    const isOut = ring == 0 || !isInRing(ring, message);
    if (isOut && !isAccountedFor(message, register)) inheritChunk(message, register);
  }
  store32(register, 0);
}

/** Into our retired list; the register it was found in is cleared before a scan can move it on. */
function moveToRetired(chunk: u32, register: u32): void {
  store<u32>(slot + S_HAND_RETIRED, chunk);
  appendRetired(chunk);
  store32(register, 0);
  store<u32>(slot + S_HAND_RETIRED, 0);
  scan();
}

function appendRetired(chunk: u32): void {
  const n = load<u32>(slot + S_RETIRED_COUNT);
  store<u32>(slot + S_RETIRED + (n << 2), chunk);
  store<u32>(slot + S_RETIRED_COUNT, n + 1);
}

function inheritRetired(dead: u32): void {
  const n = load<u32>(dead + S_RETIRED_COUNT);
  for (let i: u32 = 0; i < n; i++) {
    const at = dead + S_RETIRED + (i << 2);
    const chunk = load<u32>(at);
    if (chunk == 0) continue;
    store<u32>(slot + S_HAND_RETIRED, chunk);
    store32(at, 0);
    // noted twice: a death in the middle of a scan, or of a reaper between its list and this one
    if (!isRetired(chunk)) appendRetired(chunk);
    store<u32>(slot + S_HAND_RETIRED, 0);
    if (load<u32>(slot + S_RETIRED_COUNT) > 512) scan();
  }
  store32(dead + S_RETIRED_COUNT, 0);
  scan();
}

function inheritDeferred(dead: u32): void {
  while (true) {
    const chunk = load<u32>(dead + S_DEFERRED);
    if (chunk == 0) return;
    store<u32>(slot + S_HAND_RETIRED, chunk);
    store32(dead + S_DEFERRED, load<u32>(chunk + E_HASH));
    appendRetired(chunk);
    store<u32>(slot + S_HAND_RETIRED, 0);
    if (load<u32>(slot + S_RETIRED_COUNT) > 512) scan();
  }
}

function inheritCaches(dead: u32): void {
  for (let cls: u32 = 0; cls < CLASS_COUNT; cls++) {
    const cache = dead + S_CACHES + cls * CACHE_STRIDE;
    while (true) {
      const n = load<u32>(cache);
      if (n == 0) break;
      const chunk = load<u32>(cache + (n << 2));
      store<u32>(slot + S_HAND_FREE, chunk);
      store32(cache, n - 1);
      giveToCache(chunk, cls);
      store<u32>(slot + S_HAND_FREE, 0);
      uncount(cls);
      trim(cls);
    }
  }
}

/** A chunk that moves from cache to cache was neither taken nor given back. */
function uncount(cls: u32): void {
  const given = slot + S_CACHES + cls * CACHE_STRIDE + K_GIVEN;
  store<u64>(given, load<u64>(given) - 1);
}

function inheritBuffers(dead: u32): void {
  store<u32>(dead + S_BUFFER_COUNT, 0);
  store<u32>(dead + S_BUFFER_BYTES, 0);
  while (true) {
    const chunk = load<u32>(dead + S_BUFFERS);
    if (chunk == 0) return;
    store<u32>(slot + S_HAND_FREE, chunk);
    store32(dead + S_BUFFERS, load<u32>(chunk + E_NEXT));
    const cls = classAt(chunk);
    if (hasSpan(chunk)) releaseSpan(chunk);
    giveToCache(chunk, cls);
    store<u32>(slot + S_HAND_FREE, 0);
    trim(cls);
  }
}

/**
 * An id the dead worker took: still its own by the mark in the id's state, or someone else's by now. In use if the directory
 * names it, else cleared. A swap, because a living worker may clear the namespace meanwhile.
 */
function settleNewId(dead: u32, number: u32): void {
  const id = load32(dead + S_HAND_ID);
  if (id != 0) {
    const state = idLine(id) + I_STATE;
    const now = load32(state);
    if (idTaker(now) == number + 1) swap32(state, now, withKind(now, isInDirectory(id) ? ID_USED : ID_CLEARED));
    noteClear();
  }
  store32(dead + S_HAND_ID, 0);
}

/** An id the dead worker was taking out of the directory: cleared if it had done so, unless someone else did both. */
function settleOldId(dead: u32): void {
  const id = load32(dead + S_HAND_OLD_ID);
  if (id != 0) {
    const state = idLine(id) + I_STATE;
    const now = load32(state);
    if (idTaker(now) == 0 && idKind(now) == ID_USED && !isInDirectory(id)) swap32(state, now, withKind(now, ID_CLEARED));
    noteClear(); // the dead worker may not have come to it
  }
  store32(dead + S_HAND_OLD_ID, 0);
}

/**
 * The backups of a worker are written by a thread of its own, which ends before the worker's end is told: nobody copies any more.
 * First the snapshot is ended, which only the claim's holder sets, then the claim is let go: in the other order, a snapshot that
 * the next one has begun would be ended. A reaper that dies in between leaves the claim, and whoever reaps it comes here
 * again. Swaps: a writer short of memory ends a snapshot too.
 */
function settleBackup(dead: u32, number: u32): void {
  const claim = (load<u32>(dead + S_INCARNATION) << CLAIM_SLOT_BITS) | (number + 1);
  if (FAULT == 54 || load32(H_BACKUP) != claim) return;
  if (FAULT == 55) swap32(H_BACKUP, claim, 0);
  const snapshot = load32(H_SNAPSHOT);
  if (FAULT != 53 && snapshot != 0) swap32(H_SNAPSHOT, snapshot, 0);
  swap32(H_BACKUP, claim, 0);
}

function isInDirectory(id: u32): bool {
  const buckets = load<u32>(H_BUCKET_MASK);
  const target = slot + S_MANY;
  let bucket: u32 = 0;
  while (bucket <= buckets) {
    const result = list(0, bucket, buckets + 1, target, 512);
    bucket = max<u32>(<u32>result, bucket + 1); // onwards, also past a chain that has no room
    const n = <u32>(result >> 32);
    for (let i: u32 = 0; i < n; i++) {
      const entry = load<u32>(target + (i << 3));
      if (load<u32>(valueOf(entry) + N_ID) == id && load32(entry + E_VERSION) == load<u32>(target + (i << 3), 4)) {
        return true;
      }
    }
  }
  return false;
}

/** What a worker gives back when it leaves in good order; its slot is then free for another. */
export function leave(): void {
  clearHazards();
  closeRegions(slot);
  settleLocks(slot, slotNumber);
  forgetWatcher(slot, slotNumber);
  inheritBuffers(slot);
  dropSpans();
  scan();
  for (let cls: u32 = 0; cls < CLASS_COUNT; cls++) emptyCache(cls);
}

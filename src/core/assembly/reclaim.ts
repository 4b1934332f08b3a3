/**
 * When a chunk that was unlinked may be used again. Hazard pointers (Michael, TPDS 2004): a writer names the chunks it is
 * about to look into, in its own slot; a chunk is freed only after a scan of all slots found it named nowhere. Readers
 * name nothing; they validate versions instead (table.ts), and only borrowed views pin.
 *
 * Who marked an entry retires it, nobody else: the mark carries the marker's slot number, so even after a death at any
 * instruction it is clear whose retired list the chunk belongs in (reap.ts).
 *
 * A chunk that belongs to the active snapshot is kept back in a second list until the snapshot ends. That list is linked
 * through the hash field: readers that still stand on the chunk find it marked and start over, and a backup
 * recomputes hashes from the keys.
 */
import {
  CACHE_STRIDE,
  CLASS_COUNT,
  C_DEFERRED,
  C_RETIRED_PEAK,
  C_SCANS,
  DEATH_SLOT_BITS,
  E_BIRTH,
  E_DEATH,
  E_FLAGS,
  E_HASH,
  E_VERSION,
  FLAG_EVICTED,
  H_RETIRE_LIMIT,
  H_SLOTS,
  H_SLOT_COUNT,
  H_SNAPSHOT,
  PIN_COUNT,
  SLOT_SIZE,
  SNAPSHOT_SPANS,
  S_CACHES,
  S_COUNTERS,
  S_DEFERRED,
  S_HAND_FREE,
  S_HAND_MARK,
  S_HAND_MARK_VERSION,
  S_HAZARD_CURRENT,
  S_HAZARD_HEAD,
  S_HAZARD_PREVIOUS,
  S_PINS,
  S_RETIRED,
  S_RETIRED_COUNT,
  S_SCRATCH,
  RETIRED_CAPACITY,
  E_NEXT,
} from "../layout";
import { load32, release32 } from "./memory";
import { emptyCache, free } from "./pool";
import { isOpen, mayBeOpen } from "./region-pins";
import { emptyRing, hasRing } from "./ring-cells";
import { hasSpan, releaseSpan } from "./slabs";
import { count, slot } from "./worker";

/** Notes an entry before its mark is tried. The store reaches memory before the swap does. */
// @ts-ignore: decorator
@inline
export function takeInHand(entry: u32): void {
  if (FAULT == 10) return;
  store<u32>(slot + S_HAND_MARK_VERSION, load<u32>(entry + E_VERSION));
  store<u32>(slot + S_HAND_MARK, entry);
}

// @ts-ignore: decorator
@inline
export function letGo(): void {
  store<u32>(slot + S_HAND_MARK, 0);
}

/**
 * The entry in hand is marked by us and no longer reachable: into the retired list. One that has a span does not wait there for
 * others, for what it keeps may be much; whoever retires has done what it had found its entry for.
 */
export function retire(entry: u32): void {
  const n = load<u32>(slot + S_RETIRED_COUNT);
  if (!ASC_NO_ASSERT) assert(n < RETIRED_CAPACITY && (load32(entry + E_NEXT) & 1) != 0);
  store<u32>(slot + S_RETIRED + (n << 2), entry);
  store<u32>(slot + S_RETIRED_COUNT, n + 1);
  letGo();
  if (FAULT == 71 && hasSpan(entry)) releaseSpan(entry);
  if (hasSpan(entry)) {
    clearHazards(); // ours name it, and nothing else that is still to be looked at
    scan();
  } else if (n + 1 >= load<u32>(H_RETIRE_LIMIT)) {
    scan();
  }
}

// @ts-ignore: decorator
@inline
export function clearHazards(): void {
  release32(slot + S_HAZARD_CURRENT, 0);
  release32(slot + S_HAZARD_PREVIOUS, 0);
  release32(slot + S_HAZARD_HEAD, 0);
}

function isNamed(chunk: u32, from: u32, to: u32): bool {
  for (let at = from; at < to; at += 4) if (load<u32>(at) == chunk) return true;
  return false;
}

// @ts-ignore: decorator
@inline
function gather(at: u32, address: u32): u32 {
  const chunk = load32(address);
  if (chunk == 0) return at;
  store<u32>(at, chunk);
  return at + 4;
}

/**
 * Frees every retired chunk that no hazard names. Per slot the order is CURRENT, PREVIOUS, HEAD: a protection that moves
 * from CURRENT to PREVIOUS while we read is seen in one of them.
 */
export function scan(): void {
  count(C_SCANS);
  releaseDeferred();
  const from = slot + S_SCRATCH;
  let to = from;
  if (FAULT != 1) {
    const slots = load<u32>(H_SLOTS);
    const end = slots + load<u32>(H_SLOT_COUNT) * SLOT_SIZE;
    for (let other = slots; other < end; other += SLOT_SIZE) {
      to = gather(to, other + S_HAZARD_CURRENT);
      to = gather(to, other + S_HAZARD_PREVIOUS);
      to = gather(to, other + S_HAZARD_HEAD);
      if (FAULT != 16) for (let pin: u32 = 0; pin < PIN_COUNT; pin++) to = gather(to, other + S_PINS + (pin << 2));
    }
  }
  const list = slot + S_RETIRED;
  const n = load<u32>(slot + S_RETIRED_COUNT);
  const peak = slot + S_COUNTERS + (C_RETIRED_PEAK << 3);
  if (<u64>n > load<u64>(peak)) store<u64>(peak, n);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const at = list + (i << 2);
    const chunk = load<u32>(at);
    if (chunk == 0) continue;
    if (isNamed(chunk, from, to) || (mayBeOpen(chunk) && isOpen(chunk))) {
      // the copy is written before the original is wiped: a reaper may meet it twice, never not at all
      store<u32>(list + (kept << 2), chunk);
      if (kept != i) store<u32>(at, 0);
      kept++;
      continue;
    }
    if (hasRing(chunk)) emptyRing(chunk);
    store<u32>(slot + S_HAND_FREE, chunk);
    store<u32>(at, 0);
    if (isKept(chunk)) defer(chunk);
    else free(chunk);
  }
  store<u32>(slot + S_RETIRED_COUNT, kept);
}

/**
 * Whether the active snapshot needs this retired chunk: it lived in the snapshot's epoch and died after it. A victim of eviction is
 * not needed: a cache may lose any entry at any time, also just before the cut. A backup leaves out what was freed under its
 * copy (src/backup/snapshot.ts), so that a full cache under load can be backed up at all. Only while it reads the table of slabs it
 * keeps those of them that have spans: the slabs of what it is going to copy must still be what they were at the cut.
 */
// @ts-ignore: decorator
@inline
function isKept(chunk: u32): bool {
  const word = load32(H_SNAPSHOT);
  if (FAULT == 18 || word == 0) return false;
  if ((load<u8>(chunk + E_FLAGS) & FLAG_EVICTED) != 0 && !(word & SNAPSHOT_SPANS && hasSpan(chunk))) return false;
  const snapshot = word & ~SNAPSHOT_SPANS;
  const birth = load<u32>(chunk + E_BIRTH);
  return birth != 0 && birth <= snapshot && load<u32>(chunk + E_DEATH) >> DEATH_SLOT_BITS > snapshot;
}

function defer(chunk: u32): void {
  store<u32>(chunk + E_HASH, load<u32>(slot + S_DEFERRED));
  store<u32>(slot + S_DEFERRED, chunk);
  store<u32>(slot + S_HAND_FREE, 0);
  count(C_DEFERRED);
}

/** Frees what was kept for a snapshot that has ended. Hazards were checked before a chunk came into this list. */
export function releaseDeferred(): void {
  while (true) {
    const chunk = load<u32>(slot + S_DEFERRED);
    if (chunk == 0 || isKept(chunk)) return;
    store<u32>(slot + S_HAND_FREE, chunk);
    store<u32>(slot + S_DEFERRED, load<u32>(chunk + E_HASH));
    free(chunk);
  }
}

/** Hands everything this worker keeps for itself back to all: on detach, and when memory is short. */
export function giveBack(): void {
  scan();
  for (let cls: u32 = 0; cls < CLASS_COUNT; cls++) emptyCache(cls);
}

/** Chunks cached by this worker in one class. */
export function cached(cls: u32): u32 {
  return load<u32>(slot + S_CACHES + cls * CACHE_STRIDE);
}

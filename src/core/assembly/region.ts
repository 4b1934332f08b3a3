/**
 * Regions: named bytes that every thread may read and write, of any size up to the pool's. One is a span with an entry of the store's
 * own; the key is in the key window. Made once, opened by whoever wants to see it, dropped by name: the memory is given back when
 * the last one closes it. What is in it is its users' own business: nothing of it is versioned, evicted or backed up.
 *
 * One worker at a time may be the owner of a region: a claim as that of a ring's receiver, which ends with its worker.
 */
import {
  C_GETS,
  C_MISSES,
  D_BYTES,
  D_FIRST,
  D_SIZE,
  G_BYTES,
  G_DATA,
  G_OWNER,
  MISS,
  NO_MEMORY,
  REGION_PINS,
  S_KEY,
  O_ENTRY,
  O_PIN,
  O_SIZE,
  O_VERSION,
  S_OUT,
  S_REGIONS,
  S_VALUE,
  NOWHERE,
  NO_PIN,
} from "../layout";
import { isCurrent } from "./quota";
import { load32, store32, swap32 } from "./memory";
import { read } from "./read";
import { scan } from "./reclaim";
import * as rings from "./ring";
import { describeSpan, slabStart, slabsFor, takeSpan, unclaim } from "./slabs";
import { count, slot } from "./worker";
import { writeSpan } from "./write";

/** Makes the region with this key: OK, UNMET when there is one, or NO_MEMORY when no run of slabs is free. */
export function makeRegion(hash: u32, meta: u32, bytes: u32): i32 {
  const count = slabsFor(bytes + G_DATA);
  const first = takeSpan(count, true);
  if (first < 0) return NO_MEMORY;
  const start = slabStart(first);
  store<u32>(start + G_BYTES, bytes);
  const descriptor = slot + S_VALUE;
  describeSpan(descriptor, first, count);
  store<u32>(descriptor, bytes, D_BYTES);
  return writeSpan(hash, meta, slot + S_KEY, descriptor, start);
}

/**
 * Opens the region with this key.
 *
 * @returns address of its bytes; how many there are in O_SIZE, the place that keeps it open in O_PIN. NOWHERE when there is
 *   none, NO_PIN when too many are open
 */
export function openRegion(hash: u32, meta: u32): u32 {
  for (let pin: u32 = 0; pin < REGION_PINS; pin++) {
    const place = slot + S_REGIONS + (pin << 2);
    if (load<u32>(place) != 0) continue;
    while (true) {
      const isThere = read(hash, meta, slot + S_KEY, slot + S_VALUE, D_SIZE, false) != MISS;
      uncount(isThere);
      if (!isThere) return NOWHERE;
      const entry = load<u32>(slot + S_OUT, O_ENTRY);
      const version = load<u32>(slot + S_OUT, O_VERSION);
      store32(place, entry);
      // after it was named: dropped by now, or it stays until we close it
      if (FAULT == 61 || isCurrent(entry, version)) break;
      store32(place, 0);
    }
    const start = slabStart(load<u32>(slot + S_VALUE, D_FIRST));
    store<u32>(slot + S_OUT, load<u32>(slot + S_VALUE, D_BYTES), O_SIZE);
    store<u32>(slot + S_OUT, pin, O_PIN);
    return start + G_DATA;
  }
  return NO_PIN;
}

/**
 * Looking for a region is no get: who asks for statistics looks for some, and must not be what they tell. Who reads this worker's counters
 * in between sees one too many.
 */
function uncount(isThere: bool): void {
  count(C_GETS, <u64>-1);
  if (!isThere) count(C_MISSES, <u64>-1);
}

export function closeRegion(pin: u32): void {
  store32(slot + S_REGIONS + (pin << 2), 0);
}

/** What was dropped and is open nowhere is given back now. */
export function collectRegions(): void {
  scan();
}

/** 0 = a living worker has it; 1 = it is this worker's; 2 = it is now, and was a worker's that died or left without giving it up. */
export function claimRegion(data: u32): u32 {
  const register = data - G_DATA + G_OWNER;
  const before = load32(register);
  if (!rings.holder(register)) return 0;
  return before == 0 || before == rings.claim() ? 1 : 2;
}

export function leaveRegion(data: u32): bool {
  return swap32(data - G_DATA + G_OWNER, rings.claim(), 0);
}

/**
 * Which regions a worker has open, which channel's ring it is in, and which locks it has or waits for: the entries that hold them, in its slot, as hazards are. The rule is Michael's: name the
 * entry, then look whether it is still current. A region is dropped by deleting its entry; whoever named the entry before the
 * mark is seen by the scan that would free it, and whoever names it after finds the mark and has opened nothing. So no
 * memory that someone has a view of is given back, and a dead worker's views end when its slot is reaped.
 */
import {
  E_FLAGS,
  FLAG_LARGE,
  FLAG_LOCK,
  FLAG_RING,
  FLAG_SPAN,
  HELD_BITS,
  HELD_MAX,
  H_SLOTS,
  H_SLOT_COUNT,
  REGION_PINS,
  SLOT_SIZE,
  S_HELD,
  S_REGIONS,
  S_RING,
} from "../layout";
import { load32, store32 } from "./memory";

/** Whether more hangs on the entry than its chunk that a worker may be in: a region, a ring, or a lock. A large value is held by pins. */
// @ts-ignore: decorator
@inline
export function mayBeOpen(entry: u32): bool {
  const flags = load<u8>(entry + E_FLAGS);
  return (flags & (FLAG_RING | FLAG_LOCK)) != 0 || (flags & (FLAG_SPAN | FLAG_LARGE)) == FLAG_SPAN;
}

/** Whether any worker has the region open that this entry holds, or is in its ring. Asked only when such an entry would be freed. */
export function isOpen(entry: u32): bool {
  if (FAULT == 60) return false;
  if ((load<u8>(entry + E_FLAGS) & FLAG_LOCK) != 0 && isNamed(entry)) return true;
  const slots = load<u32>(H_SLOTS);
  const end = slots + load<u32>(H_SLOT_COUNT) * SLOT_SIZE;
  for (let other = slots; other < end; other += SLOT_SIZE) {
    if (FAULT != 69 && load32(other + S_RING) == entry) return true;
    for (let pin: u32 = 0; pin < REGION_PINS; pin++) if (load32(other + S_REGIONS + (pin << 2)) == entry) return true;
  }
  return false;
}

/** Whether any worker has the lock, or is about to. */
function isNamed(entry: u32): bool {
  if (FAULT == 120) return false;
  const slots = load<u32>(H_SLOTS);
  const end = slots + load<u32>(H_SLOT_COUNT) * SLOT_SIZE;
  for (let other = slots; other < end; other += SLOT_SIZE) {
    for (let i: u32 = 0; i < HELD_MAX; i++) if ((load32(other + S_HELD + (i << 3)) & ~HELD_BITS) == entry) return true;
  }
  return false;
}

/** Everything that was open in the slot is not any more: its worker leaves, or is dead. Nor is it in a ring. */
export function closeRegions(owner: u32): void {
  for (let pin: u32 = 0; pin < REGION_PINS; pin++) {
    const at = owner + S_REGIONS + (pin << 2);
    if (load<u32>(at) != 0) store32(at, 0);
  }
  if (load<u32>(owner + S_RING) != 0) store32(owner + S_RING, 0);
}

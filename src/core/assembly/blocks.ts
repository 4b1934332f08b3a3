/**
 * Pools of equal blocks in which taking a block is one swap of its owner's word, 0 -> claim: no free list, no ABA, and no instant at which a
 * block is neither free nor owned. So there is nothing to note beforehand, and after a death a look at all words finds what the dead had.
 *
 * A block may be charged to an agent (pieces.ts has groups): that word is written by the block's owner alone, after the charge, and cleared
 * before the block is free. A death between leaves a sum too high, never a block too many; whoever has the agent next counts anew.
 *
 * Invariants.
 *   1. A block whose word is 0 is nobody's; one whose word is a claim is that thread's alone, which alone gives it back, or after its death a
 *      reaper that has put its own claim there.
 *   2. What a block is charged to is written by whoever has its word, and is 0 when that is.
 *   3. The lower half of B_OUT is never below the blocks that are out: it is raised before the swap and lowered after it. A death between leaves it
 *      one too high for good, and the peak with it; so does for a moment a taker that another forestalls.
 *
 * That none is free is not seen in one look: a block may come back behind whoever looks, and another be taken before it. So the upper half of
 * B_OUT counts what was given back, after it is free, and -1 is answered only by a search in which that stood still: then each block that
 * was seen taken was so until the end, or whoever gives it back is still at it. A pool with a block for each of its users never refuses one.
 *
 * Order: the swap that takes a block comes before all that its owner writes into it, the swap that frees it after; the charge is cleared before
 * that one by a release store. Nobody else reads a block.
 */
import {
  BLOCKS_HEADER,
  B_CHARGED,
  B_COUNT,
  B_DATA,
  B_OUT,
  B_OWNERS,
  B_PEAK,
  B_SIZE,
} from "../layout";
import { add64, load32, racy32, raise32, release32, store32, swap32 } from "./memory";

/** Where this thread found its last block. Threads that start at different places seldom meet. */
let hint: u32 = 0;

/** Bytes that a pool takes, its words and all. */
export function blocksBytes(count: u32, size: u32): u32 {
  return BLOCKS_HEADER + lines(count << 2) * 2 + count * size;
}

// @ts-ignore: decorator
@inline
function lines(bytes: u32): u32 {
  return (bytes + 63) & ~63;
}

/** @param at where all is zero */
export function makeBlocks(at: u32, count: u32, size: u32): void {
  store<u32>(at, count, B_COUNT);
  store<u32>(at, size, B_SIZE);
  store<u32>(at, at + BLOCKS_HEADER, B_OWNERS);
  store<u32>(at, at + BLOCKS_HEADER + lines(count << 2), B_CHARGED);
  store<u32>(at, at + BLOCKS_HEADER + lines(count << 2) * 2, B_DATA);
}

// @ts-ignore: decorator
@inline
function ownerAt(at: u32, index: u32): u32 {
  return load<u32>(at, B_OWNERS) + (index << 2);
}

/** Above the blocks that are out. */
const GIVEN: u64 = 1 << 32;
const B_GIVEN: u32 = B_OUT + 4;

/** Index of a block that is `claim`'s now; -1 when all were taken at one moment. */
export function takeBlock(at: u32, claim: u32): i32 {
  let index = search(at, claim);
  while (index < 0 && FAULT != 132) {
    const given = load32(at + B_GIVEN);
    index = search(at, claim);
    if (load32(at + B_GIVEN) == given) break;
  }
  return index;
}

function search(at: u32, claim: u32): i32 {
  const count = load<u32>(at, B_COUNT);
  let index = hint < count ? hint : 0;
  for (let seen: u32 = 0; seen < count; seen++) {
    const owner = ownerAt(at, index);
    if (racy32(owner) == 0) {
      const out = <u32>add64(at + B_OUT, 1) + 1;
      if (takes(owner, claim)) {
        if (out > load<u32>(at, B_PEAK)) raise32(at + B_PEAK, out);
        hint = index + 1;
        return index;
      }
      add64(at + B_OUT, <u64>-1);
    }
    if (++index == count) index = 0;
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function takes(owner: u32, claim: u32): bool {
  if (FAULT != 130) return swap32(owner, 0, claim);
  store32(owner, claim);
  return true;
}

/** False when the block is not `claim`'s: given back before, or another's. */
export function giveBlock(at: u32, index: u32, claim: u32): bool {
  if (index >= load<u32>(at, B_COUNT)) return false;
  const owner = ownerAt(at, index);
  if (load32(owner) != claim) return false;
  release32(load<u32>(at, B_CHARGED) + (index << 2), 0);
  if (!swap32(owner, claim, 0)) return false;
  add64(at + B_OUT, GIVEN - 1);
  hint = index;
  return true;
}

/** Notes whom a block is charged to; its owner's to call. */
export function chargeBlock(at: u32, index: u32, group: u32): void {
  store32(load<u32>(at, B_CHARGED) + (index << 2), group);
}

/**
 * Frees what a dead claim had; how many. A reaper has the block itself while it clears the charge, or a late one could clear the next
 * owner's; if it dies of it, the block is found under its own claim.
 */
export function reapBlocks(at: u32, dead: u32, claim: u32): u32 {
  const count = load<u32>(at, B_COUNT);
  let freed: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const owner = ownerAt(at, index);
    if (racy32(owner) != dead) continue;
    if (FAULT == 131) release32(load<u32>(at, B_CHARGED) + (index << 2), 0);
    if (!swap32(owner, dead, claim)) continue;
    giveBlock(at, index, claim);
    freed++;
  }
  return freed;
}

/** Blocks that are out and charged to a group. */
export function blocksChargedTo(at: u32, group: u32): u32 {
  const count = load<u32>(at, B_COUNT);
  const charged = load<u32>(at, B_CHARGED);
  let out: u32 = 0;
  for (let index: u32 = 0; index < count; index++)
    if (racy32(charged + (index << 2)) == group && racy32(ownerAt(at, index)) != 0) out++;
  return out;
}

/** For the bench: take and give back. */
export function benchBlocks(at: u32, claim: u32, times: u32): u32 {
  let taken: u32 = 0;
  for (let i: u32 = 0; i < times; i++) {
    const index = takeBlock(at, claim);
    if (index >= 0 && giveBlock(at, index, claim)) taken++;
  }
  return taken;
}

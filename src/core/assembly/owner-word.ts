/** The owner's word of a lock: slot + 1 of who has it, and above it of who is to get it next. K_DROPPED in both halves: it was dropped. */
import { K_DROPPED } from "../layout";

export const DROPPED_WORD: u64 = ((<u64>K_DROPPED) << 32) | K_DROPPED;

// @ts-ignore: decorator
@inline
export function ownerOf(word: u64): u32 {
  return <u32>word;
}

// @ts-ignore: decorator
@inline
export function nextOf(word: u64): u32 {
  return <u32>(word >> 32);
}

// @ts-ignore: decorator
@inline
export function isDropped(word: u64): bool {
  return <u32>word == K_DROPPED;
}

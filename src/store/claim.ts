/**
 * Claims on what one thread at a time may have, as in src/core/assembly/ring.ts: slot number + 1, and above it the slot's incarnation.
 * A claim ends with its worker: when that slot is given back, or reaped, its incarnation has moved on.
 */
import { layout } from "../core/index.js";

/** @returns never 0; a signed number, as Atomics read it from an Int32Array */
export function claimOf(buffer: ArrayBufferLike, slotNumber: number): number {
  const words = slotWords(buffer, slotNumber);
  return (Atomics.load(words, layout.S_INCARNATION / 4) << layout.CLAIM_SLOT_BITS) | (slotNumber + 1);
}

/** Whether the worker that made the claim still has its slot. */
export function isLiving(buffer: ArrayBufferLike, claim: number): boolean {
  const slotNumber = (claim & layout.CLAIM_SLOT_MASK) - 1;
  if (slotNumber < 0) return false;
  const words = slotWords(buffer, slotNumber);
  if (Atomics.load(words, layout.S_STATE / 4) !== layout.SLOT_ACTIVE) return false;
  return claimOf(buffer, slotNumber) === claim;
}

function slotWords(buffer: ArrayBufferLike, slotNumber: number): Int32Array {
  const slots = new Uint32Array(buffer, 0, layout.HEADER_SIZE / 4)[layout.H_SLOTS / 4];
  return new Int32Array(buffer, slots + slotNumber * layout.SLOT_SIZE, layout.LINE / 4);
}

/**
 * Claims on what one thread at a time may have, as in src/core/assembly/ring.ts: slot number + 1, and above it the slot's incarnation.
 * A claim ends with its worker: when that slot is given back, or reaped, its incarnation has moved on.
 */
import { type Header, layout, Slot } from "../core/index.js";

/** @returns never 0; a signed number, as Atomics read it from an Int32Array */
export function claimOf(header: Header, slotNumber: number): number {
  return (new Slot(header, slotNumber).incarnation << layout.CLAIM_SLOT_BITS) | (slotNumber + 1);
}

/** Whether the worker that made the claim still has its slot. */
export function isLiving(header: Header, claim: number): boolean {
  const slotNumber = (claim & layout.CLAIM_SLOT_MASK) - 1;
  if (slotNumber < 0) return false;
  return new Slot(header, slotNumber).active && claimOf(header, slotNumber) === claim;
}

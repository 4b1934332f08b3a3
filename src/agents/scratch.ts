/** Room in an arena that a thread has its kernels copy into, before the copy is the caller's: as much as it needed so far, and its own. */
import type { ArenaMemory } from "./arena-memory.js";

const rooms = new WeakMap<ArenaMemory, { address: number; bytes: number }>();

/** @returns the address of `bytes` that hold nothing beyond the present call */
export function scratch(memory: ArenaMemory, bytes: number): number {
  const own = memory.own ?? memory;
  const room = rooms.get(own);
  if (room !== undefined && room.bytes >= bytes) return room.address;
  const address = own.take(bytes, "copies");
  rooms.set(own, { address, bytes });
  if (room !== undefined) own.give(room.address);
  return address;
}

/** The next to ask takes another. */
export function giveScratch(own: ArenaMemory): void {
  const room = rooms.get(own);
  if (room === undefined) return;
  rooms.delete(own);
  own.give(room.address);
}

/** The room is given back otherwise, with all of this thread's: the next to ask takes another, or is refused. */
export function forgetScratch(own: ArenaMemory): void {
  rooms.delete(own);
}

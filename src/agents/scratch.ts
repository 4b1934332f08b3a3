/** Room in an arena that a thread has its kernels copy into, before the copy is the caller's: as much as it needed so far, and its own. */
import type { ArenaMemory } from "./arena-memory.js";

const rooms = new WeakMap<ArenaMemory, { address: number; bytes: number }>();

/** @returns the address of `bytes` that hold nothing beyond the present call */
export function scratch(memory: ArenaMemory, bytes: number): number {
  const room = rooms.get(memory);
  if (room !== undefined && room.bytes >= bytes) return room.address;
  const address = memory.take(bytes, "copies");
  rooms.set(memory, { address, bytes });
  if (room !== undefined) memory.give(room.address);
  return address;
}

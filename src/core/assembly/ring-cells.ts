/**
 * Where a ring is, and what becomes of it (ring.ts and queue.ts have how it is used). A ring lies in the chunk of its directory entry,
 * `channel:<name>` or `queue:<name>` in the store's own id, behind the key: it is published by the entry's own swap, retired, freed and reaped with it, and is never without one.
 *
 * A channel is dropped by deleting that entry. An operation names the entry in its slot, then asks whether it is current, as a region
 * is opened: whoever named it before the mark is seen by the scan that would free it, and whoever names it after finds the mark and does
 * nothing. So an operation that began before the drop ends in memory that is the ring's still, and counts as done before it; what it
 * has sent nobody will receive, and is freed with the ring.
 *
 *   entry     linked, unmarked    marked, named by somebody     marked, named by nobody
 *   the ring  in use              kept, by the retired list      emptied (`emptyRing`), then freed as any entry
 *
 * A ring is emptied while its entry is still in the retired list, message by message, each noted as a receiver notes it. Whoever inherits
 * the list of a worker that died in the middle begins again with what is left.
 */
import {
  E_FLAGS,
  E_KEY,
  E_META,
  E_NEXT,
  FLAG_RING,
  Q_CELL_SHIFT,
  Q_MESSAGE,
  RING_QUEUE,
  R_CAPACITY,
  R_CELLS,
  R_KIND,
  R_STRIDE,
  S_HAND_FREE,
  S_HAND_MESSAGE,
  S_HAND_MESSAGE_RING,
} from "../layout";
import { load32, release32, store32 } from "./memory";
import { free } from "./pool";
import { slot } from "./worker";

// @ts-ignore: decorator
@inline
export function hasRing(entry: u32): bool {
  return (load<u8>(entry + E_FLAGS) & FLAG_RING) != 0;
}

/** Where the ring begins in a chunk whose entry has a key of so many bytes. */
// @ts-ignore: decorator
@inline
export function ringOffset(keyLength: u32): u32 {
  return (E_KEY + ((keyLength + 15) & ~15) + (R_STRIDE - 1)) & ~(R_STRIDE - 1);
}

// @ts-ignore: decorator
@inline
export function ringOf(entry: u32): u32 {
  return entry + ringOffset(load<u16>(entry + E_META, 2));
}

/** Bytes of a chunk that holds a ring. */
export function ringSize(keyLength: u32, capacity: u32, kind: u32): u32 {
  return ringOffset(keyLength) + R_CELLS + (capacity << (kind == RING_QUEUE ? Q_CELL_SHIFT : 3));
}

/** Cells of a new ring, all of them empty. */
export function formatCells(ring: u32, capacity: u32, kind: u32): void {
  if (kind == RING_QUEUE) memory.fill(ring + R_CELLS, 0, capacity << Q_CELL_SHIFT);
  else for (let i: u32 = 0; i < capacity; i++) store<u64>(ring + R_CELLS + (i << 3), <u64>i << 32);
}

/** The word of a cell that names its message, 0 = none. */
function messageAt(ring: u32, cell: u32): u32 {
  if (load<u32>(ring + R_KIND) == RING_QUEUE) return ring + R_CELLS + (cell << Q_CELL_SHIFT) + Q_MESSAGE;
  return ring + R_CELLS + (cell << 3);
}

export function isInRing(ring: u32, chunk: u32): bool {
  const cells = load<u32>(ring + R_CAPACITY);
  for (let i: u32 = 0; i < cells; i++) if (load32(messageAt(ring, i)) == chunk) return true;
  return false;
}

/** Frees the messages of a ring that nobody can reach any more. Its entry is in our retired list meanwhile. */
export function emptyRing(entry: u32): void {
  const ring = ringOf(entry);
  const cells = load<u32>(ring + R_CAPACITY);
  for (let i: u32 = 0; i < cells; i++) {
    const cell = messageAt(ring, i);
    const message = load32(cell);
    if (message == 0) continue;
    store<u32>(slot + S_HAND_MESSAGE_RING, ring);
    if (FAULT != 95) release32(slot + S_HAND_MESSAGE, message);
    store32(message + E_NEXT, 1); // for the reaper of its sender, as a receiver does
    store32(cell, 0);
    store<u32>(slot + S_HAND_FREE, message);
    store<u32>(slot + S_HAND_MESSAGE, 0);
    free(message);
  }
  forgetRing(entry);
}

/** The chunk is no ring's any more: what it becomes next must not be taken for one. */
// @ts-ignore: decorator
@inline
export function forgetRing(chunk: u32): void {
  release32(chunk + E_FLAGS_WORD, load<u32>(chunk + E_FLAGS_WORD) & ~(FLAG_RING << 16));
}

/** Flags and the length of the value are one word: E_FLAGS is its third byte. */
const E_FLAGS_WORD: u32 = E_FLAGS - 2;

/**
 * Rows of numbers that one thread writes and any thread reads, each under a seqlock (Lameter's, as in Boehm, "Can seqlocks get along with
 * programming language memory models?", 2012). The engine's stores have no rows; the tables of agents have (src/agents), and the explorer
 * drives them from here.
 *
 *   version u32   odd while the row is being written
 *   visits  u32   what its owner counts
 *   key     u64   what its owner finds it by
 *   cells         whole vectors of 16 bytes
 *
 * Invariant: an even version belongs to one state of the row, and comes to it once (but for its running over after 2^31 writes within one
 * read). A reader that copies between two looks at the same even version has that state whole.
 *
 *   writer  version odd | storesFence | cells           | version even, by a release store
 *   reader  version even, by an acquiring load          | cells | loadsFence | the same version
 *
 * The writer's fence keeps its cells behind the odd version, its release keeps them before the even one; the reader's fence keeps the copy
 * before its second look. So a reader that has seen a cell of a write also finds the version that the write began with, or a later one.
 *
 * A writer that dies inside leaves the version odd, and readers give up on the row, until whoever owns it next has repaired it: nobody else
 * writes, so an odd version that its owner finds is a dead one's. The cells are what they are, each of them whole: the version goes on to the
 * next even one, never back, for a reader may hold the one before.
 */
import { copyRacy, load32, loadsFence, release32, storesFence } from "./memory";

export const ROW_VERSION: u32 = 0;
export const ROW_VISITS: u32 = 4;
export const ROW_KEY: u32 = 8;
export const ROW_CELLS: u32 = 16;

/** Looks at a row that is being written before its reader asks the host: a write is some ten nanoseconds, unless its thread is paused. */
const ROW_PATIENCE: u32 = 512;

/** What the owner does before it writes cells. An odd version is found only after a death, and stays odd. */
// @ts-ignore: decorator
@inline
export function beginRow(row: u32): void {
  if (FAULT != 140) release32(row, load<u32>(row) | 1);
  storesFence(); // the version before the cells: partner, a reader's loadsFence
}

// @ts-ignore: decorator
@inline
export function endRow(row: u32): void {
  const odd = load<u32>(row) | 1;
  release32(row, FAULT == 141 ? odd - 1 : odd + 1); // the cells before the version
}

/** By the row's new owner, for what a dead one began: whether it was half written. */
export function repairRow(row: u32): bool {
  if (!(load<u32>(row) & 1)) return false;
  if (FAULT != 144) release32(row, FAULT == 145 ? load<u32>(row) - 1 : load<u32>(row) + 1);
  return true;
}

/**
 * Copies `bytes` from the row's head on, and `moreBytes` that go with it and lie elsewhere, as they were at one moment. False when the row
 * was being written at each look: its writer is paused, or dead. Both lengths are multiples of 16.
 */
export function copyRow(row: u32, bytes: u32, to: u32, more: u32, moreBytes: u32, moreTo: u32): bool {
  for (let look: u32 = 0; look < ROW_PATIENCE; look++) {
    const version = load32(row);
    if (FAULT != 143 && (version & 1) != 0) continue;
    copyRacy(to, row, bytes);
    copyRacy(moreTo, more, moreBytes);
    loadsFence(); // the copy before the look: partner, a writer's storesFence
    if (FAULT == 142 || load32(row) == version) return true;
  }
  return false;
}

/** Writes the same two words into all cells in turn: what the explorer has its rows filled with. */
export function fillRow(row: u32, bytes: u32, first: u32, second: u32): void {
  beginRow(row);
  for (let i = ROW_CELLS; i < bytes; i += 8) {
    store<u32>(row + i, first);
    store<u32>(row + i, second, 4);
  }
  endRow(row);
}

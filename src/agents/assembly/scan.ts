/** The nearest by looking at all: exact, and for a few thousand vectors as fast as the graph. */
import { distanceTo, encodeRow } from "./distance";
import { at, item, pushHeap, replaceRoot, sortHeap, writeFound } from "./nearest";
import { block, H_COUNT, query, queryRow, useBlock, useScratch } from "./vector-block";

/**
 * @param k 1 to the number of vectors, and no more than the scratch's list may hold
 * @returns how many were found, at `foundAddress`; 0 when the query is of no use (`encodeRow`)
 */
export function scan(index: usize, thread: usize, k: u32): u32 {
  useBlock(index);
  useScratch(thread);
  if (!encodeRow(query, queryRow)) return 0;
  const count = load<u32>(block, H_COUNT);
  let size: u32 = 0;
  for (let node: u32 = 0; node < count; node++) {
    const one = item(distanceTo(queryRow, node), node);
    if (size < k) pushHeap(one, size++);
    else if (one < load<u64>(at(0))) replaceRoot(one, size);
  }
  sortHeap(size);
  writeFound(size);
  return size;
}

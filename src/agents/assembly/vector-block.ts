/**
 * Where things lie in the block of a vector index, and the block and scratch that this instance works on at the moment.
 *
 * The block is one piece of the arena and holds distances from its own start only, so that the bytes in a file are the bytes in memory:
 *
 *   header   0  8 bytes "EngramVI"            52  u32 level of the entry node
 *            8  u32 version                   56  u32 bytes of a row
 *           12  u32 1 when frozen             60  u32 offset of the rows
 *           16  u32 dimensions                64  u32 offset of the links on level 0, 0 = there is no graph
 *           20  u32 kind: 0 f32, 1 int8       68  u32 offset of the table of the levels above
 *           24  u32 metric: 0 cos, 1 l2, 2 dot 72  u32 offset of the links above level 0
 *           28  u32 m, 0 = there is no graph  76  u32 bytes of those links
 *           32  u32 efConstruction            80  u32 offset of the ids
 *           36  u32 seed                      84  u32 ids: 0 positions, 1 numbers, 2 texts
 *           40  u32 vectors                   88  u32 bytes of the ids
 *           44  u32 vectors in the graph      92  u32 bytes of the block
 *           48  u32 the entry node            96  u32 CRC-32 from byte 128 on; 100 u32 CRC-32 of bytes 0 to 99; zeros to 128
 *
 *   row      f32: its numbers and zeros to whole 64 bytes.
 *            int8: its numbers and zeros to whole 16 bytes, f32 scale, u32 0, f64 squared length.
 *   links    u32 how many, then the nodes: 2m of them on level 0, m on each level above.
 *   table    u32 a node and one more: where its links above level 0 begin, in u32 from their start. A node has as many levels as it has room there.
 *
 * Who builds is the only one that knows the address, until the block is frozen; after that nobody writes to it. What a search writes is its
 * thread's own scratch:
 *
 *   scratch  0  u32 mark of this search, 1 to 255; 4 u32 nodes the list may hold; zeros to 64
 *           64  the query as f32, to whole 64 bytes; the query as a row; the list, u64 each; those picked, u64 each; a byte a vector: its mark
 */
export const H_FROZEN: usize = 12;
export const H_DIMENSIONS: usize = 16;
export const H_KIND: usize = 20;
export const H_METRIC: usize = 24;
export const H_M: usize = 28;
export const H_EF: usize = 32;
export const H_COUNT: usize = 40;
export const H_PLACED: usize = 44;
export const H_ENTRY: usize = 48;
export const H_TOP: usize = 52;
export const H_STRIDE: usize = 56;
export const H_ROWS: usize = 60;
export const H_LINKS: usize = 64;
export const H_TABLE: usize = 68;
export const H_UPPER: usize = 72;
export const H_UPPER_BYTES: usize = 76;

export const KIND_F32: u32 = 0;
export const COSINE: u32 = 0;
export const L2: u32 = 1;

const S_MARK: usize = 0;
const S_CAPACITY: usize = 4;
const SCRATCH_HEADER: u32 = 64;

// Loaded by `use`, at each call from outside: an instance belongs to one thread, and calls do not nest.
export let block: usize = 0;
export let dimensions: u32 = 0;
export let kind: u32 = 0;
export let metric: u32 = 0;
export let m: u32 = 0;
export let stride: u32 = 0;
export let rows: usize = 0;
let links0: usize = 0;
let linkStride: u32 = 0;
let table: usize = 0;
let upper: usize = 0;

export let scratch: usize = 0;
export let query: usize = 0;
export let queryRow: usize = 0;
export let list: usize = 0;
export let picked: usize = 0;
export let marks: usize = 0;

export function useBlock(at: usize): void {
  block = at;
  dimensions = load<u32>(at, H_DIMENSIONS);
  kind = load<u32>(at, H_KIND);
  metric = load<u32>(at, H_METRIC);
  m = load<u32>(at, H_M);
  stride = load<u32>(at, H_STRIDE);
  rows = at + load<u32>(at, H_ROWS);
  links0 = at + load<u32>(at, H_LINKS);
  linkStride = (1 + 2 * m) << 2;
  table = at + load<u32>(at, H_TABLE);
  upper = at + load<u32>(at, H_UPPER);
}

export function useScratch(at: usize): void {
  const capacity = load<u32>(at, S_CAPACITY);
  scratch = at;
  query = at + SCRATCH_HEADER;
  queryRow = query + queryBytes(dimensions);
  list = queryRow + stride;
  picked = list + ((capacity + 1) << 3);
  marks = picked + ((capacity + 1) << 3);
}

// @ts-ignore: decorator
@inline
function queryBytes(dimensions: u32): u32 {
  return ((dimensions << 2) + 63) & ~63;
}

/** Bytes of a row of that kind. */
export function rowBytes(dimensions: u32, kind: u32): u32 {
  return kind == KIND_F32 ? queryBytes(dimensions) : ((dimensions + 15) & ~15) + 16;
}

/** Bytes of a scratch for lists of up to `capacity` nodes. A search without the graph needs no marks. */
export function scratchBytes(index: usize, capacity: u32, withMarks: bool): u32 {
  useBlock(index);
  const marked: u32 = withMarks ? load<u32>(index, H_COUNT) : 0;
  return SCRATCH_HEADER + queryBytes(dimensions) + stride + ((capacity + 1) << 4) + marked;
}

/** Of zeroed memory. */
export function openScratch(thread: usize, capacity: u32): void {
  store<u32>(thread, capacity, S_CAPACITY);
}

/** Where a query is put, as f32. */
export function queryAddress(thread: usize): usize {
  return thread + SCRATCH_HEADER;
}

/** Where a search leaves what it has found: (f32 distance, u32 position), the nearest first. */
export function foundAddress(index: usize, thread: usize): usize {
  useBlock(index);
  useScratch(thread);
  return list;
}

/** The mark of a search that begins: no vector has it. */
export function freshMark(): u32 {
  let mark = load<u32>(scratch, S_MARK) + 1;
  if (mark > 255) {
    memory.fill(marks, 0, load<u32>(block, H_COUNT));
    mark = 1;
  }
  store<u32>(scratch, mark, S_MARK);
  return mark;
}

// @ts-ignore: decorator
@inline
export function rowOf(node: u32): usize {
  return rows + <usize>node * stride;
}

// @ts-ignore: decorator
@inline
export function linksOf(node: u32, level: u32): usize {
  if (level == 0) return links0 + <usize>node * linkStride;
  return upper + ((load<u32>(table + (<usize>node << 2)) + (level - 1) * (1 + m)) << 2);
}

export function levelOf(node: u32): u32 {
  const at = table + (<usize>node << 2);
  return (load<u32>(at, 4) - load<u32>(at)) / (1 + m);
}

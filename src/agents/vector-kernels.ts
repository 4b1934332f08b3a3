/** Kernels of the vector index (assembly/vector-block.ts, scan.ts, hnsw.ts). An index is named by its block's address, a thread by its scratch's. */
export interface VectorKernels {
  rowBytes(dimensions: number, kind: number): number;
  scratchBytes(index: number, capacity: number, withMarks: boolean): number;
  openScratch(scratch: number, capacity: number): void;
  queryAddress(scratch: number): number;
  foundAddress(index: number, scratch: number): number;
  /** The f32 numbers at `from`, as the row at `position`. @returns 0 when they are of no use */
  encodeAt(index: number, from: number, position: number): number;
  /** @returns how many were found; 0 when the query is of no use */
  scan(index: number, scratch: number, k: number): number;
  search(index: number, scratch: number, k: number, ef: number): number;
  place(index: number, scratch: number, node: number): void;
  linkBack(index: number, scratch: number, from: number, to: number, part: number, parts: number): void;
  admit(index: number, to: number): void;
  firstBroken(index: number): number;
}

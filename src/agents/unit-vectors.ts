/**
 * Vectors of length 1 (or 0) that are put together for one search: an exact scan by the index's kernels, in memory of this thread alone.
 * For what changes all the time, where an index that is built once would never be up to date.
 *
 * Its memory holds a block without graph and ids (index-block.ts), and behind its rows the scratch, which each search lays out anew.
 */
import { OutOfMemoryError } from "../errors.js";
import { HEADER_BYTES, IDS_POSITIONS, type IndexShape, planBlock, writeHeader } from "./index-block.js";
import { instantiateKernels, type Kernels } from "./kernels.js";

const PAGE = 65_536;
const MOST_PAGES = 65_536;
/** Of the block: 0 is no address. */
const BLOCK = 64;
const LINE = 64;

/** A vector that was found. */
export interface Scored {
  /** Its place, 0 up. */
  readonly position: number;
  /** The cosine; 0 of a vector without length. */
  readonly score: number;
}

/** Vectors of length 1, compared by their cosine with all the others: for some thousands of them. */
export class UnitVectors {
  /** Numbers of each. */
  readonly dimensions: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: false });
  readonly #kernels: Kernels = instantiateKernels(this.#memory, false);
  readonly #stride: number;
  #bytes = new Uint8Array(this.#memory.buffer);
  #count = 0;

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.#stride = planBlock(this.#shape(1), this.#kernels).stride;
  }

  /** Empties it. */
  clear(): void {
    this.#count = 0;
  }

  /** @param bytes float32 numbers, as `unitVector` makes them, aligned or not. @throws OutOfMemoryError */
  add(bytes: Uint8Array): void {
    const at = BLOCK + HEADER_BYTES + this.#count * this.#stride;
    this.#reserve(at + this.#stride);
    this.#bytes.set(bytes, at);
    this.#bytes.fill(0, at + bytes.length, at + this.#stride);
    this.#count++;
  }

  /** Up to `most`, the highest score first; equal ones in the order in which they were added. @param query as `unitVector` makes it */
  best(query: Uint8Array, most: number): Scored[] {
    const k = Math.min(most, this.#count);
    if (k === 0) return [];
    const shape = this.#shape(this.#count);
    const plan = planBlock(shape, this.#kernels);
    const scratch = Math.ceil((BLOCK + plan.bytes) / LINE) * LINE;
    writeHeader(this.#bytes.subarray(BLOCK), shape, plan);
    const scratchBytes = this.#kernels.scratchBytes(BLOCK, k, false) >>> 0;
    this.#reserve(scratch + scratchBytes);
    this.#bytes.fill(0, scratch, scratch + this.#stride + LINE);
    this.#kernels.openScratch(scratch, k);
    this.#bytes.set(query, this.#kernels.queryAddress(scratch) >>> 0);
    const found = this.#kernels.scan(BLOCK, scratch, k);
    const at = this.#kernels.foundAddress(BLOCK, scratch) >>> 0;
    const distances = new Float32Array(this.#memory.buffer, at, 2 * found);
    const positions = new Uint32Array(this.#memory.buffer, at, 2 * found);
    return Array.from({ length: found }, (_, i) => ({
      position: positions[2 * i + 1],
      score: Math.min(1, Math.max(-1, 0 - distances[2 * i])),
    }));
  }

  #shape(count: number): IndexShape {
    const { dimensions } = this;
    return {
      dimensions,
      kind: "f32",
      metric: "dot",
      m: 0,
      efConstruction: 0,
      seed: 0,
      count,
      upperBytes: 0,
      idKind: IDS_POSITIONS,
      idBytes: 0,
    };
  }

  /** Half as much again as is needed, so that adding one after the other does not grow each time. */
  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const pages = Math.min(MOST_PAGES, Math.ceil((bytes * 1.5) / PAGE));
    try {
      if (bytes > pages * PAGE) throw new RangeError("more than 4 GiB");
      this.#memory.grow(pages - this.#bytes.length / PAGE);
    } catch (cause) {
      throw new OutOfMemoryError(`no memory for ${this.#count + 1} vectors of ${this.dimensions} dimensions`, {
        cause,
      });
    }
    this.#bytes = new Uint8Array(this.#memory.buffer);
  }
}

/** A vector's direction: its numbers over its length, as the bytes of float32; zeros stay zeros. Null when a number is not finite. */
export function unitVector(vector: ArrayLike<number>): Uint8Array | null {
  const unit = new Float32Array(vector.length);
  let largest = 0;
  for (let i = 0; i < unit.length; i++) {
    const size = Math.abs(vector[i]);
    if (!(size < Number.POSITIVE_INFINITY)) return null;
    if (size > largest) largest = size;
  }
  if (largest > 0) {
    // by the largest first: squares of what a double holds may be more than one holds
    let squares = 0;
    for (let i = 0; i < unit.length; i++) squares += (vector[i] / largest) ** 2;
    const length = Math.sqrt(squares);
    for (let i = 0; i < unit.length; i++) unit[i] = vector[i] / largest / length;
  }
  return new Uint8Array(unit.buffer);
}

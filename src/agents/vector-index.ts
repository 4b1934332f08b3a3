/**
 * A vector index that was built: read-only, one copy in an arena, searched in place by every thread that knows its address.
 *
 * What a thread has for itself is this object and a scratch in the arena: a byte a vector and some kilobytes.
 */
import { describe, flag, KnownOptions, wholeNumber } from "../check.js";
import { ClosedError, CorruptIndexError, InvalidArgumentError } from "../errors.js";
import { writeWhole } from "../write-whole.js";
import type { ArenaMemory } from "./arena-memory.js";
import {
  bodyChecksumIn,
  checksumOfBody,
  HEADER_BYTES,
  type IndexHeader,
  type IndexKind,
  type IndexMetric,
  MOST_EF,
  readHeader,
  type VectorId,
} from "./index-block.js";
import { type IdReader, idReader } from "./index-ids.js";
import { refuseVector, setVector, type Vector } from "./vectors.js";

/** How many are found, and how hard it is looked for them. */
export interface SearchOptions {
  /** How many to find: 1 to the number of vectors. Default 10, or all when there are fewer. */
  k?: number;
  /**
   * How many of the nearest the search keeps in mind while it follows the graph's links: more find more of the true nearest, and take
   * longer. At least `k`. Default: 64, or 2k. Without meaning for an exact search.
   */
  ef?: number;
  /** Look at all vectors (true), or follow the graph (false). Default: the graph, where there is one and k is less than an eighth of all. */
  exact?: boolean;
}

/** A vector that was found. */
export interface Neighbour {
  /** What it is called. */
  readonly id: VectorId;
  /**
   * cosine: 1 - cosine, 0 to 2. l2: the Euclidean distance. dot: the product, negated. So the smallest is the nearest by each of them.
   */
  readonly distance: number;
}

const OPTIONS = new KnownOptions("VectorIndex.search", ["k", "ef", "exact"]);
const DEFAULT_K = 10;
const DEFAULT_EF = 64;
const EIGHTH = 8;
/** Of a scratch's list, so that the usual searches fit the first that is made. */
const LEAST_CAPACITY = 128;
const WRITTEN_AT_ONCE = 4 << 20;

/** The nearest vectors to a query, in shared memory that all threads search. docs/vector-index.md has the whole of it. */
export class VectorIndex {
  readonly #arena: ArenaMemory;
  readonly #address: number;
  readonly #header: IndexHeader;
  #idAt: IdReader;
  #scratch = 0;
  #capacity = 0;
  #withMarks = false;
  #query: Float32Array = new Float32Array(0);
  #found: Uint32Array = new Uint32Array(0);
  #distances: Float32Array = new Float32Array(0);
  #closed = false;

  /**
   * @param address where the block lies, as `buildVectorIndex` or `openIndexFile` told it
   * @throws CorruptIndexError when no index is there, or one that is still being built
   */
  constructor(arena: ArenaMemory, address: number) {
    const what = `the index at ${address}`;
    const { buffer } = arena.memory;
    const room = Math.max(0, buffer.byteLength - address);
    const head = new Uint8Array(buffer, address, Math.min(room, HEADER_BYTES));
    this.#arena = arena;
    this.#address = address;
    this.#header = readHeader(what, head, arena.kernels);
    if (this.#header.bytes > room) throw new CorruptIndexError(`${what}: ends behind the arena`);
    this.#idAt = idReader(what, this.#block(), this.#header);
  }

  /** Vectors in it. */
  get size(): number {
    return this.#header.count;
  }

  /** Numbers of each vector. */
  get dimensions(): number {
    return this.#header.dimensions;
  }

  /** How vectors are kept. */
  get kind(): IndexKind {
    return this.#header.kind;
  }

  /** What nearness means. */
  get metric(): IndexMetric {
    return this.#header.metric;
  }

  /** Links of a node on each level above the lowest, where it has twice as many; 0 when there is no graph, and searches look at all. */
  get m(): number {
    return this.#header.m;
  }

  /** Of the arena, without the scratch of each thread. */
  get bytes(): number {
    return this.#header.bytes;
  }

  /** Of the arena for this thread's searches: 0 before the first. */
  get scratchBytes(): number {
    if (this.#scratch === 0) return 0;
    return this.#arena.kernels.scratchBytes(this.#address, this.#capacity, this.#withMarks) >>> 0;
  }

  /**
   * The nearest to `query`, the nearest first; equally near ones in the order in which they were handed in.
   *
   * @throws InvalidVectorError for a query of other dimensions, with what is not finite, or all zeros under cosine
   * @throws InvalidArgumentError for a `k` larger than the index; OutOfMemoryError when the arena has no room for the scratch
   */
  search(query: Vector, options: SearchOptions = {}): Neighbour[] {
    if (this.#closed) throw new ClosedError("this vector index is closed in this thread; open it again");
    const { count, m, metric } = this.#header;
    OPTIONS.check(options);
    const k = wholeNumber("k", options.k, Math.min(DEFAULT_K, count), 1, count);
    const asked = wholeNumber("ef", options.ef, Math.max(DEFAULT_EF, 2 * k), 1, MOST_EF);
    const exact = flag("exact", options.exact, m === 0 || k * EIGHTH > count);
    if (m === 0 && !exact) {
      throw new InvalidArgumentError(
        "exact is false, but the index has no graph: it was built without (graph: true has one made)",
      );
    }
    const ef = Math.min(count, Math.max(asked, k));
    this.#reserve(exact ? k : ef, !exact);
    setVector("the query", null, query, this.#query);
    const { kernels } = this.#arena;
    const found = exact
      ? kernels.scan(this.#address, this.#scratch, k)
      : kernels.search(this.#address, this.#scratch, k, ef);
    if (found === 0) throw refuseVector("the query", null, this.#query, metric);
    const neighbours: Neighbour[] = [];
    for (let i = 0; i < found; i++) {
      neighbours.push({ id: this.#idAt(this.#found[2 * i + 1]), distance: shown(this.#distances[2 * i], metric) });
    }
    return neighbours;
  }

  /**
   * Reads the whole block once: whether what is there is what was built.
   *
   * @throws CorruptIndexError
   */
  async verify(): Promise<void> {
    const what = `the index at ${this.#address}`;
    readHeader(what, this.#block(), this.#arena.kernels);
    if ((await checksumOfBody(this.#block(), () => {})) !== bodyChecksumIn(this.#block())) {
      throw new CorruptIndexError(`${what}: is damaged: the checksum of its vectors and links is another`);
    }
  }

  /**
   * Writes the index to a file, whole or not at all; `openIndexFile` puts it into an arena again.
   *
   * @throws InvalidArgumentError when the file cannot be written
   */
  async save(path: string): Promise<void> {
    if (typeof path !== "string" || path === "" || path.endsWith(".gz")) {
      throw new InvalidArgumentError(
        `a vector index is saved to ${describe(path)}; expected the name of a file, not compressed`,
      );
    }
    await writeWhole(path, piecesOf(this.#block()));
  }

  /** Gives this thread's scratch back. The index stays where it is, for others. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #block(): Uint8Array {
    return new Uint8Array(this.#arena.memory.buffer, this.#address, this.#header.bytes);
  }

  /** A scratch whose list holds `needed`, and views of it. */
  #reserve(needed: number, withMarks: boolean): void {
    if (needed > this.#capacity || (withMarks && !this.#withMarks)) this.#makeScratch(needed, withMarks);
    const { memory, kernels } = this.#arena;
    if (this.#query.buffer === memory.buffer) return; // it is another when memory that is not shared has grown
    this.#query = new Float32Array(memory.buffer, kernels.queryAddress(this.#scratch) >>> 0, this.#header.dimensions);
    const found = kernels.foundAddress(this.#address, this.#scratch) >>> 0;
    this.#found = new Uint32Array(memory.buffer, found, 2 * this.#capacity);
    this.#distances = new Float32Array(memory.buffer, found, 2 * this.#capacity);
    this.#idAt = idReader("the index", this.#block(), this.#header);
  }

  #makeScratch(needed: number, withMarks: boolean): void {
    let capacity = Math.max(LEAST_CAPACITY, this.#capacity);
    while (capacity < needed) capacity *= 2;
    const marks = withMarks || this.#withMarks;
    const { kernels } = this.#arena;
    const scratch = (this.#arena.own ?? this.#arena).take(
      kernels.scratchBytes(this.#address, capacity, marks) >>> 0,
      "index scratch",
    );
    this.#release();
    kernels.openScratch(scratch, capacity);
    this.#scratch = scratch;
    this.#capacity = capacity;
    this.#withMarks = marks;
  }

  #release(): void {
    if (this.#scratch !== 0) (this.#arena.own ?? this.#arena).give(this.#scratch);
    this.#scratch = 0;
    this.#capacity = 0;
    this.#withMarks = false;
    this.#query = new Float32Array(0);
  }
}

/** What the kernels order by, as it is told: rounding takes a cosine past 1. */
function shown(distance: number, metric: IndexMetric): number {
  if (metric === "l2") return Math.sqrt(distance);
  return metric === "cosine" ? Math.min(2, Math.max(0, distance)) : distance;
}

function* piecesOf(block: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < block.length; at += WRITTEN_AT_ONCE)
    yield Buffer.from(block.subarray(at, at + WRITTEN_AT_ONCE));
}

/**
 * Builds a vector index into an arena: rows, ids, and the graph where there is to be one; then it is sealed, and from then on read-only.
 *
 * Nothing of it is anybody's before that: whatever fails on the way gives back all that was taken.
 */
import { setImmediate } from "node:timers/promises";
import { callback, choice, describe, flag, KnownOptions, wholeNumber } from "../check.js";
import { InvalidArgumentError, OutOfMemoryError } from "../errors.js";
import { Random } from "../random.js";
import { formatBytes } from "../units.js";
import type { ArenaMemory } from "./arena-memory.js";
import { graphSteps, levelsIn } from "./graph-steps.js";
import { linkByThreads } from "./graph-threads.js";
import {
  checksumOfBody,
  freeze,
  type IndexKind,
  type IndexMetric,
  type IndexShape,
  KIND_NAMES,
  METRIC_NAMES,
  MOST_DIMENSIONS,
  MOST_EF,
  MOST_LEVEL,
  MOST_M,
  MOST_VECTORS,
  planBlock,
  type VectorId,
  writeHeader,
} from "./index-block.js";
import { encodeIds } from "./index-ids.js";
import { copyVector, countVectors, refuseVector, type Vectors } from "./vectors.js";

/** What an index is built with. What is out of bounds is an InvalidArgumentError, before anything is taken. */
export interface BuildIndexOptions {
  /** Numbers of each vector. */
  dimensions: number;
  /** How the vectors are kept: as they are, or as bytes with a scale each, in a quarter of the room and faster. Default "f32". */
  kind?: IndexKind;
  /** Default "cosine". */
  metric?: IndexMetric;
  /** Links of a node: more find more, and take more room and time. 2 to 128, default 16. */
  m?: number;
  /** Nodes kept in mind while links are chosen: more make a better graph, and take longer. Default 200. */
  efConstruction?: number;
  /** What each vector is called in answers, in their order: whole numbers, or texts, each once. Default: its place, 0 up. */
  ids?: readonly VectorId[];
  /** Decides the levels of nodes: the same vectors, options and seed give the same bytes, however many threads build. Default 1. */
  seed?: number;
  /** Whether there is a graph. Without one every search looks at all vectors. Default: for more than 2,000. */
  graph?: boolean;
  /**
   * Threads that are started for the graph, 0 to 64; 0: the caller's builds it, in short turns. Default 1, or 0 in memory that is not
   * shared, where no other is possible.
   */
  threads?: number;
  /** Gives up building; what was taken is given back. Default: none. */
  signal?: AbortSignal;
  /** Told now and then how many of the vectors are in the index. Default: nobody is told. */
  onProgress?: (done: number, of: number) => void;
}

const OPTIONS = new KnownOptions("buildIndex", [
  "dimensions",
  "kind",
  "metric",
  "m",
  "efConstruction",
  "ids",
  "seed",
  "graph",
  "threads",
  "signal",
  "onProgress",
]);

/** Up to here looking at all is as fast as the graph (decision 0046). */
const EXACT_UP_TO = 2000;
const MOST_BYTES = 2 ** 32;
const MOST_THREADS = 64;
/** Of the caller's thread at a time, ms. */
const TURN = 5;

interface Settings extends Omit<IndexShape, "count" | "upperBytes" | "idKind" | "idBytes"> {
  readonly graph: boolean | undefined;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number, of: number) => void;
}

/**
 * @returns the address, for `new VectorIndex(arena, address)` in any thread; `arena.give(address)` ends it
 * @throws InvalidArgumentError; InvalidVectorError, which names the vector and its component; OutOfMemoryError; the signal's reason
 */
export async function buildVectorIndex(
  arena: ArenaMemory,
  options: BuildIndexOptions,
  vectors: Vectors,
): Promise<number> {
  const settings = readSettings(options, arena);
  const { dimensions, signal, onProgress } = settings;
  const count = countVectors(vectors, dimensions);
  if (count > MOST_VECTORS) throw new InvalidArgumentError(`vectors has ${count}; expected ${MOST_VECTORS} at most`);
  const ids = encodeIds(options.ids, count);
  const graph = settings.graph ?? count > EXACT_UP_TO;
  const m = graph ? settings.m : 0;
  const table = graph ? levelTable(count, m, settings.seed) : new Uint32Array(0);
  const shape: IndexShape = {
    ...settings,
    m,
    efConstruction: graph ? settings.efConstruction : 0,
    count,
    upperBytes: graph ? table[count] * 4 : 0,
    idKind: ids.idKind,
    idBytes: ids.bytes.length,
  };
  const plan = planBlock(shape, arena.kernels);
  if (plan.bytes >= MOST_BYTES) {
    throw new OutOfMemoryError(
      `an index of ${count} vectors takes ${formatBytes(plan.bytes)}; an arena has less than 4 GiB`,
    );
  }
  signal?.throwIfAborted();
  const taken = new Taken(arena);
  const address = taken.take(plan.bytes, "vector index");
  try {
    const block = new Uint8Array(arena.memory.buffer, address, plan.bytes);
    writeHeader(block, shape, plan);
    block.set(ids.bytes, plan.ids);
    const pause = turns(signal);
    await encodeRows(arena, taken, address, shape, vectors, pause);
    if (graph) {
      block.set(new Uint8Array(table.buffer), plan.table);
      const tell = (done: number): void => onProgress(done, count);
      await link({ arena, taken, address, shape, settings, table: address + plan.table, tell, pause });
    }
    freeze(fresh(arena, address, plan.bytes), await checksumOfBody(fresh(arena, address, plan.bytes), pause));
  } catch (error) {
    taken.giveAll();
    throw error;
  }
  onProgress(count, count);
  return address;
}

function readSettings(options: BuildIndexOptions, arena: ArenaMemory): Settings {
  OPTIONS.check(options);
  const { dimensions, kind, metric, m, efConstruction, seed, graph, threads, signal, onProgress } = options;
  const shared = arena.memory.buffer instanceof SharedArrayBuffer;
  const settings = {
    dimensions: wholeNumber("dimensions", dimensions ?? null, 0, 1, MOST_DIMENSIONS),
    kind: choice("kind", kind, KIND_NAMES, "f32"),
    metric: choice("metric", metric, METRIC_NAMES, "cosine"),
    m: wholeNumber("m", m, 16, 2, MOST_M),
    efConstruction: wholeNumber("efConstruction", efConstruction, 200, 1, MOST_EF),
    seed: wholeNumber("seed", seed, 1, 0, 2 ** 32 - 1),
    graph: graph === undefined ? undefined : flag("graph", graph, false),
    threads: wholeNumber("threads", threads, shared ? 1 : 0, 0, MOST_THREADS),
    signal: checkSignal(signal),
    onProgress: callback("onProgress", onProgress) ?? (() => {}),
  };
  if (settings.threads > 0 && !shared) {
    throw new InvalidArgumentError(`threads is ${threads}, but this arena's memory is not shared; expected 0`);
  }
  return settings;
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new InvalidArgumentError(`signal is ${describe(signal)}; expected an AbortSignal`);
}

/**
 * Where each node's links above level 0 begin. One node in m is on level 1, of those one in m on level 2, and so on: drawn by whole numbers, not by
 * a logarithm, which is not the same to the last bit everywhere.
 */
function levelTable(count: number, m: number, seed: number): Uint32Array {
  const random = new Random(seed);
  const table = new Uint32Array(count + 1);
  for (let node = 0; node < count; node++) {
    let level = 0;
    while (level < MOST_LEVEL && random.below(m) === 0) level++;
    table[node + 1] = table[node] + level * (1 + m);
  }
  return table;
}

type Pause = () => Promise<void> | void;

/** Lets the caller's other work have its turn, when this one's is over. */
function turns(signal: AbortSignal | undefined): Pause {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN) return;
    return setImmediate().then(() => {
      signal?.throwIfAborted();
      since = performance.now();
    });
  };
}

/** What was taken for a build, so that all of it can be given back. */
class Taken {
  private readonly addresses: number[] = [];
  constructor(private readonly arena: ArenaMemory) {}

  take(bytes: number, purpose: string): number {
    const address = this.arena.take(bytes, purpose);
    this.addresses.push(address);
    return address;
  }

  give(address: number): void {
    this.addresses.splice(this.addresses.indexOf(address), 1);
    this.arena.give(address);
  }

  giveAll(): void {
    while (this.addresses.length > 0) this.arena.give(this.addresses.pop()!);
  }
}

/** The block's bytes now: memory that is not shared has another buffer once it has grown. */
function fresh(arena: ArenaMemory, address: number, bytes: number): Uint8Array {
  return new Uint8Array(arena.memory.buffer, address, bytes);
}

async function encodeRows(
  arena: ArenaMemory,
  taken: Taken,
  address: number,
  { dimensions, count, metric }: IndexShape,
  vectors: Vectors,
  pause: Pause,
): Promise<void> {
  const from = taken.take(dimensions * 4, "vector to be indexed");
  for (let i = 0; i < count; i++) {
    const into = new Float32Array(arena.memory.buffer, from, dimensions);
    copyVector(vectors, i, dimensions, into);
    if (!arena.kernels.encodeAt(address, from, i)) throw refuseVector(`vectors[${i}]`, i, into, metric);
    const paused = pause();
    if (paused !== undefined) await paused;
  }
  taken.give(from);
}

interface LinkWork {
  readonly arena: ArenaMemory;
  readonly taken: Taken;
  readonly address: number;
  readonly shape: IndexShape;
  readonly settings: Settings;
  /** Address of the table of levels. */
  readonly table: number;
  readonly tell: (placed: number) => void;
  readonly pause: Pause;
}

async function link({ arena, taken, address, shape, settings, table, tell, pause }: LinkWork): Promise<void> {
  const { kernels, memory } = arena;
  const { count, m, efConstruction } = shape;
  // the list holds the nearest of a search, or a node's links and one more
  const capacity = Math.max(efConstruction, 2 * m + 1);
  const scratches = Array.from({ length: Math.max(1, settings.threads) }, () => {
    const scratch = taken.take(kernels.scratchBytes(address, capacity, true) >>> 0, "index scratch");
    kernels.openScratch(scratch, capacity);
    return scratch;
  });
  if (settings.threads > 0) {
    await linkByThreads({ memory, index: address, scratches, count, m, table }, settings.signal, tell);
  } else {
    const levelOf = levelsIn(new Uint32Array(memory.buffer, table, count + 1).slice(), m);
    const work = { kernels, index: address, scratch: scratches[0], count, levelOf };
    for (const placed of graphSteps(work, 0, 1, (last) => last())) {
      const paused = pause();
      if (paused === undefined) continue;
      tell(placed);
      await paused;
    }
  }
  for (const scratch of scratches) taken.give(scratch);
}

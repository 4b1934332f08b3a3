/**
 * Vector indexes that are built, saved, opened in other threads and asked, all by the same calls: ours, and those of native libraries where they are
 * installed. The libraries are no dependencies: where there is no prebuilt binary of one, installing it would compile it.
 */
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  type ArenaMemory,
  buildVectorIndex,
  instantiateKernels,
  openIndexFile,
  VectorIndex,
} from "../../../../src/agents/index.js";

/** Links and effort of the graphs, the same of all. */
export const M = 16;
export const EF_CONSTRUCTION = 200;

/** The k nearest of a query, by position. */
export type Ask = (query: Float32Array, k: number, ef: number) => ArrayLike<number | bigint>;

/** In a file, for another process. */
export interface SavedIndex {
  readonly of: "engram" | "usearch" | "hnswlib-node";
  readonly file: string;
  readonly dimensions: number;
  readonly kind: string;
}

/** What a thread opens: of ours what lies in memory that it shares, of the libraries' the file. */
export type OpenOrder =
  | { readonly of: "memory"; readonly memory: WebAssembly.Memory; readonly address: number; readonly scratch: number }
  | SavedIndex;

export interface BuiltIndex {
  readonly ask: Ask;
  /** Looks at all; where there is such a way. */
  readonly askExactly?: Ask;
  readonly bytes?: number;
  readonly saved: SavedIndex;
}

export interface IndexKindOf {
  readonly id: string;
  readonly label: string;
  build(vectors: Float32Array, dimensions: number, directory: string): Promise<BuiltIndex>;
}

/** The libraries beside which ours is measured, as they are installed. */
export const LIBRARIES = ["usearch@2.25.3", "hnswlib-node@3.0.0"] as const;

/** Of one thread. */
const SCRATCH_BYTES = 1 << 20;
const PAGE = 65_536;

export function ownIndex(kind: "f32" | "int8"): IndexKindOf {
  return {
    id: `engram-${kind}`,
    label: `engram ${kind}`,
    async build(vectors, dimensions, directory) {
      const arena = plainArena(2 * vectors.byteLength + (64 << 20));
      const address = await buildVectorIndex(
        arena,
        { dimensions, kind, m: M, efConstruction: EF_CONSTRUCTION, graph: true, threads: 0 },
        vectors,
      );
      const index = new VectorIndex(arena, address);
      const file = join(directory, `engram-${kind}`);
      await index.save(file);
      return {
        ask: askOwn(index),
        askExactly: (query, k) => index.search(query, { k, exact: true }).map(({ id }) => id as number),
        bytes: index.bytes,
        saved: { of: "engram", file, dimensions, kind },
      };
    },
  };
}

function askOwn(index: VectorIndex): Ask {
  return (query, k, ef) => index.search(query, { k, ef, exact: false }).map(({ id }) => id as number);
}

/** An arena that only grows: for a process that does nothing else. */
function plainArena(bytes: number): ArenaMemory {
  const pages = Math.ceil(bytes / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  let next = PAGE;
  return {
    memory,
    kernels: instantiateKernels(memory, true),
    take(size) {
      const address = next;
      next += Math.ceil(size / 64) * 64;
      if (next > memory.buffer.byteLength) throw new RangeError(`no ${size} bytes left of ${bytes}`);
      return address;
    },
    give() {},
  };
}

interface UsearchIndex {
  add(key: bigint, vector: Float32Array, threads: number): void;
  search(query: Float32Array, k: number, threads: number): { keys: BigUint64Array };
  save(file: string): void;
  view(file: string): void;
}
type Usearch = { Index: new (options: object) => UsearchIndex };

interface HnswlibIndex {
  initIndex(count: number, m: number, efConstruction: number, seed: number): void;
  addPoint(vector: number[], label: number): void;
  setEf(ef: number): void;
  searchKnn(query: number[], k: number): { neighbors: number[] };
  writeIndexSync(file: string): void;
  readIndexSync(file: string): void;
}
type Hnswlib = { HierarchicalNSW: new (space: string, dimensions: number) => HnswlibIndex };

/** From where the bench was started, or from NODE_PATH. Null when it is not there, or not for this machine. */
export function loadLibrary<T>(name: string): T | null {
  try {
    return createRequire(join(process.cwd(), "bench.cjs"))(name) as T;
  } catch {
    return null;
  }
}

export function usearchIndex(kind: "f32" | "i8"): IndexKindOf | null {
  const library = loadLibrary<Usearch>("usearch");
  if (library === null) return null;
  return {
    id: `usearch-${kind}`,
    label: `usearch ${kind}`,
    async build(vectors, dimensions, directory) {
      const index = newUsearch(library, dimensions, kind);
      const count = vectors.length / dimensions;
      for (let i = 0; i < count; i++) index.add(BigInt(i), vectors.subarray(i * dimensions, (i + 1) * dimensions), 1);
      const file = join(directory, `usearch-${kind}`);
      index.save(file);
      // how far it looks around is fixed when an index is made: one for each, over the same file
      const views = new Map<number, UsearchIndex>();
      const viewOf = (ef: number): UsearchIndex => {
        const made = views.get(ef) ?? newUsearch(library, dimensions, kind, ef);
        if (!views.has(ef)) made.view(file);
        views.set(ef, made);
        return made;
      };
      return {
        ask: (query, k, ef) => viewOf(ef).search(query, k, 1).keys,
        saved: { of: "usearch", file, dimensions, kind },
      };
    },
  };
}

function newUsearch({ Index }: Usearch, dimensions: number, kind: string, ef = EF_CONSTRUCTION): UsearchIndex {
  return new Index({
    dimensions,
    metric: "ip",
    quantization: kind,
    connectivity: M,
    expansion_add: EF_CONSTRUCTION,
    expansion_search: ef,
    multi: false,
  });
}

export function hnswlibIndex(): IndexKindOf | null {
  const library = loadLibrary<Hnswlib>("hnswlib-node");
  if (library === null) return null;
  return {
    id: "hnswlib-node-f32",
    label: "hnswlib-node f32",
    async build(vectors, dimensions, directory) {
      const index = new library.HierarchicalNSW("ip", dimensions);
      const count = vectors.length / dimensions;
      index.initIndex(count, M, EF_CONSTRUCTION, 1);
      // it takes no typed arrays
      for (let i = 0; i < count; i++) index.addPoint([...vectors.subarray(i * dimensions, (i + 1) * dimensions)], i);
      const file = join(directory, "hnswlib");
      index.writeIndexSync(file);
      return { ask: askHnswlib(index), saved: { of: "hnswlib-node", file, dimensions, kind: "f32" } };
    },
  };
}

function askHnswlib(index: HnswlibIndex): Ask {
  return (query, k, ef) => {
    index.setEf(ef);
    return index.searchKnn([...query], k).neighbors;
  };
}

/** What each of `threads` threads of this process opens: ours lies once in memory that they share. */
export async function shareAmong(threads: number, saved: SavedIndex): Promise<OpenOrder[]> {
  if (saved.of !== "engram") return Array.from({ length: threads }, () => saved);
  const arena = plainArena(statSync(saved.file).size + (threads + 1) * SCRATCH_BYTES);
  const address = await openIndexFile(arena, saved.file);
  return Array.from({ length: threads }, () => {
    const scratch = arena.take(SCRATCH_BYTES, "a thread's scratch");
    return { of: "memory", memory: arena.memory, address, scratch };
  });
}

/** Loads what is needed to open it, so that what is returned costs what the index itself does. */
export function prepareToOpen(order: OpenOrder): (ef: number) => Ask {
  if (order.of === "memory") {
    const { memory, address, scratch } = order;
    const kernels = instantiateKernels(memory, true);
    return () => askOwn(new VectorIndex({ memory, kernels, take: () => scratch, give() {} }, address));
  }
  const { file, dimensions, kind } = order;
  if (order.of === "usearch") {
    const library = loadLibrary<Usearch>("usearch") as Usearch;
    return (ef) => {
      const index = newUsearch(library, dimensions, kind, ef);
      index.view(file);
      return (query, k) => index.search(query, k, 1).keys;
    };
  }
  const { HierarchicalNSW } = loadLibrary<Hnswlib>("hnswlib-node") as Hnswlib;
  return () => {
    const index = new HierarchicalNSW("ip", dimensions);
    index.readIndexSync(file);
    return askHnswlib(index);
  };
}

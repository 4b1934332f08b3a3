/**
 * The vector indexes of a swarm by their names: built or opened into the arena that has most room, shown to all threads once they are whole,
 * and searched in place by each.
 *
 * While one is built its pieces belong to its name, which is being made: if the thread dies, whoever settles next frees them. The threads that build a graph
 * end with the one that started them, before its slot is free. And when the agents are closed in this thread, what is still being built is given up
 * first: nobody writes to memory that may be another's.
 */
import { describe } from "../check.js";
import { ClosedError, InvalidArgumentError, OutOfMemoryError } from "../errors.js";
import type { Arena } from "./arena.js";
import type { ArenaMemory } from "./arena-memory.js";
import { GroupMemory } from "./budget.js";
import { type BuildIndexOptions, buildVectorIndex } from "./index-build.js";
import { openIndexFile } from "./index-file.js";
import type { Names, Thing } from "./names.js";
import { VectorIndex } from "./vector-index.js";
import type { Vectors } from "./vectors.js";

/** What this needs of the agents. */
export interface IndexPlaces {
  readonly names: Names;
  readonly arenas: readonly Arena[];
  /** The arenas, the one with most room first. */
  byRoom(): readonly Arena[];
  /** Frees what dead threads had. */
  settle(): void;
}

export class NamedIndexes {
  private readonly places: IndexPlaces;
  /** Those that this thread has searched. */
  private readonly open = new Map<string, VectorIndex>();
  private readonly pending = new Set<Promise<unknown>>();
  private readonly ending = new AbortController();

  constructor(places: IndexPlaces) {
    this.places = places;
  }

  /** @throws InvalidArgumentError for a bad name, or one that there is; what `buildVectorIndex` throws */
  build(name: string, options: BuildIndexOptions, vectors: Vectors): Promise<VectorIndex> {
    const { signal: ending } = this.ending;
    if (typeof options !== "object" || options === null) {
      throw new InvalidArgumentError(`buildIndex takes an object of options, not ${describe(options)}`);
    }
    return this.make(name, (memory) => {
      const { signal = ending } = options;
      // what is no signal is refused there
      const both = signal instanceof AbortSignal ? AbortSignal.any([signal, ending]) : signal;
      return buildVectorIndex(memory, { ...options, signal: both }, vectors);
    });
  }

  /** @throws InvalidArgumentError for a bad name, or one that there is; what `openIndexFile` throws */
  openFile(name: string, path: string): Promise<VectorIndex> {
    return this.make(name, (memory) => openIndexFile(memory, path));
  }

  /** @throws InvalidArgumentError when there is none, or it is still being built */
  get(name: string): VectorIndex {
    const known = this.open.get(name);
    if (known !== undefined) return known;
    const thing = this.places.names.find("index", name);
    if (thing === undefined) {
      const there = this.list().map((one) => `"${one}"`);
      const known = there.length === 0 ? "there are none" : `there are ${there.join(", ")}`;
      throw new InvalidArgumentError(`there is no index "${name}", or it is still being built; ${known}`);
    }
    return this.opened(thing);
  }

  list(): string[] {
    return this.places.names.list("index").map(({ name }) => name);
  }

  /** Gives up what is being built, and returns when that has ended. */
  async close(): Promise<void> {
    this.ending.abort(new ClosedError("the agents were closed in this thread while an index was built"));
    await Promise.allSettled(this.pending);
    for (const index of this.open.values()) index.close();
    this.open.clear();
  }

  private async make(name: string, build: (memory: ArenaMemory) => Promise<number>): Promise<VectorIndex> {
    this.ending.signal.throwIfAborted();
    const made = this.places.names.makeSlowly("index", name, (group) => this.somewhere(group, build));
    this.pending.add(made);
    try {
      return this.opened(await made);
    } finally {
      this.pending.delete(made);
    }
  }

  /** In the arena with most room, or in another when that has too little side by side. */
  private async somewhere(
    group: number,
    build: (memory: ArenaMemory) => Promise<number>,
  ): Promise<{ arena: number; address: number }> {
    let failure: unknown;
    for (const arena of this.places.byRoom()) {
      try {
        const address = await build(new GroupMemory(arena, group, () => this.places.settle()));
        return { arena: arena.number, address };
      } catch (error) {
        failure = error;
        if (!(error instanceof OutOfMemoryError)) throw error;
      }
    }
    throw failure;
  }

  private opened({ name, arena: number, address }: Thing): VectorIndex {
    const arena = this.places.arenas[number];
    // the scratch is this thread's own, and ends with it
    const own: ArenaMemory = {
      memory: arena.memory,
      get kernels() {
        return arena.kernels;
      },
      take: (bytes, purpose) => arena.take(bytes, purpose, 0, () => this.places.settle()),
      give: (at) => void arena.give(at, 0),
    };
    const index = new VectorIndex(own, address);
    this.open.set(name, index);
    return index;
  }
}

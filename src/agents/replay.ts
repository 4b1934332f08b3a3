/** An agent's experience, in an arena: its latest transitions, sampled evenly or by priority (assembly/replay.ts). Its owner's alone. */
import { describe, flag } from "../check.js";
import { InvalidArgumentError, NotOwnerError } from "../errors.js";
import type { ArenaMemory } from "./arena-memory.js";
import { drawUnit, wantArray, wantOptions, wantWhole } from "./arguments.js";
import { scratch } from "./scratch.js";
import type { TableOwner } from "./table.js";
import { Trajectory } from "./trajectory.js";
import { blankTransition, RECORD_BYTES, Records, type Transition, wantTransition } from "./transition.js";

const CAPACITY_MAX = 2 ** 26;
/** Transitions of one batch at most. */
const BATCH_MAX = 65_536;

/** What a buffer is made with. */
export interface ReplayOptions {
  /** Transitions it keeps, the oldest going first: a power of two. */
  readonly capacity: number;
  /** Sampled by priority (Schaul et al. 2016) instead of evenly; 16 bytes more a transition. Default false. */
  readonly prioritised?: boolean;
  /** Who may write. Default: a word of its own, which says that the thread that made it writes. */
  readonly owner?: TableOwner;
}

/** How a batch is drawn. */
export interface SampleOptions {
  /** Numbers from [0, 1): seeded ones give the same batches; default Math.random. */
  readonly random?: () => number;
  /** Filled with how likely each was: what importance sampling divides by. Default: not told. */
  readonly probabilities?: Float32Array;
}

/** A buffer of experience in shared memory: one writes, all sample. docs/learning.md has the whole of it. */
export class Replay {
  /** Where it lies. */
  readonly memory: ArenaMemory;
  /** Of its first byte there. */
  readonly address: number;
  /** Transitions that it keeps. */
  readonly capacity: number;
  /** Whether it is sampled by priority. */
  readonly prioritised: boolean;
  readonly #claim: number;
  readonly #records: Records;

  private constructor(memory: ArenaMemory, address: number, claim: number) {
    const { kernels } = memory;
    this.memory = memory;
    this.address = address;
    this.capacity = kernels.replayCapacity(address) >>> 0;
    this.prioritised = kernels.replayTree(address) !== 0;
    this.#claim = claim;
    this.#records = new Records(memory.memory.buffer, kernels.replayRecords(address) >>> 0, this.capacity);
  }

  /** @throws InvalidArgumentError; OutOfMemoryError and BudgetExceededError as the arena has them, and then nothing was taken */
  static make(memory: ArenaMemory, options: ReplayOptions): Replay {
    const { capacity, prioritised = false, owner } = wantOptions(options, "a replay buffer");
    wantWhole(capacity, 1, CAPACITY_MAX, "capacity");
    flag("prioritised", prioritised, false);
    if (!Number.isInteger(Math.log2(capacity)))
      throw new InvalidArgumentError(
        `capacity must be a power of two, as ${2 ** Math.ceil(Math.log2(capacity))}, not ${capacity}`,
      );
    const taken: number[] = [];
    const take = (bytes: number, purpose: string): number => {
      taken.push(memory.take(bytes, purpose));
      return taken[taken.length - 1];
    };
    try {
      const address = take(64, "replay");
      const records = take(capacity * RECORD_BYTES, "replay's records");
      const tree = prioritised ? take(capacity * 16, "replay's priorities") : 0;
      memory.kernels.replayMake(address, capacity, records, tree, owner?.word ?? 0);
      return new Replay(memory, address, owner?.claim ?? 0);
    } catch (error) {
      for (const address of taken) memory.give(address);
      throw error;
    }
  }

  /** The buffer of an agent that this thread has claimed or adopted. */
  static at(memory: ArenaMemory, address: number, options: { readonly claim?: number } = {}): Replay {
    const { claim = 0 } = wantOptions(options, "Replay.at");
    wantWhole(address, 0, memory.memory.buffer.byteLength - 64, "address");
    if (address % 64 !== 0 || memory.kernels.isReplay(address) === 0)
      throw new InvalidArgumentError(`there is no replay buffer at ${address} of this arena`);
    return new Replay(memory, address, claim);
  }

  /** Transitions that it holds. */
  get size(): number {
    return Math.min(this.pushed, this.capacity);
  }

  /** Transitions that were pushed since it was made or cleared. */
  get pushed(): number {
    return this.memory.kernels.replayPushed(this.address);
  }

  /** The sum of all priorities; the number of transitions when there are none. */
  get total(): number {
    return this.prioritised ? this.memory.kernels.replayTotal(this.address) : this.size;
  }

  /** Keeps a transition, instead of the oldest when it is full. A prioritised buffer gives it the greatest priority so far, 1 at first. @returns its index */
  push(transition: Transition): number {
    wantTransition(transition);
    const from = scratch(this.memory, RECORD_BYTES);
    this.#stage(from).write(0, transition);
    return this.#pushed(this.memory.kernels.replayPush(this.address, this.#claim, from));
  }

  /** Keeps all transitions of an episode and empties its block. @returns how many there were */
  append(trajectory: Trajectory): number {
    if (!(trajectory instanceof Trajectory)) {
      throw new InvalidArgumentError(`append takes a trajectory, not ${describe(trajectory)}`);
    }
    const { block, length } = trajectory;
    const { buffer } = this.memory.memory;
    this.#wantOwner();
    for (let i = 1; i <= length; i++) {
      let from = block.byteOffset + i * RECORD_BYTES;
      if (block.buffer !== buffer) {
        const staged = scratch(this.memory, RECORD_BYTES);
        new Uint8Array(buffer, staged, RECORD_BYTES).set(block.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES));
        from = staged;
      }
      this.#pushed(this.memory.kernels.replayPush(this.address, this.#claim, from));
    }
    trajectory.clear();
    return length;
  }

  /** @param into is filled and returned; default: a new one */
  at(index: number, into: Transition = blankTransition()): Transition {
    this.#wantIndex(index);
    return this.#records.read(index, into);
  }

  /**
   * Draws `n` transitions, with repetition: the first `n` of `into` are their indices. By priority, one is drawn from each of n equal parts.
   *
   * @throws InvalidArgumentError when there is none to draw
   */
  sample(n: number, into: Uint32Array, options: SampleOptions = {}): void {
    const { random = Math.random, probabilities } = wantOptions(options, "sample");
    wantWhole(n, 1, BATCH_MAX, "n");
    wantArray(into, Uint32Array, "into");
    if (probabilities !== undefined) wantArray(probabilities, Float32Array, "probabilities");
    for (const [what, array] of [
      ["into", into],
      ["probabilities", probabilities],
    ] as const) {
      if (array === undefined || array.length >= n) continue;
      throw new InvalidArgumentError(`${what} must have room for ${n} numbers, not ${array.length}`);
    }
    if (!(this.total > 0))
      throw new InvalidArgumentError(
        this.size === 0
          ? "there is nothing to sample: the replay buffer is empty"
          : "there is nothing to sample: all priorities are 0",
      );
    const { buffer } = this.memory.memory;
    const tickets = scratch(this.memory, n * 16);
    const drawn = new Float64Array(buffer, tickets, n);
    for (let i = 0; i < n; i++) drawn[i] = drawUnit(random);
    const indices = tickets + n * 8;
    this.memory.kernels.replaySample(this.address, n, tickets, indices, indices + n * 4);
    into.set(new Uint32Array(buffer, indices, n));
    probabilities?.set(new Float32Array(buffer, indices + n * 4, n));
  }

  /** Of the transition at an index. */
  priority(index: number): number {
    this.#wantIndex(index);
    return this.prioritised ? this.memory.kernels.replayPriority(this.address, index) : 1;
  }

  /** @param priority 0 or more: how often it is drawn, relative to the others; a TD error's size, say */
  setPriority(index: number, priority: number): void {
    if (!this.prioritised)
      throw new InvalidArgumentError("the replay buffer is not prioritised: make it with prioritised: true");
    this.#wantIndex(index);
    if (!(priority >= 0 && priority <= 1e300))
      throw new InvalidArgumentError(`priority must be a number from 0 to 1e300, not ${String(priority)}`);
    if (this.memory.kernels.replaySetPriority(this.address, this.#claim, index, priority) === 0) this.#wantOwner();
  }

  /** All transitions are gone at once. */
  clear(): void {
    if (this.memory.kernels.replayClear(this.address, this.#claim) === 0) this.#wantOwner();
  }

  /** What a new owner does first when the one before it died: sums of priorities that it may have left are made anew. */
  repair(): void {
    if (this.memory.kernels.replayRepair(this.address, this.#claim) === 0) this.#wantOwner();
  }

  /** Gives the memory back. */
  free(): void {
    this.#wantOwner();
    const { memory, address } = this;
    const parts = [memory.kernels.replayTree(address), memory.kernels.replayRecords(address), address];
    new Uint8Array(memory.memory.buffer, address, 64).fill(0);
    for (const part of parts) if (part !== 0) memory.give(part >>> 0);
  }

  #staged = -1;
  #stageRecords: Records | null = null;
  #stage(address: number): Records {
    if (this.#stageRecords === null || this.#staged !== address) {
      this.#staged = address;
      this.#stageRecords = new Records(this.memory.memory.buffer, address, 1);
    }
    return this.#stageRecords;
  }

  #pushed(index: number): number {
    if (index === -1) this.#wantOwner();
    return index;
  }

  #wantOwner(): void {
    const word = this.memory.kernels.replayOwner(this.address) >>> 0;
    if (Atomics.load(new Uint32Array(this.memory.memory.buffer, word, 1), 0) === this.#claim >>> 0) return;
    throw new NotOwnerError(`the replay buffer at ${this.address} is not this thread's: only its owner uses it`);
  }

  #wantIndex(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.size) return;
    throw new InvalidArgumentError(
      `index must be one of the ${this.size} transitions that are there, not ${String(index)}`,
    );
  }
}

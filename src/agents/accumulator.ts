/**
 * Tables of a swarm made into one: federated averaging, weighted by the visits of each (state, action) (assembly/merge.ts has how a
 * contribution counts whole or not at all).
 */
import { threadId } from "node:worker_threads";
import { describe } from "../check.js";
import { ClosedError, ContentionError, InvalidArgumentError } from "../errors.js";
import type { ArenaMemory } from "./arena-memory.js";
import { wantOptions, wantWhole } from "./arguments.js";
import { NO_SUCH_STATE } from "./merge-kernels.js";
import { scratch } from "./scratch.js";
import { QTable } from "./table.js";
import { ROW_HEAD } from "./table-kernels.js";

/** Milliseconds that a contribution waits for another's, or for a row that is being written. */
const PATIENCE = 5000;

/** How large the merged table is. */
export interface AccumulatorShape {
  /** States, 0 to this less 1. */
  readonly states: number;
  /** Actions, 0 to this less 1. */
  readonly actions: number;
}

/** How threads keep out of each other's way. */
export interface AccumulatorLock {
  /** Runs `critical` while no other thread runs one of this accumulator: `store.mutex(name).with`, say. Whoever died inside has left nothing to mend. */
  readonly exclusive?: <T>(critical: () => T) => T;
  /**
   * Otherwise the accumulator has a lock of its own: what this thread is in it, a whole number and not 0. Default: from Node's number of the
   * thread.
   */
  readonly claim?: number;
  /** Whether the thread of a claim lives. Default: threads never die. */
  readonly isAlive?: (claim: number) => boolean;
}

/** What a merge came to. */
export interface Round {
  /** From 1 on; 0 = there was none. */
  readonly round: number;
  /** How many added to it. */
  readonly contributors: number;
  /** Visits that all of them had together. */
  readonly weight: number;
}

/**
 * Merges what many agents have learned into one table: each adds its own once a round, weighed by its visits. docs/learning.md has the whole
 * of it.
 */
export class Accumulator {
  /** Where it lies. */
  readonly memory: ArenaMemory;
  /** Of its first byte there. */
  readonly address: number;
  /** States, 0 up. */
  readonly states: number;
  /** Actions, 0 up. */
  readonly actions: number;
  readonly #lock: AccumulatorLock;
  readonly #word: Int32Array;

  private constructor(memory: ArenaMemory, address: number, lock: AccumulatorLock) {
    this.memory = memory;
    this.address = address;
    this.states = memory.kernels.mergeStates(address);
    this.actions = memory.kernels.mergeActions(address);
    this.#lock = lock;
    this.#word = new Int32Array(memory.memory.buffer, memory.kernels.mergeLock(address), 1);
  }

  /** @throws InvalidArgumentError; OutOfMemoryError and BudgetExceededError as the arena has them, and then nothing was taken */
  static make(memory: ArenaMemory, shape: AccumulatorShape, lock: AccumulatorLock = {}): Accumulator {
    const { states, actions } = wantOptions(shape, "an accumulator");
    wantOptions(lock, "an accumulator's lock");
    wantWhole(states, 1, 2 ** 32 - 1, "states");
    wantWhole(actions, 1, 1024, "actions");
    const bytes = memory.kernels.mergeBankBytes(states, actions) * 3;
    if (bytes > 2 ** 32)
      throw new InvalidArgumentError(
        `${states} states of ${actions} actions are ${bytes} bytes of sums: an arena has 4 GiB at most`,
      );
    const address = memory.take(64, "accumulator");
    try {
      memory.kernels.mergeMake(address, states, actions, memory.take(bytes, "accumulator's sums"), randomId());
    } catch (error) {
      memory.give(address);
      throw error;
    }
    return new Accumulator(memory, address, lock);
  }

  /** The one that is at an address, for another thread than the one that made it. */
  static at(memory: ArenaMemory, address: number, lock: AccumulatorLock = {}): Accumulator {
    wantOptions(lock, "an accumulator's lock");
    wantWhole(address, 0, memory.memory.buffer.byteLength - 64, "address");
    if (address % 64 !== 0 || memory.kernels.isAccumulator(address) === 0)
      throw new InvalidArgumentError(`there is no accumulator at ${address} of this arena`);
    return new Accumulator(memory, address, lock);
  }

  /**
   * Adds a table, or an agent's, to the round under way: each value weighs as much as it has visits. Any thread's table, in any arena; one without
   * visits is no contributor.
   *
   * @returns what it weighs
   * @throws InvalidArgumentError when it has other actions or states, or is part of this round already, where its visits would count twice: nothing
   *   was added then. A thread that dies right after its table was added may leave that untold.
   */
  add(contributor: QTable | { readonly table: QTable }): number {
    const table = tableIn(contributor);
    this.#wantFit(table);
    return this.#exclusively(() => {
      const { kernels } = this.memory;
      const mark = BigInt.asUintN(64, kernels.mergeMark(this.address));
      if (table.addedTo === mark) {
        throw new InvalidArgumentError(
          `the table at ${table.address} is part of round ${BigInt.asUintN(32, mark)} already: its visits would count twice; end the round first`,
        );
      }
      kernels.mergeBegin(this.address);
      const weight = table.memory.memory === this.memory.memory ? this.#addHere(table) : this.#addFar(table);
      if (weight === 0) return 0;
      kernels.mergePublish(this.address, weight);
      table.addedTo = mark;
      return weight;
    });
  }

  /** Ends the round: its means are what tables load until the next one ends. A round without contributors is none, and the last one stays. */
  round(): Round {
    return this.#exclusively(() => {
      const ended = this.memory.kernels.mergeEnd(this.address) === 1;
      const last = this.#read(this.memory.kernels.mergeClosed(this.address) >>> 0);
      return ended ? last : { round: last.round, contributors: 0, weight: 0 };
    });
  }

  /** What the round under way has come to, and the last one that ended. */
  stats(): { current: Round; last: Round } {
    return this.#exclusively(() => {
      const last = this.#read(this.memory.kernels.mergeClosed(this.address) >>> 0);
      const open = this.memory.kernels.mergeOpen(this.address) >>> 0;
      return { current: open === 0 ? { round: last.round + 1, contributors: 0, weight: 0 } : this.#read(open), last };
    });
  }

  /**
   * What `table.load(accumulator)` does: the means of the last round go into the table, what nobody visited stays as it is, and visits are counted from 0
   * again, for what was visited so far is in the means.
   */
  loadInto(table: QTable): void {
    this.#wantFit(table);
    const row = new Float32Array(this.actions);
    const unvisited = new Uint32Array(this.actions);
    this.#exclusively(() => {
      const { kernels, memory } = this.memory;
      if (!table.sparse && table.memory.memory === memory && table.loadMeans(this.address)) return;
      for (let state = 0; state < this.states; state++) {
        const at = scratch(this.memory, this.actions * 4);
        const cells = new Float32Array(memory.buffer, at, this.actions);
        cells.fill(Number.NaN);
        if (kernels.mergeMeans(this.address, state, at) === 0) continue;
        const means = cells.slice();
        table.row(state, row);
        for (let a = 0; a < this.actions; a++) if (!Number.isNaN(means[a])) row[a] = means[a];
        table.setRow(state, row, unvisited);
      }
      table.forgetVisits();
    });
  }

  /** Gives the memory back, when no thread will use it any more. */
  free(): void {
    const banks = this.memory.kernels.mergeBanks(this.address) >>> 0;
    new Uint8Array(this.memory.memory.buffer, this.address, 64).fill(0);
    this.memory.give(banks);
    this.memory.give(this.address);
  }

  #addHere(table: QTable): number {
    const { kernels, memory } = this.memory;
    const width = (this.actions + 3) & ~3;
    const room = scratch(this.memory, 64 + ROW_HEAD + width * 8);
    const weight = new Float64Array(memory.buffer, room, 1);
    weight[0] = 0;
    const end = performance.now() + PATIENCE;
    for (let slot = 0; ; ) {
      const done = kernels.mergeTable(this.address, table.address, slot, room + 64, room);
      if (done >= 0) return weight[0];
      if (done === NO_SUCH_STATE) this.#noSuchState();
      if (performance.now() > end)
        throw new ContentionError(
          `a row of the table at ${table.address} stays half written: its owner is stopped, or died`,
        );
      slot = -1 - done;
    }
  }

  #addFar(table: QTable): number {
    const { kernels, memory } = this.memory;
    const width = (this.actions + 3) & ~3;
    let weight = 0;
    table.forEach((state, values, visits) => {
      if (state >= this.states) this.#noSuchState();
      const room = scratch(this.memory, width * 8);
      new Uint8Array(memory.buffer, room, width * 8).fill(0);
      new Float32Array(memory.buffer, room, this.actions).set(values);
      new Uint32Array(memory.buffer, room + width * 4, this.actions).set(visits);
      weight += kernels.mergeRow(this.address, state, room, room + width * 4);
    });
    return weight;
  }

  #noSuchState(): never {
    throw new InvalidArgumentError(
      `the table has a state that the accumulator has not: states are 0 to ${this.states - 1}`,
    );
  }

  #wantFit(table: QTable): void {
    if (table.actions !== this.actions || (!table.sparse && table.states !== this.states))
      throw new InvalidArgumentError(
        `the table has ${table.states} states and ${table.actions} actions, the accumulator ${this.states} and ${this.actions}`,
      );
  }

  #read(bank: number): Round {
    const [round, contributors] = new Uint32Array(this.memory.memory.buffer, bank, 2);
    const [weight] = new Float64Array(this.memory.memory.buffer, bank + 8, 1);
    return { round, contributors, weight };
  }

  #exclusively<T>(critical: () => T): T {
    // before the lock's word is written: it may be another's
    if (this.memory.kernels.isAccumulator(this.address) === 0)
      throw new ClosedError(`the accumulator at ${this.address} of this arena was given back`);
    const { exclusive, claim = threadId + 1 } = this.#lock;
    if (exclusive !== undefined) return exclusive(critical);
    this.#take(claim | 0);
    try {
      return critical();
    } finally {
      Atomics.store(this.#word, 0, 0);
      Atomics.notify(this.#word, 0, 1);
    }
  }

  /** A dead holder's lock is taken as it is: what it was writing, nobody reads. */
  #take(claim: number): void {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const holder = Atomics.compareExchange(this.#word, 0, 0, claim);
      if (holder === 0) return;
      if (holder === claim)
        throw new ContentionError(
          "the accumulator is in use by this very thread: it cannot be used inside its own calls",
        );
      const dead = this.#lock.isAlive?.(holder >>> 0) === false;
      if (dead && Atomics.compareExchange(this.#word, 0, holder, claim) === holder) return;
      if (performance.now() > end)
        throw new ContentionError(
          `the accumulator at ${this.address} has been in use for ${PATIENCE} ms by the thread with claim ${holder >>> 0}`,
        );
      if (threadId !== 0) Atomics.wait(this.#word, 0, holder, 1);
    }
  }
}

/** Not 0: no table was added to that one. */
function randomId(): number {
  return 1 + Math.floor(Math.random() * 0xffff_fffe);
}

function tableIn(contributor: QTable | { readonly table: QTable }): QTable {
  if (contributor instanceof QTable) return contributor;
  if (contributor !== null && typeof contributor === "object" && contributor.table instanceof QTable) {
    return contributor.table;
  }
  throw new InvalidArgumentError(`add takes a table, or an agent that has one, not ${describe(contributor)}`);
}

/**
 * Q-tables in an arena: one thread owns and writes a table, any thread reads rows of it that are never torn (assembly/table.ts has how).
 * Watkins & Dayan 1992; Sutton & Barto 2018, chapter 6.
 */
import { describe, KnownOptions } from "../check.js";
import { ContentionError, EngramError, InvalidArgumentError, NotOwnerError, OutOfMemoryError } from "../errors.js";
import type { ArenaMemory } from "./arena-memory.js";
import { drawUnit, wantArray, wantFinite, wantOptions, wantShare, wantWhole } from "./arguments.js";
import { scratch } from "./scratch.js";
import { readTable, writeTable } from "./table-bytes.js";
import { FOUND, FULL, NOT_FINITE, NOT_OWNER, ROW_HEAD, UNSETTLED, WRITTEN } from "./table-kernels.js";

/** So many actions a row may have: its cells then are 4 KiB. */
const ACTIONS_MAX = 1024;
/** Slots of a sparse table when it is made: half of them may be states. */
const FIRST_BITS = 8;
/** Slots of a sparse table at most: more have no room in an arena of 4 GiB. */
const BITS_MAX = 25;
/** Milliseconds that a reader waits for a row whose writer is paused. */
const PATIENCE = 1000;

/** How many rows a sparse table has, and what happens when they are taken. */
export interface SparseOptions {
  /** States it holds at most; the least is 1. The room for them is taken as they come. */
  readonly rows: number;
  /** When it holds all, or the arena or the agent's budget has no more room: refuse another state (default), or give it the row that was visited least of four. */
  readonly whenFull?: "refuse" | "replace";
}

/** What an owner learns with, unless a call says otherwise. */
export interface Learning {
  /** Step size, above 0 and at most 1; default 0.1. */
  readonly rate?: number;
  /** 0 to 1; default 0.99. */
  readonly discount?: number;
}

/** Who may write: the claim that the word at an address of the arena holds. */
export interface TableOwner {
  /** Its address in the arena. */
  readonly word: number;
  /** What it holds while the owner may write. */
  readonly claim: number;
}

/** What a table is made with. What is out of bounds is an InvalidArgumentError, and nothing was taken. */
export interface QTableOptions extends Learning {
  /** States are 0 to `states` - 1. A sparse table may be without: its states are any whole numbers from 0 on. */
  readonly states?: number;
  /** Actions are 0 to `actions` - 1; at most 1,024. */
  readonly actions: number;
  /** What no update has touched; default 0. */
  readonly initial?: number;
  /** Rows are taken as their states come, so many at most. Default: all rows are there from the start. */
  readonly sparse?: SparseOptions;
  /** Default: a word of its own, which says that the thread that made it writes. */
  readonly owner?: TableOwner;
}

/** How an action is chosen. */
export interface ActOptions {
  /** How often an action is taken by chance; default 0. */
  readonly epsilon?: number;
  /** Numbers from [0, 1): seeded ones give the same choices; default Math.random. */
  readonly random?: () => number;
}

const NOTHING = {};
const SPARSE_OPTIONS = new KnownOptions("sparse", ["rows", "whenFull"]);

/** Q-values in shared memory: one agent writes, all read whole rows. docs/learning.md has the whole of it. */
export class QTable {
  /** Where it lies. */
  readonly memory: ArenaMemory;
  /** What names the table in its arena: `QTable.at` opens it in another thread. */
  readonly address: number;
  /** Actions, 0 to this less 1. */
  readonly actions: number;
  /** Whether rows are taken as their states come. */
  readonly sparse: boolean;
  /** One more than the greatest state that it takes. */
  readonly states: number;
  /** What no update has touched. */
  readonly initial: number;
  /** Step size and discount of calls that name none. */
  rate: number;
  /** What the value of the next state counts, 0 to 1. */
  discount: number;
  /** null: this thread only reads. */
  readonly #claim: number | null;
  readonly #owner: Uint32Array;
  readonly #added: BigUint64Array;
  /** Actions with the pads of a row. */
  readonly #width: number;
  /** Where this thread's copies of rows are, and views of one: its key, its values, its visits. */
  #at = -1;
  #key: BigUint64Array = new BigUint64Array(0);
  #cells: Float32Array = new Float32Array(0);
  #counts: Uint32Array = new Uint32Array(0);

  private constructor(
    memory: ArenaMemory,
    address: number,
    { claim, states, rate = 0.1, discount = 0.99 }: Learning & { claim: number | null; states: number },
  ) {
    wantShare(rate, "rate", true);
    wantShare(discount, "discount");
    const { kernels } = memory;
    this.memory = memory;
    this.address = address;
    this.actions = kernels.tableActions(address);
    this.sparse = kernels.tableStates(address) === 0;
    this.states = states;
    this.initial = kernels.tableInitial(address);
    this.rate = rate;
    this.discount = discount;
    this.#claim = claim;
    const [word] = new Uint32Array(memory.memory.buffer, address + T_OWNER, 1);
    this.#owner = new Uint32Array(memory.memory.buffer, word, 1);
    this.#added = new BigUint64Array(memory.memory.buffer, address + T_ADDED, 1);
    this.#width = (this.actions + 3) & ~3;
  }

  /**
   * A table whose values all are `initial`.
   *
   * @throws InvalidArgumentError; OutOfMemoryError and BudgetExceededError as the arena has them, and then nothing was taken
   */
  static make(memory: ArenaMemory, options: QTableOptions): QTable {
    const {
      states,
      actions,
      initial = 0,
      sparse,
      owner,
      rate = 0.1,
      discount = 0.99,
    } = wantOptions(options, "a table");
    wantWhole(actions, 1, ACTIONS_MAX, "actions");
    wantFinite(Math.fround(initial), "initial");
    wantShare(rate, "rate", true);
    wantShare(discount, "discount");
    if (sparse === undefined) wantWhole(states ?? Number.NaN, 1, 2 ** 32 - 1, "states");
    else if (states !== undefined) wantWhole(states, 1, Number.MAX_SAFE_INTEGER, "states");
    const limit = sparse === undefined ? 0 : limitOf(sparse);
    const bits = Math.min(limit, FIRST_BITS);
    const { kernels } = memory;
    const bytes = kernels.tablePieceBytes(actions, sparse === undefined ? (states as number) : 2 ** bits);
    if (bytes > 2 ** 32)
      throw new InvalidArgumentError(
        `${states} states of ${actions} actions are ${bytes} bytes: an arena has 4 GiB at most`,
      );
    const address = memory.take(kernels.tableHeaderBytes(), "table");
    let piece: number;
    try {
      piece = memory.take(bytes, "table's rows");
    } catch (error) {
      memory.give(address);
      throw error;
    }
    const dense = sparse === undefined ? (states as number) : 0;
    const replaces = sparse?.whenFull === "replace" ? 1 : 0;
    kernels.tableMake(address, piece, dense, actions, bits, limit, replaces, initial, owner?.word ?? 0);
    return new QTable(memory, address, {
      claim: owner?.claim ?? 0,
      states: states ?? Number.MAX_SAFE_INTEGER,
      rate,
      discount,
    });
  }

  /**
   * A table that was made in another thread, or by an owner before this one.
   *
   * @param options.claim with which this thread writes; without one it reads
   * @param options.states of a sparse table that was made with them
   */
  static at(
    memory: ArenaMemory,
    address: number,
    options: Learning & { readonly claim?: number; readonly states?: number } = {},
  ): QTable {
    wantOptions(options, "QTable.at");
    wantWhole(address, 0, memory.memory.buffer.byteLength - 64, "address");
    if (address % 64 !== 0 || memory.kernels.isTable(address) === 0)
      throw new InvalidArgumentError(`there is no table at ${address} of this arena`);
    const states = memory.kernels.tableStates(address) || options.states || Number.MAX_SAFE_INTEGER;
    return new QTable(memory, address, { ...options, claim: options.claim ?? null, states });
  }

  // -------------------------------------------------------------- learning: the owner

  /** Q-learning. `next` counts for nothing when `terminal`. @returns nothing was changed when it throws */
  update(
    state: number,
    action: number,
    reward: number,
    next: number,
    terminal: boolean,
    options: Learning = NOTHING,
  ): void {
    const { rate = this.rate, discount = this.discount } = wantOptions(options, "update");
    this.#wantStep(state, action, reward, next, terminal, rate, discount);
    const how = this.memory.kernels.tableUpdate(
      this.address,
      this.#mine(),
      state,
      action,
      reward,
      terminal ? 0 : next,
      terminal ? 1 : 0,
      rate,
      discount,
    );
    if (how === WRITTEN) return;
    this.#refused(how, state);
    this.update(state, action, reward, next, terminal, options);
  }

  /** SARSA: `nextAction` is what will be done in `next`. */
  sarsa(
    state: number,
    action: number,
    reward: number,
    next: number,
    nextAction: number,
    terminal: boolean,
    options: Learning = NOTHING,
  ): void {
    const { rate = this.rate, discount = this.discount } = wantOptions(options, "sarsa");
    this.#wantStep(state, action, reward, next, terminal, rate, discount);
    if (!terminal) this.#wantAction(nextAction);
    const how = this.memory.kernels.tableSarsa(
      this.address,
      this.#mine(),
      state,
      action,
      reward,
      terminal ? 0 : next,
      terminal ? 0 : nextAction,
      terminal ? 1 : 0,
      rate,
      discount,
    );
    if (how === WRITTEN) return;
    this.#refused(how, state);
    this.sarsa(state, action, reward, next, nextAction, terminal, options);
  }

  /** Expected SARSA, for a policy that takes the best action but with probability `epsilon`. */
  expectedSarsa(
    state: number,
    action: number,
    reward: number,
    next: number,
    terminal: boolean,
    options: Learning & { readonly epsilon?: number } = NOTHING,
  ): void {
    const { rate = this.rate, discount = this.discount, epsilon = 0 } = wantOptions(options, "expectedSarsa");
    this.#wantStep(state, action, reward, next, terminal, rate, discount);
    wantShare(epsilon, "epsilon");
    const how = this.memory.kernels.tableExpected(
      this.address,
      this.#mine(),
      state,
      action,
      reward,
      terminal ? 0 : next,
      terminal ? 1 : 0,
      epsilon,
      rate,
      discount,
    );
    if (how === WRITTEN) return;
    this.#refused(how, state);
    this.expectedSarsa(state, action, reward, next, terminal, options);
  }

  /** @param value is kept as the nearest float32 */
  set(state: number, action: number, value: number): void {
    this.#wantState(state);
    this.#wantAction(action);
    wantFinite(value, "value");
    const how = this.memory.kernels.tableSet(this.address, this.#mine(), state, action, value);
    if (how === WRITTEN) return;
    this.#refused(how, state);
    this.set(state, action, value);
  }

  /** All values of a state at once, and how often each action was taken. */
  setRow(state: number, values: ArrayLike<number>, visits: ArrayLike<number>): void {
    this.#wantState(state);
    for (const [what, given] of [
      ["values", values],
      ["visits", visits],
    ] as const) {
      if (given?.length === this.actions) continue;
      const its = typeof given?.length === "number" ? given.length : describe(given);
      throw new InvalidArgumentError(`${what} must be ${this.actions} numbers, one an action, not ${its}`);
    }
    for (let a = 0; a < this.actions; a++) {
      wantFinite(Math.fround(values[a]), `the value of action ${a}`);
      wantWhole(visits[a], 0, 2 ** 32 - 1, `the visits of action ${a}`);
    }
    const { buffer } = this.memory.memory;
    const at = scratch(this.memory, this.#width * 8);
    new Float32Array(buffer, at, this.actions).set(values);
    new Uint32Array(buffer, at + this.#width * 4, this.actions).set(visits);
    const how = this.memory.kernels.tableSetRow(this.address, this.#mine(), state, at, at + this.#width * 4);
    if (how === WRITTEN) return;
    this.#refused(how, state);
    this.setRow(state, values, visits);
  }

  /** Visits are counted from 0 again: what was visited so far counts elsewhere. */
  forgetVisits(): void {
    const how = this.memory.kernels.tableForget(this.address, this.#mine());
    if (how !== WRITTEN) this.#refused(how, 0);
  }

  // -------------------------------------------------------------- reading: any thread

  /** @throws ContentionError when the row stays half written: its writer is paused, or dead and nobody owns the table since */
  get(state: number, action: number): number {
    this.#wantState(state);
    this.#wantAction(action);
    // a cell of a dense table is four bytes that stay where they are
    if (!this.sparse || this.#owns()) return this.memory.kernels.tableGet(this.address, state, action);
    return this.#copy(state) === 0 ? this.initial : this.#cells[action];
  }

  /** How often `action` was learnt from in `state`, since the table was made or last loaded from an accumulator: what its value weighs in a merge. */
  visits(state: number, action: number): number {
    this.#wantState(state);
    this.#wantAction(action);
    if (!this.sparse || this.#owns()) return this.memory.kernels.tableVisits(this.address, state, action) >>> 0;
    return this.#copy(state) === 0 ? 0 : this.#counts[action];
  }

  /** The first of the actions that are worth most. */
  best(state: number): number {
    this.#wantState(state);
    if (this.#owns()) return this.memory.kernels.tableBest(this.address, state);
    if (this.#copy(state) === 0) return 0;
    return this.memory.kernels.copiedBest(this.#copied() + ROW_HEAD, this.actions);
  }

  /** An action: any of the best with equal chances, or with probability `epsilon` any at all. */
  act(state: number, options: ActOptions = NOTHING): number {
    const { epsilon = 0, random = Math.random } = wantOptions(options, "act");
    this.#wantState(state);
    wantShare(epsilon, "epsilon");
    if (epsilon > 0 && drawUnit(random) < epsilon) return Math.floor(drawUnit(random) * this.actions);
    if (this.#owns()) return this.memory.kernels.tableChoose(this.address, state, drawUnit(random));
    const row = this.#copy(state) === 0 ? new Float32Array(this.actions) : this.#cells;
    const most = row.reduce((a, b) => Math.max(a, b));
    const ties = [...row.keys()].filter((action) => row[action] === most);
    return ties[Math.floor(drawUnit(random) * ties.length)];
  }

  /**
   * The state's values as they were at one moment.
   *
   * @param into one number an action
   * @returns how often its actions were learnt from, as `visits` counts
   */
  row(state: number, into: Float32Array, visits?: Uint32Array): number {
    this.#wantState(state);
    this.#wantLength(into, "into");
    if (visits !== undefined) this.#wantLength(visits, "visits");
    if (this.#copy(state) === 0) {
      into.fill(this.initial);
      visits?.fill(0);
      return 0;
    }
    into.set(this.#cells);
    const counts = this.#counts;
    visits?.set(counts);
    let sum = 0;
    for (const count of counts) sum += count;
    return sum;
  }

  /** States that have a row: all of them, if the table is dense. */
  get rows(): number {
    return this.memory.kernels.tableRows(this.address) >>> 0;
  }

  /** Rows that were taken from one state for another (`whenFull: "replace"`). */
  get replaced(): number {
    return this.sparse ? this.memory.kernels.tableReplaced(this.address) >>> 0 : 0;
  }

  /**
   * Calls back with each state that has a row: its values and visits as they were at one moment, in arrays that are used again for the next.
   * States that come or move meanwhile may be missed or told twice when the table is sparse and grows.
   */
  forEach(visit: (state: number, values: Float32Array, visits: Uint32Array) => void): void {
    if (typeof visit !== "function") {
      throw new InvalidArgumentError(`forEach takes a function, not ${describe(visit)}`);
    }
    const values = new Float32Array(this.actions);
    const visits = new Uint32Array(this.actions);
    for (let slot = 0; slot < this.memory.kernels.tableSlots(this.address) >>> 0; slot++) {
      if (!this.#settled("tableCopySlot", slot)) continue;
      const state = this.sparse ? Number(this.#key[0]) - 1 : slot;
      values.set(this.#cells);
      visits.set(this.#counts);
      visit(state, values, visits);
    }
  }

  /** The whole table as bytes, each row as it was at one moment: what `load` takes, of any table with as many actions. */
  bytes(): Uint8Array {
    return writeTable(this);
  }

  /**
   * Takes over the rows that `bytes` gave; states that are not among them stay.
   *
   * @throws InvalidArgumentError when the bytes are damaged, or of a table with other actions or states: nothing was changed then
   */
  load(source: Uint8Array | { loadInto(table: QTable): void }): void {
    this.#mine();
    if (source instanceof Uint8Array) readTable(this, source);
    else if (typeof source?.loadInto === "function") source.loadInto(this);
    else throw new InvalidArgumentError(`load takes the bytes of a table, or an accumulator, not ${describe(source)}`);
  }

  /** Of an accumulator in this very arena whose lock is held, by its address; for its `loadInto`. @returns false when the table is sparse */
  loadMeans(accumulator: number): boolean {
    if (this.sparse) return false;
    if (this.memory.kernels.mergeInto(accumulator, this.address, this.#mine()) === 0) this.#refused(NOT_OWNER, 0);
    return true;
  }

  /** Of the accumulator that rows were last added to. For accumulators. */
  get addedTo(): bigint {
    return this.#added[0];
  }

  set addedTo(mark: bigint) {
    this.#added[0] = mark;
  }

  // -------------------------------------------------------------- owners

  /**
   * What a new owner does first when the one before it died: rows that are half written can be read again.
   *
   * @returns how many there were: each holds old values beside new ones, though never half of one
   */
  repair(): number {
    const repaired = this.memory.kernels.tableRepair(this.address, this.#mine());
    if (repaired < 0) this.#refused(NOT_OWNER, 0);
    return repaired;
  }

  /** Gives the memory back. By the owner, when no thread will use the table any more. */
  free(): void {
    if (!this.#owns()) this.#refused(NOT_OWNER, 0);
    const { memory, address } = this;
    const piece = memory.kernels.tablePiece(address) >>> 0;
    new Uint8Array(memory.memory.buffer, address, 64).fill(0);
    memory.give(piece);
    memory.give(address);
  }

  // -------------------------------------------------------------- what is asked of arguments

  #wantState(state: number, what = "state"): void {
    if (Number.isInteger(state) && state >= 0 && state < this.states) return;
    throw new InvalidArgumentError(`${what} must be a whole number from 0 to ${this.states - 1}, not ${String(state)}`);
  }

  #wantAction(action: number): void {
    if (Number.isInteger(action) && action >= 0 && action < this.actions) return;
    throw new InvalidArgumentError(
      `action must be a whole number from 0 to ${this.actions - 1}, not ${String(action)}`,
    );
  }

  #wantStep(
    state: number,
    action: number,
    reward: number,
    next: number,
    terminal: boolean,
    rate: number,
    discount: number,
  ): void {
    this.#wantState(state);
    this.#wantAction(action);
    if (typeof terminal !== "boolean") {
      throw new InvalidArgumentError(`terminal must be true or false, not ${describe(terminal)}`);
    }
    if (!terminal) this.#wantState(next, "next");
    if (!Number.isFinite(reward)) wantFinite(reward, "reward");
    wantShare(rate, "rate", true);
    wantShare(discount, "discount");
  }

  #wantLength(into: Float32Array | Uint32Array, what: string): void {
    if (what === "into") wantArray(into, Float32Array, what);
    else wantArray(into, Uint32Array, what);
    if (into.length === this.actions) return;
    throw new InvalidArgumentError(`${what} must hold ${this.actions} numbers, one an action, not ${into.length}`);
  }

  // -------------------------------------------------------------- ownership and copies

  #mine(): number {
    if (this.#claim === null) this.#refused(NOT_OWNER, 0);
    return this.#claim as number;
  }

  #owns(): boolean {
    if (this.#claim === null) return false;
    return Atomics.load(this.#owner, 0) === this.#claim >>> 0;
  }

  /** Returns when there is room now, and throws what it was refused for otherwise. */
  #refused(how: number, state: number): void {
    if (how === NOT_OWNER)
      throw new NotOwnerError(
        `the table at ${this.address} is not this thread's: only its owner writes it; read it, or have it handed over`,
      );
    if (how === NOT_FINITE) throw new InvalidArgumentError(`the value would be no finite float32: nothing was changed`);
    if (how === FULL) this.#grow(state);
  }

  #grow(state: number): void {
    const { kernels } = this.memory;
    const { address } = this;
    const slots = kernels.tableSlots(address) >>> 0;
    const bits = Math.log2(slots);
    if (bits >= kernels.tableLimit(address))
      throw new OutOfMemoryError(
        `the table has no row left for state ${state}: it holds ${this.rows} states, as many as it may (sparse.rows, or whenFull: "replace")`,
      );
    let piece: number;
    try {
      piece = this.memory.take(kernels.tablePieceBytes(this.actions, slots * 2), "table's rows");
    } catch (error) {
      if (!(error instanceof EngramError) || kernels.tableReplaces(address) === 0) throw error;
      kernels.tableStopGrowing(address);
      return;
    }
    this.memory.give(kernels.tableGrow(address, this.#mine(), piece, bits + 1) >>> 0);
  }

  #copied(): number {
    const at = scratch(this.memory, ROW_HEAD + this.#width * 8);
    if (at === this.#at) return at;
    const { buffer } = this.memory.memory;
    this.#at = at;
    this.#key = new BigUint64Array(buffer, at + 8, 1);
    this.#cells = new Float32Array(buffer, at + ROW_HEAD, this.actions);
    this.#counts = new Uint32Array(buffer, at + ROW_HEAD + this.#width * 4, this.actions);
    return at;
  }

  /** A copy of the state's row in this thread's own room; 0 = it has no row. */
  #copy(state: number): number {
    return this.#settled("tableCopy", state) ? 1 : 0;
  }

  /** Asks again for a while: a writer that is paused goes on, or is dead, and who owns the table next repairs the row. */
  #settled(kernel: "tableCopy" | "tableCopySlot", which: number): boolean {
    const to = this.#copied();
    const copy = () => this.memory.kernels[kernel](this.address, which, to);
    let how = copy();
    if (how === UNSETTLED) {
      const end = performance.now() + PATIENCE;
      while (how === UNSETTLED && performance.now() < end) how = copy();
    }
    if (how === UNSETTLED)
      throw new ContentionError(
        `a row of the table at ${this.address} has been half written for ${PATIENCE} ms: its owner is stopped, or died; whoever claims the table repairs it`,
      );
    return how === FOUND;
  }
}

/** Where the header has the address of its owner's word (assembly/table.ts). */
const T_OWNER = 8;
/** And what it was added to last. */
const T_ADDED = 48;

function limitOf(sparse: SparseOptions): number {
  const { rows, whenFull = "refuse" } = SPARSE_OPTIONS.check(sparse);
  wantWhole(rows, 1, 2 ** (BITS_MAX - 1), "sparse.rows");
  if (whenFull !== "refuse" && whenFull !== "replace")
    throw new InvalidArgumentError(`sparse.whenFull must be "refuse" or "replace", not ${String(whenFull)}`);
  return Math.max(3, Math.ceil(Math.log2(rows * 2)));
}

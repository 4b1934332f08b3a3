/**
 * An agent: what it owns in an arena, under one word that says which thread may change it. Everything of it is in the arena; this object is
 * one thread's hold on it, and dead as soon as the agent is handed over or released.
 */
import { describe, KnownOptions } from "../check.js";
import { layout } from "../core/index.js";
import { InvalidArgumentError, NotOwnerError } from "../errors.js";
import type { Size } from "../units.js";
import type { Arena } from "./arena.js";
import type { ArenaMemory } from "./arena-memory.js";
import { BudgetLine, GroupMemory, parseBudget } from "./budget.js";
import { AgentMetrics } from "./metrics.js";
import type { Thing } from "./names.js";
import type { AgentHandle } from "./ownership.js";
import { type Block, BlockPool } from "./pools.js";
import { Replay, type ReplayOptions } from "./replay.js";
import { QTable, type QTableOptions, type TableOwner } from "./table.js";

/** The agent's own piece: the word with its line, the metrics, and where the table and the replay buffer are. */
export const AGENT_METRICS = layout.OWNERSHIP_SIZE;
const TABLE = AGENT_METRICS + 64;
const REPLAY = TABLE + 4;
const STATES = TABLE + 8;
const RATE = TABLE + 16;
const DISCOUNT = TABLE + 24;
export const AGENT_BYTES = TABLE + 64;

const TABLE_OPTIONS = ["states", "initial", "rate", "discount", "sparse"] as const;
const REPLAY_OPTIONS = new KnownOptions("replay", ["capacity", "prioritised"]);

/** What an agent learns with; without `actions` it has no table. */
export interface LearningOptions extends Omit<QTableOptions, "owner" | "actions"> {
  /** Of its table: actions, 0 to this less 1, at most 1,024. Default: it has no table. */
  readonly actions?: number;
  /** Its experience: transitions kept, or the buffer's options. Default: none is kept. */
  readonly replay?: Omit<ReplayOptions, "owner">;
}

/** Makes an agent's table and replay buffer, and notes in its piece where they are. */
export function furnish(memory: ArenaMemory, address: number, owner: TableOwner, options: LearningOptions): void {
  const view = new DataView(memory.memory.buffer, address, AGENT_BYTES);
  const { replay, actions, states, rate = 0.1, discount = 0.99 } = options;
  const ofTable = TABLE_OPTIONS.find((name) => options[name] !== undefined);
  if (actions === undefined && ofTable !== undefined) {
    throw new InvalidArgumentError(
      `an agent with ${ofTable} needs to know how many actions it has: it has no table else`,
    );
  }
  if (replay !== undefined) REPLAY_OPTIONS.check(replay);
  if (actions !== undefined) {
    view.setUint32(TABLE, QTable.make(memory, { ...options, actions, owner }).address, true);
    view.setFloat64(STATES, states ?? 0, true);
    view.setFloat64(RATE, rate, true);
    view.setFloat64(DISCOUNT, discount, true);
  }
  if (replay !== undefined) view.setUint32(REPLAY, Replay.make(memory, { ...replay, owner }).address, true);
}

/** An agent's table as any thread may read it, or with a claim write it; null when it has none. */
export function tableOf(memory: ArenaMemory, agent: number, claim?: number): QTable | null {
  const view = new DataView(memory.memory.buffer, agent, AGENT_BYTES);
  const address = view.getUint32(TABLE, true);
  if (address === 0) return null;
  const states = view.getFloat64(STATES, true);
  return QTable.at(memory, address, {
    ...(claim === undefined ? {} : { claim }),
    ...(states === 0 ? {} : { states }),
    rate: view.getFloat64(RATE, true),
    discount: view.getFloat64(DISCOUNT, true),
  });
}

function replayOf(memory: ArenaMemory, agent: number, claim: number): Replay | null {
  const address = new DataView(memory.memory.buffer, agent, AGENT_BYTES).getUint32(REPLAY, true);
  return address === 0 ? null : Replay.at(memory, address, { claim });
}

/**
 * An agent that this thread owns: its memory, its table, its experience. Made by `agents.create`, `claim` and `adopt`; what another thread
 * owns by now throws NotOwnerError.
 */
export class Agent {
  /** As it was made with. */
  readonly name: string;
  /** For what else is to lie in the agent's arena: charged to its budget, freed with it. */
  readonly memory: ArenaMemory;
  /** What it counts of its own doings. */
  readonly metrics: AgentMetrics;
  private readonly itsTable: QTable | null;
  private readonly itsReplay: Replay | null;
  private readonly thing: Thing;
  private readonly arena: Arena;
  private readonly line: BudgetLine;
  private readonly storeId: number;
  private readonly forget: (agent: Agent) => void;
  private lost: "" | "handed over" | "released" | "frozen" | "dropped" = "";
  private changing = 0;

  /** @internal Use `agents.create`, `claim` or `adopt`. */
  constructor(thing: Thing, arena: Arena, storeId: number, settle: () => void, forget: (agent: Agent) => void) {
    this.name = thing.name;
    this.thing = thing;
    this.arena = arena;
    this.storeId = storeId;
    this.forget = forget;
    this.line = new BudgetLine(thing.name, arena, thing.address);
    const memory = new GroupMemory(arena, thing.group, settle);
    memory.budget = this.line;
    this.memory = memory;
    this.itsTable = tableOf(memory, thing.address, arena.claim);
    this.itsReplay = replayOf(memory, thing.address, arena.claim);
    this.metrics = new AgentMetrics(arena.view, thing.address + AGENT_METRICS, () => this.assertOwner());
  }

  /** What it has learnt. Its writes check the owner themselves. @throws InvalidArgumentError when it was made without actions */
  get table(): QTable {
    if (this.itsTable === null)
      throw new InvalidArgumentError(`agent "${this.name}" has no table: make it with actions`);
    return this.itsTable;
  }

  /** What it remembers. @throws InvalidArgumentError when it was made without */
  get replay(): Replay {
    if (this.itsReplay === null) throw new InvalidArgumentError(`agent "${this.name}" has no replay: make it with one`);
    return this.itsReplay;
  }

  /** @internal Of a new owner, when the one before it died. How many rows were half written. */
  repair(): number {
    const rows = this.itsTable?.repair() ?? 0;
    this.itsReplay?.repair();
    return rows;
  }

  /** Where its arena has the word that says who may change it, and what it is while that is this thread: for what checks it with every write. */
  get owner(): { readonly word: number; readonly claim: number } {
    return { word: this.thing.address + layout.OWN_WORD, claim: this.arena.claim };
  }

  /** Whether this thread may change it, through this object. */
  get owned(): boolean {
    return this.lost === "" && this.word() === this.arena.claim;
  }

  /** Bytes charged to it, and at most. */
  get used(): number {
    return this.line.used;
  }

  /** Bytes that it may have. */
  get budget(): number {
    return this.line.limit;
  }

  /** @throws InvalidArgumentError for a bad size, or one below what it has; NotOwnerError */
  setBudget(budget: Size): void {
    this.assertOwner();
    const bytes = parseBudget(budget);
    if (bytes < this.used) {
      throw new InvalidArgumentError(
        `the budget of agent "${this.name}" cannot be ${bytes} bytes: it has ${this.used} already`,
      );
    }
    this.line.limit = bytes;
  }

  /**
   * A block of a pool, charged to this agent.
   *
   * @throws NotOwnerError; BudgetExceededError; PoolExhaustedError
   */
  acquire(pool: BlockPool): Block {
    const block = this.tryAcquire(pool);
    if (block === undefined) throw pool.exhausted();
    return block;
  }

  /** The same, or undefined when all are out. @throws NotOwnerError; BudgetExceededError */
  tryAcquire(pool: BlockPool): Block | undefined {
    this.assertOwner();
    if (!(pool instanceof BlockPool)) {
      throw new InvalidArgumentError(`acquire takes a pool, such as agents.pools.state, not ${describe(pool)}`);
    }
    return pool.acquireFor(this.line, this.thing.group);
  }

  /**
   * Marks a change of several steps: should this thread die inside, whoever claims the agent is told that what it holds may be half done.
   *
   * @throws NotOwnerError
   */
  change<T>(steps: () => T): T {
    this.assertOwner();
    if (typeof steps !== "function") {
      throw new InvalidArgumentError(`change takes a function, not ${describe(steps)}`);
    }
    const { kernels } = this.arena;
    if (this.changing++ === 0) kernels.beginChange(this.thing.address);
    try {
      const result = steps();
      if (result instanceof Promise) {
        result.catch(() => {});
        throw new InvalidArgumentError(
          "change ends when its function returns: what goes on after an await is none of it",
        );
      }
      return result;
    } finally {
      if (--this.changing === 0) kernels.endChange(this.thing.address);
    }
  }

  /**
   * Sends it to another thread: from now on it is nobody's but that of who adopts the handle first. Should this thread die before that,
   * anybody may claim it.
   *
   * @throws NotOwnerError; InvalidArgumentError inside `change`, or while blocks charged to it are out
   */
  handOver(): AgentHandle {
    this.assertWhole("handed over");
    const ticket = this.arena.kernels.handOver(this.thing.address, this.arena.claim) >>> 0;
    if (ticket === 0) throw this.notOurs();
    this.lose("handed over");
    const { name: agent, storeId } = this;
    const { group, generation } = this.thing;
    return { agent, storeId, group, generation, ticket };
  }

  /** Gives it up: any thread may claim it. @throws as handOver */
  release(): void {
    this.leave(0, "released");
  }

  /** Nobody changes it any more, on any thread; all may read what it holds. @throws as handOver */
  freeze(): void {
    this.leave(layout.FROZEN, "frozen");
  }

  /** @internal What is its own, in the directory. */
  get group(): number {
    return this.thing.group;
  }

  /** @internal */
  assertOwner(): void {
    if (!this.owned) throw this.notOurs();
  }

  /** @internal Before it is dropped. */
  leaveFor(lost: "dropped"): Thing {
    this.assertWhole(lost);
    this.lose(lost);
    return this.thing;
  }

  /** @internal When the agents are closed here: it is nobody's, with what is charged to it as `used` counts, and this object is dead. */
  abandon(used: (thing: Thing) => bigint): void {
    if (!this.owned) return;
    const { kernels, claim } = this.arena;
    const { address } = this.thing;
    kernels.recount(address, used(this.thing));
    kernels.swapOwner(address, claim, 0);
    this.lose("released");
  }

  private leave(word: number, lost: "released" | "frozen"): void {
    this.assertWhole(lost);
    if (this.arena.kernels.swapOwner(this.thing.address, this.arena.claim, word) === 0) throw this.notOurs();
    this.lose(lost);
  }

  private lose(lost: Agent["lost"]): void {
    this.lost = lost;
    this.forget(this);
  }

  private assertWhole(what: string): void {
    this.assertOwner();
    if (this.changing > 0) {
      throw new InvalidArgumentError(`agent "${this.name}" cannot be ${what} inside change(): end that first`);
    }
    if (this.line.blocks > 0) {
      throw new InvalidArgumentError(
        `agent "${this.name}" cannot be ${what}: ${this.line.blocks} blocks charged to it are out; release them first`,
      );
    }
  }

  private word(): number {
    return this.arena.words.get(this.thing.address + layout.OWN_WORD);
  }

  private notOurs(): NotOwnerError {
    const why = this.lost === "" ? "another thread has it, or nobody" : `it was ${this.lost} by this object`;
    return new NotOwnerError(`agent "${this.name}" is not this thread's to change: ${why}`);
  }
}

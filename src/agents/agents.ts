/**
 * The agents of one store: their arenas, pools and names. Reached from every thread that has attached to the store; what a thread had ends
 * with it when the store takes back its slot.
 */
import { describe } from "../check.js";
import { layout } from "../core/index.js";
import { ClosedError, InvalidArgumentError, NotOwnerError, OutOfMemoryError } from "../errors.js";
import { afterReaping, alsoList, beforeClose, type Claims, claimsOf, identityOf, type Store } from "../store/index.js";
import { Accumulator, type AccumulatorShape } from "./accumulator.js";
import { AGENT_BYTES, Agent, furnish, tableOf } from "./agent.js";
import { type AgentsHandle, checkAgentHandle, makeHandle, openHandle } from "./agents-handle.js";
import {
  AGENT_OPTIONS,
  type AgentOptions,
  type AgentsOptions,
  type CheckedOptions,
  CLAIM_OPTIONS,
  checkOptions,
  checkStore,
} from "./agents-options.js";
import {
  type AgentInfo,
  type AgentsLayout,
  type AgentsStats,
  type AgentsVerification,
  AgentsView,
} from "./agents-view.js";
import { Arena, reserveArena } from "./arena.js";
import type { ArenaMemory } from "./arena-memory.js";
import { BudgetLine, GroupMemory, parseBudget } from "./budget.js";
import { poisoned, refusal } from "./claim-errors.js";
import type { BuildIndexOptions } from "./index-build.js";
import { NamedIndexes } from "./named-indexes.js";
import { Names, SETTINGS, type Thing, type ThingKind } from "./names.js";
import type { AgentHandle } from "./ownership.js";
import { BlockPool } from "./pools.js";
import { giveScratch } from "./scratch.js";
import type { QTable } from "./table.js";
import type { VectorIndex } from "./vector-index.js";
import type { Vectors } from "./vectors.js";

/** So often a thread looks whether another has finished making what it wants: that takes microseconds, unless that one is stopped or dead. */
const MAKING_TRIES = 10_000;
/** In the first arena's own piece: bytes of an agent's budget, as a double. */
const SETTINGS_BYTES = 64;
const SETTINGS_ID = 8;

/** How often the same agents are open in this thread through one store: what is taken has one claim then, whichever of them took it. */
const openHere = new Map<string, number>();

/** The memory of a swarm: arenas, pools of blocks and agents with one owner each, over a store. docs/agents.md has the whole of it. */
export class Agents implements AsyncDisposable {
  /** By name. */
  readonly pools: Readonly<Record<string, BlockPool>>;
  private readonly store: Store;
  private readonly storeId: number;
  private readonly shared: boolean;
  private readonly creator: boolean;
  private readonly claims: Claims;
  private readonly arenas: readonly Arena[];
  /** What lies in the arenas under a name. */
  private readonly names: Names;
  private readonly indexes: NamedIndexes;
  private readonly standardBudget: number;
  private readonly view: AgentsView;
  /** What tells these agents from others, and this claim on them from others'. */
  private readonly holding: string;
  private readonly owned = new Map<string, Agent>();
  private readonly hooks: (() => void)[];
  /** Claims of dead threads of which nothing is left to settle. */
  private readonly settled = new Set<number>();
  private closed = false;

  private constructor(store: Store, memories: readonly WebAssembly.Memory[], making: CheckedOptions | null) {
    const { storeId, shared } = identityOf(store);
    this.store = store;
    this.storeId = storeId;
    this.shared = shared;
    this.creator = making !== null;
    this.claims = claimsOf(store);
    const { own, isLiving } = this.claims;
    this.arenas = memories.map((memory, number) => new Arena(number, memory, own, shared));
    if (making !== null) for (const arena of this.arenas) arena.format(storeId);
    this.names = new Names(this.arenas[0], isLiving, (group) => this.free(group));
    const { names, arenas } = this;
    this.indexes = new NamedIndexes({ names, arenas, byRoom: () => this.byRoom(), settle: () => this.settle() });
    if (making !== null) this.furnish(making);
    const settings = this.names.find("pool", SETTINGS) as Thing;
    this.standardBudget = this.arenas[0].view.getFloat64(settings.address, true);
    this.holding = `${this.arenas[0].view.getFloat64(settings.address + SETTINGS_ID, true)} of ${own}`;
    this.pools = Object.fromEntries(
      this.names
        .list("pool")
        .filter(({ name }) => name !== SETTINGS)
        .map(({ name, arena, address }) => [
          name,
          new BlockPool(name, this.arenas[arena], address, isLiving, () => this.settle()),
        ]),
    );
    this.view = new AgentsView({ arenas, pools: this.pools, names, claims: this.claims });
    openHere.set(this.holding, (openHere.get(this.holding) ?? 0) + 1);
    this.hooks = [
      afterReaping(store, () => this.settle()),
      beforeClose(store, () => this.close()),
      alsoList(store, () => (this.closed ? [] : this.view.held())),
    ];
  }

  /**
   * Makes arenas beside a store's memory. What they reserve is touched as it is used.
   *
   * @throws InvalidArgumentError for an option out of bounds; ArenaError when the machine reserves no such memory, or the pools have no room
   */
  static async create(store: Store, options: AgentsOptions = {}): Promise<Agents> {
    checkStore("Agents.create", store);
    const making = checkOptions(options);
    const { shared } = identityOf(store);
    const memories = Array.from({ length: making.arenas }, () => reserveArena(making.arenaBytes, shared));
    return new Agents(store, memories, making);
  }

  /**
   * The agents that another thread made, in this one.
   *
   * @param store the same store, attached to in this thread
   * @param handle `agents.handle`, as it came through workerData or postMessage
   * @throws InvalidArgumentError for anything else, or a handle of another store; ClosedError
   */
  static async attach(store: Store, handle: AgentsHandle): Promise<Agents> {
    checkStore("Agents.attach", store);
    const { storeId } = identityOf(store);
    return new Agents(store, openHandle(handle, storeId), null);
  }

  /** What another thread needs to attach: structured-cloneable. @throws InvalidArgumentError for a store that cannot leave its thread */
  get handle(): AgentsHandle {
    this.assertOpen();
    if (!this.shared) {
      throw new InvalidArgumentError("these agents are of a store with shared: false; they cannot leave its thread");
    }
    return makeHandle(this.storeId, this.arenas);
  }

  // ---------------------------------------------------------------- agents

  /**
   * Makes an agent, which is this thread's.
   *
   * @throws InvalidArgumentError for a bad name or option, or one that there is; ArenaError when no arena has room; BudgetExceededError
   */
  create(name: string, options: AgentOptions = {}): Agent {
    this.assertOpen();
    AGENT_OPTIONS.check(options);
    const budget = options.budget === undefined ? this.standardBudget : parseBudget(options.budget);
    const thing = this.make("agent", name, (memory, arena) => {
      const address = memory.take(AGENT_BYTES, "agent");
      const line = new BudgetLine(name, arena, address);
      line.limit = budget;
      arena.kernels.swapOwner(address, 0, arena.claim);
      line.charge(Number(arena.kernels.groupBytes(0, memory.group)));
      memory.budget = line;
      furnish(memory, address, { word: address, claim: arena.claim }, options);
      return { address, word: address };
    });
    return this.hold(thing);
  }

  /**
   * Takes an agent that nobody has: that was released, whose owner died, or was under way from a sender that died.
   *
   * @param options.recover also one whose owner died inside a change of several steps
   * @throws InvalidArgumentError when there is none of that name; NotOwnerError when somebody has it, or it is frozen; PoisonedError
   */
  claim(name: string, options: { readonly recover?: boolean } = {}): Agent {
    this.assertOpen();
    CLAIM_OPTIONS.check(options);
    const mine = this.owned.get(name);
    if (mine?.owned === true) return mine;
    const thing = this.thing("agent", name);
    const arena = this.arenas[thing.arena];
    const word = this.view.ownerWord(thing);
    const state = this.view.ownership(thing, word);
    if (state !== "released" && state !== "dead" && state !== "lost-in-transit")
      throw refusal(name, state, this.claims.own === word);
    const busy = arena.view.getUint32(thing.address + layout.OWN_BUSY, true) !== 0;
    if (busy && options.recover !== true) {
      throw poisoned(name);
    }
    if (arena.kernels.swapOwner(thing.address, word, arena.claim) === 0) throw refusal(name, "owned", false);
    // one that was released may have been claimed, left half changed and released again since it was looked at
    if (options.recover !== true && arena.view.getUint32(thing.address + layout.OWN_BUSY, true) !== 0) {
      arena.kernels.swapOwner(thing.address, arena.claim, 0);
      throw poisoned(name);
    }
    if (state !== "released") this.settleOf(state === "dead" ? word : this.view.sender(thing));
    // ours from here on: nobody else charges it
    if (state !== "released") arena.kernels.recount(thing.address, BigInt(this.view.usedBy(thing)));
    const agent = this.hold(thing);
    if (state !== "released") this.mend(agent, thing, options.recover === true);
    arena.kernels.endChange(thing.address);
    return agent;
  }

  /**
   * Takes an agent that was handed over to this thread.
   *
   * @throws InvalidArgumentError for what is no handle of these agents; NotOwnerError when it was adopted, or claimed, before
   */
  adopt(handle: AgentHandle): Agent {
    this.assertOpen();
    const { agent: name, storeId, group, generation, ticket } = checkAgentHandle(handle);
    if (storeId !== this.storeId) throw new InvalidArgumentError(`adopt: the handle is of another store`);
    const thing = this.names.find("agent", name);
    if (thing === undefined || thing.group !== group || thing.generation !== generation) {
      throw new InvalidArgumentError(`adopt: there is no agent "${name}" any more, or another of that name`);
    }
    const { kernels, claim } = this.arenas[thing.arena];
    if (kernels.swapOwner(thing.address, ticket, claim) === 0) {
      throw new NotOwnerError(`agent "${name}" was adopted with this handle before, or claimed after its sender died`);
    }
    return this.hold(thing);
  }

  /** Removes an agent of this thread, with all that it has. @throws NotOwnerError; InvalidArgumentError while blocks of it are out */
  drop(agent: Agent): void {
    this.assertOpen();
    if (!(agent instanceof Agent) || this.owned.get(agent.name) !== agent) {
      throw new InvalidArgumentError(
        `drop takes an agent that this thread has of these agents, not ${describe(agent)}`,
      );
    }
    this.names.drop(agent.leaveFor("dropped"));
  }

  // ---------------------------------------------------------------- what else has a name

  /**
   * Makes what lies in an arena under a name and shows it to all threads once it is whole. If this thread dies before, nothing is left of it.
   *
   * @param build takes what it needs from the memory, and says where it begins. Called again with another arena when one has no room
   * @throws InvalidArgumentError for a bad name, or one that there is; ArenaError; what `build` throws
   */
  make(
    kind: ThingKind,
    name: string,
    build: (memory: GroupMemory, arena: Arena) => { address: number; word?: number },
  ): Thing {
    this.assertOpen();
    return this.names.make(kind, name, (group) => {
      let failure: unknown;
      for (const arena of this.byRoom()) {
        const memory = new GroupMemory(arena, group, () => this.settle());
        try {
          return { arena: arena.number, ...build(memory, arena) };
        } catch (error) {
          arena.kernels.giveGroup(0, arena.claim, group);
          failure = error;
          if (!(error instanceof OutOfMemoryError)) throw error;
        }
      }
      throw failure;
    });
  }

  /**
   * An agent's table, to read: a row is copied whole, never torn, whatever its owner does meanwhile.
   *
   * @throws InvalidArgumentError when there is no such agent, or it has no table
   */
  table(name: string): QTable {
    const found = this.find("agent", name);
    if (found === undefined) throw new InvalidArgumentError(`there is no agent "${name}"`);
    const table = tableOf(found.memory, found.thing.address);
    if (table === null) throw new InvalidArgumentError(`agent "${name}" has no table: it was made without actions`);
    return table;
  }

  /**
   * The accumulator of this name; made when there is none and a shape is given.
   *
   * @throws InvalidArgumentError when there is none and no shape, or it has another; ArenaError
   */
  accumulator(name: string, shape?: AccumulatorShape): Accumulator {
    if (shape === null || (shape !== undefined && typeof shape !== "object")) {
      throw new InvalidArgumentError(`accumulator takes { states, actions }, not ${describe(shape)}`);
    }
    const lock = { claim: this.claims.own, isAlive: this.claims.isLiving };
    for (let tries = 0; ; tries++) {
      const found = this.find("accumulator", name);
      if (found !== undefined) {
        const its = Accumulator.at(found.memory, found.thing.address, lock);
        if (shape !== undefined && (its.states !== shape.states || its.actions !== shape.actions)) {
          throw new InvalidArgumentError(
            `accumulator "${name}" was made for ${its.states} states and ${its.actions} actions, not ${shape.states} and ${shape.actions}`,
          );
        }
        return its;
      }
      if (shape === undefined)
        throw new InvalidArgumentError(`there is no accumulator "${name}"; say of what shape to make it`);
      try {
        const { arena, address, group } = this.make("accumulator", name, (memory) =>
          Accumulator.make(memory, shape, lock),
        );
        return Accumulator.at(new GroupMemory(this.arenas[arena], group, () => this.settle()), address, lock);
      } catch (error) {
        // another thread makes it at this moment: look again, as long as that one is at it
        if (tries > MAKING_TRIES || !this.names.isNamedAtAll("accumulator", name)) throw error;
      }
    }
  }

  /** What has this name, with the memory that it lies in; undefined when there is none. */
  find(kind: ThingKind, name: string): { readonly thing: Thing; readonly memory: ArenaMemory } | undefined {
    this.assertOpen();
    const thing = this.names.find(kind, name);
    if (thing === undefined) return undefined;
    return { thing, memory: new GroupMemory(this.arenas[thing.arena], thing.group, () => this.settle()) };
  }

  /** Removes what has a name and no owner. False when it is not there any more. */
  remove(thing: Thing): boolean {
    this.assertOpen();
    return this.names.drop(thing);
  }

  // ---------------------------------------------------------------- vector indexes

  /**
   * Builds a vector index, which all threads search in place once it is there: docs/vector-index.md. It stays as long as the agents.
   *
   * @throws InvalidArgumentError for a bad name, or one that there is; InvalidVectorError; ArenaError; the signal's reason
   */
  async buildIndex(name: string, options: BuildIndexOptions, vectors: Vectors): Promise<VectorIndex> {
    this.assertOpen();
    return this.indexes.build(name, options, vectors);
  }

  /** The same, from a file that `index.save` wrote. @throws CorruptIndexError for a file that is damaged or none */
  async openIndex(name: string, path: string): Promise<VectorIndex> {
    this.assertOpen();
    return this.indexes.openFile(name, path);
  }

  /** The index of this name, for this thread. @throws InvalidArgumentError when there is none, or it is still being built */
  index(name: string): VectorIndex {
    this.assertOpen();
    return this.indexes.get(name);
  }

  // ---------------------------------------------------------------- looking at it

  /** All agents, in no order. */
  list(): AgentInfo[] {
    this.assertOpen();
    return this.view.list();
  }

  /** What they hold, as of now. */
  stats(): AgentsStats {
    this.assertOpen();
    return this.view.stats();
  }

  /** Every piece of every arena: where, how large, what for, whose, how old; as text, a picture. */
  layout(): AgentsLayout {
    this.assertOpen();
    return this.view.layout();
  }

  /** Checks the arenas' invariants and lists what nobody alive has. Only while no thread takes or gives. */
  async verify(): Promise<AgentsVerification> {
    this.assertOpen();
    return this.view.verify();
  }

  /** Frees what threads had that are gone. The store asks for it when it takes back a slot; it repeats harmlessly. */
  settle(): void {
    if (this.closed) return;
    const { isLiving } = this.claims;
    const holders = new Set<number>();
    for (const arena of this.arenas) for (const claim of arena.holders()) holders.add(claim);
    for (const pool of Object.values(this.pools)) for (const claim of pool.owners()) holders.add(claim);
    for (const claim of holders) if (claim !== 0 && !isLiving(claim)) this.settleOf(claim);
    this.names.settle();
  }

  /** The same of one dead thread, once: it takes nothing any more, and its claim is not given out again. */
  private settleOf(dead: number): void {
    if (this.settled.has(dead)) return;
    const { own } = this.claims;
    for (const { kernels } of this.arenas) kernels.settlePieces(0, dead, own);
    for (const pool of Object.values(this.pools)) pool.arena.kernels.reapBlocks(pool.address, dead, own);
    this.settled.add(dead);
  }

  /**
   * Ends this thread's use of them: its agents are released, its blocks and pieces given back. When it made the agents, no thread can attach
   * any more. The store's `close` does this too.
   *
   * While they are open in this thread a second time, blocks that are charged to nobody stay with it: they may be of those that are open still.
   */
  async close(): Promise<void> {
    if (this.closed) return;
    await this.indexes.close();
    const { own } = this.claims;
    const others = (openHere.get(this.holding) ?? 1) - 1;
    if (others > 0) {
      openHere.set(this.holding, others);
      for (const agent of this.owned.values()) this.giveBackCharged(agent.group);
      for (const arena of this.arenas) giveScratch(arena.own);
    } else {
      openHere.delete(this.holding);
      for (const pool of Object.values(this.pools)) pool.arena.kernels.reapBlocks(pool.address, own, own);
      for (const arena of this.arenas) arena.kernels.settlePieces(0, own, own);
    }
    // counted before it is anybody's: the blocks that were out are no longer charged
    for (const agent of [...this.owned.values()]) agent.abandon((thing) => BigInt(this.view.usedBy(thing)));
    this.owned.clear();
    this.closed = true;
    for (const end of this.hooks) end();
    if (this.creator) this.arenas[0].header.put(layout.A_CLOSED, 1);
    for (const arena of this.arenas) arena.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---------------------------------------------------------------- inside

  private furnish({ budget, pools }: CheckedOptions): void {
    const [first] = this.arenas;
    this.names.make("pool", SETTINGS, (group) => {
      const address = first.take(SETTINGS_BYTES, "settings", group);
      first.view.setFloat64(address, budget, true);
      first.view.setFloat64(address + SETTINGS_ID, Math.random(), true);
      return { arena: 0, address };
    });
    for (const [name, shape] of pools) {
      const bytes = first.kernels.blocksBytes(shape.count, shape.bytes) >>> 0;
      this.names.make("pool", name, (group) => {
        const address = first.take(bytes, `pool ${name}`, group);
        BlockPool.make(first, address, shape);
        return { arena: 0, address };
      });
    }
  }

  /** Blocks of an agent of this thread, and what was given for one from an arena. */
  private giveBackCharged(group: number): void {
    for (const pool of Object.values(this.pools)) pool.giveBackChargedTo(group);
    for (const arena of this.arenas) arena.giveBackChargedTo(group);
  }

  private free(group: number): void {
    for (const arena of this.arenas) arena.kernels.giveGroup(0, arena.claim, group);
  }

  /** Those with most room first. */
  private byRoom(): Arena[] {
    if (this.arenas.length === 1) return [...this.arenas];
    return this.arenas
      .map((arena) => ({ arena, free: arena.room - arena.used }))
      .sort((a, b) => b.free - a.free)
      .map(({ arena }) => arena);
  }

  private hold(thing: Thing): Agent {
    const agent = new Agent(
      thing,
      this.arenas[thing.arena],
      this.storeId,
      () => this.settle(),
      (lost) => {
        if (this.owned.get(lost.name) === lost) this.owned.delete(lost.name);
      },
    );
    this.owned.set(thing.name, agent);
    return agent;
  }

  /** What the owner before left half done in a table is whole again, and told of. */
  private mend(agent: Agent, thing: Thing, recover: boolean): void {
    const rows = agent.repair();
    if (rows === 0 || recover) return;
    const { kernels, claim } = this.arenas[thing.arena];
    kernels.beginChange(thing.address);
    kernels.swapOwner(thing.address, claim, 0);
    this.owned.delete(agent.name);
    throw poisoned(agent.name);
  }

  private thing(kind: ThingKind, name: string): Thing {
    const thing = this.names.find(kind, name);
    if (thing === undefined) throw new InvalidArgumentError(`there is no ${kind} "${name}"`);
    return thing;
  }

  private assertOpen(): void {
    identityOf(this.store);
    if (this.closed) throw new ClosedError("the agents are closed in this thread; attach to them again");
  }
}

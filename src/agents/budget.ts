/**
 * What an agent takes is charged to its line before it is taken, and what is given back is taken off afterwards: a thread that dies between
 * leaves a sum too high, never too low, and whoever has the agent next counts what is there (`recount`).
 */
import { layout } from "../core/index.js";
import { BudgetExceededError, InvalidArgumentError, NotOwnerError } from "../errors.js";
import { parseBytes, type Size } from "../units.js";
import type { Arena } from "./arena.js";
import { UNIT } from "./arena.js";
import type { ArenaMemory } from "./arena-memory.js";
import type { Kernels } from "./kernels.js";

/** @throws InvalidArgumentError for what is no size, or more than all the arenas that there can be */
export function parseBudget(budget: Size): number {
  const bytes = parseBytes(budget, "budget");
  if (bytes > Number.MAX_SAFE_INTEGER) {
    throw new InvalidArgumentError(`budget is ${bytes}; expected at most ${Number.MAX_SAFE_INTEGER} bytes`);
  }
  return bytes;
}

/** The line of an agent in its arena. */
export class BudgetLine {
  readonly agent: string;
  readonly arena: Arena;
  readonly address: number;
  /** Blocks charged to it that this thread has out. */
  blocks = 0;

  constructor(agent: string, arena: Arena, address: number) {
    this.agent = agent;
    this.arena = arena;
    this.address = address;
  }

  get used(): number {
    return Number(this.arena.view.getBigUint64(this.address + layout.OWN_USED, true));
  }

  get limit(): number {
    return Number(this.arena.view.getBigUint64(this.address + layout.OWN_LIMIT, true));
  }

  set limit(bytes: number) {
    this.arena.view.setBigUint64(this.address + layout.OWN_LIMIT, BigInt(bytes), true);
  }

  /** @throws BudgetExceededError, and NotOwnerError on any thread but the owner's: then nothing was charged */
  charge(bytes: number): void {
    const { arena, address, agent } = this;
    if (arena.view.getUint32(address + layout.OWN_WORD, true) !== arena.claim) {
      throw new NotOwnerError(`agent "${agent}" is not this thread's, so nothing is taken for it here`);
    }
    if (arena.kernels.charge(address, BigInt(bytes)) === 0) {
      throw new BudgetExceededError(agent, bytes, this.used, this.limit);
    }
  }

  refund(bytes: number): void {
    this.arena.kernels.refund(this.address, BigInt(bytes));
  }
}

/** What lies in an arena under one name takes its memory through this. */
export class GroupMemory implements ArenaMemory {
  readonly memory: WebAssembly.Memory;
  private readonly arena: Arena;
  /** What is taken belongs to it. */
  readonly group: number;
  readonly own: ArenaMemory;
  private readonly settle: () => void;
  /** Null while nobody is charged. */
  budget: BudgetLine | null = null;

  constructor(arena: Arena, group: number, settle: () => void) {
    this.arena = arena;
    this.memory = arena.memory;
    this.group = group;
    this.own = arena.own;
    this.settle = settle;
  }

  get kernels(): Kernels {
    return this.arena.kernels;
  }

  take(bytes: number, purpose: string): number {
    const { arena, budget } = this;
    const taken = arena.unitsOf(bytes) * UNIT;
    budget?.charge(taken);
    try {
      return arena.take(bytes, purpose, this.group, this.settle);
    } catch (error) {
      budget?.refund(taken);
      throw error;
    }
  }

  give(address: number): void {
    const freed = this.arena.give(address, this.group);
    this.budget?.refund(freed);
  }
}

/** What agents are made with, and what is refused before anything is reserved. */
import { describe, KnownOptions, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { Store } from "../store/index.js";
import { parseBytes, type Size } from "../units.js";
import type { LearningOptions } from "./agent.js";
import { ARENA_LEAST, ARENA_MOST } from "./arena.js";
import { parseBudget } from "./budget.js";
import { nameBytes, SETTINGS } from "./names.js";
import { checkShape, DOCUMENTED_POOLS, type PoolOption } from "./pools.js";

/** What agents are made with. What is out of bounds is an InvalidArgumentError, before anything is reserved. */
export interface AgentsOptions {
  /** Shared memories, 1 to 64; default 1. */
  readonly arenas?: number;
  /** Of each, reserved and not touched: 1 MiB to 4 GiB; default "1GiB". */
  readonly arenaBytes?: Size;
  /** What an agent may have, unless it is made with another; default "10MB". */
  readonly budget?: Size;
  /** By name; default the documented three (DOCUMENTED_POOLS). `{}`: none. */
  readonly pools?: Readonly<Record<string, PoolOption>>;
}

/** What an agent is made with. What is out of bounds is an InvalidArgumentError, and nothing was taken. */
export interface AgentOptions extends LearningOptions {
  /** Bytes at most; default what the agents were made with. */
  readonly budget?: Size;
}

const CREATE_OPTIONS = new KnownOptions("Agents.create", ["arenas", "arenaBytes", "budget", "pools"]);
export const AGENT_OPTIONS = new KnownOptions("agents.create", [
  ...["budget", "states", "actions", "initial", "sparse", "rate", "discount", "replay"],
]);
export const CLAIM_OPTIONS = new KnownOptions("agents.claim", ["recover"]);
const ARENAS_MOST = 64;
const DEFAULT_ARENA = 2 ** 30;
const DEFAULT_BUDGET = 10_000_000;

export interface CheckedOptions {
  readonly arenas: number;
  readonly arenaBytes: number;
  readonly budget: number;
  readonly pools: readonly (readonly [string, ReturnType<typeof checkShape>])[];
}

export function checkStore(of: string, store: unknown): asserts store is Store {
  if (store instanceof Store) return;
  throw new InvalidArgumentError(`${of} takes a store, made by Store.create or attached to, not ${describe(store)}`);
}

export function checkOptions(options: AgentsOptions): CheckedOptions {
  CREATE_OPTIONS.check(options);
  const arenas = wholeNumber("arenas", options.arenas, 1, 1, ARENAS_MOST);
  const arenaBytes = options.arenaBytes === undefined ? DEFAULT_ARENA : parseBytes(options.arenaBytes, "arenaBytes");
  if (arenaBytes < ARENA_LEAST || arenaBytes > ARENA_MOST) {
    throw new InvalidArgumentError(
      `arenaBytes is ${arenaBytes}; expected ${ARENA_LEAST} (1 MiB) to ${ARENA_MOST} (4 GiB)`,
    );
  }
  const budget = options.budget === undefined ? DEFAULT_BUDGET : parseBudget(options.budget);
  const { pools = DOCUMENTED_POOLS } = options;
  if (pools === null || typeof pools !== "object")
    throw new InvalidArgumentError("pools takes an object of shapes by name");
  return {
    arenas,
    arenaBytes,
    budget,
    pools: Object.entries(pools).map(([name, shape]) => {
      if (name === SETTINGS) throw new InvalidArgumentError(`the name of a pool has a NUL (${describe(name)})`);
      nameBytes("pool", name);
      return [name, checkShape(name, shape)];
    }),
  };
}

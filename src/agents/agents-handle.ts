/** What crosses to another thread, which attaches with it; and what is refused there. */
import { ArenaWords, layout } from "../core/index.js";
import { ClosedError, InvalidArgumentError } from "../errors.js";
import { Arena } from "./arena.js";
import { type AgentHandle, isTicket } from "./ownership.js";

/** What crosses to another thread. Structured-cloneable; its fields are the agents' own business. */
export interface AgentsHandle {
  /** Version of the handle's form. */
  readonly engramAgents: number;
  /** Of the store that the agents belong to. */
  readonly storeId: number;
  /** The arenas' memories. */
  readonly memories: readonly object[];
}

const HANDLE_VERSION = 1;

export function makeHandle(storeId: number, arenas: readonly Arena[]): AgentsHandle {
  return { engramAgents: HANDLE_VERSION, storeId, memories: arenas.map(({ memory }) => memory) };
}

export function openHandle(handle: unknown, storeId: number): WebAssembly.Memory[] {
  const fault = (what: string) =>
    new InvalidArgumentError(`Agents.attach: ${what}; expected the handle of agents (agents.handle)`);
  if (handle === null || typeof handle !== "object") throw fault("the handle is no object");
  const { engramAgents, memories, storeId: its } = handle as Partial<AgentsHandle>;
  if (engramAgents !== HANDLE_VERSION) throw fault("the handle is none, or of another version");
  if (its !== storeId) throw fault("the handle is of another store");
  if (!Array.isArray(memories) || memories.length === 0) throw fault("the handle has no memories");
  for (const memory of memories) {
    if (!(memory instanceof WebAssembly.Memory) || !Arena.isIn(memory, storeId))
      throw fault("its memory is no arena of this store");
  }
  const [first] = memories as WebAssembly.Memory[];
  if (ArenaWords.header(first.buffer).get(layout.A_CLOSED) !== 0)
    throw new ClosedError("the agents were closed by the thread that made them");
  return memories;
}

export function checkAgentHandle(handle: unknown): AgentHandle {
  const its = handle as Partial<AgentHandle> | null;
  const whole =
    its !== null &&
    typeof its === "object" &&
    typeof its.agent === "string" &&
    [its.storeId, its.group, its.generation, its.ticket].every(Number.isInteger) &&
    isTicket(its.ticket as number);
  if (!whole) throw new InvalidArgumentError("adopt takes what handOver() returned");
  return its as AgentHandle;
}

/** Who has an agent, as its word says it (src/core/assembly/ownership.ts). */
import { layout } from "../core/index.js";

/** Whose an agent is: a thread's that lives or has died, nobody's, on its way or lost on it, or everybody's to read. */
export type Ownership = "owned" | "dead" | "released" | "in-transit" | "lost-in-transit" | "frozen";

/** What moves an agent to another thread: structured-cloneable, good for one `adopt`. */
export interface AgentHandle {
  /** Its name. */
  readonly agent: string;
  /** Of the store that it belongs to. */
  readonly storeId: number;
  /** Of its pieces. */
  readonly group: number;
  /** Tells it from one that had its name before. */
  readonly generation: number;
  /** Good for one `adopt`. */
  readonly ticket: number;
}

export function isTicket(word: number): boolean {
  return word !== 0 && word !== layout.FROZEN && (word & layout.CLAIM_SLOT_MASK) === 0;
}

/** @param sender claim of who handed it over last */
export function ownershipOf(word: number, sender: number, isLiving: (claim: number) => boolean): Ownership {
  if (word === 0) return "released";
  if (word === layout.FROZEN) return "frozen";
  if (isTicket(word)) return isLiving(sender) ? "in-transit" : "lost-in-transit";
  return isLiving(word) ? "owned" : "dead";
}

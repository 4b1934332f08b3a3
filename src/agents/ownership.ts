/** Who has an agent, as its word says it (src/core/assembly/ownership.ts). */
import { layout } from "../core/index.js";

export type Ownership = "owned" | "dead" | "released" | "in-transit" | "lost-in-transit" | "frozen";

/** What moves an agent to another thread: structured-cloneable, good for one `adopt`. */
export interface AgentHandle {
  readonly agent: string;
  readonly storeId: number;
  readonly group: number;
  readonly generation: number;
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

/**
 * Who may change an agent: one word. 0 = nobody has it; a claim (its low bits are never 0) = that thread; a ticket (low bits 0) = it is under
 * way to whoever has the ticket; FROZEN = nobody will ever change it again. All that the owner does to the agent is done while the word is its
 * claim, and every change of hands is one swap, so there is never a moment with two owners.
 *
 * The sender's claim and the ticket are written while the word is still the sender's claim, and by nobody else: whoever sees the ticket in
 * the word sees whose it was. A dead thread's claim is never given out again, so a word that is one stays it until somebody swaps it.
 *
 * Invariants.
 *   1. One thread at most has the agent: the one whose claim the word is. It changes by a swap from what was seen there: by its owner to anything, by a
 *      claimer from 0, from a dead claim, or from the ticket of a dead sender, by an adopter from the ticket of its handle.
 *   2. No ticket is the word twice (but for its number running over after 2^25 of them), so a handle is good for one adoption, and none once the
 *      agent was claimed. 0 is the word many times: who claims from it looks at BUSY again once the agent is its own.
 *
 * Order: what an owner wrote comes before its swap, which hands it over or lets it go; whoever swaps it in has all of it. BUSY comes before the
 * first store of a change and after the last, so under a dead claim whose BUSY is 0 nothing is half done.
 *
 * BUSY tells that a change of several steps was under way: written by the owner alone. Found under a dead claim, what the agent holds may be
 * half done.
 */
import {
  CLAIM_SLOT_BITS,
  FROZEN,
  OWN_BUSY,
  OWN_LIMIT,
  OWN_SENDER,
  OWN_TICKET,
  OWN_USED,
  OWN_WORD,
} from "../layout";
import { add64, load32, load64, store32, store64, swap32 } from "./memory";

/** From `from` (nobody, or a claim known to be dead, or the ticket of a sender known to be dead) to `to`. */
export function swapOwner(line: u32, from: u32, to: u32): bool {
  return swap32(line + OWN_WORD, from, to);
}

/** @returns the ticket, with which one thread may adopt it; 0 when it is not `claim`'s */
export function handOver(line: u32, claim: u32): u32 {
  if (load32(line + OWN_WORD) != claim) return 0;
  let ticket = (FAULT == 137 ? 0 : load32(line + OWN_TICKET) + (1 << CLAIM_SLOT_BITS)) & ~((1 << CLAIM_SLOT_BITS) - 1);
  if (ticket == 0 || ticket == FROZEN) ticket = 1 << CLAIM_SLOT_BITS;
  store32(line + OWN_TICKET, ticket);
  if (FAULT != 138) store32(line + OWN_SENDER, claim);
  const sent = swapOwner(line, claim, ticket);
  if (FAULT == 138) store32(line + OWN_SENDER, claim);
  return sent ? ticket : 0;
}

export function beginChange(line: u32): void {
  store32(line + OWN_BUSY, 1);
}

export function endChange(line: u32): void {
  store32(line + OWN_BUSY, 0);
}

/** Before anything is taken, and undone if it may not be: false. The owner alone charges. */
export function charge(line: u32, bytes: u64): bool {
  if (add64(line + OWN_USED, bytes) + bytes <= load64(line + OWN_LIMIT)) return true;
  add64(line + OWN_USED, 0 - bytes);
  return false;
}

export function refund(line: u32, bytes: u64): void {
  add64(line + OWN_USED, 0 - bytes);
}

/** What is there, counted: for the next owner, after one died between a charge and what it was for. */
export function recount(line: u32, bytes: u64): void {
  store64(line + OWN_USED, bytes);
}

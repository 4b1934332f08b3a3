/** Who owned the agent, judged: one thread at a time, each ticket is good for one, and the next owner finds what the last one wrote, or that it died while it wrote. */
import { layout as L } from "../../src/core/index.js";
import { checkOf } from "./program.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

const NOBODY = -1;

interface Sent {
  readonly sender: number;
  readonly ticket: number;
  used: boolean;
}

export class OwnerHistory {
  private owner = 0;
  /** What may lie there: what the last owner wrote, and what the one who died was writing. */
  private readonly values = new Set<number>();
  /** Its writer died in the middle. */
  private torn = false;
  private readonly sent: Sent[] = [];
  /** Tickets that were claimed, because their sender was taken for dead. */
  private readonly claimed = new Set<number>();
  private threads: readonly Thread[] = [];

  constructor(private readonly words: Uint32Array) {}

  /** The first thread has it. */
  reset(threads: readonly Thread[]): void {
    this.threads = threads;
    this.owner = 0;
    this.values.clear();
    this.values.add(0);
    this.torn = false;
    this.sent.length = 0;
    this.claimed.clear();
    const [{ hands }] = threads;
    hands.owns = true;
    this.words[(T.OWNER + L.OWN_WORD) >> 2] = hands.claim;
  }

  // ---------------------------------------------------------------- changing

  change({ hands, number }: Thread): { readonly fault: string | null } | null {
    if (!hands.owns) return null;
    hands.call("beginChange", T.OWNER);
    return { fault: this.contentFault(number) };
  }

  begun({ hands }: Thread, value: number): void {
    hands.call("writeWords", T.OWNED, value, checkOf(value));
  }

  wrote({ hands }: Thread, value: number): void {
    this.values.add(value);
    hands.call("endChange", T.OWNER);
  }

  changed(value: number): void {
    this.values.clear();
    this.values.add(value);
    this.torn = false;
  }

  noteDeath({ hands }: Thread, value: number): void {
    if (hands.entry === "writeWords") {
      this.values.add(value);
      this.torn = true;
    }
  }

  // ---------------------------------------------------------------- leaving

  handOver({ hands }: Thread): "agents" | null {
    if (!hands.owns) return null;
    hands.owns = false;
    this.owner = NOBODY;
    return hands.call("handOver", T.OWNER, hands.claim);
  }

  handedOver({ number }: Thread, ticket: number): string | null {
    if (ticket === 0) return `thread ${number} could not hand over what is its own`;
    if (this.claimed.has(ticket >>> 0)) return `what thread ${number} had under way was claimed, and it lives`;
    this.sent.push({ sender: number, ticket: ticket >>> 0, used: false });
    return null;
  }

  release({ hands }: Thread): "agents" | null {
    if (!hands.owns) return null;
    hands.owns = false;
    this.owner = NOBODY;
    hands.found = hands.claim;
    return hands.call("swapOwner", T.OWNER, hands.claim, 0);
  }

  // ---------------------------------------------------------------- taking

  /** With the last handle that was sent, or the first, used or not. */
  adopt({ hands }: Thread, first: boolean): "agents" | null {
    if (this.sent.length === 0 || hands.owns) return null;
    hands.use = first ? 0 : this.sent.length - 1;
    hands.found = this.sent[hands.use].ticket;
    return hands.call("swapOwner", T.OWNER, hands.found, hands.claim);
  }

  /** What nobody living has, as the host finds it. */
  claim({ hands }: Thread): "agents" | null {
    if (hands.owns) return null;
    const word = this.words[(T.OWNER + L.OWN_WORD) >> 2];
    const isTicket = word !== 0 && (word & L.CLAIM_SLOT_MASK) === 0;
    const whose = isTicket ? this.words[(T.OWNER + L.OWN_SENDER) >> 2] : word;
    if (word !== 0 && this.isLiving(whose)) return null;
    hands.found = word;
    hands.use = -1;
    return hands.call("swapOwner", T.OWNER, word, hands.claim);
  }

  /** As the host has it: a slot that is active, in the life that the claim is of. */
  isLiving(claim: number): boolean {
    const slot = (claim & L.CLAIM_SLOT_MASK) - 1;
    if (slot < 0) return false;
    const at = (T.SLOTS + slot * L.SLOT_SIZE) >> 2;
    return (
      this.words[at + L.S_STATE / 4] === L.SLOT_ACTIVE &&
      this.words[at + L.S_INCARNATION / 4] === claim >>> L.CLAIM_SLOT_BITS
    );
  }

  /** @returns what is wrong with it; "" when the operation is over, null when it goes on */
  swapped(thread: Thread, swapped: boolean, kind: string): string | null {
    const { hands, number } = thread;
    if (kind === "releaseAgent") return swapped ? "" : `thread ${number} could not release what is its own`;
    if (!swapped) return "";
    const fault = this.takeoverFault(thread);
    if (fault !== null) return fault;
    hands.owns = true;
    this.owner = number;
    const busy = this.words[(T.OWNER + L.OWN_BUSY) >> 2] !== 0;
    if (!busy) return this.contentFault(number) ?? "";
    if (kind === "adoptAgent") return `thread ${number} adopted an agent in the middle of a change`;
    // whoever claims what is poisoned mends it: written anew
    hands.call("writeWords", T.OWNED, thread.values[thread.at], checkOf(thread.values[thread.at]));
    return null;
  }

  private takeoverFault({ hands, number }: Thread): string | null {
    const { owner, threads } = this;
    if (owner !== NOBODY && !threads[owner].killed)
      return `the agent is thread ${owner}'s and thread ${number}'s at once`;
    if (owner !== NOBODY && this.isLiving(threads[owner].hands.claim))
      return `thread ${number} has the agent of thread ${owner}, which was not taken for dead`;
    if (hands.found === 0 || (hands.found & L.CLAIM_SLOT_MASK) !== 0) return null;
    if (hands.use >= 0) {
      const its = this.sent[hands.use];
      if (its.used) return `thread ${number} adopted with a handle that was used before`;
      its.used = true;
      return hands.use === this.sent.length - 1 ? null : `thread ${number} adopted with a handle of before`;
    }
    this.claimed.add(hands.found);
    const last = this.sent[this.sent.length - 1];
    if (last?.ticket !== hands.found) return null; // its sender died before it could tell anybody
    if (!threads[last.sender].killed) return `thread ${number} claimed what thread ${last.sender} has under way`;
    last.used = true;
    return null;
  }

  private contentFault(number: number): string | null {
    const at = T.OWNED >> 2;
    const value = this.words[at];
    if (!this.torn && this.words[at + 1] === (value === 0 ? 0 : checkOf(value) >>> 0) && this.values.has(value)) {
      this.changed(value);
      return null;
    }
    return `thread ${number} has the agent, and does not find what its last owner wrote`;
  }

  /** All threads being at rest or reaped. */
  fault(): string | null {
    const word = this.words[(T.OWNER + L.OWN_WORD) >> 2];
    const { owner, threads } = this;
    if (owner !== NOBODY && !threads[owner].killed && word !== threads[owner].hands.claim)
      return `the agent is thread ${owner}'s, and its word says ${word}`;
    const other = threads.find(({ hands, number }) => number !== owner && hands.claim !== 0 && hands.claim === word);
    if (other !== undefined && !other.killed)
      return `the agent's word says thread ${other.number}, which does not know of it`;
    return null;
  }
}

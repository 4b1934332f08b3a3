import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { Weights } from "./weights.js";

/** Share of the capacity for resident entries of high inter-reference recency: the paper's 1 %. */
const HIR_SHARE = 0.01;
/** The stack holds at most this many times the capacity, non-resident entries included. */
const STACK_FACTOR = 2;

const NOWHERE = 0;
/** Low inter-reference recency: resident, in the stack. */
const LIR = 1;
/** High inter-reference recency, resident, in the stack and in the queue. */
const HIR_STACKED = 2;
/** High inter-reference recency, resident, in the queue only. */
const HIR_QUEUED = 3;
/** High inter-reference recency, not resident: history in the stack. */
const HIR_GHOST = 4;

/**
 * LIRS: entries are ranked by inter-reference recency, the number of other entries seen between their last two accesses. Those
 * with a low one (LIR) hold 99 % of the capacity; the rest (HIR) pass through a short queue whose oldest is the victim. The
 * stack holds entries by recency down to the oldest LIR entry; an HIR entry hit while in the stack trades places with that one
 * (Jiang, Zhang: "LIRS: an efficient low inter-reference recency set replacement policy", SIGMETRICS 2002).
 *
 * Follows the paper: an HIR entry that is hit outside the stack stays HIR and demotes no one. The paper leaves the stack
 * unbounded; here the entry that became non-resident first is forgotten when the stack exceeds 2 x capacity.
 *
 * By bytes, the share of LIR entries and the bound of the stack count bytes. Entries of unequal size leave gaps in the LIR share, and a
 * newcomer that fits one becomes LIR at once, as newcomers do while the cache first fills.
 *
 * Every operation O(1) amortised (pruning drops what was pushed before). 17 bytes an id (two links in the stack, two in the
 * queue or among the non-resident, a state byte), 21 by bytes, for up to 2 x capacity entries with history.
 */
export class Lirs implements Policy {
  readonly name = "lirs";
  size = 0;
  private readonly state: Uint8Array;
  private readonly stackLinks: Links;
  private readonly stack: number;
  /** The queue of resident HIR entries and the list of non-resident ones: an id is in one of them at most. */
  private readonly queueLinks: Links;
  private readonly queue: number;
  private readonly ghosts: number;
  private readonly lirCapacity: number;
  private readonly stackCapacity: number;
  private readonly weights: Weights;
  /** In the capacity's unit. */
  private lirSize = 0;
  private stackSize = 0;

  constructor(distinct: number, capacity: number, byBytes = false) {
    this.weights = new Weights(distinct, byBytes);
    this.state = new Uint8Array(distinct);
    this.stackLinks = new Links(distinct, 1);
    this.stack = this.stackLinks.list(0);
    this.queueLinks = new Links(distinct, 2);
    this.queue = this.queueLinks.list(0);
    this.ghosts = this.queueLinks.list(1);
    this.lirCapacity = capacity - Math.max(1, Math.floor(HIR_SHARE * capacity));
    this.stackCapacity = STACK_FACTOR * capacity;
  }

  has(id: number): boolean {
    const state = this.state[id];
    return state !== NOWHERE && state !== HIR_GHOST;
  }

  lookup(id: number): boolean {
    switch (this.state[id]) {
      case LIR:
        this.hitLir(id);
        return true;
      case HIR_STACKED:
        this.queueLinks.unlink(id);
        this.promote(id);
        return true;
      case HIR_QUEUED:
        this.state[id] = HIR_STACKED;
        this.pushStack(id);
        this.queueLinks.moveToHead(this.queue, id);
        this.boundStack();
        return true;
      default:
        return false;
    }
  }

  insert(id: number, weight?: number): void {
    this.size++;
    if (this.state[id] === HIR_GHOST) {
      this.queueLinks.unlink(id);
      this.stackSize += -this.weights.of(id) + this.weights.set(id, weight);
      this.promote(id);
      this.boundStack();
      return;
    }
    const counted = this.weights.set(id, weight);
    this.pushStack(id);
    if (this.lirSize + counted <= this.lirCapacity) {
      this.becomeLir(id);
    } else {
      this.state[id] = HIR_STACKED;
      this.queueLinks.pushHead(this.queue, id);
    }
    this.boundStack();
  }

  evict(): number {
    if (this.size === 0) return -1;
    if (this.queueLinks.newer(this.queue) === this.queue) this.demoteBottom();
    const victim = this.queueLinks.newer(this.queue);
    this.size--;
    if (this.state[victim] === HIR_STACKED) {
      this.queueLinks.moveToHead(this.ghosts, victim);
      this.state[victim] = HIR_GHOST;
    } else {
      this.queueLinks.unlink(victim);
      this.state[victim] = NOWHERE;
    }
    return victim;
  }

  remove(id: number): boolean {
    if (!this.has(id)) return false;
    const state = this.state[id];
    this.state[id] = NOWHERE;
    this.size--;
    if (state !== LIR) this.queueLinks.unlink(id);
    if (state !== HIR_QUEUED) {
      this.stackLinks.unlink(id);
      this.stackSize -= this.weights.of(id);
    }
    if (state === LIR) {
      this.lirSize -= this.weights.of(id);
      this.prune();
    }
    return true;
  }

  resize(id: number, weight: number): void {
    const grown = -this.weights.of(id) + this.weights.set(id, weight);
    const state = this.state[id];
    if (state !== HIR_QUEUED) this.stackSize += grown;
    if (state === LIR) {
      this.lirSize += grown;
      this.boundLir();
    }
    this.boundStack();
  }

  private hitLir(id: number): void {
    const wasBottom = this.stackLinks.newer(this.stack) === id;
    this.stackLinks.moveToHead(this.stack, id);
    if (wasBottom) this.prune();
  }

  /** Makes an entry of the stack LIR, at the stack's top; if that is one too many, the oldest LIR entry makes room. */
  private promote(id: number): void {
    this.stackLinks.moveToHead(this.stack, id);
    this.becomeLir(id);
    this.boundLir();
  }

  private boundLir(): void {
    while (this.lirSize > this.lirCapacity) this.demoteBottom();
  }

  /** Keeps the invariant: the stack's bottom is LIR, as soon as there is any LIR entry. */
  private becomeLir(id: number): void {
    const isOnly = this.lirSize === 0;
    this.state[id] = LIR;
    this.lirSize += this.weights.of(id);
    if (isOnly) this.prune();
  }

  /** Turns the LIR entry at the stack's bottom into the newest of the queue. */
  private demoteBottom(): void {
    const bottom = this.stackLinks.newer(this.stack);
    const weight = this.weights.of(bottom);
    this.stackLinks.unlink(bottom);
    this.stackSize -= weight;
    this.state[bottom] = HIR_QUEUED;
    this.queueLinks.pushHead(this.queue, bottom);
    this.lirSize -= weight;
    this.prune();
  }

  /** Drops entries from the stack's bottom until the bottom is LIR: below it, recency tells nothing any more. */
  private prune(): void {
    let bottom = this.stackLinks.newer(this.stack);
    while (bottom !== this.stack && this.state[bottom] !== LIR) {
      this.stackLinks.unlink(bottom);
      this.stackSize -= this.weights.of(bottom);
      if (this.state[bottom] === HIR_GHOST) {
        this.queueLinks.unlink(bottom);
        this.state[bottom] = NOWHERE;
      } else {
        this.state[bottom] = HIR_QUEUED;
      }
      bottom = this.stackLinks.newer(this.stack);
    }
  }

  private boundStack(): void {
    while (this.stackSize > this.stackCapacity) {
      const oldest = this.queueLinks.newer(this.ghosts);
      if (oldest === this.ghosts) return;
      this.queueLinks.unlink(oldest);
      this.stackLinks.unlink(oldest);
      this.stackSize -= this.weights.of(oldest);
      this.state[oldest] = NOWHERE;
    }
  }

  private pushStack(id: number): void {
    this.stackLinks.pushHead(this.stack, id);
    this.stackSize += this.weights.of(id);
  }
}

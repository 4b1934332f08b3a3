import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { Weights } from "./weights.js";

/** Share of the capacity for entries seen once (Kin = 25 %) and for their ghosts (Kout = 50 %): the paper's advice. */
const IN_SHARE = 0.25;
const OUT_SHARE = 0.5;

const NOWHERE = 0;
const IN = 1;
const MAIN = 2;
const OUT = 3;

/**
 * 2Q, the full version: a FIFO for entries seen once (A1in), a ghost FIFO of what left it (A1out), and an LRU (Am) that only
 * entries remembered by A1out enter (Johnson, Shasha: "2Q: a low overhead high performance buffer management replacement
 * algorithm", VLDB 1994). A hit in A1in changes nothing: correlated references do not make an entry hot.
 *
 * By bytes, both shares count bytes; a ghost that outweighs A1out's share is not remembered.
 *
 * Every operation O(1) (by bytes, `evict` amortised). 9 bytes an id (two links, one state byte), 13 by bytes, for up to
 * 1.5 x capacity entries with ghosts.
 */
export class TwoQ implements Policy {
  readonly name = "2q";
  size = 0;
  private readonly where: Uint8Array;
  private readonly links: Links;
  private readonly inQueue: number;
  private readonly main: number;
  private readonly outQueue: number;
  private readonly inCapacity: number;
  private readonly outCapacity: number;
  private readonly weights: Weights;
  /** The queues' sizes, in the capacity's unit. */
  private inSize = 0;
  private mainSize = 0;
  private outSize = 0;
  /** The id that was missed last, when its ghost was in A1out; else -1. */
  private remembered = -1;

  constructor(distinct: number, capacity: number, byBytes = false) {
    this.weights = new Weights(distinct, byBytes);
    this.where = new Uint8Array(distinct);
    this.links = new Links(distinct, 3);
    this.inQueue = this.links.list(0);
    this.main = this.links.list(1);
    this.outQueue = this.links.list(2);
    this.inCapacity = Math.floor(IN_SHARE * capacity);
    this.outCapacity = Math.floor(OUT_SHARE * capacity);
  }

  has(id: number): boolean {
    const where = this.where[id];
    return where === IN || where === MAIN;
  }

  lookup(id: number): boolean {
    const where = this.where[id];
    if (where === MAIN) {
      this.links.moveToHead(this.main, id);
      return true;
    }
    if (where === IN) return true;
    if (where === OUT) {
      this.forgetGhost(id);
      this.remembered = id;
    } else {
      this.remembered = -1;
    }
    return false;
  }

  insert(id: number, weight?: number): void {
    const counted = this.weights.set(id, weight);
    this.size++;
    if (id === this.remembered) {
      this.links.pushHead(this.main, id);
      this.where[id] = MAIN;
      this.mainSize += counted;
      this.remembered = -1;
    } else {
      this.links.pushHead(this.inQueue, id);
      this.where[id] = IN;
      this.inSize += counted;
    }
  }

  evict(): number {
    if (this.size === 0) return -1;
    if (this.inSize > this.inCapacity || this.mainSize === 0) return this.evictFromIn();
    const victim = this.links.newer(this.main);
    this.remove(victim);
    return victim;
  }

  remove(id: number): boolean {
    const where = this.where[id];
    if (where === IN) this.inSize -= this.weights.of(id);
    else if (where === MAIN) this.mainSize -= this.weights.of(id);
    else return false;
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.size--;
    return true;
  }

  resize(id: number, weight: number): void {
    const grown = -this.weights.of(id) + this.weights.set(id, weight);
    if (this.where[id] === IN) this.inSize += grown;
    else this.mainSize += grown;
  }

  private evictFromIn(): number {
    const victim = this.links.newer(this.inQueue);
    this.remove(victim);
    this.remember(victim);
    return victim;
  }

  private remember(id: number): void {
    const weight = this.weights.of(id);
    if (weight > this.outCapacity) return;
    while (this.outSize + weight > this.outCapacity) this.forgetGhost(this.links.newer(this.outQueue));
    this.links.pushHead(this.outQueue, id);
    this.where[id] = OUT;
    this.outSize += weight;
  }

  private forgetGhost(id: number): void {
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.outSize -= this.weights.of(id);
  }
}

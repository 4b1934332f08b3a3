import { Links } from "./links.js";
import type { Policy } from "./policy.js";

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
 * Every operation O(1). 9 bytes an id (two links, one state byte), for up to 1.5 x capacity entries with ghosts.
 */
export class TwoQ implements Policy {
  readonly name = "2q";
  private readonly where: Uint8Array;
  private readonly links: Links;
  private readonly inQueue: number;
  private readonly main: number;
  private readonly outQueue: number;
  private readonly inCapacity: number;
  private readonly outCapacity: number;
  private inSize = 0;
  private mainSize = 0;
  private outSize = 0;
  /** The id that was missed last, when its ghost was in A1out; else -1. */
  private remembered = -1;

  constructor(distinct: number, capacity: number) {
    this.where = new Uint8Array(distinct);
    this.links = new Links(distinct, 3);
    this.inQueue = this.links.list(0);
    this.main = this.links.list(1);
    this.outQueue = this.links.list(2);
    this.inCapacity = Math.floor(IN_SHARE * capacity);
    this.outCapacity = Math.floor(OUT_SHARE * capacity);
  }

  get size(): number {
    return this.inSize + this.mainSize;
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

  insert(id: number): void {
    if (id === this.remembered) {
      this.links.pushHead(this.main, id);
      this.where[id] = MAIN;
      this.mainSize++;
      this.remembered = -1;
    } else {
      this.links.pushHead(this.inQueue, id);
      this.where[id] = IN;
      this.inSize++;
    }
  }

  evict(): number {
    if (this.inSize > this.inCapacity || this.mainSize === 0) return this.evictFromIn();
    const victim = this.links.newer(this.main);
    this.remove(victim);
    return victim;
  }

  remove(id: number): boolean {
    const where = this.where[id];
    if (where === IN) this.inSize--;
    else if (where === MAIN) this.mainSize--;
    else return false;
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    return true;
  }

  private evictFromIn(): number {
    if (this.inSize === 0) return -1;
    const victim = this.links.newer(this.inQueue);
    this.remove(victim);
    if (this.outCapacity > 0) this.remember(victim);
    return victim;
  }

  private remember(id: number): void {
    if (this.outSize === this.outCapacity) this.forgetGhost(this.links.newer(this.outQueue));
    this.links.pushHead(this.outQueue, id);
    this.where[id] = OUT;
    this.outSize++;
  }

  private forgetGhost(id: number): void {
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.outSize--;
  }
}

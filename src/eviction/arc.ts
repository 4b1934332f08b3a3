import { Links } from "./links.js";
import type { Policy } from "./policy.js";

const NOWHERE = 0;
const T1 = 1;
const T2 = 2;
const B1 = 3;
const B2 = 4;

/**
 * Adaptive replacement cache: resident entries seen once lately (T1) and more often (T2), and the ghosts of either (B1, B2).
 * A ghost hit shifts the target size of T1, so that the cache turns to recency or frequency as the workload does (Megiddo,
 * Modha: "ARC: a self-tuning, low overhead replacement cache", FAST 2003).
 *
 * The target is a real number. Ghosts are dropped and victims taken only when the resident set is full, that is, when
 * `evict` is called.
 *
 * Every operation O(1). 9 bytes an id (two links, one state byte), for up to 2 x capacity entries with ghosts.
 */
export class Arc implements Policy {
  readonly name = "arc";
  private readonly where: Uint8Array;
  private readonly links: Links;
  private readonly t1: number;
  private readonly t2: number;
  private readonly b1: number;
  private readonly b2: number;
  private t1Size = 0;
  private t2Size = 0;
  private b1Size = 0;
  private b2Size = 0;
  /** How many entries T1 should hold, 0 to capacity. */
  private target = 0;
  /** Where the id that was missed last had a ghost, if anywhere: until the next lookup it decides what `evict` replaces. */
  private missedGhost = NOWHERE;
  private missedId = -1;

  constructor(
    distinct: number,
    private readonly capacity: number,
  ) {
    this.where = new Uint8Array(distinct);
    this.links = new Links(distinct, 4);
    this.t1 = this.links.list(0);
    this.t2 = this.links.list(1);
    this.b1 = this.links.list(2);
    this.b2 = this.links.list(3);
  }

  get size(): number {
    return this.t1Size + this.t2Size;
  }

  has(id: number): boolean {
    const where = this.where[id];
    return where === T1 || where === T2;
  }

  lookup(id: number): boolean {
    const where = this.where[id];
    if (where === T2) {
      this.links.moveToHead(this.t2, id);
      return true;
    }
    if (where === T1) {
      this.links.moveToHead(this.t2, id);
      this.where[id] = T2;
      this.t1Size--;
      this.t2Size++;
      return true;
    }
    this.missedId = id;
    this.missedGhost = where;
    if (where !== NOWHERE) this.learnFromGhost(id, where);
    return false;
  }

  insert(id: number): void {
    if (id === this.missedId && this.missedGhost !== NOWHERE) {
      this.links.pushHead(this.t2, id);
      this.where[id] = T2;
      this.t2Size++;
    } else {
      this.links.pushHead(this.t1, id);
      this.where[id] = T1;
      this.t1Size++;
    }
    this.missedGhost = NOWHERE;
  }

  evict(): number {
    if (this.missedGhost !== NOWHERE) return this.replace();
    if (this.t1Size + this.b1Size >= this.capacity) {
      if (this.b1Size > 0) this.dropGhost(this.links.newer(this.b1));
      else if (this.t1Size > 0) return this.takeFromT1WithoutGhost();
    } else if (this.t1Size + this.t2Size + this.b1Size + this.b2Size >= 2 * this.capacity && this.b2Size > 0) {
      this.dropGhost(this.links.newer(this.b2));
    }
    return this.replace();
  }

  remove(id: number): boolean {
    const where = this.where[id];
    if (where === T1) this.t1Size--;
    else if (where === T2) this.t2Size--;
    else return false;
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    return true;
  }

  private learnFromGhost(id: number, where: number): void {
    if (where === B1) this.target = Math.min(this.target + Math.max(this.b2Size / this.b1Size, 1), this.capacity);
    else this.target = Math.max(this.target - Math.max(this.b1Size / this.b2Size, 1), 0);
    this.dropGhost(id);
  }

  private dropGhost(id: number): void {
    if (this.where[id] === B1) this.b1Size--;
    else this.b2Size--;
    this.links.unlink(id);
    this.where[id] = NOWHERE;
  }

  private takeFromT1WithoutGhost(): number {
    const victim = this.links.newer(this.t1);
    this.remove(victim);
    return victim;
  }

  /** Turns the tail of T1 or T2 into a ghost. */
  private replace(): number {
    const overTarget =
      this.t1Size > this.target || (this.t1Size === this.target && this.missedGhost === B2) || this.t2Size === 0;
    if (this.t1Size > 0 && overTarget) {
      const victim = this.links.newer(this.t1);
      this.links.moveToHead(this.b1, victim);
      this.where[victim] = B1;
      this.t1Size--;
      this.b1Size++;
      return victim;
    }
    if (this.t2Size === 0) return -1;
    const victim = this.links.newer(this.t2);
    this.links.moveToHead(this.b2, victim);
    this.where[victim] = B2;
    this.t2Size--;
    this.b2Size++;
    return victim;
  }
}

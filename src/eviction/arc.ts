import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { Weights } from "./weights.js";

const NOWHERE = 0;
const B1 = 1;
const B2 = 2;
/** From here on resident: most lookups end in the one or the other branch of a single comparison. */
const T1 = 3;
const T2 = 4;

/**
 * Adaptive replacement cache: resident entries seen once lately (T1) and more often (T2), and the ghosts of either (B1, B2).
 * A ghost hit shifts the target size of T1, so that the cache turns to recency or frequency as the workload does (Megiddo,
 * Modha: "ARC: a self-tuning, low overhead replacement cache", FAST 2003).
 *
 * The target is a real number. Ghosts are dropped and victims taken only when the resident set is full, that is, when
 * `evict` is called.
 *
 * By bytes, all four lists and the target count bytes, and a ghost hit shifts the target by the ghost's size times the ratio that
 * shifts it by entries (libCacheSim weighs likewise). As victims of unequal size do not add up to exactly the capacity, as many
 * ghosts are dropped as the bound asks for.
 *
 * Every operation O(1) (by bytes, `evict` amortised). 9 bytes an id (two links, one state byte), 13 by bytes, for up to
 * 2 x capacity entries with ghosts.
 */
export class Arc implements Policy {
  readonly name = "arc";
  size = 0;
  private readonly where: Uint8Array;
  private readonly links: Links;
  private readonly t1: number;
  private readonly t2: number;
  private readonly b1: number;
  private readonly b2: number;
  private readonly weights: Weights;
  /** The lists' sizes, in the capacity's unit. */
  private t1Size = 0;
  private t2Size = 0;
  private b1Size = 0;
  private b2Size = 0;
  /** What T1 should hold, 0 to capacity. */
  private target = 0;
  /** The id that was missed last, when it had a ghost, and where; else -1. Until the next lookup it decides what `evict` replaces. */
  private remembered = -1;
  private rememberedIn = NOWHERE;

  constructor(
    distinct: number,
    private readonly capacity: number,
    byBytes = false,
  ) {
    this.weights = new Weights(distinct, byBytes);
    this.where = new Uint8Array(distinct);
    this.links = new Links(distinct, 4);
    this.t1 = this.links.list(0);
    this.t2 = this.links.list(1);
    this.b1 = this.links.list(2);
    this.b2 = this.links.list(3);
  }

  has(id: number): boolean {
    return this.where[id] >= T1;
  }

  lookup(id: number): boolean {
    const where = this.where[id];
    if (where >= T1) {
      const moved = (T2 - where) * this.weights.of(id);
      this.links.moveToHead(this.t2, id);
      this.where[id] = T2;
      this.t1Size -= moved;
      this.t2Size += moved;
      return true;
    }
    if (where === NOWHERE) this.remembered = -1;
    else this.learnFromGhost(id, where);
    return false;
  }

  insert(id: number, weight?: number): void {
    const counted = this.weights.set(id, weight);
    this.size++;
    if (id === this.remembered) {
      this.links.pushHead(this.t2, id);
      this.where[id] = T2;
      this.t2Size += counted;
    } else {
      this.links.pushHead(this.t1, id);
      this.where[id] = T1;
      this.t1Size += counted;
    }
    this.remembered = -1;
  }

  evict(): number {
    if (this.size === 0) return -1;
    if (this.remembered !== -1) return this.replace();
    if (this.t1Size + this.b1Size >= this.capacity) {
      if (this.b1Size === 0) return this.takeFromT1WithoutGhost();
      while (this.b1Size > 0 && this.t1Size + this.b1Size >= this.capacity) this.dropOldestOfB1();
    } else {
      const bound = 2 * this.capacity - this.t1Size - this.t2Size - this.b1Size;
      while (this.b2Size > 0 && this.b2Size >= bound) this.dropOldestOfB2();
    }
    return this.replace();
  }

  remove(id: number): boolean {
    const where = this.where[id];
    if (where === T1) this.t1Size -= this.weights.of(id);
    else if (where === T2) this.t2Size -= this.weights.of(id);
    else return false;
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.size--;
    return true;
  }

  resize(id: number, weight: number): void {
    const grown = -this.weights.of(id) + this.weights.set(id, weight);
    if (this.where[id] === T1) this.t1Size += grown;
    else this.t2Size += grown;
  }

  private learnFromGhost(id: number, where: number): void {
    const weight = this.weights.of(id);
    if (where === B1) {
      this.target = Math.min(this.target + weight * Math.max(this.b2Size / this.b1Size, 1), this.capacity);
      this.b1Size -= weight;
    } else {
      this.target = Math.max(this.target - weight * Math.max(this.b1Size / this.b2Size, 1), 0);
      this.b2Size -= weight;
    }
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.remembered = id;
    this.rememberedIn = where;
  }

  private dropOldestOfB1(): void {
    const id = this.links.removeTail(this.b1);
    this.b1Size -= this.weights.of(id);
    this.where[id] = NOWHERE;
  }

  private dropOldestOfB2(): void {
    const id = this.links.removeTail(this.b2);
    this.b2Size -= this.weights.of(id);
    this.where[id] = NOWHERE;
  }

  private takeFromT1WithoutGhost(): number {
    const victim = this.links.removeTail(this.t1);
    this.t1Size -= this.weights.of(victim);
    this.where[victim] = NOWHERE;
    this.size--;
    return victim;
  }

  /** Turns the tail of T1 or T2 into a ghost. */
  private replace(): number {
    this.size--;
    const overTarget =
      this.t1Size > this.target ||
      (this.t1Size === this.target && this.remembered !== -1 && this.rememberedIn === B2) ||
      this.t2Size === 0;
    const fromT1 = this.t1Size > 0 && overTarget;
    const victim = this.links.moveTail(fromT1 ? this.t1 : this.t2, fromT1 ? this.b1 : this.b2);
    const weight = this.weights.of(victim);
    if (fromT1) {
      this.where[victim] = B1;
      this.t1Size -= weight;
      this.b1Size += weight;
    } else {
      this.where[victim] = B2;
      this.t2Size -= weight;
      this.b2Size += weight;
    }
    return victim;
  }
}

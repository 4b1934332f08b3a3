import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { Weights } from "./weights.js";

/** The small queue's share of the capacity, and the ghost queue's length in terms of it: the paper's figures. */
const SMALL_SHARE = 0.1;
const GHOST_SHARE = 0.9;
/** Hits in the small queue that earn a place in the main queue. */
const PROMOTION_HITS = 2;
/** No queue tells frequencies above this apart. */
const MAX_FREQUENCY = 3;

const NOWHERE = 0;
const SMALL = 1;
const MAIN = 2;
const GHOST = 3;

/**
 * S3-FIFO: three FIFO queues. Newcomers enter the small one; what is not hit there leaves soon and stays only as a ghost; what
 * is hit twice, or comes back while its ghost is remembered, enters the main one, which reinserts entries that were hit
 * (Yang, Zhang, Qiu, Yue, Rashmi: "FIFO queues are all you need for cache eviction", SOSP 2023).
 *
 * By bytes, the shares of small, main and ghost queue count bytes; a ghost that outweighs its queue is not remembered.
 *
 * `lookup`, `insert`, `remove` O(1) (a hit writes one byte), `evict` O(1) amortised.
 * 10 bytes an id (two links, a state byte, a frequency byte), 14 by bytes, for up to 1.9 x capacity entries with ghosts.
 * Below 20 entries of capacity the small queue holds one entry or none, and the policy is little more than CLOCK.
 */
export class S3Fifo implements Policy {
  readonly name = "s3-fifo";
  size = 0;
  private readonly where: Uint8Array;
  private readonly frequency: Uint8Array;
  private readonly links: Links;
  private readonly small: number;
  private readonly main: number;
  private readonly ghost: number;
  private readonly mainCapacity: number;
  private readonly ghostCapacity: number;
  private readonly weights: Weights;
  /** The queues' sizes, in the capacity's unit. */
  private smallSize = 0;
  private mainSize = 0;
  private ghostSize = 0;
  /** The id that was missed last, when it had a ghost; else -1. */
  private remembered = -1;

  constructor(distinct: number, capacity: number, byBytes = false) {
    this.weights = new Weights(distinct, byBytes);
    this.where = new Uint8Array(distinct);
    this.frequency = new Uint8Array(distinct);
    this.links = new Links(distinct, 3);
    this.small = this.links.list(0);
    this.main = this.links.list(1);
    this.ghost = this.links.list(2);
    this.mainCapacity = capacity - Math.floor(SMALL_SHARE * capacity);
    this.ghostCapacity = Math.floor(GHOST_SHARE * capacity);
  }

  has(id: number): boolean {
    const where = this.where[id];
    return where === SMALL || where === MAIN;
  }

  lookup(id: number): boolean {
    const where = this.where[id];
    if (where === SMALL || where === MAIN) {
      // Saturating is exact: promotion asks for 2 and forgets the rest, reinsertion counts no more than 3.
      if (this.frequency[id] < MAX_FREQUENCY) this.frequency[id]++;
      return true;
    }
    if (where === GHOST) {
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
    this.frequency[id] = 0;
    if (id === this.remembered) {
      this.remembered = -1;
      this.enterMain(id);
    } else {
      this.links.pushHead(this.small, id);
      this.where[id] = SMALL;
      this.smallSize += counted;
    }
  }

  evict(): number {
    if (this.mainSize <= this.mainCapacity) {
      const victim = this.evictFromSmall();
      if (victim !== -1) return victim;
    }
    return this.evictFromMain();
  }

  remove(id: number): boolean {
    const where = this.where[id];
    if (where === SMALL) this.smallSize -= this.weights.of(id);
    else if (where === MAIN) this.mainSize -= this.weights.of(id);
    else return false;
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.size--;
    return true;
  }

  resize(id: number, weight: number): void {
    const grown = -this.weights.of(id) + this.weights.set(id, weight);
    if (this.where[id] === SMALL) this.smallSize += grown;
    else this.mainSize += grown;
  }

  /** Promotes what was hit until an entry that was not turns into a ghost; -1 when the queue ran empty. */
  private evictFromSmall(): number {
    while (this.smallSize > 0) {
      const tail = this.links.newer(this.small);
      if (this.frequency[tail] < PROMOTION_HITS) {
        this.remove(tail);
        this.remember(tail);
        return tail;
      }
      this.frequency[tail] = 0;
      this.links.unlink(tail);
      this.smallSize -= this.weights.of(tail);
      this.enterMain(tail);
    }
    return -1;
  }

  private evictFromMain(): number {
    while (this.mainSize > 0) {
      const tail = this.links.newer(this.main);
      if (this.frequency[tail] === 0) {
        this.remove(tail);
        return tail;
      }
      this.frequency[tail]--;
      this.links.moveToHead(this.main, tail);
    }
    return -1;
  }

  private enterMain(id: number): void {
    this.links.pushHead(this.main, id);
    this.where[id] = MAIN;
    this.mainSize += this.weights.of(id);
  }

  private remember(id: number): void {
    const weight = this.weights.of(id);
    if (weight > this.ghostCapacity) return;
    while (this.ghostSize + weight > this.ghostCapacity) this.forgetGhost(this.links.newer(this.ghost));
    this.links.pushHead(this.ghost, id);
    this.where[id] = GHOST;
    this.ghostSize += weight;
  }

  private forgetGhost(id: number): void {
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.ghostSize -= this.weights.of(id);
  }
}

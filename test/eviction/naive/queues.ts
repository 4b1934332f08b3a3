import { type NaivePolicy, NaiveWeights, take } from "./policy.js";

export class NaiveFifo implements NaivePolicy {
  protected queue: number[] = [];
  residents() {
    return [...this.queue];
  }
  lookup(id: number) {
    return this.queue.includes(id);
  }
  insert(id: number) {
    this.queue.push(id);
  }
  evict() {
    return this.queue.shift();
  }
  remove(id: number) {
    return take(this.queue, id);
  }
}

export class NaiveLru extends NaiveFifo {
  override lookup(id: number) {
    if (!take(this.queue, id)) return false;
    this.queue.push(id);
    return true;
  }
}

/** CLOCK as a queue that is rotated, the bits in a set. */
export class NaiveClock extends NaiveFifo {
  private bits = new Set<number>();
  override lookup(id: number) {
    if (!this.queue.includes(id)) return false;
    this.bits.add(id);
    return true;
  }
  override evict() {
    while (this.queue.length > 0) {
      const tail = this.queue.shift() as number;
      if (!this.bits.delete(tail)) return tail;
      this.queue.push(tail);
    }
    return undefined;
  }
  override remove(id: number) {
    this.bits.delete(id);
    return take(this.queue, id);
  }
}

/** SIEVE with the hand remembered as an id, not a position. */
export class NaiveSieve extends NaiveFifo {
  private visited = new Set<number>();
  private hand: number | undefined;
  override lookup(id: number) {
    if (!this.queue.includes(id)) return false;
    this.visited.add(id);
    return true;
  }
  override evict() {
    if (this.queue.length === 0) return undefined;
    let at = this.hand === undefined ? 0 : this.queue.indexOf(this.hand);
    while (this.visited.delete(this.queue[at])) at = (at + 1) % this.queue.length;
    const victim = this.queue[at];
    this.hand = this.queue[at + 1];
    take(this.queue, victim);
    return victim;
  }
  override remove(id: number) {
    const at = this.queue.indexOf(id);
    if (at < 0) return false;
    if (this.hand === id) this.hand = this.queue[at + 1];
    this.visited.delete(id);
    this.queue.splice(at, 1);
    return true;
  }
}

/** S3-FIFO, frequencies not capped. */
export class NaiveS3Fifo implements NaivePolicy {
  private small: number[] = [];
  private main: number[] = [];
  private ghost: number[] = [];
  private hits = new Map<number, number>();
  private ghostHit: number | undefined;
  private weights = new NaiveWeights();
  private readonly mainShare: number;
  private readonly ghostShare: number;
  constructor(capacity: number) {
    this.mainShare = capacity - Math.floor(0.1 * capacity);
    this.ghostShare = Math.floor(0.9 * capacity);
  }
  residents() {
    return [...this.small, ...this.main];
  }
  lookup(id: number) {
    this.ghostHit = undefined;
    if (this.residents().includes(id)) {
      this.hits.set(id, this.hits.get(id)! + 1);
      return true;
    }
    if (take(this.ghost, id)) this.ghostHit = id;
    return false;
  }
  insert(id: number, weight?: number) {
    this.weights.set(id, weight);
    this.hits.set(id, 0);
    (this.ghostHit === id ? this.main : this.small).push(id);
    this.ghostHit = undefined;
  }
  evict() {
    if (this.weights.sum(this.main) > this.mainShare || this.small.length === 0) return this.evictMain();
    while (this.small.length > 0) {
      const tail = this.small.shift()!;
      if (this.hits.get(tail)! < 2) {
        if (this.weights.of(tail) <= this.ghostShare) this.ghost.push(tail);
        while (this.weights.sum(this.ghost) > this.ghostShare) this.ghost.shift();
        return tail;
      }
      this.hits.set(tail, 0);
      this.main.push(tail);
    }
    return this.evictMain();
  }
  private evictMain() {
    while (this.main.length > 0) {
      const tail = this.main.shift()!;
      const hits = this.hits.get(tail)!;
      if (hits === 0) return tail;
      this.hits.set(tail, Math.min(hits, 3) - 1);
      this.main.push(tail);
    }
    return undefined;
  }
  remove(id: number) {
    return take(this.small, id) || take(this.main, id);
  }
  resize(id: number, weight: number) {
    this.weights.set(id, weight);
  }
}

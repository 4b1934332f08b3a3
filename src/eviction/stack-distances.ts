import { LruStack } from "./lru-stack.js";

/**
 * The stack distances of many requests, counted. LRU of any capacity C (in objects) hits exactly the requests of a distance below C, so that
 * one pass gives its misses at every capacity; see lru-stack.ts.
 *
 * `observe` O(log ids) amortised. 44 bytes an id.
 */
export class StackDistances {
  /** Requests of each distance, 0 to distinct - 1. */
  readonly histogram: Float64Array;
  /** Requests so far. */
  requests = 0;
  private readonly stack: LruStack;

  /** @param distinct ids are 0 to distinct - 1 */
  constructor(private readonly distinct: number) {
    this.histogram = new Float64Array(distinct);
    this.stack = new LruStack(distinct);
  }

  /** First requests of an id: at no distance, a miss at any capacity. */
  get cold(): number {
    return this.stack.distinct;
  }

  /** The distance of a request, which is counted; -1 when it is the id's first. */
  observe(id: number): number {
    const distance = this.stack.request(id);
    this.requests++;
    if (distance >= 0) this.histogram[distance]++;
    return distance;
  }

  /** The misses of LRU at each of the capacities. */
  missesAt(capacities: readonly number[]): number[] {
    const hitsBelow = new Float64Array(this.distinct + 1);
    for (let distance = 0; distance < this.distinct; distance++) {
      hitsBelow[distance + 1] = hitsBelow[distance] + this.histogram[distance];
    }
    return capacities.map((capacity) => this.requests - hitsBelow[Math.min(capacity, this.distinct)]);
  }

  /** The least distance that at least this share (0 to 1) of the requests at a distance do not exceed; NaN when there are none. */
  quantile(share: number): number {
    const wanted = share * (this.requests - this.cold);
    let counted = 0;
    for (let distance = 0; distance < this.distinct; distance++) {
      counted += this.histogram[distance];
      if (counted > 0 && counted >= wanted) return distance;
    }
    return Number.NaN;
  }
}

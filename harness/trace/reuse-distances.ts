/** How soon keys come back: LRU stack distances. */
import { withRoomFor } from "../../workloads/index.js";

export interface ReuseDistances {
  /** Requests of a key requested before; the others are first requests, which no cache hits. */
  readonly reused: number;
  /**
   * Of those, how many distinct other keys were requested in between; LRU hits a request exactly when it holds more objects than that.
   * Null when no key comes back.
   */
  readonly distance: {
    readonly mean: number;
    readonly p10: number;
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  /** Requests by distance: each entry those from `from` to `to`, the powers of two apart, up to the longest. */
  readonly histogram: ReadonlyArray<{ readonly from: number; readonly to: number; readonly requests: number }>;
}

const NEVER = -1;
const LEAST_SLOTS = 1024;

/**
 * Mattson's stack distances (IBM Systems Journal 9, 1970) of every request, exact, whatever its operation: a Fenwick tree over moments
 * marks the latest request of each key, and the distance is how many marks lie behind it. When the moments are used up the marked ones
 * are numbered anew, so that memory follows the distinct keys (28 to 56 bytes each) and not the requests. O(requests log distinct).
 */
export function reuseDistancesOf({ ids }: { ids: Uint32Array }): ReuseDistances {
  const measured = new ReuseMeasure();
  measured.add(ids);
  return measured.finish();
}

/** The same for requests that come bit by bit. Ids are dense, in order of first appearance. */
export class ReuseMeasure {
  private readonly stack = new Stack();
  // No distance reaches the number of distinct keys.
  private requestsAt = new Float64Array(LEAST_SLOTS);
  private reused = 0;
  private sum = 0;

  add(ids: Uint32Array): void {
    for (let i = 0; i < ids.length; i++) {
      const distance = this.stack.request(ids[i]);
      if (distance === NEVER) continue;
      this.requestsAt = withRoomFor(this.requestsAt, distance);
      this.requestsAt[distance]++;
      this.reused++;
      this.sum += distance;
    }
  }

  finish(): ReuseDistances {
    const { reused, requestsAt } = this;
    if (reused === 0) return { reused, distance: null, histogram: [] };
    const max = requestsAt.findLastIndex((requests) => requests > 0);
    const quantile = (share: number) => quantileOf(requestsAt, Math.ceil(reused * share));
    const distance = {
      mean: this.sum / reused,
      p10: quantile(0.1),
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max,
    };
    return { reused, distance, histogram: histogramOf(requestsAt, max) };
  }
}

class Stack {
  /** The moment of each key's latest request, from 1. */
  private momentOf = new Int32Array(LEAST_SLOTS).fill(NEVER);
  private keyAt = new Uint32Array(LEAST_SLOTS + 1);
  /** Fenwick tree over moments: 1 where a key's latest request is. */
  private tree = new Uint32Array(LEAST_SLOTS + 1);
  private now = 0;
  private keys = 0;

  /** Distinct keys requested since `id` was, `NEVER` when it is new. */
  request(id: number): number {
    if (this.now === this.tree.length - 1) this.renumber();
    this.momentOf = withRoomFor(this.momentOf, id, NEVER);
    const before = this.momentOf[id];
    let distance = NEVER;
    if (before === NEVER) this.keys++;
    else {
      distance = this.keys - this.marksUpTo(before);
      this.add(before, -1);
    }
    this.now++;
    this.momentOf[id] = this.now;
    this.keyAt[this.now] = id;
    this.add(this.now, 1);
    return distance;
  }

  /** Makes room for moments: those that mark nothing any more go, and there are twice as many as keys again. */
  private renumber(): void {
    const { momentOf } = this;
    const before = this.keyAt;
    // Moments stay within 31 bits, for the bitwise steps through the tree.
    const slots = Math.min(2 ** 31 - 2, Math.max(before.length - 1, 2 * this.keys));
    if (slots > before.length - 1) {
      this.keyAt = new Uint32Array(slots + 1);
      this.tree = new Uint32Array(slots + 1);
    } else {
      this.tree.fill(0);
    }
    let marked = 0;
    for (let moment = 1; moment <= this.now; moment++) {
      const id = before[moment];
      if (momentOf[id] !== moment) continue;
      marked++;
      this.keyAt[marked] = id;
      momentOf[id] = marked;
    }
    this.now = marked;
    for (let moment = 1; moment <= marked; moment++) this.add(moment, 1);
  }

  private add(moment: number, change: number): void {
    const { tree } = this;
    for (let at = moment; at < tree.length; at += at & -at) tree[at] += change;
  }

  private marksUpTo(moment: number): number {
    let marks = 0;
    for (let at = moment; at > 0; at -= at & -at) marks += this.tree[at];
    return marks;
  }
}

/** The least distance that `rank` requests do not exceed. */
function quantileOf(requestsAt: Float64Array, rank: number): number {
  let distance = 0;
  for (let seen = requestsAt[0]; seen < rank; seen += requestsAt[distance]) distance++;
  return distance;
}

/** 0, 1, 2 to 3, 4 to 7 and so on. */
function histogramOf(requestsAt: Float64Array, max: number) {
  const histogram: Array<{ from: number; to: number; requests: number }> = [];
  for (let from = 0; from <= max; from = Math.max(1, from * 2)) {
    const to = Math.max(0, from * 2 - 1);
    let requests = 0;
    for (let distance = from; distance <= Math.min(to, max); distance++) requests += requestsAt[distance];
    histogram.push({ from, to, requests });
  }
  return histogram;
}

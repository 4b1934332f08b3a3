/** How soon keys come back: LRU stack distances. */
import { LruStack } from "../../src/eviction/index.js";
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

/** Distances that are counted from the beginning. */
const LEAST_DISTANCES = 1024;

/** The stack distances of every request (see eviction/lru-stack.ts), exact, whatever its operation. O(requests log distinct). */
export function reuseDistancesOf({ ids }: { ids: Uint32Array }): ReuseDistances {
  const measured = new ReuseMeasure();
  measured.add(ids);
  return measured.finish();
}

/** The same for requests that come bit by bit. Ids are dense, in order of first appearance. */
export class ReuseMeasure {
  private readonly stack = new LruStack();
  // No distance reaches the number of distinct keys.
  private requestsAt = new Float64Array(LEAST_DISTANCES);
  private reused = 0;
  private sum = 0;

  add(ids: Uint32Array): void {
    for (let i = 0; i < ids.length; i++) {
      const distance = this.stack.request(ids[i]);
      if (distance < 0) continue;
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

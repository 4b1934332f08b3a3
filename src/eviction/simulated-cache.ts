import type { Policy } from "./policy.js";

/** What a capacity and a miss ratio count. */
export type By = "objects" | "bytes";

/**
 * A cache in simulation: one policy, a capacity, and the exact account of what happened. Every request is a read that inserts
 * when it misses; there is no warm-up.
 *
 * By bytes: a miss evicts while used + size > capacity; an object larger than the capacity is a miss that is not admitted. A
 * hit takes over the request's size; should the cache overflow by that, the next miss makes room, not the hit.
 */
export class SimulatedCache {
  hits = 0;
  misses = 0;
  evictions = 0;
  /** Objects or bytes, as the capacity. */
  used = 0;
  private readonly sizeOf: Uint32Array;

  constructor(
    readonly policy: Policy,
    readonly capacity: number,
    readonly by: By,
    distinct: number,
  ) {
    this.sizeOf = new Uint32Array(by === "bytes" ? distinct : 0);
  }

  /** Runs the requests from position `from` up to, not including, `to`. `sizes` in bytes, one a request, when counting those. */
  replay(ids: Uint32Array, sizes: Uint32Array | null, from: number, to: number): void {
    if (this.by === "bytes") this.replayBytes(ids, sizes as Uint32Array, from, to);
    else this.replayObjects(ids, from, to);
  }

  private replayObjects(ids: Uint32Array, from: number, to: number): void {
    const policy = this.policy;
    let hits = 0;
    let evictions = 0;
    let used = this.used;
    for (let position = from; position < to; position++) {
      const id = ids[position];
      if (policy.lookup(id)) {
        hits++;
        continue;
      }
      if (used < this.capacity) {
        used++;
      } else {
        policy.evict();
        evictions++;
      }
      policy.insert(id);
    }
    this.used = used;
    this.hits += hits;
    this.misses += to - from - hits;
    this.evictions += evictions;
  }

  private replayBytes(ids: Uint32Array, sizes: Uint32Array, from: number, to: number): void {
    const policy = this.policy;
    for (let position = from; position < to; position++) {
      const id = ids[position];
      const size = sizes[position];
      if (policy.lookup(id)) {
        this.hits++;
        this.used += size - this.sizeOf[id];
        this.sizeOf[id] = size;
        continue;
      }
      this.misses++;
      if (size > this.capacity) continue;
      while (this.used + size > this.capacity) {
        this.used -= this.sizeOf[policy.evict()];
        this.evictions++;
      }
      policy.insert(id);
      this.used += size;
      this.sizeOf[id] = size;
    }
  }
}

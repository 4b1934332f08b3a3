import { ExpiryHeap } from "./expiry-heap.js";
import { NOTHING, type Operations, READ, REMOVE, WRITE } from "./operations.js";
import type { Policy } from "./policy.js";

/** What a capacity counts. */
export type By = "objects" | "bytes";

/** Bytes, one a request; beyond 4 GiB they take 53 bits. */
export type Sizes = Uint32Array | Float64Array;

/** What 32 bits hold. */
const LARGEST = 2 ** 32 - 1;

/**
 * A cache in simulation: one policy, a capacity, and the exact account of what happened, without a warm-up.
 *
 * `replay` takes every request for a read that inserts when it misses. `replayOperations` tells reads, writes and deletions apart and lets
 * entries expire. A cache takes the one or the other, not both in turn.
 *
 * By bytes: a miss evicts while used + size > capacity; an object larger than the capacity is a miss that is not admitted. A
 * hit takes over the request's size; should the cache overflow by that, the next miss makes room, not the hit.
 */
export class SimulatedCache {
  /** Lookups that found the entry. */
  hits = 0;
  /** Requests so far that it did not have. */
  misses = 0;
  /** Bytes of the lookups that missed, whatever the capacity counts; 0 where sizes are not known. */
  missedBytes = 0;
  /** Entries that had to make room. */
  evictions = 0;
  /** Entries that left because their time had come. */
  expirations = 0;
  /** Entries deleted by a request. */
  removals = 0;
  /** Objects or bytes, as the capacity. */
  used = 0;
  private sizeOf: Uint32Array | Float64Array;
  /** Built by the first entry that expires. */
  private expiring: ExpiryHeap | null = null;
  private now = Number.NEGATIVE_INFINITY;

  constructor(
    /** Who decides what goes. */
    readonly policy: Policy,
    /** Objects or bytes that it holds. */
    readonly capacity: number,
    /** What the capacity counts. */
    readonly by: By,
    private readonly distinct: number,
  ) {
    this.sizeOf = new Uint32Array(by === "bytes" ? distinct : 0);
  }

  /** Runs the requests from position `from` up to, not including, `to`. `sizes` in bytes, one a request: needed when counting those. */
  replay(ids: Uint32Array, sizes: Sizes | null, from: number, to: number): void {
    if (this.by === "bytes") this.replayBytes(ids, sizes as Sizes, from, to);
    else this.replayObjects(ids, sizes, from, to);
  }

  /**
   * The same for requests that write, delete or set an expiry. An entry written at time t to live for d is gone from t + d on, whether or
   * not anyone asks for it: it leaves before the first request at that time or later. Time never goes back: a request dated before its
   * predecessor is taken to be made at the same time.
   */
  replayOperations(operations: Operations, from: number, to: number): void {
    const { ids, kinds, sizes, times, ttls } = operations;
    for (let position = from; position < to; position++) {
      if (times !== null) this.expireUntil(times[position]);
      const kind = kinds === null ? READ : kinds[position];
      if (kind === NOTHING) continue;
      const id = ids[position];
      if (kind === REMOVE) {
        this.removeEntry(id);
        continue;
      }
      const bytes = sizes === null ? 0 : sizes[position];
      const size = this.by === "bytes" ? bytes : 1;
      const ttl = ttls === null || times === null ? 0 : ttls[position];
      const expiresAt = ttl === 0 ? Number.POSITIVE_INFINITY : this.now + ttl;
      if (this.policy.lookup(id)) {
        if (kind !== WRITE) this.hits++;
        this.resizeEntry(id, size);
        if (kind !== READ) this.renewEntry(id, expiresAt);
      } else {
        if (kind !== WRITE) {
          this.misses++;
          this.missedBytes += bytes;
        }
        this.admit(id, size, expiresAt);
      }
    }
  }

  private replayObjects(ids: Uint32Array, sizes: Sizes | null, from: number, to: number): void {
    const policy = this.policy;
    let hits = 0;
    let evictions = 0;
    let missedBytes = 0;
    let used = this.used;
    for (let position = from; position < to; position++) {
      const id = ids[position];
      if (policy.lookup(id)) {
        hits++;
        continue;
      }
      if (sizes !== null) missedBytes += sizes[position];
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
    this.missedBytes += missedBytes;
  }

  private replayBytes(ids: Uint32Array, sizes: Sizes, from: number, to: number): void {
    const policy = this.policy;
    for (let position = from; position < to; position++) {
      const id = ids[position];
      const size = sizes[position];
      if (policy.lookup(id)) {
        this.hits++;
        this.resizeEntry(id, size);
        continue;
      }
      this.misses++;
      this.missedBytes += size;
      this.admit(id, size, Number.POSITIVE_INFINITY);
    }
  }

  private admit(id: number, size: number, expiresAt: number): void {
    if (size > this.capacity) return;
    while (this.used + size > this.capacity) this.evictEntry();
    this.policy.insert(id, size, expiresAt);
    this.used += size;
    if (this.by === "bytes") this.remember(id, size);
    if (expiresAt !== Number.POSITIVE_INFINITY) {
      this.expiring ??= new ExpiryHeap(this.distinct);
      this.expiring.add(id, expiresAt);
    }
  }

  private evictEntry(): void {
    const victim = this.policy.evict();
    this.evictions++;
    this.used -= this.sizeOfEntry(victim);
    this.expiring?.delete(victim);
  }

  private removeEntry(id: number): void {
    if (!this.policy.remove(id)) return;
    this.removals++;
    this.used -= this.sizeOfEntry(id);
    this.expiring?.delete(id);
  }

  private resizeEntry(id: number, size: number): void {
    const before = this.sizeOfEntry(id);
    if (size === before) return;
    this.used += size - before;
    this.remember(id, size);
    this.policy.resize?.(id, size);
  }

  private remember(id: number, size: number): void {
    if (size > LARGEST) this.sizeOf = Float64Array.from(this.sizeOf);
    this.sizeOf[id] = size;
  }

  private renewEntry(id: number, expiresAt: number): void {
    this.policy.renew?.(id, expiresAt);
    this.expiring?.delete(id);
    if (expiresAt === Number.POSITIVE_INFINITY) return;
    this.expiring ??= new ExpiryHeap(this.distinct);
    this.expiring.add(id, expiresAt);
  }

  private expireUntil(time: number): void {
    if (time > this.now) this.now = time;
    const expiring = this.expiring;
    if (expiring === null) return;
    for (let id = expiring.soonest(); id !== -1 && expiring.expiryOf(id) <= this.now; id = expiring.soonest()) {
      expiring.delete(id);
      this.policy.remove(id);
      this.used -= this.sizeOfEntry(id);
      this.expirations++;
    }
  }

  private sizeOfEntry(id: number): number {
    return this.by === "bytes" ? this.sizeOf[id] : 1;
  }
}

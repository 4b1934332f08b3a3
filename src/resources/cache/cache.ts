/**
 * A cache of one thread's own values over the policies of src/eviction: the code that simulator and store run decides here too.
 *
 * A policy knows dense numbers. Each key that is held has one, its id, which indexes keys and values. For policies that learn from what they evicted
 * an evicted key keeps its id, two for each entry that is held: the one evicted first gives it up when none is left. So much later a policy
 * may take a newcomer for the one that had its id before, for a moment, which costs a hit at worst.
 *
 * How many ids there will be is known by `maxEntries`. With `maxBytes` alone they double when they run out: then the policy is made anew and handed
 * its entries in the order in which it would have evicted them; what it had counted of them begins again.
 */
import { describe } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { ExpiryHeap, type Policy } from "../../eviction/index.js";
import { Flight } from "./flight.js";
import {
  type CacheLoadOptions,
  type CacheOptions,
  type CacheSetOptions,
  type CheckedCache,
  checkCache,
  checkLoad,
  checkSet,
  checkSize,
  checkTtl,
  MOST_ENTRIES,
} from "./options.js";

/** Ids at first, where `maxEntries` does not say how many it takes. */
const FIRST_IDS = 1024;

/** What a cache holds and has done. */
export interface CacheStats {
  /** Its name. */
  readonly policy: string;
  /** That it holds, expired ones that nobody has come across included. */
  readonly entries: number;
  /** As `size` says; 0 where bytes are not counted. */
  readonly bytes: number;
  /** Since the cache was made: what `get` and `getOrLoad` found. */
  readonly hits: number;
  /** Since the cache was made: what they did not. */
  readonly misses: number;
  /** Entries that had to make room, */
  readonly evictions: number;
  /** and whose time had come. */
  readonly expirations: number;
  /** Loaders that were called. */
  readonly loads: number;
  /** Of those, the ones that failed. */
  readonly loadFailures: number;
}

/** What a loader is given. */
export interface CacheLoaderContext {
  /** Aborted when nobody waits for the value any more, or somebody has set it meanwhile. */
  readonly signal: AbortSignal;
}

/** A cache of one thread: values by key, by entries or bytes, with any of the store's policies. docs/resources.md has the whole of it. */
export class Cache<K, V> {
  readonly #options: CheckedCache<K, V>;
  /** What an entry takes and how long it lives that nobody says anything about, where bytes are not counted. */
  readonly #plain: { readonly ttl: number; readonly size: number };
  #policy: Policy;
  #distinct: number;
  /** Of keys that are held. */
  readonly #ids = new Map<K, number>();
  /** Of keys that were evicted, the oldest first. */
  readonly #evicted = new Map<K, number>();
  /** Goes along `#evicted`: what lies before it has been taken out. A new iterator would step over those holes each time. */
  #oldest: MapIterator<K> | null = null;
  #keys: K[];
  /** `undefined`: not held. */
  #values: (V | undefined)[];
  #sizes: Float64Array | null;
  /** Made by the first entry that expires. */
  #expiring: ExpiryHeap | null = null;
  readonly #free: number[] = [];
  #fresh = 0;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #expirations = 0;
  #loads = 0;
  #loadFailures = 0;
  readonly #flights = new Map<K, Flight<V>>();

  /** @throws InvalidArgumentError for an option out of bounds or unknown, or neither maxEntries nor maxBytes */
  constructor(options: CacheOptions<K, V>) {
    const checked = checkCache(options);
    this.#options = checked;
    const { maxEntries, maxBytes, history } = checked;
    // one more than are held: a newcomer has its id before another makes room for it
    this.#distinct = maxEntries === Number.POSITIVE_INFINITY ? FIRST_IDS : (1 + history) * maxEntries + 1;
    this.#policy = checked.makePolicy(this.#distinct);
    this.#plain = { ttl: checked.ttl, size: 1 };
    this.#keys = [];
    this.#values = [];
    this.#sizes = maxBytes === Number.POSITIVE_INFINITY ? null : new Float64Array(this.#distinct);
  }

  /** Entries that are held. */
  get size(): number {
    this.#expire();
    return this.#ids.size;
  }

  /** The value, which counts as used; undefined when it is not there. */
  get(key: K): V | undefined {
    const id = this.#ids.get(key);
    if (id === undefined || (this.#expiring !== null && this.#isOver(id))) {
      this.#misses++;
      return undefined;
    }
    this.#policy.lookup(id);
    this.#hits++;
    return this.#values[id];
  }

  /** The value, of which nobody learns that it was looked at. */
  peek(key: K): V | undefined {
    const id = this.#ids.get(key);
    return id === undefined || (this.#expiring !== null && this.#isOver(id)) ? undefined : this.#values[id];
  }

  /** Whether the key is there and has not expired; no policy takes it for a read. */
  has(key: K): boolean {
    return this.peek(key) !== undefined;
  }

  /**
   * Holds a value, for which others may have to go. `undefined` is no value: it deletes. A load of the key that is under way has been overtaken:
   * whoever waits for it gets this value.
   *
   * @returns whether it is held: not when it is larger than `maxBytes`, and then what was held before is not either
   * @throws InvalidArgumentError; what `size` throws
   */
  set(key: K, value: V, options?: CacheSetOptions): boolean {
    if (value === undefined) {
      this.delete(key);
      return false;
    }
    const { ttl, size } =
      options === undefined && this.#sizes === null
        ? this.#plain
        : this.#wishes(key, value, options === undefined ? undefined : checkSet(options));
    const flight = this.#flights.size === 0 ? undefined : this.#flights.get(key);
    if (flight !== undefined) {
      this.#flights.delete(key);
      flight.land(value);
      flight.abort.abort(new Error("another value was set meanwhile"));
    }
    return this.#put(key, value, ttl, size);
  }

  /** False when it was not held. A load of the key that is under way is kept by nobody: it began before. */
  delete(key: K): boolean {
    this.#flights.delete(key);
    const id = this.#ids.get(key);
    if (id === undefined) return false;
    const over = this.#expiring !== null && this.#isOver(id);
    if (!over) this.#remove(id);
    return !over;
  }

  /** Everything goes. Loads that are under way are kept by nobody. */
  clear(): void {
    this.#flights.clear();
    for (const id of [...this.#ids.values()]) this.#remove(id);
  }

  /** What is held, in no order; nobody learns that it was looked at. */
  *entries(): IterableIterator<[K, V]> {
    this.#expire();
    for (const [key, id] of this.#ids) {
      const value = this.#values[id];
      if (value !== undefined) yield [key, value];
    }
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  /**
   * The value; loaded when it is not there, once for all who ask meanwhile. What a loader throws all of them get, and it is not kept; nor is
   * `undefined`.
   *
   * @throws what the loader throws; the signal's reason; InvalidArgumentError
   */
  getOrLoad(
    key: K,
    loader: (key: K, context: CacheLoaderContext) => Promise<V> | V,
    options: CacheLoadOptions = {},
  ): Promise<V> {
    try {
      if (typeof loader !== "function") {
        throw new InvalidArgumentError(`the loader is ${describe(loader)}; expected a function`);
      }
      const { signal, ttl, size } = checkLoad(options);
      signal?.throwIfAborted();
      const held = this.get(key);
      if (held !== undefined) return Promise.resolve(held);
      const flight = this.#flights.get(key) ?? this.#takeOff(key, loader, { ttl, size });
      return flight.join(signal) as Promise<V>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Its counts, as of now. */
  stats(): CacheStats {
    this.#expire();
    return {
      policy: this.#policy.name,
      entries: this.#ids.size,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      expirations: this.#expirations,
      loads: this.#loads,
      loadFailures: this.#loadFailures,
    };
  }

  // ---------------------------------------------------------------- loads

  #takeOff(
    key: K,
    loader: (key: K, context: CacheLoaderContext) => Promise<V> | V,
    wishes: CacheSetOptions,
  ): Flight<V> {
    const flight = new Flight<V>(() => this.#isFlying(key, flight) && this.#flights.delete(key));
    this.#flights.set(key, flight);
    this.#loads++;
    // the loader is called now, but nothing of it lands before its first caller has joined
    const loading = new Promise<V>((done) => done(loader(key, { signal: flight.abort.signal })));
    loading.then(
      (value) => this.#land(key, flight, value, wishes),
      (error) => {
        this.#loadFailures++;
        if (this.#isFlying(key, flight)) this.#flights.delete(key);
        flight.fail(error);
      },
    );
    return flight;
  }

  #land(key: K, flight: Flight<V>, value: V, wishes: CacheSetOptions): void {
    try {
      if (this.#isFlying(key, flight)) {
        this.#flights.delete(key);
        if (value !== undefined) {
          const { ttl, size } = this.#wishes(key, value, wishes);
          this.#put(key, value, ttl, size);
        }
      }
      flight.land(value);
    } catch (error) {
      flight.fail(error); // its size is none
    }
  }

  #isFlying(key: K, flight: Flight<V>): boolean {
    return this.#flights.get(key) === flight;
  }

  // ---------------------------------------------------------------- entries

  #wishes(key: K, value: V, wishes: CacheSetOptions | undefined): { ttl: number; size: number } {
    const ttl = wishes?.ttl === undefined ? this.#options.ttl : checkTtl(wishes.ttl);
    if (this.#sizes === null) return { ttl, size: 1 };
    return { ttl, size: checkSize(wishes?.size ?? this.#sizeOf(key, value)) };
  }

  #sizeOf(key: K, value: V): number {
    if (this.#options.size !== undefined) return this.#options.size(value, key);
    const bytes = (value as { byteLength?: unknown } | null)?.byteLength;
    if (typeof bytes === "number") return Math.max(1, bytes);
    throw new InvalidArgumentError(`what ${describe(value)} takes is not known; pass the option size with maxBytes`);
  }

  #put(key: K, value: V, ttl: number, size: number): boolean {
    this.#expire();
    const held = this.#ids.get(key);
    if (size > this.#options.maxBytes) {
      if (held !== undefined) this.#remove(held);
      return false;
    }
    const expiresAt = ttl === Number.POSITIVE_INFINITY ? ttl : performance.now() + ttl;
    if (held === undefined) this.#insert(key, value, size, expiresAt);
    else this.#replace(held, value, size, expiresAt);
    return true;
  }

  #insert(key: K, value: V, size: number, expiresAt: number): void {
    const id = this.#idFor(key);
    this.#policy.lookup(id);
    while (this.#ids.size >= this.#options.maxEntries || this.#bytes + size > this.#options.maxBytes) this.#evict();
    this.#policy.insert(id, size, expiresAt);
    this.#ids.set(key, id);
    this.#keys[id] = key;
    this.#values[id] = value;
    if (this.#sizes !== null) {
      this.#sizes[id] = size;
      this.#bytes += size;
    }
    this.#expireAt(id, expiresAt);
  }

  #replace(id: number, value: V, size: number, expiresAt: number): void {
    const policy = this.#policy;
    policy.lookup(id);
    this.#values[id] = value;
    policy.renew?.(id, expiresAt);
    this.#expireAt(id, expiresAt);
    if (this.#sizes === null || this.#sizes[id] === size) return;
    this.#bytes += size - this.#sizes[id];
    this.#sizes[id] = size;
    policy.resize?.(id, size);
    // it has grown: others go, and should the policy name it itself, it comes in again once there is room
    let out = false;
    while (this.#bytes > this.#options.maxBytes) {
      const victim = policy.evict();
      if (victim === id) out = true;
      else this.#drop(victim);
    }
    if (out) policy.insert(id, size, expiresAt);
  }

  #evict(): void {
    this.#drop(this.#policy.evict());
  }

  /** A victim that the policy has let go. */
  #drop(victim: number): void {
    if (this.#values[victim] === undefined) {
      throw new InvalidArgumentError(`policy ${this.#policy.name} named ${victim} as its victim, which is not held`);
    }
    this.#evictions++;
    const key = this.#keys[victim];
    this.#forget(victim);
    if (this.#options.history === 0) {
      this.#free.push(victim);
      return;
    }
    this.#keys[victim] = key;
    this.#evicted.set(key, victim);
  }

  /** Of its owner's will, or because its time has come: nothing a policy should learn from. */
  #remove(id: number): void {
    this.#policy.remove(id);
    this.#forget(id);
    this.#free.push(id);
  }

  #forget(id: number): void {
    this.#ids.delete(this.#keys[id]);
    this.#keys[id] = undefined as K;
    this.#values[id] = undefined;
    this.#expiring?.delete(id);
    if (this.#sizes !== null) this.#bytes -= this.#sizes[id];
  }

  // ---------------------------------------------------------------- ids

  #idFor(key: K): number {
    if (this.#evicted.size > 0) {
      const known = this.#evicted.get(key);
      if (known !== undefined) {
        this.#evicted.delete(key);
        return known;
      }
    }
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#fresh === this.#distinct) {
      const { maxEntries, history } = this.#options;
      const enough = maxEntries === Number.POSITIVE_INFINITY ? history * this.#ids.size : 0;
      if (this.#evicted.size > enough) return this.#oldestEvicted();
      this.#grow();
    }
    const id = this.#fresh++;
    this.#keys.push(undefined as K);
    this.#values.push(undefined);
    return id;
  }

  #oldestEvicted(): number {
    this.#oldest ??= this.#evicted.keys();
    let next = this.#oldest.next();
    if (next.done) {
      this.#oldest = this.#evicted.keys(); // it was at the end, and the end has moved
      next = this.#oldest.next();
    }
    const key = next.value as K;
    const id = this.#evicted.get(key) as number;
    this.#evicted.delete(key);
    return id;
  }

  #grow(): void {
    const distinct = this.#distinct * 2;
    if (distinct > MOST_ENTRIES) {
      throw new InvalidArgumentError(`a cache holds ${MOST_ENTRIES} entries at most; give it maxEntries`);
    }
    const before = this.#policy;
    const policy = this.#options.makePolicy(distinct);
    const expiring = this.#expiring === null ? null : new ExpiryHeap(distinct);
    for (let id = before.evict(); id !== -1; id = before.evict()) {
      const expires = this.#expiring?.has(id) === true;
      const expiresAt = expires ? (this.#expiring as ExpiryHeap).expiryOf(id) : Number.POSITIVE_INFINITY;
      policy.lookup(id);
      policy.insert(id, this.#sizes?.[id], expiresAt);
      if (expires) expiring?.add(id, expiresAt);
    }
    if (this.#sizes !== null) {
      const sizes = new Float64Array(distinct);
      sizes.set(this.#sizes);
      this.#sizes = sizes;
    }
    this.#policy = policy;
    this.#expiring = expiring;
    this.#distinct = distinct;
  }

  // ---------------------------------------------------------------- time

  #expireAt(id: number, expiresAt: number): void {
    this.#expiring?.delete(id);
    if (expiresAt === Number.POSITIVE_INFINITY) return;
    this.#expiring ??= new ExpiryHeap(this.#distinct);
    this.#expiring.add(id, expiresAt);
  }

  /** Takes an entry out whose time has come. */
  #isOver(id: number): boolean {
    const expiring = this.#expiring as ExpiryHeap;
    if (!expiring.has(id) || expiring.expiryOf(id) > performance.now()) return false;
    this.#expirations++;
    this.#remove(id);
    return true;
  }

  /** All whose time has come: before anything is counted, and before anybody alive has to make room. */
  #expire(): void {
    const expiring = this.#expiring;
    if (expiring === null || expiring.size === 0) return;
    const now = performance.now();
    for (let id = expiring.soonest(); id !== -1 && expiring.expiryOf(id) <= now; id = expiring.soonest()) {
      this.#expirations++;
      this.#remove(id);
    }
  }
}

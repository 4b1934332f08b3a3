/** One namespace as one thread sees it: a Map over shared memory. */
import { layout } from "../core/index.js";
import { ADMIN, type AgentAccess, DELETE, READ, WRITE } from "./access.js";
import { type Codec, codecOf, type EncodingName, type Values } from "./encoding.js";
import { InvalidArgumentError, NamespaceLimitError, OutOfMemoryError, ValueTooLargeError } from "./errors.js";
import { type PressureLevel, pressureLevels, pressureOf } from "./eviction/pressure.js";
import { NamespaceEvictor } from "./eviction/within-namespace.js";
import { ENTRY_ROOM, type KeyScope, PreparedKey, padded } from "./key.js";
import type { WhenFull } from "./namespace-word.js";
import { describe, formatBytes } from "./sizes.js";
import { collectStats } from "./stats.js";
import type { Key, WorkerConnection } from "./worker.js";

/** The version of an entry: equal only for the very same write. Opaque. */
export type Version = bigint;

export interface SetOptions {
  /** Milliseconds until the entry expires, above 0. */
  ttl?: number;
  /** Write only if the key is absent (or expired). */
  ifAbsent?: boolean;
  /** Write only if the key's entry still has this version. */
  ifVersion?: Version;
}

export interface Entry<V> {
  value: V;
  version: Version;
  /** Unix time in ms, or undefined for an entry that stays. */
  expiresAt: number | undefined;
}

export interface NamespaceLimits {
  /** Entries at most; 0 = no limit. */
  maxEntries?: number;
  /** Bytes of chunks at most (keys, values and 32 bytes an entry, rounded up to the size class); 0 = no limit. */
  maxBytes?: number;
}

export interface NamespaceUsage extends Required<NamespaceLimits> {
  entries: number;
  bytes: number;
  /** Unix time, ms, when it was made or cleared or last inserted into, to the second or so. */
  lastUsed: number;
  /** What a write does that would break the limits. */
  whenFull: WhenFull;
  /** How full it is, of the limit that is nearer, in the levels of the store's own pressure; low without limits. */
  pressure: PressureLevel;
}

/** The namespace's directory entry as this thread last saw it. */
export interface Record {
  entry: number;
  version: number;
  id: number;
  encoding: EncodingName;
  whenFull: WhenFull;
  maxEntries: number;
  maxBytes: number;
}

/** Finds a namespace's directory entry again after it changed. */
export type Lookup = (name: string) => Record;

const { MISS, NO_MEMORY, OK, QUOTA, STALE } = layout;

export class Namespace<E extends EncodingName = "binary"> {
  readonly name: string;
  readonly encoding: E;
  private readonly worker: WorkerConnection;
  private readonly codec: Codec;
  private readonly agent: AgentAccess | null;
  private readonly lookup: Lookup;
  private readonly binary: boolean;
  private record: Record;
  // the words every operation passes to the engine
  private entry: number;
  private version: number;
  private id: number;
  private readonly scope: KeyScope;
  /** Made by the first write of this handle that finds the namespace full. */
  private evictor: NamespaceEvictor | null = null;

  /** @internal Use `store.namespace()`. */
  constructor(worker: WorkerConnection, name: string, record: Record, lookup: Lookup, agent: AgentAccess | null) {
    this.worker = worker;
    this.name = name;
    this.record = record;
    this.entry = record.entry;
    this.version = record.version;
    this.id = record.id;
    this.scope = worker.scopeOf(name);
    this.encoding = record.encoding as E;
    this.codec = codecOf(record.encoding);
    this.binary = record.encoding === "binary";
    this.lookup = lookup;
    this.agent = agent;
  }

  // ---------------------------------------------------------------- reading

  /**
   * A copy of the value; undefined when the key is absent or expired. Bytes of 65 to 4,096 may share their `.buffer` with other
   * values, as Node's Buffers do: respect its byteOffset, which is a multiple of 8.
   */
  get(key: Key): Values[E] | undefined {
    const length = this.read(key);
    return length < 0 ? undefined : (this.codec.decode(this.worker.window, 0, length) as Values[E]);
  }

  /** The value with its version, for `ifVersion`, and its expiry. */
  getEntry(key: Key): Entry<Values[E]> | undefined {
    const length = this.read(key);
    if (length < 0) return undefined;
    const { out } = this.worker;
    const version = makeVersion(out[0], out[1]);
    const expiresAt = this.worker.expiryTime(out[2]);
    return { value: this.codec.decode(this.worker.window, 0, length) as Values[E], version, expiresAt };
  }

  /**
   * Copies the value's bytes, whatever the encoding, to the start of `target`; allocates nothing. One copy when `target` is
   * `store.buffer()`'s, two otherwise.
   *
   * @returns bytes written, -1 when absent
   * @throws InvalidArgumentError when the value is longer than `target`, which may then hold the first part of it
   */
  getInto(key: Key, target: Uint8Array): number {
    this.enter(READ);
    if (!(target instanceof Uint8Array))
      throw new InvalidArgumentError(`a target is ${describe(target)}; expected a Uint8Array`);
    const { worker } = this;
    const address = worker.addressOf(target);
    for (;;) {
      let length: number;
      if (address >= 0) {
        length =
          key instanceof PreparedKey
            ? worker.engine.getIntoHashed(
                this.entry,
                this.version,
                this.putPreparedMeta(key),
                key.hash,
                address,
                target.length,
              )
            : worker.engine.getInto(this.entry, this.version, worker.putKey(key), address, target.length);
      } else {
        length = this.readOnce(key);
        if (length > 0 && length <= target.length) {
          target.set(length === worker.values.length ? worker.values : worker.values.subarray(0, length));
        }
      }
      if (length > target.length) {
        throw new InvalidArgumentError(`a value of ${length} bytes does not fit the target of ${target.length}`);
      }
      if (length !== STALE) return length;
      this.refresh();
    }
  }

  /**
   * Calls `use` with the value's bytes where they lie, without a copy. They cannot change nor go away until `use` returns;
   * afterwards the view must not be used. At most eight may be nested.
   */
  borrow<T>(key: Key, use: (view: Uint8Array) => T): T | undefined {
    this.enter(READ);
    if (typeof use !== "function") throw new InvalidArgumentError(`borrow calls a function, not ${describe(use)}`);
    const { worker } = this;
    for (;;) {
      const address = worker.engine.borrow(this.entry, this.version, this.put(key));
      if (address === 0) return undefined;
      if (address === 1) {
        this.refresh();
        continue;
      }
      if (address === 2) throw new InvalidArgumentError(`more than ${layout.PIN_COUNT} borrowed views are nested`);
      const length = worker.out[3];
      const pin = worker.out[5];
      try {
        return use(new Uint8Array(worker.bufferHolding(address + length), address, length));
      } finally {
        worker.engine.giveBackPin(pin);
      }
    }
  }

  has(key: Key): boolean {
    this.enter(READ);
    for (;;) {
      const status = this.worker.engine.has(this.entry, this.version, this.put(key));
      if (status !== STALE) return status === 1;
      this.refresh();
    }
  }

  /** The values of many keys, in their order: the cache misses of a batch overlap. Binary ones may share their `.buffer`, as in `get`. */
  getMany(keys: Iterable<Key>): (Values[E] | undefined)[] {
    this.enter(READ);
    const values: (Values[E] | undefined)[] = [];
    const list = Array.isArray(keys) ? (keys as Key[]) : [...checkIterable(keys, "getMany", "keys")];
    let done = 0;
    while (done < list.length) done += this.getBatch(list, done, values);
    return values;
  }

  // ---------------------------------------------------------------- writing

  /**
   * @returns false only when `ifAbsent` or `ifVersion` did not hold
   * @throws ValueTooLargeError, OutOfMemoryError, NamespaceLimitError (with whenFull "evict" only for a value that is larger than the limit): the old value, if any, is still there
   */
  set(key: Key, value: Values[E], options?: SetOptions): boolean {
    this.enter(WRITE);
    const bytes = this.binary && value instanceof Uint8Array ? value : this.codec.encode(value);
    if (options === undefined) {
      return key instanceof PreparedKey ? this.setPrepared(key, bytes) : this.write(key, bytes, 0, NO_CONDITION);
    }
    const condition = checkCondition(options);
    const expires = options.ttl === undefined ? 0 : this.worker.expiryTick(options.ttl);
    return this.write(key, bytes, expires, condition);
  }

  private write(key: Key, bytes: Uint8Array, expires: number, condition: Condition): boolean {
    const { worker } = this;
    const { length } = bytes;
    for (;;) {
      const keyLength = this.put(key);
      this.checkFits(keyLength, length);
      const status = worker.engine.set(
        this.entry,
        this.version,
        keyLength,
        this.stage(bytes),
        length,
        expires,
        condition.mode,
        condition.entry,
        condition.version,
      );
      if (status === OK) return true;
      if (status === 0) return false;
      this.recover(status, keyLength, length);
    }
  }

  /** @internal Writes an encoded value's bytes as they are, whatever the encoding: for restores. `ttl` as in `set`. */
  setEncoded(key: Uint8Array, bytes: Uint8Array, ttl?: number): void {
    this.enter(WRITE);
    const { worker } = this;
    const expires = ttl === undefined ? 0 : worker.expiryTick(ttl);
    worker.values.set(bytes);
    for (;;) {
      const keyLength = worker.putKey(key);
      this.checkFits(keyLength, bytes.length);
      const { entry, version } = this;
      const mode = layout.MODE_SET;
      const status = worker.engine.set(
        entry,
        version,
        keyLength,
        worker.valueAddress,
        bytes.length,
        expires,
        mode,
        0,
        0,
      );
      if (status === OK) return;
      this.recover(status, keyLength, bytes.length);
    }
  }

  /**
   * Sets many entries, in their order; as many `set` calls, so a failure leaves those before it written. The cache misses of a
   * batch overlap when they come in an array or a Map; any other iterable may run code of its own between two of them.
   */
  setMany(entries: Iterable<readonly [Key, Values[E]]>, options: SetOptions = {}): void {
    const pairs = checkIterable(entries, "setMany", "[key, value] pairs");
    if (!(Array.isArray(pairs) || pairs instanceof Map)) {
      for (const pair of pairs) this.set(...checkPair<E>(pair), options);
      return;
    }
    this.enter(WRITE);
    const condition = checkCondition(options);
    const keys: Key[] = [];
    const values: Uint8Array[] = [];
    try {
      for (const pair of pairs) {
        const [key, value] = checkPair<E>(pair);
        values.push(this.codec.encode(value));
        keys.push(key);
      }
    } finally {
      this.writeAll(keys, values, options.ttl, condition);
    }
  }

  private writeAll(keys: Key[], values: Uint8Array[], ttl: number | undefined, condition: Condition): void {
    const { worker } = this;
    for (let done = 0; done < keys.length; done++) {
      const expires = ttl === undefined ? 0 : worker.expiryTick(ttl); // anew for each batch: a ttl begins with its write
      if (condition.mode !== layout.MODE_IF_VERSION) {
        const { entry, version, scope } = this;
        done += worker.batch.write(entry, version, scope, keys, values, done, expires, condition.mode);
      }
      if (done < keys.length) this.write(keys[done], values[done], expires, condition);
    }
  }

  /** Removes the key; true when it was there. */
  delete(key: Key): boolean {
    this.enter(DELETE);
    for (;;) {
      const status = this.worker.engine.remove(this.entry, this.version, this.put(key));
      if (status !== STALE) return status === 1;
      this.refresh();
    }
  }

  /**
   * Adds to a counter and returns the sum; an absent key counts as 0, a ttl stays. In a binary namespace a counter is 8 bytes,
   * little-endian, two's complement, and wraps around; in the others a whole number in the namespace's own encoding.
   *
   * @throws InvalidArgumentError when the value there is no such number
   */
  increment(key: Key, by: bigint | number = 1n): bigint {
    this.enter(READ | WRITE);
    if (typeof by !== "bigint" && !Number.isSafeInteger(by)) {
      throw new InvalidArgumentError(`increment by ${describe(by)}; expected a whole number or a bigint`);
    }
    return this.binary ? this.incrementBinary(key, BigInt(by)) : this.incrementEncoded(key, BigInt(by));
  }

  // ---------------------------------------------------------------- the whole namespace

  /** Living entries. Exact when no one writes; otherwise within the writes under way. */
  get size(): number {
    this.enter(READ);
    this.refreshIfStale();
    return this.idWord(layout.I_ENTRIES);
  }

  /**
   * Empties the namespace at once, however many entries it has; their memory comes back as the sweeper gets to them. That takes
   * one small chunk: in a store that is full and may not evict, entries are deleted one by one until there is one.
   */
  clear(): void {
    this.enter(DELETE);
    const { worker } = this;
    for (;;) {
      const status = worker.engine.clearNamespace(this.entry, this.version, worker.putKey(this.name));
      if (status === OK) break;
      if (status === layout.NO_IDS && this.sweep() > 0) continue;
      if (status === NO_MEMORY && (this.sweep() > 0 || this.deleteSome() > 0)) continue;
      if (status === layout.NO_IDS)
        throw new NamespaceLimitError(
          `no namespace id is free to clear "${this.name}"; sweep first (store.maintain())`,
        );
      this.recover(status, 0, 0);
    }
    this.refresh();
  }

  usage(): NamespaceUsage {
    this.enter(READ);
    this.refreshIfStale();
    const { maxEntries, maxBytes, whenFull } = this.record;
    const entries = this.idWord(layout.I_ENTRIES);
    const bytes = this.idWord(layout.I_BYTES) + this.idWord(layout.I_BYTES + 4) * 2 ** 32;
    const filled = Math.max(maxEntries === 0 ? 0 : entries / maxEntries, maxBytes === 0 ? 0 : bytes / maxBytes);
    return {
      entries,
      bytes,
      maxEntries,
      maxBytes,
      lastUsed: this.worker.timeOf(this.idWord(layout.I_LAST_USED)),
      whenFull,
      pressure: pressureLevels[pressureOf(filled)],
    };
  }

  /** Changes the limits; entries that are already there stay. */
  limit(limits: NamespaceLimits): void {
    this.enter(ADMIN);
    const { worker } = this;
    this.refreshIfStale();
    for (;;) {
      const checked = checkLimits(limits, this.record); // again after a change by another: the other limit may be new
      const status = worker.engine.configureNamespace(
        this.entry,
        this.version,
        worker.putKey(this.name),
        checked.maxEntries,
        BigInt(checked.maxBytes),
      );
      if (status === OK) break;
      this.recover(status, 0, 0);
    }
    this.refresh();
  }

  /** Keys as text, in no order. Weakly consistent: what is there all along comes exactly once. */
  *keys(): IterableIterator<string> {
    for (const listed of this.walk()) yield listed.key;
  }

  *values(): IterableIterator<Values[E]> {
    for (const listed of this.walk()) yield listed.value;
  }

  *entries(): IterableIterator<[string, Values[E]]> {
    for (const listed of this.walk()) yield [listed.key, listed.value];
  }

  /** As `entries()`, with keys as bytes: for namespaces whose keys are not text. */
  *binaryEntries(): IterableIterator<[Uint8Array, Values[E]]> {
    for (const listed of this.walk()) yield [listed.keyBytes, listed.value];
  }

  [Symbol.iterator](): IterableIterator<[string, Values[E]]> {
    return this.entries();
  }

  /** Encodes and hashes a key once. The prepared key works in this namespace, in this thread, also after a clear. */
  key(key: string | Uint8Array): PreparedKey {
    this.enter(0);
    const { worker } = this;
    let length: number;
    let hash: number;
    do {
      this.refreshIfStale();
      length = worker.putKey(key);
      hash = worker.engine.prepare(this.entry, this.version, length) >>> 0;
    } while (!worker.engine.isCurrentRecord(this.entry, this.version)); // it was read from a record already replaced
    return new PreparedKey(this.scope, worker.takeWords(length), length, hash);
  }

  // ---------------------------------------------------------------- inside

  private enter(permission: number): void {
    if (this.worker.closed) this.worker.assertOpen();
    if (this.agent !== null) this.agent.check(permission);
    this.worker.countOperation();
  }

  private put(key: Key): number {
    return key instanceof PreparedKey ? this.putPrepared(key) : this.worker.putKey(key);
  }

  private putPrepared(key: PreparedKey): number {
    if (key.scope !== this.scope) this.refuseForeign(key);
    this.worker.putPrepared(key);
    return key.length;
  }

  /** As putPrepared, returning what the engine's prepared forms take: length and namespace id. */
  private putPreparedMeta(key: PreparedKey): number {
    if (key.scope !== this.scope) this.refuseForeign(key);
    this.worker.putPrepared(key);
    return (key.length << 16) | this.id;
  }

  private refuseForeign(key: PreparedKey): never {
    const { namespace } = key.scope;
    const where = namespace === this.name ? "the namespace of that name in another store" : `namespace "${namespace}"`;
    throw new InvalidArgumentError(`the key was prepared in ${where} and is used in "${this.name}"`);
  }

  /** Value into the value window: its length, or a negative status that is not STALE. */
  private read(key: Key): number {
    this.enter(READ);
    for (;;) {
      const length = this.readOnce(key);
      if (length !== STALE) return length;
      this.refresh();
    }
  }

  private readOnce(key: Key): number {
    const { engine } = this.worker;
    return key instanceof PreparedKey
      ? engine.getHashed(this.entry, this.version, this.putPreparedMeta(key), key.hash)
      : engine.get(this.entry, this.version, this.worker.putKey(key));
  }

  private setPrepared(key: PreparedKey, bytes: Uint8Array): boolean {
    const { engine } = this.worker;
    const { length } = bytes;
    this.checkFits(key.length, length);
    for (;;) {
      const status = engine.setHashed(
        this.entry,
        this.version,
        this.putPreparedMeta(key),
        key.hash,
        this.stage(bytes),
        length,
      );
      if (status === OK) return true;
      this.recover(status, key.length, length);
    }
  }

  /**
   * Where the engine finds a value's bytes: in the value window, unless they lie in shared memory already. Done anew for each
   * attempt, because looking the namespace up uses that window too.
   */
  private stage(bytes: Uint8Array): number {
    const { worker } = this;
    const address = worker.addressOf(bytes);
    if (address >= 0) return address;
    worker.values.set(bytes);
    return worker.valueAddress;
  }

  private checkFits(keyLength: number, length: number): void {
    if (padded(keyLength) + length > ENTRY_ROOM) throw this.tooLarge(length, keyLength);
  }

  private tooLarge(length: number, keyLength: number): ValueTooLargeError {
    const limit = ENTRY_ROOM - padded(keyLength);
    return new ValueTooLargeError(`a value has ${length} bytes; with this key the limit is ${limit}`);
  }

  /** A failed write: returns when it may be tried again (the namespace changed, dead entries were swept), throws otherwise. */
  private recover(status: number, keyLength: number, length: number): void {
    if (status === STALE) {
      this.refresh();
      return;
    }
    if (status === QUOTA) {
      if (this.record.whenFull === "evict" && this.evictWithin(keyLength, length)) return;
      const { maxEntries, maxBytes } = this.record;
      const limits = [maxEntries && `${maxEntries} entries`, maxBytes && `${maxBytes} bytes`]
        .filter(Boolean)
        .join(", ");
      throw new NamespaceLimitError(
        `namespace "${this.name}" is at its limit of ${limits}; delete entries or raise it with limit()`,
      );
    }
    if (status === NO_MEMORY) {
      if (this.sweep() > 0) return;
      throw this.outOfMemory(keyLength, length);
    }
    throw new Error(`the engine answered ${status}: this is a fault in Engram`);
  }

  /** Makes room under the namespace's own limits; false when evicting all of it would not be enough. */
  private evictWithin(keyLength: number, length: number): boolean {
    this.refreshIfStale(); // the limits may have been raised, or the namespace cleared
    const { id, maxBytes } = this.record;
    if (maxBytes !== 0 && chunkSize(keyLength, length) > maxBytes) return false;
    if (this.evictor?.id !== id) this.evictor = new NamespaceEvictor(this.worker, id);
    return this.evictor.evict();
  }

  private outOfMemory(keyLength: number, length: number): OutOfMemoryError {
    const size = chunkSize(keyLength, length);
    const { memory, eviction } = collectStats(this.worker);
    const own = memory.bySizeClass.find((sizeClass) => sizeClass.size === size);
    return new OutOfMemoryError(
      `no chunk of ${size} bytes is free${eviction.policy === "none" ? "" : " and none could be evicted"}: ${own?.used} of ${own?.chunks} of that size are in use, and all ${formatBytes(memory.poolBytes)} of the pool are cut into chunks. Delete entries, or create the store larger${eviction.policy === "none" ? " or with eviction" : ""}`,
    );
  }

  /** Takes dead entries (expired, cleared) out of the whole table; how many there were. */
  private sweep(): number {
    return this.worker.engine.sweep(this.worker.bucketCount) >>> 0;
  }

  /** Deletes some entries of this namespace; how many. */
  private deleteSome(): number {
    const { worker } = this;
    const { engine, manyWords } = worker;
    let deleted = 0;
    for (let bucket = 0; bucket < worker.bucketCount && deleted === 0; ) {
      const result = engine.list(this.record.id, bucket, worker.slot + layout.S_MANY, LISTED);
      const count = Number(result >> 32n);
      bucket = Number(result & 0xffffffffn);
      for (let i = 0; i < count; i++) deleted += engine.removeVictim(manyWords[i * 2], manyWords[i * 2 + 1]);
    }
    return deleted;
  }

  private refresh(): void {
    const record = this.lookup(this.name);
    if (record.encoding !== this.encoding) {
      throw new InvalidArgumentError(
        `namespace "${this.name}" was dropped and made again with encoding ${record.encoding}; this handle has ${this.encoding}, get a new one`,
      );
    }
    this.record = record;
    this.entry = this.record.entry;
    this.version = this.record.version;
    this.id = this.record.id;
  }

  private refreshIfStale(): void {
    if (!this.worker.engine.isCurrentRecord(this.entry, this.version)) this.refresh();
  }

  private idWord(field: number): number {
    const { header } = this.worker;
    const line = header[layout.H_IDS / 4] + this.record.id * layout.ID_STRIDE;
    return new Uint32Array(this.worker.currentBuffer(), line + field, 1)[0];
  }

  private incrementBinary(key: Key, by: bigint): bigint {
    const { worker } = this;
    for (;;) {
      const keyLength = this.put(key);
      const status = worker.engine.add(this.entry, this.version, keyLength, BigInt.asIntN(64, by));
      if (status === OK) return worker.outSum[0];
      if (status === layout.NOT_A_COUNTER) {
        throw new InvalidArgumentError("increment of a value that is no counter: a counter has 8 bytes");
      }
      this.recover(status, keyLength, 8);
    }
  }

  private incrementEncoded(key: Key, by: bigint): bigint {
    for (;;) {
      const entry = this.getEntry(key);
      const expires = entry === undefined ? 0 : this.worker.out[2]; // the very tick: a ttl worked out anew would creep
      const sum = (entry === undefined ? 0n : toCounter(entry.value)) + by;
      const value = (this.encoding === "string" ? String(sum) : fromCounter(sum, this.encoding)) as Values[E];
      const condition = entry === undefined ? IF_ABSENT : checkCondition({ ifVersion: entry.version });
      if (this.write(key, this.codec.encode(value), expires, condition)) return sum;
    }
  }

  private getBatch(keys: readonly Key[], from: number, values: (Values[E] | undefined)[]): number {
    const { batch } = this.worker;
    const done = batch.read(this.entry, this.version, this.scope, keys, from);
    if (done === STALE) {
      this.refresh();
      return 0;
    }
    if (this.binary) values.push(...(batch.copies(done) as Values[E][]));
    else for (let i = 0; i < done; i++) values.push(this.decodeRead(i));
    if (done > 0) return done;
    values.push(this.get(keys[from])); // a value too large for the batch window, or a wrong key
    return 1;
  }

  private decodeRead(i: number): Values[E] | undefined {
    const { batch } = this.worker;
    const length = batch.lengthOf(i);
    return length === MISS ? undefined : (this.codec.decode(batch.window, batch.startOf(i), length) as Values[E]);
  }

  /**
   * Some buckets at a time: the engine lists their living entries, then each is copied out if it is still the same. One that was
   * replaced meanwhile makes us list again, fewer entries than before, so that a busy table does not have us copy the same ones
   * for ever; in the end single buckets, skipping the keys that already came from them.
   */
  private *walk(): IterableIterator<Listed<Values[E]>> {
    this.enter(READ);
    this.refreshIfStale();
    const { worker } = this;
    const { id } = this.record;
    let bucket = 0;
    let room = LISTED;
    while (bucket < worker.bucketCount) {
      if (!this.isStillOn(id)) return;
      const result = worker.engine.list(id, bucket, worker.slot + layout.S_MANY, room);
      const next = Number(result & 0xffffffffn);
      const count = Number(result >> 32n);
      const listed = Array.from(worker.manyWords.subarray(0, count * 2), (word) => word >>> 0);
      const batch: Listed<Values[E]>[] = [];
      let torn = false;
      for (let i = 0; i < count && !torn; i++) {
        const entry = this.copyListed(listed[i * 2], listed[i * 2 + 1]);
        if (entry === null) torn = true;
        else batch.push(entry);
      }
      if (next === bucket || (torn && room === LISTED_OF_ONE)) {
        const end = Math.max(next, bucket + 1);
        for (; bucket < end; bucket++) yield* this.walkBucket(id, bucket);
      } else if (torn) {
        room /= 2;
      } else {
        yield* batch;
        bucket = next;
        room = Math.min(room * 2, LISTED);
      }
    }
  }

  private *walkBucket(id: number, bucket: number): IterableIterator<Listed<Values[E]>> {
    const { worker } = this;
    const seen = new Set<string>();
    let room = LISTED_OF_ONE;
    for (let again = true; again; ) {
      again = false;
      if (!this.isStillOn(id)) return;
      const result = worker.engine.list(id, bucket, worker.slot + layout.S_MANY, room);
      if (Number(result & 0xffffffffn) === bucket) {
        room *= 8; // a bucket is listed whole or not at all
        again = true;
        continue;
      }
      const count = Number(result >> 32n);
      const mask = worker.bucketCount - 1;
      const listed = Array.from(worker.manyWords.subarray(0, count * 2), (word) => word >>> 0);
      const batch: Listed<Values[E]>[] = [];
      for (let i = 0; i < count; i++) {
        const itsBucket = worker.bucketOf(listed[i * 2], mask);
        const entry = this.copyListed(listed[i * 2], listed[i * 2 + 1]);
        if (entry === null) again = true;
        else if (itsBucket !== bucket)
          break; // still the entry that was listed: the list went on into later buckets
        else if (!seen.has(entry.identity)) {
          seen.add(entry.identity);
          batch.push(entry);
        }
      }
      yield* batch;
    }
  }

  /** Whether an iteration may go on: the handle may still read, and the namespace has not been cleared since. */
  private isStillOn(id: number): boolean {
    this.enter(READ);
    this.refreshIfStale();
    return this.record.id === id;
  }

  private copyListed(entry: number, version: number): Listed<Values[E]> | null {
    const { worker } = this;
    const lengths = worker.engine.readListed(entry, version) >>> 0;
    if (lengths === 0) return null;
    const keyBytes = worker.keyCopy(lengths >>> 16);
    const value = this.codec.decode(worker.window, 0, lengths & 0xffff) as Values[E];
    return new Listed(keyBytes, value);
  }
}

const LISTED = 1024;
/** Room for the entries of one bucket: the list stops soon after it, instead of going on through the table. */
const LISTED_OF_ONE = 8;

class Listed<V> {
  readonly keyBytes: Uint8Array;
  readonly value: V;

  constructor(keyBytes: Uint8Array, value: V) {
    this.keyBytes = keyBytes;
    this.value = value;
  }

  get key(): string {
    return Buffer.from(this.keyBytes.buffer, this.keyBytes.byteOffset, this.keyBytes.length).toString("utf8");
  }

  get identity(): string {
    return Buffer.from(this.keyBytes.buffer, this.keyBytes.byteOffset, this.keyBytes.length).toString("latin1");
  }
}

interface Condition {
  mode: number;
  entry: number;
  version: number;
}

const NO_CONDITION: Condition = { mode: layout.MODE_SET, entry: 0, version: 0 };
const IF_ABSENT: Condition = { mode: layout.MODE_IF_ABSENT, entry: 0, version: 0 };

function checkCondition(options: SetOptions): Condition {
  if (options === null || typeof options !== "object") {
    throw new InvalidArgumentError(`set takes an object of options, not ${describe(options)}`);
  }
  const { ifAbsent, ifVersion } = options;
  if (ifVersion !== undefined) {
    if (ifAbsent) throw new InvalidArgumentError("set was given both ifAbsent and ifVersion; expected one of them");
    if (typeof ifVersion !== "bigint" || ifVersion < 0n) {
      throw new InvalidArgumentError(`ifVersion is ${describe(ifVersion)}; expected a version from getEntry()`);
    }
    if (ifVersion > 0xffffffffffffffffn) {
      throw new InvalidArgumentError(`ifVersion is ${describe(ifVersion)}; expected a version from getEntry()`);
    }
    return {
      mode: layout.MODE_IF_VERSION,
      entry: Number(ifVersion & 0xffffffffn),
      version: Number((ifVersion >> 32n) & 0xffffffffn),
    };
  }
  return ifAbsent ? IF_ABSENT : NO_CONDITION;
}

function checkPair<E extends EncodingName>(pair: unknown): readonly [Key, Values[E]] {
  if (Array.isArray(pair)) return pair as unknown as readonly [Key, Values[E]];
  throw new InvalidArgumentError(`setMany takes [key, value] pairs; one is ${describe(pair)}`);
}

/** Bytes of the chunk that an entry takes. */
function chunkSize(keyLength: number, length: number): number {
  return 2 ** Math.ceil(Math.log2(layout.E_KEY + padded(keyLength) + length));
}

function makeVersion(entry: number, version: number): Version {
  return (BigInt(version) << 32n) | BigInt(entry);
}

function toCounter(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d+$/.test(value)) return BigInt(value);
  throw new InvalidArgumentError(`increment of ${describe(value)}, which is no whole number`);
}

function fromCounter(sum: bigint, encoding: EncodingName): number | bigint {
  if (sum >= BigInt(Number.MIN_SAFE_INTEGER) && sum <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(sum);
  if (encoding === "msgpack" && BigInt.asIntN(64, sum) === sum) return sum;
  throw new InvalidArgumentError(
    `the sum ${sum} is beyond what a ${encoding} number holds exactly; use a binary or string namespace`,
  );
}

function checkIterable<T>(items: Iterable<T>, verb: string, of: string): Iterable<T> {
  if (typeof items === "object" && items !== null && Symbol.iterator in items) return items;
  throw new InvalidArgumentError(`${verb} takes an iterable of ${of}, not ${describe(items)}`);
}

/** @throws InvalidArgumentError */
export function checkLimits(limits: NamespaceLimits, standard: Required<NamespaceLimits>): Required<NamespaceLimits> {
  if (limits === null || typeof limits !== "object") {
    throw new InvalidArgumentError(`limits are ${describe(limits)}; expected an object with maxEntries or maxBytes`);
  }
  const check = (name: "maxEntries" | "maxBytes", max: number): number => {
    const value = limits[name];
    if (value === undefined) return standard[name];
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new InvalidArgumentError(
        `${name} is ${describe(value)}; expected a whole number from 0 (no limit) to ${max}`,
      );
    }
    return value;
  };
  return { maxEntries: check("maxEntries", 2 ** 31 - 1), maxBytes: check("maxBytes", 2 ** 32) };
}

/** What can be done in a namespace. Users meet it as `Namespace`, which taps may overlay (taps.ts). */

import { describe, KnownOptions } from "../../check.js";
import { IdLine, layout, result, WatcherWords } from "../../core/index.js";
import { InvalidArgumentError, NamespaceLimitError } from "../../errors.js";
import type { Duration } from "../../units.js";
import { ADMIN, DELETE, READ, WRITE } from "../access.js";
import { byteCount } from "../bytes.js";
import { isWellFormed } from "../encoding.js";
import { flightKey } from "../flights.js";
import { type Key, keyBytes, PreparedKey } from "../key.js";
import { readHeld, sourceOf, sourceOfText } from "../large.js";
import { SAMPLED_KINDS } from "../sampling/banks.js";
import {
  type Changes,
  readBlockOptions,
  readWaitOptions,
  readWatchOptions,
  readWatchTarget,
  type WaitForOptions,
  type WatchOptions,
} from "../watching/change.js";
import { type Awaited, waitFor, waitForSync } from "../watching/wait-for.js";
import { Watch } from "../watching/watch.js";
import { checkIterable, checkPair } from "./batches.js";
import {
  type Condition,
  checkCondition,
  checkDeletion,
  type DeleteOptions,
  IF_ABSENT,
  makeVersion,
  NO_CONDITION,
  type SetOptions,
  type Version,
  versionIs,
} from "./condition.js";
import {
  checkWhole,
  counterIn,
  fromCounter,
  type IncrementOptions,
  makeCounter,
  readIncrement,
  toCounter,
} from "./counter.js";
import { deleteSome, isLarge } from "./failure.js";
import { NamespaceHandle } from "./handle.js";
import { keysAlone, type Listed, mapped, walk, wholeEntries, withValue } from "./iteration.js";
import { checkLimits, type NamespaceLimits, type NamespaceUsage, usageOf, usageOfNone } from "./limits.js";
import { type GetOrSetOptions, type LoaderContext, loadOnce, readGetOrSet } from "./load.js";
import { isPrefix, type PrefixOptions, type RequiredPrefix, readPrefix, requirePrefix } from "./prefix.js";
import type { NamespaceRecord } from "./record.js";
import {
  checkChanged,
  checkFunction,
  contended,
  NO_UPDATE_OPTIONS,
  readUpdateOptions,
  type UpdateOptions,
} from "./update.js";

/** A value with what else is known of it. */
export interface Entry<V> {
  /** As `get` gives it. */
  value: V;
  /** For `ifVersion`: the write that this value came from. */
  version: Version;
  /** Unix time in ms, or undefined for an entry that stays. */
  expiresAt: number | undefined;
}

/** An entry before it is changed. */
interface Found<V> {
  readonly value: V;
  readonly version: Version;
  /** Tick, 0 = never. */
  readonly expires: number;
}

/** Kinds of operations that are timed, as they are counted. */
const GET = SAMPLED_KINDS.indexOf("get");
const SET = SAMPLED_KINDS.indexOf("set");
const REMOVE = SAMPLED_KINDS.indexOf("delete");
const INCREMENT = SAMPLED_KINDS.indexOf("increment");
function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && prefix.every((byte, i) => byte === key[i]);
}

const { LARGE, MISS, NO_MEMORY, OK, STALE } = layout;
/** Characters that a chunk holds however many bytes each takes in UTF-8. */
const SURELY_SMALL = 4096;
const [KEYS_OPTIONS, VALUES_OPTIONS, ENTRIES_OPTIONS, COUNT_OPTIONS, CLEAR_OPTIONS, DELETE_MANY_OPTIONS] = [
  ...["keys", "values", "entries", "count", "clear", "deleteMany"],
].map((of) => new KnownOptions(of, ["prefix"]));

function sizeOf(bytes: Uint8Array | string): number {
  return typeof bytes === "string" ? Buffer.byteLength(bytes) : byteCount(bytes);
}

/** Overridden methods see every operation once: what is `protected` here is what operations go through. */
export class NamespaceOperations<V = Uint8Array> extends NamespaceHandle {
  // ---------------------------------------------------------------- reading

  /**
   * A copy of the value; undefined when the key is absent or expired. Bytes of 65 to 4,096 may share their `.buffer` with other
   * values, as Node's Buffers do: respect its byteOffset, which is a multiple of 8.
   */
  get(key: Key): V | undefined {
    const length = this.read(key);
    if (length === LARGE) return this.getHeld(key);
    const value = length < 0 ? undefined : (this.codec.decode(this.worker.window, 0, length) as V);
    if (this.worker.timed) this.endTimed(GET, key, length);
    return value;
  }

  /** The value with its version, for `ifVersion`, and its expiry. */
  getEntry(key: Key): Entry<V> | undefined {
    const length = this.read(key);
    if (length < 0 && length !== LARGE) return undefined;
    const { out } = this.worker;
    const version = makeVersion(out[result.ENTRY], out[result.VERSION]);
    const expiresAt = this.worker.expiryTime(out[result.EXPIRES]);
    const value = length === LARGE ? this.decodeHeld() : (this.codec.decode(this.worker.window, 0, length) as V);
    return { value, version, expiresAt };
  }

  private getHeld(key: Key): V {
    const length = this.worker.out[result.LENGTH];
    const value = this.decodeHeld();
    if (this.worker.timed) this.endTimed(GET, key, length);
    return value;
  }

  /** The value that `read` has found large, and holds. */
  private decodeHeld(): V {
    return readHeld(this.worker, this.held, (window, length) => this.codec.decode(window, 0, length) as V);
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
    const room = byteCount(target);
    const address = worker.addressOf(target);
    for (;;) {
      let length: number;
      if (address >= 0) {
        length =
          key instanceof PreparedKey
            ? worker.engine.getIntoHashed(this.entry, this.version, this.putPreparedMeta(key), key.hash, address, room)
            : worker.engine.getInto(this.entry, this.version, worker.putKey(key), address, room);
        if (length === LARGE) length = worker.engine.copyLarge(this.entry, this.version, this.put(key), address, room);
      } else {
        length = this.readOnce(key);
        if (length === LARGE) {
          length = this.hold(key);
          if (length === LARGE) length = this.copyHeld(target, room);
        } else if (length > 0 && length <= room) {
          target.set(length === worker.values.length ? worker.values : worker.values.subarray(0, length));
        }
      }
      if (length > room) {
        throw new InvalidArgumentError(`a value of ${length} bytes does not fit the target of ${room}`);
      }
      if (length !== STALE) {
        if (worker.timed) this.endTimed(GET, key, length);
        return length;
      }
      if (!this.refresh()) return MISS;
    }
  }

  private copyHeld(target: Uint8Array, room: number): number {
    return readHeld(this.worker, this.held, ({ bytes }, length) => {
      if (length <= room) target.set(bytes);
      return length;
    });
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
      if (address === layout.NOWHERE) return undefined;
      if (address === layout.STALE_RECORD) {
        if (!this.refresh()) return undefined;
        continue;
      }
      if (address === layout.NO_PIN)
        throw new InvalidArgumentError(`more than ${layout.READ_PIN} borrowed views are nested`);
      const length = worker.out[result.LENGTH];
      const pin = worker.out[result.PIN];
      return worker.lend(pin, new Uint8Array(worker.bufferHolding(address + length), address, length), use);
    }
  }

  /** Whether the key is there and has not expired. A read like any other: it counts in the statistics and for eviction. */
  has(key: Key): boolean {
    this.enter(READ);
    for (;;) {
      const status = this.worker.engine.has(this.entry, this.version, this.put(key));
      if (status !== STALE) return status === 1;
      if (!this.refresh()) return false;
    }
  }

  /**
   * As `get`, and of no consequence: it counts in no statistics, a recording does not have it, and for eviction the entry was not read. For whoever
   * looks at a store without being one of its users. It costs more than `get` does.
   *
   * @returns a copy of the value; undefined when the key is absent or expired
   */
  peek(key: Key): V | undefined {
    this.enter(READ);
    const { worker } = this;
    for (;;) {
      const length = worker.engine.peek(this.entry, this.version, this.put(key));
      if (length >= 0) return this.codec.decode(worker.window, 0, length) as V;
      if (length === LARGE) return this.hold(key) === LARGE ? this.decodeHeld() : undefined;
      if (length !== STALE || !this.refresh()) return undefined;
    }
  }

  /** The values of many keys, in their order: the cache misses of a batch overlap. Binary ones may share their `.buffer`, as in `get`. */
  getMany(keys: Iterable<Key>): (V | undefined)[] {
    const list = [...checkIterable(keys, "getMany", "keys")]; // an array as well: it may have getters for elements
    this.enter(READ);
    const values: (V | undefined)[] = [];
    let done = 0;
    while (done < list.length) done += this.getBatch(list, done, values);
    return values;
  }

  /** As getEntry, with the tick of the expiry, of a value that no schema has seen. */
  protected find(key: Key): Found<V> | undefined {
    const length = this.read(key);
    if (length < 0 && length !== LARGE) return undefined;
    const { [result.ENTRY]: entry, [result.VERSION]: version, [result.EXPIRES]: expires } = this.worker.out;
    const value = length === LARGE ? this.decodeHeld() : (this.codec.decode(this.worker.window, 0, length) as V);
    return { value, version: makeVersion(entry, version), expires };
  }

  /** A value that was kept near has been given out instead of a read: for those who are told of every operation. */
  protected recalled(_key: Key, _kept: { readonly valueBytes: number }): void {}

  /** Value into the value window: its length, or MISS; or LARGE, when it is held where it lies and the caller has to let it go (`readHeld`). */
  protected read(key: Key): number {
    this.enter(READ);
    for (;;) {
      const length = this.readOnce(key);
      if (length >= 0) return length;
      if (length === LARGE) return this.hold(key);
      if (length !== STALE) return length;
      if (!this.refresh()) return MISS;
    }
  }

  /** Address of the value that is held for a read. */
  private held = 0;

  /** LARGE, or MISS when it is gone since. Whatever the key has by now is held. */
  private hold(key: Key): number {
    for (;;) {
      const address = this.worker.engine.hold(this.entry, this.version, this.put(key)) >>> 0;
      if (address > layout.NO_PIN) {
        this.held = address;
        return LARGE;
      }
      if (address === layout.NOWHERE || !this.refresh()) return MISS;
    }
  }

  private readOnce(key: Key): number {
    const { engine } = this.worker;
    return key instanceof PreparedKey
      ? engine.getHashed(this.entry, this.version, this.putPreparedMeta(key), key.hash)
      : engine.get(this.entry, this.version, this.worker.putKey(key));
  }

  private getBatch(keys: readonly Key[], from: number, values: (V | undefined)[]): number {
    const { batch } = this.worker;
    const done = batch.read(this.entry, this.version, this.scope, keys, from);
    if (done === STALE) {
      if (this.refresh()) return 0;
      for (let i = from; i < keys.length; i++) {
        this.put(keys[i]); // what is no key is refused here as well
        values.push(undefined);
      }
      return keys.length - from;
    }
    if (this.binary) values.push(...(batch.copies(done) as V[]));
    else for (let i = 0; i < done; i++) values.push(this.decodeRead(i));
    if (done > 0) return done;
    values.push(this.get(keys[from])); // a value too large for the batch window, or a wrong key
    return 1;
  }

  private decodeRead(i: number): V | undefined {
    const { batch } = this.worker;
    const length = batch.lengthOf(i);
    return length === MISS ? undefined : (this.codec.decode(batch.window, batch.startOf(i), length) as V);
  }

  // ---------------------------------------------------------------- writing

  /**
   * @returns false only when `ifAbsent` or `ifVersion` did not hold
   * @throws ValueTooLargeError, OutOfMemoryError, NamespaceLimitError (with whenFull "evict" only for a value that is larger than the limit): the old value, if any, is still there
   */
  set(key: Key, value: V, options?: SetOptions): boolean {
    // Bytes without options are a way of their own, with nothing in it that other values need: a tenth of a small set is saved.
    if (options === undefined && this.binary && value instanceof Uint8Array) {
      const { worker } = this;
      worker.countOperation();
      this.check(WRITE);
      const set = key instanceof PreparedKey ? this.setPrepared(key, value) : this.write(key, value, 0, NO_CONDITION);
      if (worker.timed) this.endTimed(SET, key, sizeOf(value));
      return set;
    }
    return this.setAny(key, value, options);
  }

  private setAny(key: Key, value: V, options: SetOptions | undefined): boolean {
    const { worker } = this;
    worker.countOperation();
    // what runs the caller's code comes first, and the connection is asked after it: see docs/values.md
    const condition = options === undefined ? NO_CONDITION : checkCondition(options);
    const ttl = options?.ttl;
    const bytes = this.encode(value);
    this.check(WRITE);
    const expires = ttl === undefined ? 0 : worker.expiryTick(ttl);
    const set =
      typeof bytes === "string"
        ? this.writeText(key, bytes, expires, condition)
        : key instanceof PreparedKey && options === undefined
          ? this.setPrepared(key, bytes)
          : this.write(key, bytes, expires, condition);
    if (worker.timed) this.endTimed(SET, key, sizeOf(bytes));
    return set;
  }

  /** The value's bytes; a text that may be large as it is, to be encoded where it shall lie. */
  private encode(value: V): Uint8Array | string {
    if (this.encoding === "string" && typeof value === "string" && value.length > SURELY_SMALL && isWellFormed(value))
      return value;
    return this.codec.encode(value, this.worker.valueLimit);
  }

  private writeText(key: Key, text: string, expires: number, condition: Condition): boolean {
    const length = Buffer.byteLength(text);
    if (!isLarge(this.put(key), length))
      return this.write(key, this.codec.encode(text, this.worker.valueLimit), expires, condition);
    return this.writeLarge(key, sourceOfText(text, length), expires, condition);
  }

  protected write(key: Key, bytes: Uint8Array, expires: number, condition: Condition): boolean {
    const { worker } = this;
    const length = byteCount(bytes);
    for (;;) {
      const keyLength = this.put(key);
      if (isLarge(keyLength, length)) return this.writeLarge(key, sourceOf(bytes, length), expires, condition);
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

  protected setPrepared(key: PreparedKey, bytes: Uint8Array): boolean {
    const { engine } = this.worker;
    const length = byteCount(bytes);
    if (isLarge(key.length, length)) return this.writeLarge(key, sourceOf(bytes, length), 0, NO_CONDITION);
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

  /** @internal Writes an encoded value's bytes as they are, whatever the encoding: for restores. `ttl` as in `set`. */
  setEncoded(key: Uint8Array, bytes: Uint8Array, ttl?: number): void {
    this.enter(WRITE);
    this.write(key, bytes, ttl === undefined ? 0 : this.worker.expiryTick(ttl), NO_CONDITION);
  }

  /**
   * Changes an entry by what it holds: `change` is called with the value that is there, undefined for none, and what it returns is written if
   * nobody else has written the entry meanwhile; otherwise it is called again with what is there by then. So it may run more than once,
   * and should do nothing but compute. It may use the store; what it throws comes out here, and nothing has changed.
   *
   * @param change answers undefined to leave the entry as it is
   * @returns the value that was written, the very one that `change` returned (with a schema: what that made of it); when it returned
   *   undefined, the one that was there
   * @throws as `set`; ContentionError after `attempts` rounds
   */
  update(key: Key, change: (value: V | undefined) => V | undefined, options?: UpdateOptions): V | undefined {
    const { ttl, attempts } = options === undefined ? NO_UPDATE_OPTIONS : readUpdateOptions(options);
    checkFunction("update", change);
    this.enter(READ | WRITE);
    for (let round = 0; round < attempts; round++) {
      const found = this.find(key);
      const changed = change(found?.value);
      if (changed === undefined) return found?.value;
      checkChanged(changed);
      const value = this.admit(key, changed);
      const bytes = this.codec.encode(value, this.worker.valueLimit);
      this.enter(READ | WRITE); // after the last of the caller's code
      const expires = ttl === undefined ? (found?.expires ?? 0) : this.worker.expiryTick(ttl);
      const condition = found === undefined ? IF_ABSENT : versionIs(found.version);
      if (this.replace(key, bytes, expires, condition, ttl)) return value;
    }
    throw contended(this.name, attempts);
  }

  /**
   * The value; when there is none, what `load` gives, written for all. Whoever misses while somebody loads waits for that: one call of a
   * loader at a time, over all tasks and threads. What is in the store when the loader is done wins over what it gives.
   *
   * A loader that fails rejects the calls of its thread that wait for it; other threads try themselves, one after the other. One whose thread
   * ends, or that takes longer than the `lease`, is given up, and another thread loads. A loader that asks for its own key waits for itself, until then.
   *
   * @param load gets the key and `{ signal }`, which aborts when nobody in this thread waits any more; undefined: there is none, and nothing is
   *   written
   * @throws as `set`; EngramError "TIMEOUT"; the signal's reason; what the loader throws
   */
  async getOrSet(
    key: Key,
    load: (key: Key, context: LoaderContext) => V | undefined | PromiseLike<V | undefined>,
    options: GetOrSetOptions = {},
  ): Promise<V | undefined> {
    const checked = readGetOrSet(options);
    checkFunction("getOrSet", load);
    this.enter(READ | WRITE);
    const there = this.get(key);
    if (there !== undefined) return there;
    const { worker } = this;
    const own = key instanceof Uint8Array ? key.slice() : key; // as it is now
    const setOptions = checked.ttl === undefined ? { ifAbsent: true } : { ifAbsent: true, ttl: checked.ttl };
    if (checked.ttl !== undefined) worker.expiryTick(checked.ttl); // refused before anything is loaded
    const loaded = await loadOnce<V>(
      {
        worker,
        flight: flightKey(this.record.made, keyBytes(own)),
        where: `getOrSet in namespace "${this.name}"`,
        look: () => this.get(own),
        load: (context) => load(own, context),
        put: (value) => void this.set(own, value, setOptions),
      },
      checked,
    );
    if (loaded === undefined) return undefined;
    return this.get(own) ?? loaded; // each has a value of its own
  }

  /**
   * Gives an entry another time to live, from now on; its value stays as it is. It is a write: the entry's version is a new one afterwards, and it
   * costs about as much as `set` with the same value.
   *
   * @param ttl milliseconds above 0, or text such as "5s", 200 days at most. Without one, or undefined, the entry stays for ever, as one that is
   *   `set` without
   * @returns whether the key was there; one that has expired is not, and does not come back
   * @throws InvalidArgumentError for any other ttl, 0 among them; OutOfMemoryError: nothing has changed
   */
  touch(key: Key, ttl?: Duration): boolean {
    this.enter(WRITE);
    const length = this.touchEntry(key, ttl);
    if (this.worker.timed) this.endTimed(SET, key, length);
    return length >= 0;
  }

  /** Bytes of the value that was touched; -1 when there is none. */
  protected touchEntry(key: Key, ttl: Duration | undefined): number {
    const { worker } = this;
    for (;;) {
      const keyLength = this.put(key);
      const expires = ttl === undefined ? 0 : worker.expiryTick(ttl);
      const status = worker.engine.touch(this.entry, this.version, keyLength, expires);
      if (status === OK) return worker.out[result.LENGTH];
      if (status === layout.UNMET) return -1;
      if (status === LARGE) {
        const length = this.touchLarge(key, keyLength, expires);
        if (length !== undefined) return length;
        continue;
      }
      if (status !== STALE) this.recover(status, keyLength, worker.out[result.LENGTH]);
      else if (!this.refresh()) return -1;
    }
  }

  /** A large value is written anew from where it is held: -1 when it is gone, undefined when it was replaced meanwhile. */
  private touchLarge(key: Key, keyLength: number, expires: number): number | undefined {
    const { worker } = this;
    if (this.hold(key) !== LARGE) return -1;
    const { [result.ENTRY]: entry, [result.VERSION]: version, [result.LENGTH]: length } = worker.out;
    const view = new Uint8Array(worker.bufferHolding(this.held + length), this.held, length);
    try {
      if (!isLarge(keyLength, length)) return undefined;
      const same = { mode: layout.MODE_IF_VERSION, entry, version };
      return this.writeLarge(key, sourceOf(view, length), expires, same) ? length : undefined;
    } finally {
      worker.engine.letGo();
      worker.engine.relinquish(); // what was held till now could not be given back
    }
  }

  /** A round of a compare-and-set. */
  protected replace(key: Key, bytes: Uint8Array, expires: number, condition: Condition, _ttl?: Duration): boolean {
    return this.write(key, bytes, expires, condition);
  }

  /**
   * Sets many entries, in their order; as many `set` calls, so a failure leaves those before it written. The cache misses of a
   * batch overlap when they come in an array or a Map; any other iterable may run code of its own between two of them.
   *
   * @returns how many were written: all, unless `ifAbsent` or `ifVersion` did not hold for some
   */
  setMany(entries: Iterable<readonly [Key, V]>, options?: SetOptions): number {
    const condition = options === undefined ? NO_CONDITION : checkCondition(options);
    const ttl = options?.ttl;
    const pairs = checkIterable(entries, "setMany", "[key, value] pairs");
    if (!(Array.isArray(pairs) || pairs instanceof Map)) {
      let written = 0;
      for (const pair of pairs) if (this.set(...checkPair<V>(pair), options)) written++;
      return written;
    }
    const keys: Key[] = [];
    const values: Uint8Array[] = [];
    let written = 0;
    try {
      for (const pair of pairs) {
        const [key, value] = checkPair<V>(pair);
        values.push(this.encoded(key, value));
        keys.push(key);
      }
    } finally {
      this.enter(WRITE); // after the last of the caller's code
      written = this.writeAll(keys, values, ttl, condition);
    }
    return written;
  }

  /** What is written of a value that the caller hands in: a namespace with a schema checks it here (checked.ts). */
  protected admit(_key: Key, value: V): V {
    return value;
  }

  /** Bytes that stay as they are while others are encoded. */
  private encoded(key: Key, value: V): Uint8Array {
    const bytes = this.codec.encode(this.admit(key, value), this.worker.valueLimit);
    return this.reuses ? Uint8Array.prototype.slice.call(bytes) : bytes;
  }

  protected writeAll(keys: Key[], values: Uint8Array[], ttl: Duration | undefined, condition: Condition): number {
    const { worker } = this;
    let written = 0;
    for (let done = 0; done < keys.length; done++) {
      const expires = ttl === undefined ? 0 : worker.expiryTick(ttl); // anew for each batch: a ttl begins with its write
      if (condition.mode !== layout.MODE_IF_VERSION) {
        const { entry, version, scope } = this;
        const batch = worker.batch.write(entry, version, scope, keys, values, done, expires, condition.mode);
        if (batch > 0) written += worker.out[result.WRITTEN];
        done += batch;
      }
      if (done < keys.length && this.write(keys[done], values[done], expires, condition)) written++;
    }
    return written;
  }

  /**
   * Removes the key.
   *
   * @param options `ifVersion`: only if its entry still has this version
   * @returns whether it was there, in that version if one was asked for
   * @throws InvalidArgumentError for an `ifVersion` that is none, undefined among them
   */
  delete(key: Key, options?: DeleteOptions): boolean {
    const condition = options === undefined ? NO_CONDITION : checkDeletion(options);
    this.enter(DELETE);
    const { engine } = this.worker;
    for (;;) {
      const length = this.put(key);
      const status =
        condition === NO_CONDITION
          ? engine.remove(this.entry, this.version, length)
          : engine.removeIf(this.entry, this.version, length, condition.entry, condition.version);
      if (status !== STALE) {
        if (this.worker.timed) this.endTimed(REMOVE, key, 0);
        return status === 1;
      }
      if (!this.refresh()) return false;
    }
  }

  /**
   * Removes many keys, or all that begin with a prefix, as so many `delete` calls: what is written meanwhile may stay.
   *
   * @returns how many were there
   */
  deleteMany(keys: Iterable<Key> | RequiredPrefix): number {
    if (isPrefix(keys)) return this.deleteAll(requirePrefix(this.worker, DELETE_MANY_OPTIONS, keys));
    let deleted = 0;
    for (const key of checkIterable(keys, "deleteMany", "keys, or { prefix }")) if (this.delete(key)) deleted++;
    return deleted;
  }

  private deleteAll(prefix: Uint8Array): number {
    let deleted = 0;
    for (const { keyBytes } of this.walkKeys(prefix, DELETE)) if (this.delete(keyBytes)) deleted++;
    return deleted;
  }

  /**
   * Adds to a counter and returns the sum; an absent key counts as 0. In a binary namespace a counter is 8 bytes,
   * little-endian, two's complement, and wraps around; in the others a whole number in the namespace's own encoding.
   *
   * @param options `ttl`: until the counter expires, from the increment that makes it; one that is there keeps what it has, so a counter with a ttl
   *   counts what comes within that time of the first
   * @throws InvalidArgumentError when the value there is no such number
   */
  increment(key: Key, by: bigint | number = 1n, options?: IncrementOptions): bigint {
    const ttl = options === undefined ? undefined : readIncrement(options);
    const step = checkWhole("increment by", by);
    this.enter(READ | WRITE);
    const sum = this.binary ? this.incrementBinary(key, step, ttl) : this.incrementEncoded(key, step, ttl);
    if (this.worker.timed) this.endTimed(INCREMENT, key, 0);
    return sum;
  }

  private incrementBinary(key: Key, by: bigint, ttl: Duration | undefined): bigint {
    const { worker } = this;
    for (;;) {
      const keyLength = this.put(key);
      const expires = ttl === undefined ? 0 : worker.expiryTick(ttl);
      const status = worker.engine.add(this.entry, this.version, keyLength, BigInt.asIntN(64, by), expires);
      if (status === OK) return worker.outWide[result.SUM];
      if (status === layout.NOT_A_COUNTER) {
        throw new InvalidArgumentError("increment of a value that is no counter: a counter has 8 bytes");
      }
      this.recover(status, keyLength, 8);
    }
  }

  private incrementEncoded(key: Key, by: bigint, ttl: Duration | undefined): bigint {
    for (;;) {
      const made = ttl === undefined ? 0 : this.worker.expiryTick(ttl);
      const entry = this.find(key);
      const expires = entry === undefined ? made : entry.expires; // the very tick: a ttl worked out anew would creep
      const sum = (entry === undefined ? 0n : toCounter(entry.value)) + by;
      const value = this.admit(key, fromCounter(sum, this.encoding) as V);
      this.enter(READ | WRITE);
      const condition = entry === undefined ? IF_ABSENT : versionIs(entry.version);
      if (this.write(key, this.codec.encode(value, this.worker.valueLimit), expires, condition)) return sum;
    }
  }

  /**
   * What a counter stands at: as `increment` would find it, undefined when there is none. A read like any other.
   *
   * @throws InvalidArgumentError when the value there is no counter
   */
  readCounter(key: Key): bigint | undefined {
    const found = this.find(key);
    return found === undefined ? undefined : counterIn(found.value, this.binary);
  }

  /**
   * Sets a counter, made if there is none; an expiry that it has stays. No increment is lost between what is returned and what is set.
   *
   * @param to what it stands at afterwards; default 0
   * @returns what it stood at; undefined when there was none
   * @throws InvalidArgumentError when the value there is no counter, or `to` is no whole number that the namespace's encoding holds; as `set`
   */
  resetCounter(key: Key, to: bigint | number = 0n): bigint | undefined {
    const value = makeCounter(checkWhole("resetCounter to", to), this.encoding) as V;
    this.enter(READ | WRITE);
    for (;;) {
      const found = this.find(key);
      const before = found === undefined ? undefined : counterIn(found.value, this.binary);
      const bytes = this.codec.encode(this.admit(key, value), this.worker.valueLimit);
      this.enter(READ | WRITE);
      const condition = found === undefined ? IF_ABSENT : versionIs(found.version);
      if (this.replace(key, bytes, found?.expires ?? 0, condition)) return before;
    }
  }

  // ---------------------------------------------------------------- the whole namespace

  /** Living entries: those that `keys()` gives. Exact when no one writes; otherwise within the writes under way. */
  get size(): number {
    this.enter(READ);
    this.worker.sweepExpired();
    return this.counted(({ id }) => new IdLine(this.worker.currentBuffer(), this.worker.header, id).entries) ?? 0;
  }

  /**
   * Empties the namespace at once, however many entries it has; their memory comes back as the sweeper gets to them. That takes
   * one small chunk: in a store that is full and may not evict, entries are deleted one by one until there is one.
   *
   * With a prefix it is `deleteMany`: the entries whose keys begin with it go, one after the other.
   */
  clear(options?: RequiredPrefix): void {
    if (options !== undefined) {
      this.deleteAll(requirePrefix(this.worker, CLEAR_OPTIONS, options));
      return;
    }
    this.enter(DELETE);
    const { worker } = this;
    for (;;) {
      const status = worker.engine.clearNamespace(this.entry, this.version, worker.putKey(this.name));
      if (status === OK) break;
      if (status === STALE && !this.refresh()) return; // dropped, and as empty as can be
      if (status === STALE) continue;
      if (status === layout.NO_IDS && worker.sweep() > 0) continue;
      if (status === NO_MEMORY && (worker.sweepDead() > 0 || deleteSome(worker, this.record))) continue;
      if (status === layout.NO_IDS)
        throw new NamespaceLimitError(
          `no namespace id is free to clear "${this.name}"; sweep first (store.maintain())`,
        );
      this.recover(status, 0, 0);
    }
    this.refresh();
  }

  /** What it holds and what it may: each count as of some moment during the call, of living entries alone. */
  usage(): NamespaceUsage {
    this.enter(READ);
    const { worker } = this;
    worker.sweepExpired();
    return this.counted((record) => usageOf(worker, record)) ?? usageOfNone(worker, this.record);
  }

  /**
   * Changes the limits that are given; entries that are already there stay.
   *
   * @throws InvalidArgumentError for a limit out of bounds; OutOfMemoryError
   */
  limit(limits: NamespaceLimits): void {
    const asked = checkLimits(limits);
    this.enter(ADMIN);
    const { worker } = this;
    if (!this.refreshIfStale()) this.refreshOrMake();
    for (;;) {
      const { maxEntries, maxBytes } = this.record; // again after a change by another: the other limit may be new
      const status = worker.engine.configureNamespace(
        this.entry,
        this.version,
        worker.putKey(this.name),
        asked.maxEntries ?? maxEntries,
        BigInt(asked.maxBytes ?? maxBytes),
      );
      if (status === OK) break;
      this.recover(status, 0, 0);
    }
    this.refresh();
  }

  /**
   * Keys as text, in no order; with a prefix, those that begin with it. Weakly consistent: what is there all along comes exactly once.
   *
   * @throws InvalidArgumentError for a prefix that is none, at once
   */
  keys(options?: PrefixOptions): IterableIterator<string> {
    return mapped(this.walkKeys(readPrefix(this.worker, KEYS_OPTIONS, options)), ({ key }) => key);
  }

  /** In the order of `keys()`, as consistent as they. */
  values(options?: PrefixOptions): IterableIterator<V> {
    return mapped(this.listed(readPrefix(this.worker, VALUES_OPTIONS, options)), ({ value }) => value);
  }

  /** Keys as text with their values, as consistent as `keys()`. */
  entries(options?: PrefixOptions): IterableIterator<[string, V]> {
    return mapped(this.listed(readPrefix(this.worker, ENTRIES_OPTIONS, options)), ({ key, value }) => [key, value]);
  }

  /** Calls `use` for each entry that `entries()` gives, as a Map does. What it throws ends it. */
  forEach(use: (value: V, key: string, namespace: this) => void, thisArg?: unknown): void {
    checkFunction("forEach", use);
    for (const { key, value } of this.listed(undefined)) use.call(thisArg, value, key, this);
  }

  /** As `entries()`, with keys as bytes: for namespaces whose keys are not text. */
  binaryEntries(options?: PrefixOptions): IterableIterator<[Uint8Array, V]> {
    return mapped(this.listed(readPrefix(this.worker, ENTRIES_OPTIONS, options)), ({ keyBytes, value }) => [
      keyBytes,
      value,
    ]);
  }

  /** How many `keys()` would give: without a prefix `size`, and with one as consistent as they. */
  count(options?: PrefixOptions): number {
    const prefix = readPrefix(this.worker, COUNT_OPTIONS, options);
    if (prefix === undefined) return this.size;
    let count = 0;
    for (const _ of this.walkKeys(prefix)) count++;
    return count;
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries();
  }

  /** Encodes and hashes a key once. The prepared key works in this namespace, in this thread, also after a clear. */
  key(key: string | Uint8Array): PreparedKey {
    this.enter(0);
    const { worker } = this;
    const length = worker.putKey(key);
    const hash = worker.engine.prepareSeeded(this.record.seed, length) >>> 0;
    return PreparedKey.make(this.scope, worker.takeWords(length), length, hash);
  }

  /** The entries whose values are asked for. */
  protected *listed(prefix: Uint8Array | undefined): IterableIterator<Listed<V>> {
    for (const listed of this.walk(prefix)) {
      const whole = withValue(this.worker, this.codec, listed, (key) => this.find(key)?.value);
      if (whole !== null) yield whole;
    }
  }

  // ---------------------------------------------------------------- changes

  /**
   * What changes in the namespace from now on, in order per key: of one key, of those that begin with `prefix`, or of all. It ends when the
   * signal aborts, the loop is left, or this thread closes the store or the view.
   *
   * No writer waits for it. What it has not asked for yet is kept up to 4,096 changes, and so much of it as each writer's log holds; what is too much
   * becomes one "gap". A value is read when its change is asked for.
   *
   * @throws InvalidArgumentError for what is neither a key nor { prefix } nor {}
   */
  watch(target: Key | PrefixOptions = {}, options: WatchOptions = {}): Changes<V> {
    const wanted = readWatchTarget(this.worker, target, target instanceof PreparedKey);
    const { signal, initial } = readWatchOptions(options);
    this.enter(READ);
    const { worker, record } = this;
    let interest = WatcherWords.inAll(record.seed);
    let concerns = (_: Uint8Array): boolean => true;
    if (wanted !== "all" && "key" in wanted) {
      const { hash, key } = this.known(wanted.key);
      interest = WatcherWords.inOne(hash);
      concerns = (other) => other.length === key.length && startsWith(other, key);
    } else if (wanted !== "all") {
      const { prefix } = wanted;
      concerns = (key) => startsWith(key, prefix);
    }
    const { nameHash, name } = this.known(null);
    const watched = {
      worker,
      nameHash,
      name,
      interests: [interest, WatcherWords.inOne(nameHash)],
      concerns,
      enter: () => this.enterAnew(),
      find: () => (this.refreshIfStale() ? this.record : null),
      readLife: (entry: number, version: number) => this.readLife(entry, version),
    };
    return new Watch<V>(watched, initial, signal);
  }

  /**
   * Waits until the key's entry is another than the one with `version`; without a version, until there is one. It may have been others in between.
   *
   * @returns the entry, or undefined when it is gone or the time has passed; rejects with the signal's reason when that aborts, with ClosedError
   *   when this thread closes the store or the view
   */
  async waitFor(key: Key, options: WaitForOptions = {}): Promise<Entry<V> | undefined> {
    const { version, patience } = readWaitOptions(options);
    return waitFor(this.awaited(key), version, patience);
  }

  /** The same, blocking this worker thread. @throws InvalidArgumentError on the main thread, and in a store with `shared: false` */
  waitForSync(key: Key, options: Omit<WaitForOptions, "signal"> = {}): Entry<V> | undefined {
    const { version, end } = readBlockOptions(options);
    return waitForSync(this.awaited(key), version, end);
  }

  private awaited(key: Key): Awaited<Entry<V>> {
    this.enter(READ);
    const { worker } = this;
    const prepared = key instanceof PreparedKey ? key : this.key(key);
    const { hash } = this.known(prepared);
    return {
      worker,
      interests: [WatcherWords.inOne(hash), WatcherWords.inOne(this.known(null).nameHash)],
      look: () => this.getEntry(prepared),
      versionOf: (entry) => entry?.version,
      left: (entry) =>
        entry?.expiresAt === undefined
          ? Number.POSITIVE_INFINITY
          : entry.expiresAt - worker.createdMs - worker.elapsed() + 1,
    };
  }

  /** What changes are known by: a key's hash and bytes, and the name's entry in the directory. */
  private known(key: Key | null): { hash: number; key: Uint8Array; nameHash: number; name: Uint8Array } {
    const { worker } = this;
    let hash = 0;
    let bytes = new Uint8Array(0);
    if (key !== null) {
      const length = this.put(key);
      bytes = worker.keyCopy(length) as Uint8Array<ArrayBuffer>;
      hash = worker.engine.prepareSeeded(this.record.seed, length) >>> 0;
    }
    const nameLength = worker.putKey(this.name);
    const name = worker.keyCopy(nameLength);
    return { hash, key: bytes, nameHash: worker.engine.nameHash(nameLength) >>> 0, name };
  }

  /** The way in of what lasts: the namespace may be another by now, in which this agent may do less. */
  private enterAnew(): void {
    this.enter(READ);
    this.refreshIfStale();
  }

  /** An entry that is known by address and version, as long as it can be read and has not expired. */
  protected readLife(entry: number, version: number): Listed<V> | null {
    const life = wholeEntries<V>(this.worker, this.codec, undefined)(entry, version) ?? null;
    if (life === null || (life.expires !== 0 && this.worker.hasCome(life.expires))) return null;
    return withValue(this.worker, this.codec, life, () => undefined); // no other value than that life's
  }

  private *walk(prefix: Uint8Array | undefined): IterableIterator<Listed<V>> {
    yield* walk(this.worker, wholeEntries<V>(this.worker, this.codec, prefix), this.goingOn(READ));
  }

  private *walkKeys(prefix: Uint8Array | undefined, permission: number = READ): IterableIterator<Listed<undefined>> {
    yield* walk(this.worker, keysAlone(this.worker, prefix), this.goingOn(permission));
  }

  private goingOn(permission: number): () => NamespaceRecord | null {
    this.enter(permission);
    if (!this.refreshIfStale()) return () => null;
    const { life } = this.record;
    return () => this.recordIn(life, permission);
  }

  /** The directory entry by which an iteration goes on: null once the namespace was cleared or dropped, whatever has its id or name since. */
  private recordIn(life: number, permission: number): NamespaceRecord | null {
    this.enter(permission);
    return this.refreshIfStale() && this.record.life === life ? this.record : null;
  }
}

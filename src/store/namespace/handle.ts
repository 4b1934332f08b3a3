/**
 * What all operations of a namespace share: the way in (open? allowed?), keys into the key window, values to where the engine
 * finds them, the directory entry and how to find it again once it changed, and what a failed write does.
 */
import { layout } from "../../core/index.js";
import { InvalidArgumentError } from "../../errors.js";
import type { AgentAccess } from "../access.js";
import { byteCount } from "../bytes.js";
import { type Codec, codecOf, type EncodingName } from "../encoding.js";
import { NamespaceEvictor } from "../eviction/within-namespace.js";
import { type Key, type KeyScope, PreparedKey } from "../key.js";
import { checkLarge, type LargeSource, takeFilled } from "../large.js";
import type { WorkerConnection } from "../worker.js";
import type { Condition } from "./condition.js";
import { atItsLimit, footprint, outOfMemory } from "./failure.js";
import type { Lookup, NamespaceRecord } from "./record.js";

const { NO_MEMORY, QUOTA, STALE } = layout;

export class NamespaceHandle {
  readonly name: string;
  readonly encoding: EncodingName;
  protected readonly worker: WorkerConnection;
  protected readonly codec: Codec;
  private readonly agent: AgentAccess | null;
  private readonly lookup: Lookup;
  protected readonly binary: boolean;
  /** Whether the codec gives views of a buffer of its own. */
  protected readonly reuses: boolean;
  protected record: NamespaceRecord;
  // the words every operation passes to the engine
  protected entry: number;
  protected version: number;
  protected id: number;
  protected readonly scope: KeyScope;
  /** Made by the first write of this handle that finds the namespace full. */
  private evictor: NamespaceEvictor | null = null;

  protected constructor(
    worker: WorkerConnection,
    name: string,
    record: NamespaceRecord,
    lookup: Lookup,
    agent: AgentAccess | null,
  ) {
    this.worker = worker;
    this.name = name;
    this.record = record;
    this.entry = record.entry;
    this.version = record.version;
    this.id = record.id;
    this.scope = worker.scopeOf(name);
    this.encoding = record.encoding;
    this.codec = codecOf(record.encoding);
    this.binary = record.encoding === "binary";
    this.reuses = record.encoding === "json" || record.encoding === "msgpack";
    this.lookup = lookup;
    this.agent = agent;
  }

  // ---------------------------------------------------------------- the way in

  protected enter(permission: number): void {
    this.check(permission);
    this.worker.countOperation();
  }

  /** The way in of an operation that has begun already. */
  protected check(permission: number): void {
    if (this.worker.closed) this.worker.assertOpen();
    if (this.agent !== null) this.agent.check(permission);
  }

  /** An operation ends while one is timed. */
  protected endTimed(kind: number, key: Key, valueBytes: number): void {
    const length =
      typeof key === "string" ? Buffer.byteLength(key) : key instanceof PreparedKey ? key.length : byteCount(key);
    this.worker.endTimed(kind, this.id, length, valueBytes);
  }

  protected put(key: Key): number {
    return key instanceof PreparedKey ? this.putPrepared(key) : this.worker.putKey(key);
  }

  private putPrepared(key: PreparedKey): number {
    if (key.scope !== this.scope) this.refuseForeign(key);
    this.worker.putPrepared(key);
    return key.length;
  }

  /** As putPrepared, returning what the engine's prepared forms take: length and namespace id. */
  protected putPreparedMeta(key: PreparedKey): number {
    if (key.scope !== this.scope) this.refuseForeign(key);
    this.worker.putPrepared(key);
    return (key.length << 16) | this.id;
  }

  private refuseForeign(key: PreparedKey): never {
    const { namespace } = key.scope;
    const where = namespace === this.name ? "the namespace of that name in another store" : `namespace "${namespace}"`;
    throw new InvalidArgumentError(`the key was prepared in ${where} and is used in "${this.name}"`);
  }

  // ---------------------------------------------------------------- the directory entry

  /** Looks the namespace up, without making it. False when there is none of its name: then it holds nothing. */
  protected refresh(): boolean {
    const record = this.lookup.find(this.name);
    if (record === null) this.agent?.meet(0);
    else this.bind(record);
    return record !== null;
  }

  /** The same for what is about to change it: makes it if it was dropped, and this handle may. */
  protected refreshOrMake(): void {
    this.bind(this.lookup.findOrMake(this.name));
  }

  private bind(record: NamespaceRecord): void {
    if (record.encoding !== this.encoding) {
      throw new InvalidArgumentError(
        `namespace "${this.name}" was dropped and made again with encoding ${record.encoding}; this handle has ${this.encoding}, get a new one`,
      );
    }
    this.record = record;
    this.entry = record.entry;
    this.version = record.version;
    this.id = record.id;
    this.agent?.meet(record.made); // what was allowed in the one before is not in this one
  }

  /** False when there is no such namespace. */
  protected refreshIfStale(): boolean {
    return this.worker.engine.isCurrentRecord(this.entry, this.version) !== 0 || this.refresh();
  }

  /**
   * What `count` makes of the words of the namespace's id, which were the namespace's own all the while; null when there is no such
   * namespace.
   */
  protected counted<T>(count: (record: NamespaceRecord) => T): T | null {
    while (this.refreshIfStale()) {
      const result = count(this.record);
      if (this.worker.engine.isCurrentRecord(this.entry, this.version)) return result;
    }
    return null;
  }

  // ---------------------------------------------------------------- writes

  /**
   * Where the engine finds a value's bytes: in the value window, unless they lie in shared memory already. Done anew for each
   * attempt, because looking the namespace up uses that window too.
   */
  protected stage(bytes: Uint8Array): number {
    const { worker } = this;
    const address = worker.addressOf(bytes);
    if (address >= 0) return address;
    worker.values.set(bytes);
    return worker.valueAddress;
  }

  /**
   * Writes a value that is larger than a chunk. Its span is taken once the condition holds, filled once, and stays in hand over all
   * attempts to publish it.
   *
   * @throws ValueTooLargeError; as any write
   */
  protected writeLarge(key: Key, source: LargeSource, expires: number, condition: Condition): boolean {
    const { worker } = this;
    const { engine } = worker;
    const { length } = source;
    checkLarge(worker, length, "value");
    if (condition.mode !== layout.MODE_SET && !this.wouldWrite(key, condition)) return false;
    let address = 0;
    try {
      for (;;) {
        const keyLength = this.put(key);
        if (address === 0) address = takeFilled(worker, source);
        if (address === 0) {
          this.recover(NO_MEMORY, keyLength, length);
          continue;
        }
        const { mode, entry, version } = condition;
        this.put(key); // what made room for the span may have looked something up
        const status = engine.setLarge(
          this.entry,
          this.version,
          keyLength,
          address,
          length,
          expires,
          mode,
          entry,
          version,
        );
        if (status === layout.OK) {
          address = 0;
          return true;
        }
        if (status === layout.UNMET) return false;
        this.recover(status, keyLength, length);
      }
    } finally {
      if (address !== 0) engine.dropLarge(address, length);
    }
  }

  private wouldWrite(key: Key, { mode, entry, version }: Condition): boolean {
    for (;;) {
      const status = this.worker.engine.wouldWrite(this.entry, this.version, this.put(key), mode, entry, version);
      if (status !== STALE) return status === 1;
      this.refreshOrMake();
    }
  }

  /** A failed write: returns when it may be tried again (the namespace changed, dead entries were swept), throws otherwise. */
  protected recover(status: number, keyLength: number, length: number): void {
    if (status === STALE) {
      this.refreshOrMake();
      return;
    }
    if (status === QUOTA) {
      // what has expired fills no limit, and goes before anything that lives
      if (this.worker.sweepExpired() > 0) return;
      if (this.record.whenFull === "evict" && this.evictWithin(keyLength, length)) return;
      throw atItsLimit(this.name, this.record);
    }
    if (status === NO_MEMORY) {
      if (this.worker.sweepDead() > 0) return;
      throw outOfMemory(this.worker, keyLength, length);
    }
    throw new Error(`the engine answered ${status}: this is a fault in Engram`);
  }

  /** Makes room under the namespace's own limits; false when evicting all of it would not be enough. */
  private evictWithin(keyLength: number, length: number): boolean {
    if (!this.refreshIfStale()) return true; // dropped: the next attempt says so, and makes it anew
    const { record } = this; // the limits may have been raised, or the namespace cleared
    if (record.maxBytes !== 0 && footprint(keyLength, length) > record.maxBytes) return false;
    this.evictor ??= new NamespaceEvictor(this.worker);
    return this.evictor.evict(record);
  }
}

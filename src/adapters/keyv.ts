/**
 * A storage adapter for Keyv 5 and 6 over a store that threads share: `new Keyv({ store: new EngramKeyv(store) })`. It needs nothing of
 * Keyv to be loaded.
 *
 * It is an adapter of Keyv 5's contract: keys come with Keyv's namespace in front (`users:7`), a ttl is milliseconds from now, one answer is for
 * all keys of a `deleteMany`. Keyv 6 wraps such an adapter in its bridge, which puts its own prefix in front (`users::7`) and
 * works a ttl out of the time it has. So keys are whole whoever asks, many Keyvs may share one store, and the two versions never
 * meet under a key.
 *
 * What differs: Keyv 5 tells the adapter its namespace, and has it clear that. The bridge of Keyv 6 does so only with adapters that have a
 * property `namespace` from the start; this one has none until Keyv 5 sets it, because one property cannot serve several Keyvs. That
 * it is there is also how `deleteMany` knows who asks.
 *
 * @module engram/keyv
 */

import { EventEmitter } from "node:events";
import { describe, KnownOptions } from "../check.js";
import { ClosedError, InvalidArgumentError } from "../errors.js";
import type { AgentView, Namespace, Store } from "../store/index.js";

/** Where entries are kept. */
export interface EngramKeyvOptions {
  /** The store's namespace that holds the entries, made if it is not there. Default "keyv". */
  name?: string;
}

/** One entry of a `setMany`. */
export interface KeyvPair {
  /** With Keyv's own prefix. */
  key: string;
  /** As Keyv has serialised it. */
  value: unknown;
  /** Milliseconds from now. Default: it stays. */
  ttl?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the two versions type these differently (a setMany of void, whose result is used), and values are what Keyv made of them
type Peer = any;

const OPTIONS = new KnownOptions("EngramKeyv", ["name"]);

/** A storage adapter of Keyv over a store: one cache for all threads of the process. docs/adapters.md has the whole of it. */
export class EngramKeyv extends EventEmitter {
  /** Keyv's namespace, as Keyv 5 sets it. Not there before: see above. */
  declare namespace?: string | undefined;
  /**
   * What Keyv 5 looks at before it offers an iterator: it does so only for dialects that it knows. Redis is the one whose adapter behaves as this
   * one does, with expiry in the store itself. Keyv reads nothing else here.
   */
  readonly opts: {
    /** What Keyv takes it for. */
    dialect: string;
    /** Stands for an address. */
    url: string;
    [name: string]: unknown;
  } = { dialect: "redis", url: "engram" };
  private readonly entries: Namespace<unknown>;
  private disconnected = false;

  /**
   * @param store the store, or the view of it that an agent has
   * @throws InvalidArgumentError; ClosedError
   */
  constructor(store: Store | AgentView, options: EngramKeyvOptions = {}) {
    super();
    if (typeof (store as Partial<Store> | null)?.namespace !== "function") {
      throw new InvalidArgumentError(`EngramKeyv is over a store; ${describe(store)} is none`);
    }
    const { name = "keyv" } = OPTIONS.check(options);
    // msgpack holds what Keyv hands over: text as a rule, and its own { value, expires } where it is told not to serialize
    this.entries = store.namespace<unknown>(name, { encoding: "msgpack" });
  }

  // async throughout, and by that word: it is how Keyv 6 knows an adapter from a Map

  /** As Keyv's adapters: the value, or undefined. */
  async get(key: string): Promise<Peer> {
    return this.open().get(key);
  }

  /** The values of many keys, in their order; undefined for each that is not there. */
  async getMany(keys: string[]): Promise<Peer[]> {
    return this.open().getMany(keys);
  }

  /** @param ttl milliseconds from now; none, or 0: it stays */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.write(this.open(), key, value, ttl);
  }

  /** Each for itself: which were written. The first that fails is thrown once all others are. */
  async setMany(pairs: KeyvPair[]): Promise<Peer> {
    const entries = this.open();
    const failures: unknown[] = [];
    const written = pairs.map(({ key, value, ttl }) => {
      try {
        return this.write(entries, key, value, ttl);
      } catch (error) {
        failures.push(error);
        return false;
      }
    });
    if (failures.length > 0) throw failures[0];
    return written;
  }

  /** Whether the key is there and has not expired. */
  async has(key: string): Promise<boolean> {
    return this.open().has(key);
  }

  /** The same of many keys, in their order. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    const entries = this.open();
    return keys.map((key) => entries.has(key));
  }

  /** Whether it was there. */
  async delete(key: string): Promise<boolean> {
    return this.open().delete(key);
  }

  /** For Keyv 5 whether all keys were there; for Keyv 6 which. */
  async deleteMany(keys: string[]): Promise<Peer> {
    const entries = this.open();
    const were = keys.map((key) => entries.delete(key));
    return "namespace" in this ? were.every(Boolean) : were;
  }

  /** Keyv 5's namespace if it has told one, everything otherwise. */
  async clear(): Promise<void> {
    const { namespace } = this;
    if (namespace) this.open().clear({ prefix: `${namespace}:` });
    else this.open().clear();
  }

  /** Keys as Keyv gave them, with their values; weakly consistent, as the store's `entries()`. */
  async *iterator(namespace?: string): AsyncGenerator<Peer, void> {
    yield* this.open().entries(namespace ? { prefix: `${namespace}:` } : undefined);
  }

  /** This adapter is of no use any more; the store stays as it is, for whoever shares it. */
  async disconnect(): Promise<void> {
    this.disconnected = true;
  }

  private write(entries: Namespace<unknown>, key: string, value: unknown, ttl: number | undefined): boolean {
    if (ttl === undefined || ttl === null || ttl === 0) return entries.set(key, value);
    if (ttl < 0) {
      entries.delete(key); // has expired by the time it arrives
      return true;
    }
    return entries.set(key, value, { ttl });
  }

  private open(): Namespace<unknown> {
    if (this.disconnected) throw new ClosedError("this EngramKeyv was disconnected");
    return this.entries;
  }
}

export default EngramKeyv;

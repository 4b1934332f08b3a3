/** A domain in a thread that did not join. */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import type { Namespace } from "../store/index.js";
import type { CallOptions, CompareAndSetOptions, DomainEntry, LoadOptions, Put, PutOptions } from "./domain.js";
import { valueBytesIn } from "./local-tier.js";
import { NearValues } from "./near-values.js";
import type { Stream } from "./stream.js";
import type { ChangesOptions, MemoryChange } from "./subscriptions.js";
import { type Asking, type Method, POLL_MS } from "./thread-messages.js";
import { readValue } from "./values.js";

/** A domain in a worker thread: its memory is asked by messages, and eventual reads look into the store that both share. */
export class AttachedDomain<V = unknown> {
  private readonly near: NearValues | null;

  /** @internal */
  constructor(
    private readonly namespace: Namespace<Uint8Array>,
    near: number,
    private readonly asking: Asking,
  ) {
    this.near = near === 0 ? null : new NearValues(near);
  }

  /** What the node's copy has now, read from the shared store; undefined when it has none. */
  peek(key: string): V | undefined {
    const record = this.namespace.get(key);
    if (record === undefined) return undefined;
    const { near } = this;
    const decode = (): unknown => {
      const bytes = valueBytesIn(record);
      return bytes === null ? undefined : readValue(bytes);
    };
    return (near === null ? decode() : near.get(key, record, decode)) as V | undefined;
  }

  /** As the domain's own, asked of the thread that joined. */
  get(key: string, options?: CallOptions): Promise<V | undefined> {
    return this.call("get", [key, options], options) as Promise<V | undefined>;
  }

  /** As `Domain.getEntry`. */
  getEntry(key: string, options?: CallOptions): Promise<DomainEntry<V> | undefined> {
    return this.call("getEntry", [key, options], options) as Promise<DomainEntry<V> | undefined>;
  }

  /** As `Domain.put`. */
  put(key: string, value: V, options?: PutOptions): Promise<Put> {
    return this.call("put", [key, value, options], options) as Promise<Put>;
  }

  /** As `Domain.delete`. */
  delete(key: string, options?: Omit<PutOptions, "ttl" | "tags">): Promise<boolean> {
    return this.call("delete", [key, options], options) as Promise<boolean>;
  }

  /** As `Domain.compareAndSet`. */
  compareAndSet(key: string, value: V, options: CompareAndSetOptions): Promise<Put | false> {
    return this.call("compareAndSet", [key, value, options], options) as Promise<Put | false>;
  }

  /** As the domain's own: once in the node, whichever of its threads ask, and once in the cluster. The loader runs in this thread. */
  getOrLoad(key: string, load: (key: string) => Promise<V> | V, options?: LoadOptions): Promise<V> {
    if (typeof load !== "function") {
      return Promise.reject(new InvalidArgumentError(`the loader is ${describe(load)}; expected a function`));
    }
    const { asking } = this;
    const waitMs = asking.waitMs(options?.timeout);
    return asking.ask("getOrLoad", [key, options], waitMs, async () => load(key)).answer as Promise<V>;
  }

  /** As the domain's own, from when the thread that joined has heard of it. What it refuses is thrown by the first `next`. */
  changes(options: ChangesOptions = {}): Stream<MemoryChange<V>> {
    return new AttachedChanges<V>(this.asking, options);
  }

  private call(method: Method, args: readonly unknown[], options: CallOptions | undefined): Promise<unknown> {
    return this.asking.ask(method, args, this.asking.waitMs(options?.timeout)).answer;
  }
}

class AttachedChanges<V> implements Stream<MemoryChange<V>> {
  private readonly number: number;
  private readonly opened: Promise<unknown>;
  private waiting: MemoryChange<V>[] = [];
  private fetching: Promise<void> | null = null;
  private ended = false;
  private readonly onAbort = (): void => this.end();

  constructor(
    private readonly asking: Asking,
    { signal, ...options }: ChangesOptions,
  ) {
    const { number, answer } = asking.ask("changes", [options], asking.waitMs(undefined));
    this.number = number;
    this.opened = answer;
    this.opened.catch(() => {}); // told by next
    if (signal?.aborted) this.end();
    else signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  async next(): Promise<IteratorResult<MemoryChange<V>, undefined>> {
    while (!this.ended && this.waiting.length === 0) {
      this.fetching ??= this.fetch().finally(() => {
        this.fetching = null;
      });
      await this.fetching;
    }
    const value = this.waiting.shift();
    return value === undefined ? { value: undefined, done: true } : { value, done: false };
  }

  async return(): Promise<IteratorResult<MemoryChange<V>, undefined>> {
    this.end();
    return { value: undefined, done: true };
  }

  async throw(reason?: unknown): Promise<IteratorResult<MemoryChange<V>, undefined>> {
    this.end();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  private async fetch(): Promise<void> {
    try {
      await this.opened;
      const waitMs = this.asking.waitMs(POLL_MS);
      const changes = (await this.asking.ask("next", [this.number], waitMs).answer) as MemoryChange<V>[] | null;
      if (this.ended) return;
      if (changes === null) this.ended = true;
      else this.waiting = changes;
    } catch (error) {
      if (!this.ended) throw error;
    }
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting = [];
    this.asking.ask("end", [this.number], POLL_MS).answer.catch(() => {}); // it ends by itself when it is asked for no more
  }
}

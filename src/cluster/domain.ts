/** A domain as programs use it: a map whose every call says how sure it wants to be. */
import { choice, describe, KnownOptions, wholeNumber } from "../check.js";
import { ClosedError, InvalidArgumentError, KeyTooLongError, ValueTooLargeError } from "../errors.js";
import { type Duration, milliseconds } from "../units.js";
import { compareAndSet } from "./compare-and-set.js";
import {
  CONSISTENCY_LEVELS,
  type Consistency,
  type Reading,
  readAt,
  readHere,
  type Wishes,
  writeAt,
} from "./consistency.js";
import type { DomainState } from "./domain-state.js";
import type { ClusterEntry } from "./entry.js";
import type { WriteOptions } from "./replica-options.js";
import type { Stream } from "./stream.js";
import type { ChangesOptions, MemoryChange } from "./subscriptions.js";
import { checkTags } from "./tag-index.js";
import { readValue, writeValue } from "./values.js";

/** How one call reads, and how long it may take. */
export interface CallOptions {
  /** Default: the domain's. */
  readonly consistency?: Consistency;
  /** How old a `bounded_stale` read may be. Default: the domain's. */
  readonly window?: Duration;
  /** After so long it is given up. Default: the domain's. */
  readonly timeout?: Duration;
}

/** How a value is written. */
export interface PutOptions extends CallOptions {
  /** How long the value lives. Default: the domain's. */
  readonly ttl?: Duration;
  /** What it is to be invalidated by. Default: none. */
  readonly tags?: readonly string[];
  /**
   * Of an UnknownOutcomeError of the same write: asks what became of it, and writes it if nothing did. Strong writes only. Default: a new
   * attempt.
   */
  readonly attempt?: string;
}

/** Under which version a value is replaced. */
export interface CompareAndSetOptions extends Omit<PutOptions, "consistency" | "window"> {
  /** As `getEntry` or a write told it; 0: only if there is none, because there never was, it was deleted, or its time is over. */
  readonly version: number;
}

/** How a loaded value is kept. */
export interface LoadOptions extends Omit<PutOptions, "attempt"> {}

/** A value with what else is known of it. */
export interface DomainEntry<V> {
  /** As `get` gives it. */
  readonly value: V;
  /** Its number in the domain's log; undefined while it is on its way there. */
  readonly version: number | undefined;
  /** Name of the node that wrote it. */
  readonly source: string;
  /** Writes by node that it knows of. */
  readonly clock: Readonly<Record<string, number>>;
  /** ms since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
  /** At most so old is what was read, ms; Infinity while that is not known. */
  readonly staleMs: number;
}

/** What a write came to. */
export interface Put {
  /** Its number in the domain's log; undefined while it is on its way there. */
  readonly version: number | undefined;
  /** Writes by node that it knows of, itself among them. */
  readonly clock: Readonly<Record<string, number>>;
}

const CALL = new KnownOptions("get", ["consistency", "window", "timeout"]);
const PUT = new KnownOptions("put", ["consistency", "window", "timeout", "ttl", "tags", "attempt"]);
const CAS = new KnownOptions("compareAndSet", ["version", "timeout", "ttl", "tags", "attempt"]);
const MOST_MS = 2 ** 31 - 1;
const MOST_TTL_MS = 2 ** 47;
const KEY_BYTES_MAX = 1024;
/** Of an entry besides its value: names, clock, tags. */
const HEAD_BYTES = 4096;

/** One of the memory's domains: keys and values that all nodes see. docs/cluster.md has the whole of it. */
export class Domain<V = unknown> {
  /** @internal Use `memory.domain()`. */
  constructor(
    private readonly state: DomainState,
    private readonly isOpen: () => boolean,
  ) {}

  /** As it was joined with. */
  get name(): string {
    return this.state.settings.name;
  }

  /** Keys that read as something here. */
  get size(): number {
    let size = 0;
    for (const _ of this.keys()) size++;
    return size;
  }

  /**
   * The value; undefined when there is none.
   *
   * @throws StaleError (`bounded_stale`), UnavailableError (`strong`): what is here cannot be shown to be as new as that; InvalidArgumentError; ClosedError
   */
  async get(key: string, options?: CallOptions): Promise<V | undefined> {
    return (await this.getEntry(key, options))?.value;
  }

  /** The value with its version, as `compareAndSet` takes it. @throws as get does */
  async getEntry(key: string, options: CallOptions = {}): Promise<DomainEntry<V> | undefined> {
    const wishes = this.wishes(CALL.check(options));
    this.check(key);
    let reading = await readAt(this.state.replica, key, wishes);
    if (reading.entry === null && wishes.consistency !== "strong" && (await this.fetchOutside(key))) {
      reading = readHere(this.state.replica, key);
    }
    return this.found(key, reading);
  }

  /** What is here now, however old; undefined when there is none. */
  peek(key: string): V | undefined {
    this.check(key);
    const { entry } = readHere(this.state.replica, key);
    this.count(entry);
    return entry === null ? undefined : this.decoded(key, entry);
  }

  /** Keys that read as something here, in no order. */
  keys(): IterableIterator<string> {
    this.assertOpen();
    return this.state.replica.keys();
  }

  /**
   * @throws UnavailableError: nothing was written; UnknownOutcomeError (`strong`): it may be, ask again with its `attempt`; ClusterLimitError,
   *   KeyTooLongError, ValueTooLargeError, InvalidArgumentError, OutOfMemoryError: nothing was written; ClosedError
   */
  async put(key: string, value: V, options: PutOptions = {}): Promise<Put> {
    const wishes = this.wishes(PUT.check(options));
    this.check(key);
    return this.write(key, this.encode(key, value), options, wishes);
  }

  /** Whether there was something here to delete. @throws as put does */
  async delete(key: string, options: Omit<PutOptions, "ttl" | "tags"> = {}): Promise<boolean> {
    const wishes = this.wishes(PUT.check(options));
    this.check(key);
    const had = this.state.replica.peek(key) !== null;
    await this.write(key, null, options, wishes);
    return had;
  }

  /**
   * Writes if the key's version in the log is still this one: strong, whatever the domain's level is.
   *
   * @returns false when another was faster: nothing was written
   * @throws as a strong put does
   */
  async compareAndSet(key: string, value: V, options: CompareAndSetOptions): Promise<Put | false> {
    const { version, attempt } = CAS.check(options);
    if (version === undefined) {
      throw new InvalidArgumentError(
        "compareAndSet needs the version that it replaces; one that is not in the log yet has none: read it with consistency strong",
      );
    }
    const wishes = this.wishes({ timeout: options.timeout, consistency: "strong" });
    const expect = wholeNumber("option version", version, 0, 0, Number.MAX_SAFE_INTEGER);
    this.check(key);
    const bytes = this.encode(key, value);
    const { replica } = this.state;
    if (replica.peek(key) === null) this.admit(key, bytes);
    this.state.counts.writes++;
    // an own write that is unsent came before this: it counts as one that was faster
    await replica.flush(key, wishes.timeoutMs);
    const { timeoutMs } = wishes;
    const checked = this.checkAttempt(attempt);
    const committed = await compareAndSet(replica, key, bytes, {
      ...this.writeOptions(options),
      attempt: checked,
      expect,
      timeoutMs,
    });
    return committed === null ? false : this.told(committed.entry, committed.seq);
  }

  /**
   * The value; loaded when there is none, once in this node and, by a lease in the log, once in the cluster. What the loader throws, all who wait in
   * this node get, and nothing is kept. A value that was invalidated while it was loaded is given, and not kept.
   */
  async getOrLoad(key: string, load: (key: string) => Promise<V> | V, options: LoadOptions = {}): Promise<V> {
    if (typeof load !== "function")
      throw new InvalidArgumentError(`the loader is ${describe(load)}; expected a function`);
    const wishes = this.wishes(PUT.check(options));
    this.check(key);
    const here = await this.get(key, {
      consistency: wishes.consistency,
      timeout: wishes.timeoutMs,
      window: wishes.windowMs,
    });
    if (here !== undefined) return here;
    return this.state.loads.run(
      key,
      () => this.peek(key),
      async () => {
        const fill = this.state.fills.begin(key);
        try {
          const value = await load(key);
          if (!fill.stale) await this.put(key, value, options);
          return value;
        } finally {
          fill.end();
        }
      },
    );
  }

  /** Changes from now on, told after the copy here has them; `gap` where some before were not seen one by one. */
  changes(options: ChangesOptions = {}): Stream<MemoryChange<V>> {
    this.assertOpen();
    return this.state.changes.subscribe(options) as Stream<MemoryChange<V>>;
  }

  // ---------------------------------------------------------------- inside

  private async write(key: string, bytes: Uint8Array | null, options: PutOptions, wishes: Wishes): Promise<Put> {
    const attempt = this.checkAttempt(options.attempt);
    if (attempt !== undefined && wishes.consistency !== "strong")
      throw new InvalidArgumentError(`attempt is asked about with consistency "strong", not "${wishes.consistency}"`);
    const { replica } = this.state;
    if (bytes !== null && replica.peek(key) === null) this.admit(key, bytes);
    this.state.counts.writes++;
    const { entry, seq } = await writeAt(replica, key, bytes, { ...this.writeOptions(options), attempt }, wishes);
    return this.told(entry, seq);
  }

  private admit(key: string, bytes: Uint8Array): void {
    this.state.parts.admit(this.name, key.length + bytes.length);
  }

  private checkAttempt(attempt: unknown): string | undefined {
    const { replica, engine } = this.state;
    return attempt === undefined ? undefined : replica.attempts.check(attempt, engine.facts.duplicateWindowMs);
  }

  private writeOptions({ ttl, tags }: PutOptions): WriteOptions {
    const { ttlMs } = this.state.settings;
    const ms = ttl === undefined ? ttlMs : milliseconds("option ttl", ttl, 0, 1, MOST_TTL_MS);
    const expiresAt = ms === undefined ? 0 : Math.ceil(this.state.replica.hybrid.nowMs() + ms);
    return { expiresAt, tags: checkTags(tags) };
  }

  private encode(key: string, value: V): Uint8Array {
    const bytes = writeValue(value);
    const { facts } = this.state.engine;
    const most = facts.maxEntryBytes - HEAD_BYTES;
    if (bytes.length <= most) return bytes;
    throw new ValueTooLargeError(
      `the value of "${key}" has ${bytes.length} bytes; ${facts.name} takes ${most} in domain "${this.name}"`,
    );
  }

  /** What the tier outside has, brought here and into the log as the version that it is. */
  private async fetchOutside(key: string): Promise<boolean> {
    const { external, replica, fills, counts, settings } = this.state;
    if (external === null) return false;
    const fill = fills.begin(key);
    try {
      const entry = await external.read(settings.name, key);
      if (entry === null || fill.stale || entry.value === null) return false;
      counts.externalHits++;
      return replica.adopt(key, entry);
    } finally {
      fill.end();
    }
  }

  private count(entry: ClusterEntry | null): void {
    const { counts } = this.state;
    if (entry === null) counts.misses++;
    else counts.hits++;
  }

  private decoded(key: string, entry: ClusterEntry): V {
    const { near } = this.state;
    const decode = (): unknown => readValue(entry.value!);
    return (near === null ? decode() : near.get(key, entry, decode)) as V;
  }

  private found(key: string, { entry, seq, staleMs }: Reading): DomainEntry<V> | undefined {
    this.count(entry);
    if (entry === null) return undefined;
    return {
      value: this.decoded(key, entry),
      version: seq,
      source: entry.node,
      clock: Object.fromEntries(entry.clock),
      expiresAt: entry.expiresAt === 0 ? undefined : entry.expiresAt,
      staleMs,
    };
  }

  private told(entry: ClusterEntry, version: number | undefined): Put {
    return { version, clock: Object.fromEntries(entry.clock) };
  }

  private wishes({ consistency, window, timeout }: CallOptions): Wishes {
    const { settings } = this.state;
    return {
      consistency: choice("option consistency", consistency, CONSISTENCY_LEVELS, settings.consistency),
      windowMs: milliseconds("option window", window, settings.windowMs, 0, MOST_MS),
      timeoutMs: milliseconds("option timeout", timeout, settings.timeoutMs, 1, MOST_MS),
    };
  }

  private check(key: unknown): asserts key is string {
    this.assertOpen();
    if (typeof key !== "string" || key === "" || !(key as string & { isWellFormed(): boolean }).isWellFormed())
      throw new InvalidArgumentError(
        `a key is ${describe(key)}; expected text of at least one character, without lone surrogates`,
      );
    const most = Math.min(KEY_BYTES_MAX, this.state.engine.facts.maxKeyBytes - 1);
    if (key.length * 3 <= most) return;
    const bytes = Buffer.byteLength(key);
    if (bytes > most)
      throw new KeyTooLongError(`a key has ${bytes} bytes in UTF-8; domain "${this.name}" takes up to ${most}`);
  }

  private assertOpen(): void {
    if (!this.isOpen()) throw new ClosedError("the distributed memory is closed on this node; join again");
  }
}

/**
 * One iteration over the changes of a namespace. Changes wait here until they are asked for, LIMIT at most: one that is asked for too late finds a
 * gap, and goes on from there. Values are read when a change is asked for.
 *
 * Which changes are the namespace's own is known by its id, which changes when it is cleared, and ends when it is dropped: that is a change
 * of its name's entry in the directory, told in order with the others.
 *
 * With `initial`, the present entries are listed once everything older than `since` is there, by address and version. What changes from `since` on is kept until
 * all that could have been seen by the listing was read (`until`). A namespace that is cleared meanwhile is listed anew. Of each key, what comes before the version listed, and that itself, is then
 * left out: it is told as present. A listed entry that is gone when it is asked for has a change that says so.
 */
import { type ChangeRecord, layout } from "../../core/index.js";
import { ClosedError } from "../../errors.js";
import { LISTED, listEntries, MOST_LISTED } from "../listing.js";
import { makeVersion } from "../namespace/condition.js";
import type { Listed } from "../namespace/iteration.js";
import type { NamespaceRecord } from "../namespace/record.js";
import type { WorkerConnection } from "../worker.js";
import type { Change, Changes } from "./change.js";
import { type Listener, type Watchers, watchersOf } from "./watchers.js";

/** Changes that wait to be asked for. */
export const LIMIT = 4096;
/** Entries listed in a row before others in this thread get their turn. */
const LISTED_AT_ONCE = 8 * LISTED;
const TYPES = ["clear", "set", "delete", "expire", "evict"] as const;

/** What an iteration needs of the namespace it is over. */
export interface Watched<V> {
  readonly worker: WorkerConnection;
  readonly interests: readonly number[];
  /** The hash of the name's entry in the directory. */
  readonly nameHash: number;
  readonly name: Uint8Array;
  /** Whether the key, in bytes, is one of those watched. */
  concerns(key: Uint8Array): boolean;
  /** Asked before each change is handed out: may throw instead. */
  enter(): void;
  /** The namespace as it is now, null when there is none. */
  find(): NamespaceRecord | null;
  /** The entry in that life, null when it can no longer be read. */
  readLife(entry: number, version: number): Listed<V> | null;
}

/** A change that waits: its key is a copy. */
interface Waiting {
  readonly kind: number;
  readonly key: Uint8Array;
  readonly entry: number;
  readonly version: number;
  readonly stamp: number;
}

const GAP: unique symbol = Symbol("gap");
const CLEAR: unique symbol = Symbol("clear");
type Item = Waiting | typeof GAP | typeof CLEAR;

interface Asking<V> {
  resolve(result: IteratorResult<Change<V>, undefined>): void;
  reject(reason: unknown): void;
}

export class Watch<V> implements Changes<V>, Listener {
  readonly interests: readonly number[];
  private readonly watchers: Watchers;
  /** What is older is there for all to see, or a gap is told. */
  private since: number;
  private id = -1;
  /** Everything below this may be in what was listed, or in the id that was found; see above. */
  private until = Number.POSITIVE_INFINITY;
  private phase: "settling" | "listing" | "reading" | "running" | "ended" = "running";
  /** Address and version of what is listed, in turns, and where the one asked for next is. */
  private listed: Uint32Array[] = [];
  private listedAt = 0;
  private items: Item[] = [];
  private at = 0;
  private readonly asking: Asking<V>[] = [];
  private failure: { readonly reason: unknown } | null = null;
  private readonly hear = () => this.end();

  constructor(
    private readonly watched: Watched<V>,
    initial: boolean,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.interests = watched.interests;
    this.watchers = watchersOf(watched.worker);
    this.since = this.watchers.add(this);
    this.locate();
    if (initial) this.phase = "settling";
    if (signal?.aborted) this.end();
    else signal?.addEventListener("abort", this.hear, { once: true });
  }

  // ---------------------------------------------------------------- what programs call

  next(): Promise<IteratorResult<Change<V>, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.phase !== "ended") this.watchers.await();
      this.asking.push({ resolve, reject });
      this.serve();
    });
  }

  tryNext(): Change<V> | undefined {
    if (this.phase === "ended" || this.asking.length > 0) return undefined;
    try {
      const change = this.take();
      if (change !== undefined) return change;
      this.watchers.readNow();
      return this.take();
    } catch (reason) {
      this.end();
      if (reason instanceof ClosedError) return undefined;
      throw reason;
    }
  }

  async return(): Promise<IteratorResult<Change<V>, undefined>> {
    this.end();
    return { value: undefined, done: true };
  }

  async throw(reason?: unknown): Promise<IteratorResult<Change<V>, undefined>> {
    this.end();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  // ---------------------------------------------------------------- what the change logs tell

  change(change: ChangeRecord): void {
    if (change.stamp < this.since || this.phase === "ended") return;
    if (change.id === layout.DIRECTORY_ID) {
      if (change.hash === this.watched.nameHash && isEqual(change.key, this.watched.name)) this.renamed(change);
    } else if (change.id === this.id && this.watched.concerns(change.key)) {
      const { kind, entry, version, stamp } = change;
      this.push({ kind, entry, version, stamp, key: Uint8Array.from(change.key) });
    }
  }

  gap(): void {
    if (this.phase === "settling") return; // all of it is yet to be listed
    if (this.isStarting()) {
      this.startAnew();
      return;
    }
    this.locate();
    this.push(GAP);
  }

  read(settled: number): boolean {
    if (this.phase === "settling" && settled >= this.since) {
      this.phase = "listing";
      this.list().catch((reason) => this.fail(reason));
    } else if (this.phase === "reading" && settled >= this.until) {
      this.leaveOut();
      this.phase = "running";
      this.serve();
    }
    return this.phase === "settling" || this.phase === "reading";
  }

  recheck(): void {
    if (this.watched.worker.closed) {
      this.end();
      return;
    }
    try {
      this.watched.enter();
    } catch (reason) {
      if (reason instanceof ClosedError) this.end();
    }
  }

  // ---------------------------------------------------------------- inside

  /** Looks the namespace up. What was logged before that may be older than what was found. */
  private locate(): void {
    const id = this.watched.find()?.id ?? -1;
    this.until = this.watched.worker.engine.nextStamp();
    this.id = id;
  }

  private isStarting(): boolean {
    return this.phase === "settling" || this.phase === "listing" || this.phase === "reading";
  }

  /** What was listed so far is not what is there now. */
  private startAnew(): void {
    this.items = [];
    this.listed = [];
    this.since = this.watched.worker.engine.nextStamp();
    this.phase = "settling";
    this.watchers.wake();
  }

  /** The directory's entry of the name was set or deleted. */
  private renamed({ kind, extra, stamp }: ChangeRecord): void {
    if (this.isStarting()) {
      if (this.phase !== "settling") this.startAnew();
      return;
    }
    const id = stamp < this.until ? (this.watched.find()?.id ?? -1) : kind === layout.CHANGE_SET ? extra : -1;
    if (id === this.id) return;
    const wasThere = this.id !== -1;
    this.id = id;
    if (!wasThere) return; // made: nothing was in it
    this.listed = [];
    this.push(CLEAR);
  }

  private push(item: Item): void {
    if (this.items.length - this.at >= LIMIT) {
      this.items = [GAP];
      this.at = 0;
      if (this.phase === "running") this.listed = [];
    } else {
      this.items.push(item);
    }
    this.serve();
  }

  /** The present entries, by address and version. */
  private async list(): Promise<void> {
    const { worker } = this.watched;
    const { since } = this;
    const record = this.watched.find();
    this.id = record?.id ?? -1;
    let inARow = 0;
    for (let bucket = 0; record !== null && bucket < worker.bucketCount; ) {
      let listing = listEntries(worker, record, bucket, worker.bucketCount, LISTED);
      if (listing !== null && listing.next === bucket)
        listing = listEntries(worker, record, bucket, bucket + 1, MOST_LISTED);
      if (listing === null) {
        this.startAnew();
        return;
      }
      this.listed.push(listing.words);
      bucket = Math.max(listing.next, bucket + 1);
      inARow += listing.count;
      if (inARow < LISTED_AT_ONCE) continue;
      inARow = 0;
      await new Promise((turn) => setImmediate(turn));
      if (worker.closed || !this.isListing() || this.since !== since) return;
    }
    this.until = worker.engine.nextStamp();
    this.phase = "reading";
    this.watchers.wake();
  }

  private isListing(): boolean {
    return this.phase === "listing";
  }

  /** What the listing has seen is not told again. */
  private leaveOut(): void {
    if (this.items.length === 0) return;
    const versions = new Map<number, number>();
    for (const words of this.listed) for (let i = 0; i < words.length; i += 2) versions.set(words[i], words[i + 1]);
    const last = new Map<string, number>();
    const keyOf = ({ key }: Waiting): string => Buffer.from(key).toString("latin1");
    this.items.forEach((item, at) => {
      if (typeof item === "symbol" || item.kind !== layout.CHANGE_SET) return;
      if (versions.get(item.entry) === item.version) last.set(keyOf(item), at);
    });
    this.items = this.items.filter((item, at) => typeof item === "symbol" || at > (last.get(keyOf(item)) ?? -1));
  }

  private serve(): void {
    while (this.asking.length > 0) {
      let result: Change<V> | undefined;
      try {
        result = this.take();
      } catch (reason) {
        this.fail(reason); // and whoever asks is served by that
        return;
      }
      if (result === undefined && this.phase !== "ended") return;
      const asking = this.asking.shift() as Asking<V>;
      if (this.failure !== null) {
        asking.reject(this.failure.reason);
        this.failure = null;
      } else {
        asking.resolve(result === undefined ? { value: undefined, done: true } : { value: result, done: false });
      }
      if (result !== undefined) this.watchers.awaitNoMore();
    }
  }

  /** The next change that is there, if any. */
  private take(): Change<V> | undefined {
    if (this.phase !== "running") return undefined;
    this.watched.enter();
    while (this.listed.length > 0) {
      const words = this.listed[0];
      if (this.listedAt >= words.length) {
        this.listed.shift();
        this.listedAt = 0;
        continue;
      }
      const [entry, version] = words.subarray(this.listedAt, this.listedAt + 2);
      this.listedAt += 2;
      const life = this.watched.readLife(entry, version);
      if (life !== null && this.watched.concerns(life.keyBytes)) return present(life, entry, version);
    }
    if (this.at === this.items.length) return undefined;
    const item = this.items[this.at++];
    if (this.at === this.items.length || this.at === LIMIT) {
      this.items = this.items.slice(this.at);
      this.at = 0;
    }
    if (item === GAP) return { type: "gap" };
    if (item === CLEAR) return { type: "clear" };
    const { kind, key, entry, version } = item;
    const life = kind === layout.CHANGE_SET ? this.watched.readLife(entry, version) : null;
    if (life !== null) return present(life, entry, version);
    return {
      type: TYPES[kind] as "delete",
      key: Buffer.from(key).toString("utf8"),
      version: makeVersion(entry, version),
    };
  }

  private fail(reason: unknown): void {
    if (!(reason instanceof ClosedError)) this.failure = { reason };
    this.end();
  }

  private end(): void {
    if (this.phase === "ended") return;
    this.phase = "ended";
    this.signal?.removeEventListener("abort", this.hear);
    this.watchers.remove(this);
    for (const _ of this.asking) this.watchers.awaitNoMore();
    this.items = [];
    this.listed = [];
    this.serve();
  }
}

function present<V>(life: Listed<V>, entry: number, version: number): Change<V> {
  return { type: "set", key: life.key, version: makeVersion(entry, version), value: life.value };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

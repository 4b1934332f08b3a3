/**
 * One domain on one node: the copy of what the log has confirmed, over it what was accepted here or heard of and is not in the log yet (overlay and
 * outbox), and the barrier that makes reads of the copy linearizable. It knows no network: engine and clock are given, so that the simulation drives
 * exactly what ships.
 *
 *     put      overlay and outbox at once; a turn later told to the peers and merged into the log by compare-and-set
 *     commit   straight into the log, by its quorum
 *     peek     the later of confirmed and overlay
 *     pass     the barrier; what `confirmed` answers after it is linearizable
 *
 * Versions that others cast and that do not come by the log in time (their node died, or is cut off) are brought there from here.
 */
import { Adoption } from "./adoption.js";
import { Attempts } from "./attempts.js";
import { type BarrierSource, Barriers } from "./barriers.js";
import { decodeWrite, encodeWrite } from "./casts.js";
import { type ClusterClock, type Engine, EngineUnknown, type LogKey } from "./engine.js";
import { type ClusterEntry, isGone } from "./entry.js";
import { Feed, type FeedSink, type Pace } from "./feed.js";
import { Fills } from "./fills.js";
import { Flusher, type FlushSource, readable } from "./flusher.js";
import { HybridClock, type Stamp } from "./hlc.js";
import { moveHorizon, readHorizon } from "./horizon.js";
import { kindOf, logKey, nameIn } from "./keys.js";
import { compareEntries, isSameVersion } from "./merge.js";
import { Pauses } from "./pauses.js";
import type {
  ApplyListener,
  CommitOptions,
  Committed,
  Conflict,
  Healed,
  LoggedListener,
  OverlayListener,
  ReplicaOptions,
  WriteOptions,
} from "./replica-options.js";
import { Settling } from "./settling.js";
import { StrongWrites } from "./strong-writes.js";
import { advanceClock, NO_WRITES } from "./vector-clock.js";
import type { Outbox, Version, Versions } from "./versions.js";

const PACE: Pace = { retryMs: 50, retryMostMs: 1000 };
const ADOPT_AFTER_MS = 5000;
const FEED_TIMEOUT_MS = 1000;
/** Keys that the log is asked for at a time. */
const READS_MAX = 64;
const NOTHING = new Uint8Array(0);

export class Replica implements FeedSink, FlushSource {
  readonly node: string;
  readonly hybrid: HybridClock;
  readonly attempts: Attempts;
  /** Versions that were dropped because the log has nothing of their keys any more, or nothing that says something. */
  drops = 0;
  /** Up to where keys have been taken out of the log for good. */
  horizon = 0;
  /** Of this node's versions: conflicts that were met, and those of them that lost. */
  conflicts = 0;
  dropped = 0;
  /** Versions and messages that were none. */
  corrupt = 0;
  private readonly engine: Engine;
  private readonly clock: ClusterClock;
  private readonly pauses: Pauses;
  private readonly pace: Pace;
  private readonly feed: Feed;
  private readonly barriers: Barriers;
  private readonly flusher: Flusher;
  private readonly versions: Versions;
  private readonly outbox: Outbox;
  /** By key, the oldest first; since when, by the clock's `elapsed`. */
  private readonly unsent = new Map<string, { entry: ClusterEntry; sinceMs: number }>();
  private readonly overlay = new Map<string, ClusterEntry>();
  private readonly pending = new Set<string>();
  private writes = 0;
  /** Keys that the log is being asked for. */
  private readonly reads = new Fills();
  private readonly settling: Settling;
  private readonly strongWrites: StrongWrites;
  private readonly otherLogListeners = new Set<() => void>();
  private readonly adoption: Adoption;
  private readonly applyListeners = new Set<ApplyListener>();
  private readonly loggedListeners = new Set<LoggedListener>();
  private readonly overlayListeners = new Set<OverlayListener>();
  private readonly conflictListeners = new Set<(conflict: Conflict) => void>();

  constructor(options: ReplicaOptions) {
    const { node, engine, clock, parts = {}, pace = PACE } = options;
    this.node = node;
    this.engine = engine;
    this.clock = clock;
    this.pace = pace;
    this.pauses = new Pauses(clock);
    this.hybrid = options.hybrid ?? new HybridClock(() => clock.now());
    this.attempts = new Attempts(node, options.incarnation, () => clock.now());
    this.versions = options.versions ?? new HeapVersions();
    this.outbox = options.outbox ?? new HeapOutbox();
    this.adoption = new Adoption(clock, options.adoptAfterMs ?? ADOPT_AFTER_MS, (key, entry) => {
      const over = this.overlay.get(key);
      if (over !== undefined && isSameVersion(over, entry)) this.flusher.enqueue(key);
    });
    const source: BarrierSource = {
      key: logKey("barrier", node),
      note: options.note ?? (() => NOTHING),
      nextId: () => this.attempts.next(),
      timeoutMs: options.feedTimeoutMs ?? FEED_TIMEOUT_MS,
      onOtherLog: () => {
        for (const listener of this.otherLogListeners) listener();
      },
    };
    this.settling = new Settling(clock, this.pauses);
    this.strongWrites = new StrongWrites(engine, clock, this.pauses, pace, {
      nextAttempt: () => this.attempts.next(),
      stands: (key, seq, entry) => this.stands(key, seq, entry),
    });
    this.feed = new (parts.feed ?? Feed)(engine, clock, this.pauses, pace, this);
    this.barriers = new (parts.barriers ?? Barriers)(engine, clock, this.feed, source);
    this.flusher = new (parts.flusher ?? Flusher)(engine, this.pauses, pace, this);
    for (const [key, entry] of this.outbox.entries()) this.recall(key, entry);
    engine.onChange((seq, key, entry) => this.feed.offer(seq, key, entry));
    engine.onReconnect(() => {
      this.pauses.wake();
      void this.repair();
    });
    engine.onCast((_, message) => this.hear(message));
  }

  // ---------------------------------------------------------------- reading

  /** Numbers of the log up to here are all in the copy. */
  get applied(): number {
    return this.feed.applied;
  }

  /** Whether nothing is missing of what is up to there. */
  get isWhole(): boolean {
    return this.feed.isWhole;
  }

  /** Whether that is known of this life's copy. */
  get isSound(): boolean {
    return this.feed.isSound;
  }

  /** What `resumeAt` is to be told by whoever goes on from this copy. */
  get resumesAt(): number {
    return this.feed.resumesAt;
  }

  get repairs(): number {
    return this.feed.repairs;
  }

  /** How often repairs failed, how long they took, ms, all together; bytes that came in by the log. */
  get fetched(): Readonly<Feed["fetched"]> {
    return this.feed.fetched;
  }

  get barriersPassed(): number {
    return this.barriers.passed;
  }

  /** Why the copy does not go on; null when it does. */
  get fault(): Error | null {
    return this.feed.fault;
  }

  /** Keys in the copy, deleted ones that the log still has among them. */
  get size(): number {
    return this.versions.size;
  }

  /** What the key reads as here, unsent and unconfirmed writes included; null when it is deleted, expired or unknown. */
  peek(key: string): ClusterEntry | null {
    const entry = this.latest(key);
    return entry === null || isGone(entry, this.hybrid.nowMs()) ? null : entry;
  }

  /** What the log is known to have, deleted and expired ones too. */
  confirmed(key: string): Version | undefined {
    return this.versions.get(key);
  }

  /** Whether something over the copy is not in the log yet, as far as it is known here. */
  isPending(key: string): boolean {
    return this.overlay.has(key);
  }

  /** All keys that read as something. */
  *keys(): IterableIterator<string> {
    for (const key of this.versions.keys()) if (this.peek(key) !== null) yield key;
    for (const key of this.overlay.keys())
      if (this.versions.get(key) === undefined && this.peek(key) !== null) yield key;
  }

  /** By the clock that only goes forward, ms. */
  elapsed(): number {
    return this.clock.elapsed();
  }

  /** At most so old is the copy, ms: since the latest barrier that came back was begun. Infinity before the first. */
  staleMs(): number {
    return this.clock.elapsed() - this.barriers.confirmedAt;
  }

  /**
   * Makes the copy as new as the call: what `confirmed` answers afterwards is linearizable. Readers that come at once share one.
   *
   * @throws EngineNotSent, EngineUnknown when it cannot be told within `timeoutMs`
   */
  async pass(timeoutMs: number): Promise<void> {
    const until = this.clock.elapsed() + timeoutMs;
    for (let pause = this.pace.retryMs; ; pause = Math.min(2 * pause, this.pace.retryMostMs)) {
      const left = until - this.clock.elapsed();
      const late = () =>
        new EngineUnknown(`no barrier came back within ${timeoutMs} ms`, { cause: this.fault ?? undefined });
      try {
        return await this.pauses.within(this.barriers.pass(), left, late);
      } catch (error) {
        if (this.pauses.closed || this.clock.elapsed() + pause >= until) throw error;
      }
      await this.pauses.sleep(pause);
    }
  }

  /** As soon as the copy has all that the log has up to this number. @throws EngineUnknown when that takes longer than `timeoutMs` */
  reach(seq: number, timeoutMs: number): Promise<void> {
    return this.feed.until(seq, timeoutMs);
  }

  // ---------------------------------------------------------------- writing

  /** Accepts a write here; null deletes. It goes to the peers and to the log by itself. @throws what the outbox throws: nothing changed then */
  put(key: string, value: Uint8Array | null, options: WriteOptions = {}): ClusterEntry {
    const entry = this.make(key, value, options, this.latest(key));
    this.outbox.set(key, entry);
    this.recall(key, entry);
    return entry;
  }

  /**
   * Brings a version from elsewhere here and into the log, as the version that it is: whoever else does the same brings the same one. False when what
   * is here is as late.
   */
  adopt(key: string, entry: ClusterEntry): boolean {
    this.hybrid.witness(entry.stamp);
    const here = this.latest(key);
    if (here !== null && compareEntries(here, entry) >= 0) return false;
    this.cover(key, entry);
    this.flusher.enqueue(key);
    return true;
  }

  /**
   * Deletes what the key had at a moment of `node`'s clock. Whoever does so with the same moment makes the same version, so that a write after it wins
   * over all of them, however late they come. False when there is nothing, or only what is later.
   */
  deleteAsOf(key: string, at: Stamp, node: string): boolean {
    this.hybrid.witness(at);
    const here = this.peek(key);
    if (here === null) return false;
    // it knows what it deletes, and is none of the node's own writes: the moment alone tells it from others
    const entry: ClusterEntry = { stamp: at, node, count: 0, clock: here.clock, expiresAt: 0, tags: [], value: null };
    if (compareEntries(here, entry) > 0) return false;
    if (node !== this.node && !this.unsent.has(key)) return this.adopt(key, entry);
    this.giveUp(key, entry);
    return true;
  }

  /** Deletes what the node need not keep. */
  evict(key: string): void {
    this.giveUp(key, this.make(key, null, {}, this.latest(key)));
  }

  /**
   * Writes through the log's quorum; null deletes. Tried again under the same attempt id until it is answered or the time is up.
   *
   * @returns null when `expect` is not what stands there: nothing was written
   * @throws UnavailableError when it certainly had no effect, UnknownOutcomeError when it may have had, or have one yet
   */
  commit(key: string, value: Uint8Array | null, options: CommitOptions): Promise<Committed | null> {
    // by condition it is made over what is confirmed: it does not know what a peer has not got into the log yet
    const over = options.expect === undefined ? this.latest(key) : (this.confirmed(key)?.entry ?? null);
    return this.strongWrites.write(key, this.make(key, value, options, over), options);
  }

  /** Unsent writes of this node's. */
  get outboxSize(): number {
    return this.unsent.size;
  }

  /** Versions over the copy: the outbox's, and what was heard of and is not in the log yet. */
  get overlaySize(): number {
    return this.overlay.size;
  }

  /** For how long the oldest unsent write has waited, ms; 0 when there is none. */
  oldestUnsentMs(): number {
    const [oldest] = this.unsent.values();
    return oldest === undefined ? 0 : this.clock.elapsed() - oldest.sinceMs;
  }

  /** As soon as no unsent write is older than `ms`. False when that took longer than `timeoutMs`. */
  untilSent(ms: number, timeoutMs: number): Promise<boolean> {
    return this.settling.until(timeoutMs, () => this.unsent.size === 0 || this.oldestUnsentMs() <= ms);
  }

  /** Merges this key's unsent write into the log now, if there is one. False when that took longer than `timeoutMs`. */
  flush(key: string, timeoutMs: number): Promise<boolean> {
    const target = this.unsent.get(key)?.entry;
    if (target === undefined) return Promise.resolve(true);
    void this.flusher.flush(key);
    return this.settling.until(timeoutMs, (settled, entry) => {
      return !this.unsent.has(key) || (settled === key && entry !== null && compareEntries(entry, target) >= 0);
    });
  }

  // ---------------------------------------------------------------- mending

  /** Fetches what the feed has missed. */
  repair(): Promise<void> {
    return this.feed.repair();
  }

  /**
   * After a time apart: what was missed comes from the log, everything accepted alone goes there, what peers cast included. Whatever comes meanwhile
   * is not waited for.
   */
  async heal(timeoutMs = Number.POSITIVE_INFINITY): Promise<Healed> {
    const conflictsBefore = this.conflicts;
    const until = this.clock.elapsed() + timeoutMs;
    const late = new Error("late");
    try {
      await this.pauses.within(this.repair(), timeoutMs, () => late);
    } catch (error) {
      if (error !== late) throw error;
    }
    const left = new Map(this.overlay);
    for (const key of left.keys()) this.flusher.enqueue(key);
    const merged = await this.settling.until(until - this.clock.elapsed(), () => {
      for (const [key, entry] of left) {
        const over = this.overlay.get(key);
        if (over === undefined || !isSameVersion(over, entry)) left.delete(key);
      }
      return left.size === 0;
    });
    return { merged, conflictsResolved: this.conflicts - conflictsBefore };
  }

  /** All of the copy, deleted keys that the log still has among them. */
  *copy(): IterableIterator<[key: string, version: Version]> {
    for (const key of [...this.versions.keys()]) {
      const version = this.versions.get(key);
      if (version !== undefined) yield [key, version];
    }
  }

  /** Fetches all that stands in the log, whatever the copy has. False when the log did not answer, or not all could be taken in. */
  reload(): Promise<boolean> {
    return this.feed.reload();
  }

  /** Takes what the log says of a key in place of what is here. @throws EngineNotSent, EngineUnknown */
  async refetch(key: string): Promise<void> {
    const before = this.versions.get(key);
    const read = this.reads.begin(key);
    const logged = await this.engine.read(logKey("data", key)).finally(() => read.end());
    // its deletion may have come after what was read
    if (read.stale) return this.refetch(key);
    const now = this.versions.get(key);
    // told meanwhile of a later one: what was read is older than the copy
    if (now !== before && now !== undefined && now.seq >= (logged?.seq ?? 0)) return;
    if (logged === null) {
      if (now !== undefined) this.remove(key, now.seq);
      return;
    }
    this.versions.delete(key);
    this.confirm(key, { seq: logged.seq, entry: this.read(logged.entry) }, true);
  }

  /**
   * Takes a version that says nothing any more (deleted, or expired) out of the log, and so out of all copies. The horizon is moved first: a node that
   * was away, and has the version before, is told by it that its copy has to be compared whole.
   */
  async forget(key: string, seq: number, timeoutMs: number): Promise<void> {
    if (this.horizon < seq) {
      const until = this.clock.elapsed() + timeoutMs;
      const late = () => this.clock.elapsed() >= until;
      this.horizon = Math.max(this.horizon, await moveHorizon(this.engine, seq, () => this.attempts.next(), late));
    }
    await this.engine.forget(logKey("data", key), seq);
    this.forgetHere(key, seq);
  }

  /** Drops a version that says nothing any more from the copy, if it is still that one: who asks reads the same as before. */
  forgetHere(key: string, seq: number): void {
    const version = this.versions.get(key);
    if (version?.seq !== seq) return;
    this.drop(key);
    // that it is deleted was told when it was; that its time is over was not
    if (version.entry?.value == null) return;
    for (const listener of this.applyListeners) listener(key, null, seq, false);
  }

  /** The copy holds everything up to `applied` already, as its backup says. */
  resumeAt(applied: number): void {
    this.feed.resumeAt(applied);
  }

  /**
   * The log is another one than the copy is of: it was lost and made anew. What the copy has goes into it, as the versions that they are; until then
   * they lie over what it has.
   *
   * @returns how many
   */
  startOver(): number {
    const had = [...this.copy()];
    this.horizon = 0;
    this.feed.startOver();
    this.barriers.startOver();
    for (const [key, { entry }] of had) {
      this.versions.delete(key);
      const over = this.overlay.get(key);
      if (entry !== null && (over === undefined || compareEntries(entry, over) > 0)) this.cover(key, entry);
      this.flusher.enqueue(key);
    }
    void this.repair();
    return had.length;
  }

  // ---------------------------------------------------------------- being told

  onApply(listener: ApplyListener): () => void {
    return listen(this.applyListeners, listener);
  }

  onLogged(listener: LoggedListener): () => void {
    return listen(this.loggedListeners, listener);
  }

  /** Told at once of what lies over the copy already. */
  onOverlay(listener: OverlayListener): () => void {
    for (const key of this.overlay.keys()) listener(key, this.latest(key));
    return listen(this.overlayListeners, listener);
  }

  /** The log seems to be another one than the copy is of: a barrier got a number that is no new one. */
  onOtherLog(listener: () => void): () => void {
    return listen(this.otherLogListeners, listener);
  }

  onConflict(listener: (conflict: Conflict) => void): () => void {
    return listen(this.conflictListeners, listener);
  }

  /** Ends all waiting: callers get EngineUnknown or what is true then. What is unsent stays in the outbox. */
  close(): void {
    this.pauses.close();
    this.feed.close();
    this.adoption.close();
    this.settling.tell(null, null);
  }

  // ---------------------------------------------------------------- as the parts see it

  /** @internal */
  take(seq: number, key: LogKey, bytes: Uint8Array, gap: boolean): void {
    const kind = kindOf(key);
    if (kind === undefined) return; // of a version to come
    if (kind === "data") {
      this.confirm(nameIn(key), { seq, entry: this.read(bytes) }, gap);
      return;
    }
    if (kind === "horizon") this.horizon = Math.max(this.horizon, readHorizon(bytes));
    for (const listener of this.loggedListeners) listener(kind, nameIn(key), bytes, seq);
  }

  /**
   * A version from elsewhere: a peer's, or a checkpoint's. One that the copy has been beyond, and has nothing of, is not taken: it was deleted.
   *
   * @internal
   */
  takeOver(seq: number, key: string, bytes: Uint8Array): void {
    if (!this.isPast(key, seq)) this.take(seq, logKey("data", key), bytes, true);
  }

  /** @internal */
  async settle(seen: ReadonlySet<LogKey>, last: number): Promise<void> {
    const asked = new Set<string>();
    for (;;) {
      const unsure: string[] = [];
      for (const [key, { seq, entry }] of this.unseen(seen, last)) {
        // It is gone, or has a later version that was not told yet. Of what reads as nothing the one is as good as the other.
        if (entry === null || isGone(entry, this.hybrid.nowMs())) this.remove(key, seq);
        else if (!asked.has(`${seq} ${key}`)) unsure.push(key);
        asked.add(`${seq} ${key}`);
      }
      if (unsure.length === 0 || this.pauses.closed) return;
      const asking = unsure.values();
      const ask = async (): Promise<void> => {
        for (const key of asking) if (!this.pauses.closed) await this.refetch(key);
      };
      await Promise.all(Array.from({ length: READS_MAX }, ask));
    }
  }

  /** Drops what a peer, whose keys these are, did not have when it had all up to `last`. @internal */
  dropUnseen(seen: ReadonlySet<LogKey>, last: number): void {
    for (const [key, { seq }] of this.unseen(seen, last)) this.remove(key, seq);
  }

  /** @internal */
  pendingOf(key: string): ClusterEntry | undefined {
    return this.unsent.get(key)?.entry ?? this.overlay.get(key);
  }

  /** @internal */
  stands(key: string, seq: number, entry: ClusterEntry): void {
    // An answer that comes late: what was told long ago may have been deleted by somebody, and forgotten since.
    if (this.isPast(key, seq)) void this.refetch(key).catch(() => {});
    else this.confirm(key, { seq, entry }, false);
  }

  /** @internal */
  settled(key: string, entry: ClusterEntry): void {
    const unsent = this.unsent.get(key);
    if (unsent !== undefined && isSameVersion(unsent.entry, entry)) {
      this.unsent.delete(key);
      this.outbox.delete(key);
    }
    const over = this.overlay.get(key);
    if (over !== undefined && !this.unsent.has(key) && compareEntries(over, entry) <= 0) this.uncover(key);
    this.settling.tell(key, entry);
  }

  /** @internal */
  conflict(key: string, mine: ClusterEntry, other: ClusterEntry, kept: ClusterEntry): void {
    if (mine.node !== this.node) return; // its own node counts it
    if (mine.value === null && other.value === null) return; // both deleted: there is nothing to resolve
    this.conflicts++;
    if (!isSameVersion(kept, mine)) this.dropped++;
    for (const listener of this.conflictListeners) listener({ key, mine, other, kept });
  }

  /** @internal */
  attemptOf({ node, stamp, count }: ClusterEntry, over: number): string {
    return `${Buffer.from(node).toString("base64url")}.${stamp.ms}.${stamp.counter}.${count}.${over}`;
  }

  // ---------------------------------------------------------------- inside

  /** The later of what is confirmed and what lies over it, deleted and expired ones too. */
  latest(key: string): ClusterEntry | null {
    const confirmed = this.versions.get(key)?.entry ?? null;
    const over = this.overlay.get(key);
    if (over === undefined) return confirmed;
    return confirmed === null || compareEntries(over, confirmed) > 0 ? over : confirmed;
  }

  private make(key: string, value: Uint8Array | null, options: WriteOptions, over: ClusterEntry | null): ClusterEntry {
    const { node } = this;
    const known = over?.clock ?? NO_WRITES;
    const count = Math.max(this.writes, known.get(node) ?? 0) + 1;
    this.writes = count;
    const above = this.latest(key)?.stamp;
    return {
      stamp: this.hybrid.issue(above),
      node,
      count,
      clock: advanceClock(known, node, count),
      expiresAt: options.expiresAt ?? 0,
      tags: options.tags ?? [],
      value,
    };
  }

  /**
   * A deletion that nobody waits for: it makes room, so that it must not fail where there is none. Without a record in the outbox it is forgotten with
   * this process, and so is the write before it.
   */
  private giveUp(key: string, deletion: ClusterEntry): void {
    try {
      this.outbox.set(key, deletion);
    } catch {
      this.outbox.delete(key);
    }
    this.recall(key, deletion);
  }

  /** Over the copy, unsent; a turn later all of them together, of each key only the last. */
  private recall(key: string, entry: ClusterEntry): void {
    const sinceMs = this.unsent.get(key)?.sinceMs ?? this.clock.elapsed();
    this.unsent.set(key, { entry, sinceMs });
    this.writes = Math.max(this.writes, entry.node === this.node ? entry.count : 0);
    this.cover(key, entry);
    this.pending.add(key);
    if (this.pending.size === 1) this.clock.after(0, () => this.pump());
  }

  private pump(): void {
    const keys = [...this.pending];
    this.pending.clear();
    if (this.pauses.closed) return;
    for (const key of keys) {
      const unsent = this.unsent.get(key);
      if (unsent === undefined) continue;
      this.engine.cast(encodeWrite(key, unsent.entry));
      this.flusher.enqueue(key);
    }
  }

  /** A message of a peer's. */
  private hear(message: Uint8Array): void {
    if (this.pauses.closed) return;
    let write: ReturnType<typeof decodeWrite>;
    try {
      write = decodeWrite(message);
    } catch {
      this.corrupt++;
      return;
    }
    const { key, entry } = write;
    this.hybrid.witness(entry.stamp);
    const here = this.latest(key);
    if (here !== null && compareEntries(here, entry) >= 0) return;
    this.cover(key, entry);
    this.adoption.add(key, entry);
  }

  /** The copy has been where this version was, and has nothing of its key any more. */
  private isPast(key: string, seq: number): boolean {
    return seq <= this.applied && this.versions.get(key) === undefined;
  }

  private unseen(seen: ReadonlySet<LogKey>, last: number): [key: string, version: Version][] {
    return [...this.copy()].filter(([key, { seq }]) => seq <= last && !seen.has(logKey("data", key)));
  }

  private confirm(key: string, version: Version, gap: boolean): void {
    const before = this.versions.get(key);
    if (before !== undefined && before.seq >= version.seq) return;
    const { entry, seq } = version;
    this.versions.set(key, version);
    if (entry !== null) this.hybrid.witness(entry.stamp);
    const over = this.overlay.get(key);
    if (over !== undefined) {
      const beaten = entry !== null && compareEntries(over, entry) <= 0;
      if (beaten && !this.unsent.has(key)) this.uncover(key);
      else for (const listener of this.overlayListeners) listener(key, this.latest(key));
    }
    for (const listener of this.applyListeners) listener(key, entry, seq, gap);
    if (over !== undefined) this.settling.tell(key, entry);
  }

  private drop(key: string): void {
    this.versions.delete(key);
    this.drops++;
    this.reads.invalidate((one) => one === key);
  }

  private remove(key: string, seq: number): void {
    this.drop(key);
    for (const listener of this.applyListeners) listener(key, null, seq, true);
  }

  private cover(key: string, entry: ClusterEntry): void {
    this.overlay.set(key, entry);
    for (const listener of this.overlayListeners) listener(key, this.latest(key));
  }

  private uncover(key: string): void {
    this.overlay.delete(key);
    for (const listener of this.overlayListeners) listener(key, null);
  }

  private read(bytes: Uint8Array): ClusterEntry | null {
    const entry = readable(bytes);
    if (entry === null) this.corrupt++;
    return entry;
  }
}

function listen<L>(listeners: Set<L>, listener: L): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** On the heap of this thread. */
export class HeapVersions extends Map<string, Version> implements Versions {}
class HeapOutbox extends Map<string, ClusterEntry> implements Outbox {}

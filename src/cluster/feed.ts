/**
 * What the log tells, taken in its order: `applied` is the number up to which nothing is missing here. What comes out of order waits; what does not
 * come at all is fetched from the log.
 *
 *  - `applied` never goes back, whatever the engine says its last number is: after a change of leader that may be smaller for a while.
 *  - Who waits for a number is told when all up to it is here, and all up to the end of the latest reading of the log: what was written over while it
 *    was read is missing until then.
 *  - What is known to be missing is asked for again with growing pauses: the log may not have, at the server that answers, what its feed has told.
 *  - What cannot be taken in (the node's memory is full) stops the feed where it is: a copy that skipped something would be wrong without knowing.
 */
import { type ClusterClock, type Engine, EngineUnknown, type LogKey, type ReadSince } from "./engine.js";
import type { Pauses } from "./pauses.js";

export interface Pace {
  /** The first pause after a failure, and the longest: they double. */
  readonly retryMs: number;
  readonly retryMostMs: number;
}

/** What the feed hands on. */
export interface FeedSink {
  /** @param gap whether numbers before it were never seen here: versions that were superseded meanwhile */
  take(seq: number, key: LogKey, entry: Uint8Array, gap: boolean): void;
  /** Up to where versions have been taken out of the log for good, as far as it is known. */
  readonly horizon: number;
  /** How often something was dropped because the log has it no more: what was asked of the log before says nothing of that. */
  readonly drops: number;
  /**
   * All that stands in the log up to `last` has been taken: `seen` are its keys. Of those that are not among them some may have been written over
   * while it was read. @throws EngineNotSent, EngineUnknown
   */
  settle(seen: ReadonlySet<LogKey>, last: number): Promise<void>;
}

/** Versions that wait for one before them; beyond it they are fetched with it. */
const AHEAD_MAX = 4096;
/** Of all that stands, when the copy is swept meanwhile. */
const READS_MAX = 5;

export class Feed {
  applied = 0;
  /** Times that something was fetched from the log. */
  repairs = 0;
  /** How often that failed, how long it took, ms, all together; bytes that came in by the log, told and fetched. */
  readonly fetched = { failed: 0, ms: 0, bytes: 0 };
  /** Why the feed stands still; null while it does not. */
  fault: Error | null = null;
  /** Up to where the log went when it had been read last; 0 when nothing was missing. */
  protected readEnd = 0;
  /**
   * The lowest number from which the log was read on, and not whole, since the copy was that of one moment: what was taken out of the log between it and
   * the horizon was in no answer. Infinity when there was none.
   */
  private readFrom = Number.POSITIVE_INFINITY;
  /** Times that the log was read on, and not whole. */
  private readOns = 0;
  /** Whether this goes on from a copy, and has not read the log since. */
  private isUnread = false;
  private readonly ahead = new Map<number, { key: LogKey; entry: Uint8Array }>();
  private waiters: { seq: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  private repairing: Promise<void> | null = null;
  private missed = false;
  /** Which log it is, counted: what was asked of an earlier one says nothing of this. */
  private life = 0;

  constructor(
    private readonly engine: Engine,
    private readonly clock: ClusterClock,
    private readonly pauses: Pauses,
    private readonly pace: Pace,
    private readonly sink: FeedSink,
  ) {}

  /** Whether the copy is that of one moment: of no key is a version missing that was there before another that is here. */
  get isWhole(): boolean {
    return this.applied >= this.readEnd && this.sink.horizon <= this.readFrom;
  }

  /** Whether it is known in this life, too, that it is: a copy that this life goes on from may have been noted with something missing. */
  get isSound(): boolean {
    return this.isWhole && !this.isUnread;
  }

  /** From where another life of this copy has to read on: below `applied` while it is not known whether the log has lost something that is here. */
  get resumesAt(): number {
    return this.isWhole ? this.applied : Math.min(this.applied, this.readFrom);
  }

  /** A version that the engine told of. */
  offer(seq: number, key: LogKey, entry: Uint8Array): void {
    if (this.pauses.closed || seq <= this.applied) return;
    if (seq > this.applied + 1) this.meetGap(seq, key, entry);
    else if (this.take(seq, key, entry)) this.drain();
    else this.startRepair();
  }

  /** Fetches what is missing, and goes on until nothing is known to be. One at a time: who asks meanwhile waits for the same one. */
  repair(): Promise<void> {
    this.repairing ??= this.fetchMissing().finally(() => {
      this.repairing = null;
    });
    return this.repairing;
  }

  /** @throws EngineUnknown when `seq` has not been reached within `ms` */
  until(seq: number, ms: number): Promise<void> {
    if (seq <= this.applied && this.isWhole) return Promise.resolve();
    if (this.pauses.closed) return Promise.reject(new EngineUnknown("closed"));
    return new Promise((resolve, reject) => {
      const waiter = { seq, resolve: () => end(resolve), reject: (error: Error) => end(() => reject(error)) };
      // not told by now: it may never be
      const cancelRepair = this.clock.after(ms / 4, () => this.startRepair());
      const cancel = this.clock.after(ms, () => {
        const why = `the log's change ${seq} was not seen within ${ms} ms; ${this.applied} was the last`;
        waiter.reject(new EngineUnknown(why, { cause: this.fault ?? undefined }));
      });
      const end = (settle: () => void): void => {
        cancelRepair();
        cancel();
        this.waiters = this.waiters.filter((one) => one !== waiter);
        settle();
      };
      this.waiters.push(waiter);
    });
  }

  /** All that stands in the log, once. False when it did not answer, or not all of it could be taken in. */
  reload(): Promise<boolean> {
    this.repairs++;
    return this.counted(() => this.fetchFrom(0, true));
  }

  /** As a checkpoint says: everything up to there is here already. */
  resumeAt(applied: number): void {
    this.isUnread ||= applied > this.applied;
    this.applied = Math.max(this.applied, applied);
  }

  /** The log is another one, of which nothing is known here. */
  startOver(): void {
    this.life++;
    this.applied = 0;
    this.readEnd = 0;
    this.readFrom = Number.POSITIVE_INFINITY;
    this.ahead.clear();
    this.fault = null;
    for (const { reject } of [...this.waiters]) reject(new EngineUnknown("the log is another one"));
  }

  close(): void {
    for (const { reject } of [...this.waiters]) reject(new EngineUnknown("closed"));
    this.ahead.clear();
  }

  /** Something before `seq` was not told. */
  protected meetGap(seq: number, key: LogKey, entry: Uint8Array): void {
    if (this.ahead.size < AHEAD_MAX) this.ahead.set(seq, { key, entry });
    this.startRepair();
  }

  /** Counts as seen all up to `seq`. */
  protected advance(seq: number): void {
    this.applied = seq;
    this.drain();
  }

  /** False when it could not be taken in: the fault is noted. */
  protected take(seq: number, key: LogKey, entry: Uint8Array, gap = false): boolean {
    try {
      this.sink.take(seq, key, entry, gap || this.missed);
      this.fetched.bytes += entry.length;
    } catch (error) {
      this.fault = error as Error;
      return false;
    }
    this.fault = null;
    this.missed = false;
    if (seq === this.applied + 1) this.applied = seq;
    return true;
  }

  private startRepair(): void {
    if (!this.pauses.closed) void this.repair();
  }

  /** What waited for the one just taken; then whoever waited for that. */
  private drain(): void {
    for (;;) {
      const seq = this.applied + 1;
      const next = this.ahead.get(seq);
      if (next === undefined || !this.take(seq, next.key, next.entry)) break;
    }
    for (const seq of this.ahead.keys()) if (seq <= this.applied) this.ahead.delete(seq);
    if (!this.isWhole) return;
    this.readFrom = Number.POSITIVE_INFINITY;
    for (const waiter of this.waiters.filter(({ seq }) => seq <= this.applied)) waiter.resolve();
  }

  /** Nothing is known to be missing. */
  private get isComplete(): boolean {
    return this.ahead.size === 0 && this.isWhole;
  }

  private async fetchMissing(): Promise<void> {
    for (let pause = this.pace.retryMs; !this.pauses.closed; pause = Math.min(2 * pause, this.pace.retryMostMs)) {
      this.repairs++;
      const { applied } = this;
      const fetched = await this.fetchOnce();
      if (fetched && this.isComplete) return;
      // as long as it gets on, whoever waits is not to wait for long
      if (fetched && this.applied > applied) pause = this.pace.retryMs;
      await this.pauses.sleep(pause);
      if (fetched && this.isComplete && this.fault === null) return; // told meanwhile
    }
  }

  /** False when the log did not answer, or not everything of it could be taken in. */
  private fetchOnce(): Promise<boolean> {
    return this.counted(async () => {
      const from = this.applied;
      if (!(await this.fetchFrom(from, from === 0))) return false;
      // what was taken out of the log since is in no answer: only all that stands tells what does not
      return this.sink.horizon <= this.readFrom || this.fetchFrom(0, true);
    });
  }

  /** False also when it fails: cut off. */
  private async counted(fetch: () => Promise<boolean>): Promise<boolean> {
    const began = this.clock.elapsed();
    const done = await fetch().catch(() => false);
    if (!done) this.fetched.failed++;
    this.fetched.ms += this.clock.elapsed() - began;
    return done;
  }

  private async fetchFrom(from: number, whole: boolean): Promise<boolean> {
    const { life, readOns } = this;
    const isOver = (): boolean => this.pauses.closed || life !== this.life;
    const { last, end, standing } = await this.read(from, whole);
    if (isOver()) return false;
    let previous = from;
    for (const { seq, key, entry } of standing) {
      if (!whole && seq <= this.applied) continue; // told meanwhile
      if (!this.take(seq, key, entry, seq !== previous + 1)) return false;
      previous = seq;
    }
    if (whole) await this.sink.settle(new Set(standing.map(({ key }) => key)), last);
    if (isOver()) return false;
    if (last > previous) this.missed = true;
    this.isUnread = false;
    this.readEnd = Math.max(this.readEnd, end);
    if (!whole && last > from) {
      this.readOns++;
      this.readFrom = Math.min(this.readFrom, from);
    } else if (whole && readOns === this.readOns) this.readFrom = Number.POSITIVE_INFINITY;
    if (last > this.applied) this.advance(last);
    else this.drain();
    return true;
  }

  /** What stands after a number. Of all that stands nothing is told that was dropped here while it was on its way. @throws EngineUnknown */
  private async read(from: number, whole: boolean): Promise<ReadSince & { standing: readonly Standing[] }> {
    for (let tries = 0; tries < READS_MAX; tries++) {
      const { drops } = this.sink;
      const standing: Standing[] = [];
      const read = await this.engine.since(from, (seq, key, entry) => standing.push({ seq, key, entry }));
      if (!whole || drops === this.sink.drops) return { ...read, standing };
    }
    throw new EngineUnknown("the copy was swept each time that the log was read");
  }
}

interface Standing {
  readonly seq: number;
  readonly key: LogKey;
  readonly entry: Uint8Array;
}

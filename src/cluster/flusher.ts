/**
 * What was accepted here without asking goes into the log: each key's pending version is merged with what stands there, by compare-and-set, until it
 * stands there itself or has lost. So the log always holds the winner, and a node that was away needs no history.
 *
 * A version whose append was not answered may be written yet. That is harmless: it is the same version under the same attempt id, and only over the
 * very version it was merged with.
 */
import { type Appended, type Engine, EngineConflict } from "./engine.js";
import { type ClusterEntry, decodeEntry, encodeEntry } from "./entry.js";
import type { Pace } from "./feed.js";
import { logKey } from "./keys.js";
import { isSameVersion, mergeEntries } from "./merge.js";
import type { Pauses } from "./pauses.js";
import type { Version } from "./versions.js";

/** The copy and the versions that wait, as the flusher sees them. */
export interface FlushSource {
  confirmed(key: string): Version | undefined;
  pendingOf(key: string): ClusterEntry | undefined;
  /** It stands in the log. */
  stands(key: string, seq: number, entry: ClusterEntry): void;
  /** Nothing is left to do for this version. */
  settled(key: string, entry: ClusterEntry): void;
  /** Neither of the two knew of the other; `kept` is what stays. Told once a version. */
  conflict(key: string, mine: ClusterEntry, over: ClusterEntry, kept: ClusterEntry): void;
  /** The same for all that try to write this version over that number: they are one attempt. */
  attemptOf(entry: ClusterEntry, over: number): string;
}

/** What became of the versions that were flushed. */
export interface FlushCounts {
  flushed: number;
  retries: number;
}

/** Keys on their way at a time: beyond it a node that comes back would only queue them at the server. */
const FLIGHTS_MAX = 64;

export class Flusher {
  readonly counts: FlushCounts = { flushed: 0, retries: 0 };
  private readonly flights = new Map<string, Promise<void>>();
  private readonly waiting = new Set<string>();

  constructor(
    private readonly engine: Engine,
    private readonly pauses: Pauses,
    private readonly pace: Pace,
    private readonly source: FlushSource,
  ) {}

  /** Keys on their way, and those that wait for their turn. */
  get size(): number {
    return this.flights.size + this.waiting.size;
  }

  /** Some time, not all at once. */
  enqueue(key: string): void {
    if (this.flights.has(key)) return; // it goes on until nothing is pending
    if (this.flights.size >= FLIGHTS_MAX) this.waiting.add(key);
    else void this.flush(key);
  }

  /** Now; resolved when nothing of the key is pending, or this is closed. */
  flush(key: string): Promise<void> {
    const under = this.flights.get(key);
    if (under !== undefined) return under;
    this.waiting.delete(key);
    const flight = Promise.resolve().then(() => this.run(key));
    this.flights.set(key, flight);
    return flight;
  }

  /** The number that the log's last version must have. */
  protected expected(stands: Version | undefined): number | undefined {
    return stands?.seq ?? 0;
  }

  private async run(key: string): Promise<void> {
    try {
      await this.mergeIntoLog(key);
    } finally {
      this.flights.delete(key);
      const [next] = this.waiting;
      if (next !== undefined && this.flights.size < FLIGHTS_MAX) void this.flush(next);
    }
  }

  private async mergeIntoLog(key: string): Promise<void> {
    let stands = this.source.confirmed(key);
    let pause = this.pace.retryMs;
    let counted: ClusterEntry | null = null;
    while (!this.pauses.closed) {
      const mine = this.source.pendingOf(key);
      if (mine === undefined) return;
      const over = stands?.entry ?? null;
      const merged = over === null ? { entry: mine, conflict: false } : mergeEntries(over, mine);
      if (over !== null && merged.conflict && (counted === null || !isSameVersion(counted, mine))) {
        counted = mine;
        this.source.conflict(key, mine, over, merged.entry);
      }
      if (stands !== undefined && over !== null && (isSameVersion(over, mine) || !isSameVersion(merged.entry, mine))) {
        this.source.stands(key, stands.seq, over);
        this.source.settled(key, mine); // it stands there, or never will
        continue;
      }
      try {
        const { seq } = await this.append(key, merged.entry, stands);
        this.counts.flushed++;
        this.source.stands(key, seq, merged.entry);
        this.source.settled(key, mine);
        stands = { seq, entry: merged.entry };
        pause = this.pace.retryMs;
      } catch (error) {
        this.counts.retries++;
        const before = stands;
        if (error instanceof EngineConflict) stands = await this.readBack(key, stands);
        // told of a conflict by a log that then shows nothing new: whoever answered is behind
        if (!(error instanceof EngineConflict) || before?.seq === stands?.seq) {
          await this.pauses.sleep(pause);
          pause = Math.min(2 * pause, this.pace.retryMostMs);
          stands = await this.readBack(key, stands);
        }
      }
    }
  }

  private append(key: string, entry: ClusterEntry, stands: Version | undefined): Promise<Appended> {
    const id = this.source.attemptOf(entry, stands?.seq ?? 0);
    return this.engine.append(logKey("data", key), encodeEntry(entry), { expect: this.expected(stands), id });
  }

  /** What stands in the log now, as far as it tells. */
  private async readBack(key: string, before: Version | undefined): Promise<Version | undefined> {
    for (let pause = this.pace.retryMs; !this.pauses.closed; pause = Math.min(2 * pause, this.pace.retryMostMs)) {
      try {
        const logged = await this.engine.read(logKey("data", key));
        if (logged === null) return undefined;
        return { seq: logged.seq, entry: readable(logged.entry) };
      } catch {
        await this.pauses.sleep(pause);
      }
    }
    return before;
  }
}

/** null for what is no version: whoever comes next writes over it. */
export function readable(bytes: Uint8Array): ClusterEntry | null {
  try {
    return decodeEntry(bytes);
  } catch {
    return null;
  }
}

/**
 * The barrier that makes reads of the own copy linearizable: one write through the log's quorum, seen in the own feed. Everything acknowledged before
 * it was begun is here when it is seen.
 *
 * One serves all readers that came before it began, and nobody who came later: a read that joins a barrier under way could miss a write that was
 * acknowledged between the two. So at most one runs, and at most one is waiting to.
 */
import { type ClusterClock, type Engine, EngineUnknown, type LogKey } from "./engine.js";
import type { Feed } from "./feed.js";

export interface BarrierSource {
  readonly key: LogKey;
  /** What it carries: what the node says of itself. */
  note(): Uint8Array;
  nextId(): string;
  /** How long its version may take to come back by the feed. */
  readonly timeoutMs: number;
  /** The log gave it a number that is no new one: it is not the log that the copy here is of. */
  onOtherLog(): void;
}

export class Barriers {
  /** When the latest one that came back was begun, by the clock's `elapsed`: the copy here has everything up to then. */
  confirmedAt = Number.NEGATIVE_INFINITY;
  passed = 0;
  protected running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly clock: ClusterClock,
    private readonly feed: Feed,
    private readonly source: BarrierSource,
  ) {}

  /** @throws EngineNotSent, EngineUnknown when it did not come back: nothing is known about the copy */
  pass(): Promise<void> {
    if (this.next !== null) return this.next;
    if (this.running === null) return this.begin();
    this.next = this.running
      .catch(() => {})
      .then(() => {
        this.next = null;
        return this.begin();
      });
    return this.next;
  }

  /** Nothing is known of the log any more. */
  startOver(): void {
    this.confirmedAt = Number.NEGATIVE_INFINITY;
  }

  private begin(): Promise<void> {
    const run = this.run().finally(() => {
      if (this.running === run) this.running = null;
    });
    this.running = run;
    return run;
  }

  private async run(): Promise<void> {
    const began = this.clock.elapsed();
    const { key, timeoutMs } = this.source;
    const { applied } = this.feed;
    const { seq, duplicate } = await this.engine.append(key, this.source.note(), { id: this.source.nextId() });
    if (seq <= applied && !duplicate) {
      this.source.onOtherLog();
      throw new EngineUnknown(`the log counts ${seq} after ${applied}: it is not the one that this copy is of`);
    }
    await this.feed.until(seq, timeoutMs);
    this.passed++;
    if (began > this.confirmedAt) this.confirmedAt = began;
  }
}

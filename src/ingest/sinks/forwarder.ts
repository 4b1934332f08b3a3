/**
 * Carries a journal to a sink, from a cursor of its own: a batch is offered until the sink takes it, and only then is the cursor moved. So
 * everything arrives at least once, in order, whatever stands still meanwhile; how far behind it is, and why, is told.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SinkError } from "../errors.js";
import { Cursor, firstPosition, JournalReader, journalIdentity, type Position } from "../journal/index.js";
import { metricOf } from "../metric.js";
import type { Placed, Sink } from "./sink.js";
import { unlessAborted } from "./unless-aborted.js";

/** What a sink has taken since it was started, and what it has still to be given. */
export interface SinkStats {
  /** The sink's. */
  readonly name: string;
  /** Metrics that it took, those of them that came again after a crash counted again. */
  readonly delivered: number;
  /** Metrics that it will never take. */
  readonly refused: number;
  /** Why the last of them, in words; null when there was none. */
  readonly lastRefusal: string | null;
  /** Lines of the journal that are no metric. */
  readonly unreadable: number;
  /** Lines that are too long for one. */
  readonly tooLong: number;
  /** Lines that are gone with their segment. */
  readonly gone: number;
  /** That it took. */
  readonly batches: number;
  /** Attempts that failed. */
  readonly failures: number;
  /** How the last one did, in words; null when there was none. */
  readonly lastFailure: string | null;
  /** Unix time, ms, since when it takes nothing; null while it does. */
  readonly failingSince: number | null;
  /** The cursor was damaged when it was opened: it began again. */
  readonly cursorDamaged: boolean;
  /** Lines that it has still to be given. */
  readonly lagLines: number;
  /** Bytes of them. */
  readonly lagBytes: number;
  /** What the sink says of itself besides. */
  readonly details: Readonly<Record<string, number>>;
}

const BATCH = 1000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** Without word from the writer it looks so often. */
const LOOK_MS = 1000;
/** Time that a batch under way has when it is stopped. */
const CLOSE_MS = 2000;

/** Gives a sink what a journal has, in order and from where it was last, and tries again for as long as it takes. */
export class Forwarder {
  private readonly cursor: Cursor;
  private readonly reader: JournalReader;
  private readonly stopping = new AbortController();
  private readonly aborting = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private wakeUp: () => void = () => {};
  private counts = {
    ...{ delivered: 0, refused: 0, unreadable: 0, batches: 0, failures: 0, cursorDamaged: false },
    lastRefusal: null as string | null,
    lastFailure: null as string | null,
    failingSince: null as number | null,
  };

  /** @param end how far the journal is written, where it is written in this process */
  constructor(
    /** What it gives to. */
    readonly sink: Sink,
    directory: string,
    end?: () => Position,
  ) {
    this.cursor = new Cursor(directory, sink.name);
    const loaded = this.cursor.load();
    this.counts.cursorDamaged = loaded === "damaged";
    if (sink.begin !== undefined) sink.begin(journalIdentity(directory));
    this.reader = new JournalReader(directory, typeof loaded === "string" ? firstPosition(directory) : loaded, end);
  }

  /** Begins. */
  start(): void {
    this.running = this.run();
  }

  /** There is more to read. */
  wake(): void {
    this.wakeUp();
  }

  /** Where it goes on: segments before it are not needed any more. */
  get position(): Position {
    return this.reader.position;
  }

  /** Its counts, as of now. */
  stats(): SinkStats {
    const { tooLong, gone } = this.reader.passedOver;
    const { lines, bytes } = this.reader.lag();
    const details = this.sink.details?.() ?? {};
    return { name: this.sink.name, ...this.counts, tooLong, gone, lagLines: lines ?? 0, lagBytes: bytes, details };
  }

  /** When everything that is there has been taken, or the signal aborts. */
  async drained(signal?: AbortSignal): Promise<void> {
    while (this.reader.lag().bytes > 0 && !signal?.aborted && !this.stopping.signal.aborted) {
      this.wake();
      await sleep(10);
    }
  }

  /** Ends after the batch under way, or without it when that takes long. */
  async close(): Promise<void> {
    this.stopping.abort();
    this.wake();
    const late = setTimeout(() => this.aborting.abort(), CLOSE_MS);
    await this.running;
    clearTimeout(late);
    this.reader.close();
    await this.sink.close?.();
  }

  // ---------------------------------------------------------------- inside

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        if (!(await this.forwardOne())) await this.idle();
        pause = FIRST_PAUSE_MS;
        this.counts.failingSince = null;
      } catch (error) {
        if (signal.aborted) return;
        this.counts.failures++;
        this.counts.lastFailure = (error as Error).message;
        this.counts.failingSince ??= Date.now();
        const asked = error instanceof SinkError ? error.waitMs : null;
        await sleep(asked ?? pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
  }

  /** False when there is nothing to forward. */
  private async forwardOne(): Promise<boolean> {
    const read = this.reader.read(this.sink.batch ?? BATCH);
    if (read === null) return false;
    const batch: Placed[] = [];
    for (const { number, text } of read.lines) {
      const metric = metricOf(text);
      if (metric !== null) batch.push({ metric, line: number, text });
    }
    let delivered = { refused: 0 } as { refused: number; reason?: string };
    if (batch.length > 0) {
      const { signal } = this.aborting;
      // a sink that does not listen to the signal keeps nobody from ending: the batch comes again when it is started again
      delivered = await unlessAborted(this.sink.deliver(batch, signal), signal);
    }
    // counted once it is taken, and before the cursor is saved: that may fail for a while, and the batch is not offered again for it
    this.reader.moveTo(read.next);
    this.counts.batches++;
    this.counts.unreadable += read.lines.length - batch.length;
    this.counts.delivered += batch.length - delivered.refused;
    this.counts.refused += delivered.refused;
    if (delivered.reason !== undefined) this.counts.lastRefusal = delivered.reason;
    await this.cursor.save(read.next);
    return true;
  }

  private async idle(): Promise<void> {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, LOOK_MS);
      timer.unref();
      this.wakeUp = () => {
        clearTimeout(timer);
        done();
      };
    });
    this.wakeUp = () => {};
  }
}

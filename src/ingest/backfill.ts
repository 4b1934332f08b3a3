/** A journal into a sink once more, or for the first time, from its first line to its end: what is there already is the same point again. */
import { setTimeout as sleep } from "node:timers/promises";
import { InvalidArgumentError } from "../errors.js";
import { SinkError } from "./errors.js";
import { firstPosition, JournalReader, journalIdentity } from "./journal/index.js";
import { metricOf } from "./metric.js";
import type { Placed, Sink } from "./sinks/sink.js";

/** What of a journal is given to a sink, and how hard that is tried. */
export interface BackfillOptions {
  /** Only what is of this time or later: Unix time, ms. Default: from the beginning. */
  readonly fromMs?: number;
  /** And earlier than this. Default: to the end. */
  readonly toMs?: number;
  /** Gives up when it aborts: the call rejects with its reason. Default: none. */
  readonly signal?: AbortSignal;
  /** Attempts a batch, with growing pauses. Default 8: about half a minute. */
  readonly attempts?: number;
  /** Told after each batch. Default: nobody is told. */
  onProgress?(done: Backfilled): void;
}

/** What a backfill came to. */
export interface Backfilled {
  /** Lines read. */
  readonly lines: number;
  /** Metrics that the sink took. */
  readonly delivered: number;
  /** Metrics that it will never take. */
  readonly refused: number;
  /** Why the last of them, in words; null when there was none. */
  readonly lastRefusal: string | null;
  /** Lines that are no metric, or too long for one. */
  readonly unreadable: number;
}

const BATCH = 1000;
const FIRST_PAUSE_MS = 100;

/**
 * The journal may be written meanwhile: what comes later than the end is not read.
 *
 * @throws the sink's error when a batch was offered in vain
 */
export async function backfill(directory: string, sink: Sink, options: BackfillOptions = {}): Promise<Backfilled> {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY, onProgress } = options;
  const reader = new JournalReader(directory, firstPosition(directory));
  if (sink.begin !== undefined) sink.begin(journalIdentity(directory));
  const done = { lines: 0, delivered: 0, refused: 0, lastRefusal: null as string | null, unreadable: 0 };
  try {
    for (let read = reader.read(sink.batch ?? BATCH); read !== null; read = reader.read(sink.batch ?? BATCH)) {
      options.signal?.throwIfAborted();
      const batch: Placed[] = [];
      for (const { number, text } of read.lines) {
        const metric = metricOf(text);
        if (metric === null) done.unreadable++;
        else if (metric.ms >= fromMs && metric.ms < toMs) batch.push({ metric, line: number, text });
      }
      if (batch.length > 0) {
        const { refused, reason } = await offer(sink, batch, options);
        done.delivered += batch.length - refused;
        done.refused += refused;
        if (reason !== undefined) done.lastRefusal = reason;
      }
      done.lines += read.lines.length;
      reader.moveTo(read.next);
      onProgress?.(done);
    }
    done.unreadable += reader.passedOver.tooLong;
    return done;
  } finally {
    reader.close();
    await sink.close?.();
  }
}

async function offer(sink: Sink, batch: readonly Placed[], { attempts = 8, signal }: BackfillOptions) {
  const going = signal ?? new AbortController().signal;
  for (let attempt = 1; ; attempt++) {
    try {
      return await sink.deliver(batch, going);
    } catch (error) {
      if (attempt >= attempts || going.aborted || error instanceof InvalidArgumentError) throw error;
      const asked = error instanceof SinkError ? error.waitMs : null;
      await sleep(asked ?? FIRST_PAUSE_MS * 2 ** attempt, undefined, { signal: going });
    }
  }
}

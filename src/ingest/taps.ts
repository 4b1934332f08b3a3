/**
 * Live taps: what has just been accepted, for whoever looks on, in any thread of the program. A tap is a ring of the store, a request a
 * message: `createIngest({ store, taps: ["live"] })` fills it once the lines are written, `openTap(store, "live")` reads it.
 *
 * Nobody waits for a reader. What finds the ring full is left out and counted: a tap is for looking, the journal for having.
 */
import { describe } from "../check.js";
import { InvalidArgumentError, OutOfMemoryError, ValueTooLargeError } from "../errors.js";
import type { Channel, Store } from "../store/index.js";
import { type Metric, metricOf } from "./metric.js";

/** Messages: requests, or what several of them brought together. */
const CAPACITY = 1024;
/** Taken out at once. */
const TAKEN = 64;
const MOST_TAPS = 16;
const LINE_END = 10;
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** What a tap was given. */
export interface TapStats {
  /** As it was asked for. */
  readonly name: string;
  /** Metrics that were put into the ring. */
  readonly sent: number;
  /** Metrics that found no room there. */
  readonly dropped: number;
  /** Messages that wait for the reader. */
  readonly waiting: number;
}

interface Counted {
  readonly ring: Channel;
  readonly name: string;
  sent: number;
  dropped: number;
}

/** The sender's end, of the thread that writes the journal. */
export class Taps {
  private readonly taps: Counted[];

  constructor(store: Store, names: readonly string[]) {
    this.taps = names.map((name) => ({ name, ring: openRing(store, name), sent: 0, dropped: 0 }));
  }

  /** @param chunk whole lines that are written */
  offer(chunk: Uint8Array): void {
    const lines = countLines(chunk);
    for (const tap of this.taps) {
      if (wasSent(tap.ring, chunk)) tap.sent += lines;
      else tap.dropped += lines;
    }
  }

  stats(): TapStats[] {
    return this.taps.map(({ name, ring, sent, dropped }) => ({ name, sent, dropped, waiting: ring.length }));
  }
}

/** The reader's end. One thread at a time. */
export class Tap implements AsyncIterable<Metric> {
  private readonly ring: Channel;

  constructor(
    store: Store,
    private readonly name: string,
  ) {
    checkTaps([name]);
    this.ring = openRing(store, name);
  }

  /** What is there now, without waiting. */
  receive(): Metric[] {
    return this.ring.receiveMany(TAKEN).flatMap((message) => metricsIn(message));
  }

  /** Until the signal aborts. */
  async *metrics(signal?: AbortSignal): AsyncGenerator<Metric, void, undefined> {
    for await (const message of this.ring.messages(signal === undefined ? {} : { signal })) yield* metricsIn(message);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Metric, void, undefined> {
    return this.metrics();
  }

  /** Its name, for messages. */
  toString(): string {
    return `tap ${this.name}`;
  }
}

/** @throws InvalidArgumentError for a bad name */
export function openTap(store: Store, name: string): Tap {
  return new Tap(store, name);
}

/** @throws InvalidArgumentError naming the option */
export function checkTaps(names: unknown): readonly string[] {
  if (names === undefined) return [];
  if (!Array.isArray(names) || names.length > MOST_TAPS || new Set(names).size < names.length) {
    throw new InvalidArgumentError(`option taps is ${describe(names)}; expected up to ${MOST_TAPS} names, each once`);
  }
  for (const name of names) {
    if (typeof name === "string" && NAME.test(name)) continue;
    throw new InvalidArgumentError(
      `a tap is called ${describe(name)}; expected 1 to 63 small letters, digits, - and _, beginning with a letter or digit`,
    );
  }
  return names;
}

function openRing(store: Store, name: string): Channel {
  return store.channel(`engram:ingest:tap:${name}`, { kind: "spsc", capacity: CAPACITY, whenFull: "refuse" });
}

function wasSent(ring: Channel, chunk: Uint8Array): boolean {
  try {
    return ring.trySend(chunk);
  } catch (error) {
    if (error instanceof ValueTooLargeError || error instanceof OutOfMemoryError) return false;
    throw error;
  }
}

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) lines++;
  return lines;
}

function metricsIn(message: Uint8Array): Metric[] {
  const metrics: Metric[] = [];
  for (const line of Buffer.from(message.buffer, message.byteOffset, message.length).toString("utf8").split("\n")) {
    const metric = line === "" ? null : metricOf(line);
    if (metric !== null) metrics.push(metric);
  }
  return metrics;
}

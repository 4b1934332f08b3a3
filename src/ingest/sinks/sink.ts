/** What a journal is delivered to: a database, a broker, a program of the user's. One that is added needs nothing else of this room. */
import type { Metric } from "../metric.js";

/** A metric and the number of its line in the journal: the same each time it is delivered. */
export interface Placed {
  /** What the line says. */
  readonly metric: Metric;
  /** The line's number in the journal, from 0 on. */
  readonly line: number;
  /** The line itself, without its end. */
  readonly text: string;
}

/** What a sink says of a batch that it took. */
export interface Delivered {
  /** How many of the batch the sink will never take: they are counted and passed by. */
  readonly refused: number;
  /** Why, in words; of the last of them. */
  readonly reason?: string;
}

/** Where metrics go besides the journal: a database, a topic, a function of one's own. */
export interface Sink {
  /** Of its cursor in the journal, and in what is told of it: small letters, digits, - and _. */
  readonly name: string;
  /** Lines it is given at once. Default 1,000. */
  readonly batch?: number;
  /** Told once, before the first batch: the name of the journal that the batches are of, which stays the same. */
  begin?(journal: string): void;
  /**
   * Takes a batch: in order, one after the other. What was delivered may come again after a crash, with the same lines.
   *
   * @throws whatever stands for "later": the same batch comes again, after a pause (that of a SinkError, where it names one)
   */
  deliver(batch: readonly Placed[], signal: AbortSignal): Promise<Delivered>;
  /** Called once, after the last batch. */
  close?(): Promise<void>;
  /** What else is to be told of it, in `stats()` and on `/metrics`: names in small letters with _. */
  details?(): Readonly<Record<string, number>>;
}

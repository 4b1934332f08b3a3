/** What a parser is told beside the body, and what it answers. */
import type { Metric } from "../metric.js";

export interface ParseContext {
  /** The server's clock, Unix time in ms: of what has no time of its own. */
  readonly nowMs: number;
  /** The latest time that is taken for one. */
  readonly latestMs: number;
  /** Whom a metric is of that does not say. */
  readonly client: string;
}

/** What was wrong with one part of a body of which the rest was taken. */
export interface Fault {
  /** Where, as its format counts: "line 3, column 14", "resourceMetrics[0].scopeMetrics[1].metrics[2]". */
  readonly place: string;
  readonly reason: string;
}

export interface Parsed {
  readonly metrics: Metric[];
  /** The first of them; empty when everything was taken. */
  readonly faults: readonly Fault[];
  /** How many lines or points were not taken. */
  readonly refused: number;
  /** Fields of text, which no metric is made of. */
  readonly skipped: number;
}

/** More of them are counted and not told. */
const TOLD = 5;

/** Faults as they come: all counted, the first ones kept. */
export class Faults {
  readonly kept: Fault[] = [];
  count = 0;

  add(place: string, reason: string, points = 1): void {
    this.count += points;
    if (this.kept.length < TOLD) this.kept.push({ place, reason });
  }
}

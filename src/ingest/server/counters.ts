/** What the accepting threads count, each in a row of its own of one shared memory: a row has one writer, and whoever asks adds them up. */

/** Each request that was not answered with success is under one of these, by its reason. */
export const REFUSALS = [
  /** The body cannot be read as what it is sent as: 400. Nothing of it was taken. */
  "broken",
  /** Too many bytes, packed or unpacked, or more metrics than a burst has: 413. */
  "tooLarge",
  /** Another kind of content or packing than the path takes: 415. */
  "unsupported",
  /** No token, or not the right one: 401. */
  "unauthorised",
  /** From a page of a browser, or under a name that is not this machine's: 403, 421. */
  "foreign",
  /** No such path, or not by this method: 404, 405. */
  "unknown",
  /** Its client is over its rate: 429. */
  "limited",
  /** Too much is under way already, or the ring is full: 503. */
  "overloaded",
  /** The journal cannot be written: 503. */
  "unwritten",
  /** The sender went away before its body had come. */
  "aborted",
  /** A connection more than there may be: it was closed. */
  "crowded",
  /** Head or body took too long, or was no HTTP: 408, 431, 400. */
  "malformed",
] as const;
/** Why a request was not answered with success, one word each; docs/ingest.md has the table with the status codes. */
export type Refusal = (typeof REFUSALS)[number];

/** Metrics, by what became of them on the way in. */
export const METRIC_COUNTS = [
  /** Acknowledged. */
  "accepted",
  /** Lines and points that were not taken, of bodies of which the rest was. */
  "refused",
  /** Fields of text, of which there is no metric. */
  "skipped",
  /** Of requests that were limited, overloaded and unwritten. */
  "limited",
  "overloaded",
  "unwritten",
] as const;
/**
 * What became of a metric on the way in: "accepted" and acknowledged, "refused" for what it is, "skipped" as text, or of a request that was
 * "limited", "overloaded" or "unwritten".
 */
export type MetricCount = (typeof METRIC_COUNTS)[number];

const NAMES = [
  "requests",
  ...REFUSALS.map((name) => `refusal ${name}`),
  ...METRIC_COUNTS.map((name) => `metric ${name}`),
];
/** A row begins where a cache line does. */
const ROW = Math.ceil(NAMES.length / 8) * 8;

export interface Counted {
  /** Requests that came. */
  readonly requests: number;
  /** Of those, the ones that were not answered with success, by reason. */
  readonly refusals: Readonly<Record<Refusal, number>>;
  /** Metrics by what became of them. */
  readonly metrics: Readonly<Record<MetricCount, number>>;
}

export class Counters {
  private readonly row: Float64Array;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.row = new Float64Array(memory, thread * ROW * 8, ROW);
  }

  static memory(threads: number): SharedArrayBuffer {
    return new SharedArrayBuffer(threads * ROW * 8);
  }

  request(): void {
    this.row[0]++;
  }

  refusal(name: Refusal): void {
    this.row[1 + REFUSALS.indexOf(name)]++;
  }

  metrics(name: MetricCount, count: number): void {
    this.row[1 + REFUSALS.length + METRIC_COUNTS.indexOf(name)] += count;
  }

  /** Of all threads: each number may be a few behind. */
  static sum(memory: SharedArrayBuffer): Counted {
    const all = new Float64Array(memory);
    const at = (i: number) => {
      let sum = 0;
      for (let row = 0; row < all.length; row += ROW) sum += all[row + i];
      return sum;
    };
    const of = <T extends string>(names: readonly T[], from: number) =>
      Object.fromEntries(names.map((name, i) => [name, at(from + i)])) as Record<T, number>;
    return { requests: at(0), refusals: of(REFUSALS, 1), metrics: of(METRIC_COUNTS, 1 + REFUSALS.length) };
  }
}

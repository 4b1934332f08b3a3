/**
 * InfluxDB, version 1 (`/write`, database and retention policy) or 2 (`/api/v2/write`, organisation and bucket), and what speaks the same.
 *
 * A point is its series and its time, so one that is written again is the same point: what comes twice after a crash is there once.
 * A write that it refuses in part (400, "dropped=N") is not tried again: it never would be taken, and everything behind it would wait.
 */
import { choice, describe, flag, KnownOptions, wholeNumber } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Duration, milliseconds } from "../../units.js";
import { SinkError } from "../errors.js";
import { amountsQuery, type FluxRow, fluxRows } from "./influx-flux.js";
import { escapeMeasurement, pointLine } from "./influx-lines.js";
import { prepareStatements } from "./influx-schema.js";
import type { Delivered, Placed, Sink } from "./sink.js";

/** Where an InfluxDB is, and what is written into. What is out of bounds is an InvalidArgumentError. */
export interface InfluxOptions {
  /** Where it is, such as "http://127.0.0.1:8086". */
  url: string;
  /** Default: 2 when there is a bucket, else 1. */
  version?: 1 | 2;
  /** Version 1. Default "metrics". */
  database?: string;
  /** Version 1: what is written into. Default "7_days", which `prepare` makes. */
  retentionPolicy?: string;
  /** Version 1: makes the database, the policies `7_days` and `90_days` and the continuous query `cq_1min` where they are missing. Default true. */
  prepare?: boolean;
  /** Version 2, which needs it. Default: none. */
  organisation?: string;
  /** Version 2, which needs it. Default: none. */
  bucket?: string;
  /** Of version 2, or of a version 1 that asks for one. Default: none. */
  token?: string;
  /** Default "server_metrics". */
  measurement?: string;
  /** Points a write. Default 1,000. */
  batch?: number;
  /** Of one request. Default 10 s. */
  timeout?: Duration;
  /** Its name among the sinks, and its cursor's. Default "influx". */
  name?: string;
}

const OPTIONS = new KnownOptions("influx", [
  ...["url", "version", "database", "retentionPolicy", "prepare", "organisation", "bucket", "token"],
  ...["measurement", "batch", "timeout", "name"],
]);
const MOST_POINTS = 20_000;
/** Of what a server said, as much as a message may show. */
const SHOWN = 300;

/** Writes metrics into InfluxDB 1 or 2, each under a time of its own, so that what comes again after a crash is written over itself. */
export class InfluxSink implements Sink {
  readonly name: string;
  readonly batch: number;
  private readonly base: URL;
  private readonly writeUrl: string;
  private readonly headers: Record<string, string>;
  private readonly measurement: string;
  private readonly timeoutMs: number;
  private readonly database: string | null;
  private readonly policy: string | null;
  private readonly bucket: string | null;
  private readonly queryUrl: string;
  private prepared: boolean;

  /** @throws InvalidArgumentError naming the option */
  constructor(options: InfluxOptions) {
    OPTIONS.check(options);
    this.base = baseOf(options.url);
    const version = choice(
      "option influx.version",
      text(options.version),
      ["1", "2"],
      options.bucket === undefined ? "1" : "2",
    );
    this.name = named("influx.name", options.name, "influx");
    this.batch = wholeNumber("option influx.batch", options.batch, 1000, 1, MOST_POINTS);
    this.timeoutMs = milliseconds("option influx.timeout", options.timeout, 10_000, 1, 3_600_000);
    this.measurement = escapeMeasurement(named("influx.measurement", options.measurement, "server_metrics"));
    this.headers =
      options.token === undefined ? {} : { authorization: `Token ${named("influx.token", options.token, "")}` };
    if (version === "1") {
      this.database = named("influx.database", options.database, "metrics");
      this.policy = named("influx.retentionPolicy", options.retentionPolicy, "7_days");
      this.bucket = null;
      this.queryUrl = this.at("query", { db: this.database, epoch: "ms" });
      this.writeUrl = this.at("write", { db: this.database, rp: this.policy, precision: "ns" });
      this.prepared = !flag("option influx.prepare", options.prepare, true);
    } else {
      const org = named("influx.organisation", options.organisation);
      const bucket = named("influx.bucket", options.bucket);
      this.database = null;
      this.policy = null;
      this.bucket = bucket;
      this.queryUrl = this.at("api/v2/query", { org });
      this.writeUrl = this.at("api/v2/write", { org, bucket, precision: "ns" });
      this.prepared = true;
    }
  }

  async deliver(batch: readonly Placed[], signal: AbortSignal): Promise<Delivered> {
    if (!this.prepared) await this.prepare(signal);
    const body = batch.map((placed) => pointLine(this.measurement, placed)).join("\n");
    const { status, said, retryAfter } = await this.send(this.writeUrl, body, signal);
    if (status === 204 || status === 200) return { refused: 0 };
    if (status === 400 || status === 422) {
      const refused = refusedOf(said);
      if (refused > 0) return { refused: Math.min(refused, batch.length), reason: short(said) };
    }
    if (status === 413 && batch.length > 1) return this.deliverHalves(batch, signal);
    if (status === 413) return { refused: 1, reason: short(said) };
    if (status === 404 && this.database !== null) this.prepared = false; // somebody dropped it
    throw new SinkError(`InfluxDB at ${this.base.href} answered ${status}: ${short(said)}`, retryAfter);
  }

  /** Asks a version 1. @throws SinkError with what it says */
  async query(statement: string, signal?: AbortSignal): Promise<readonly Series[]> {
    const { status, said } = await this.send(this.queryUrl, new URLSearchParams({ q: statement }), signal);
    let read: { error?: string; results?: { error?: string; series?: Series[] }[] };
    try {
      read = JSON.parse(said);
    } catch {
      throw new SinkError(`InfluxDB at ${this.base.href} answered ${status} to a query: ${short(said)}`);
    }
    const error = read.error ?? read.results?.find((result) => result.error !== undefined)?.error;
    if (error !== undefined) throw new SinkError(`InfluxDB at ${this.base.href} says of ${statement}: ${short(error)}`);
    return read.results?.flatMap(({ series }) => series ?? []) ?? [];
  }

  /**
   * Of each series and hour: when that begins, how many points it has, and their sum.
   *
   * @throws SinkError when it cannot be asked
   */
  async amounts(fromMs: number, toMs: number): Promise<readonly Series[]> {
    const measurement = this.measurement.replace(/\\([, ])/g, "$1");
    if (this.bucket !== null) return this.amountsOfBucket(this.bucket, measurement, fromMs, toMs);
    const from = `"${this.policy}"."${measurement}"`;
    return this.query(
      `SELECT count(value), sum(value) FROM ${from} WHERE time >= ${fromMs}ms AND time < ${toMs}ms GROUP BY time(1h), * fill(none)`,
    );
  }

  // ---------------------------------------------------------------- inside

  private async amountsOfBucket(bucket: string, measurement: string, fromMs: number, toMs: number): Promise<Series[]> {
    const ask = (what: "count" | "sum") => this.flux(amountsQuery(bucket, measurement, fromMs, toMs, what));
    const [counts, sums] = [await ask("count"), await ask("sum")];
    const keyOf = ({ ms, tags }: FluxRow) => `${ms} ${JSON.stringify(Object.entries(tags).sort())}`;
    const sumOf = new Map(sums.map((row) => [keyOf(row), row.value]));
    return counts.map((row) => ({
      ...{ name: measurement, tags: row.tags, columns: ["time", "count", "sum"] },
      values: [[row.ms, row.value, sumOf.get(keyOf(row)) ?? Number.NaN]],
    }));
  }

  private async flux(query: string): Promise<FluxRow[]> {
    const body = JSON.stringify({ query, type: "flux", dialect: { header: true, annotations: ["datatype"] } });
    const { status, said } = await this.send(this.queryUrl, body, undefined, {
      "content-type": "application/json",
      accept: "application/csv",
    });
    if (status !== 200)
      throw new SinkError(`InfluxDB at ${this.base.href} answered ${status} to a query: ${short(said)}`);
    try {
      return fluxRows(said);
    } catch (error) {
      throw new SinkError(`InfluxDB at ${this.base.href} says of a query: ${short((error as Error).message)}`);
    }
  }

  private async prepare(signal: AbortSignal): Promise<void> {
    for (const { statement, there } of prepareStatements(this.database as string, this.measurement)) {
      try {
        await this.query(statement, signal);
      } catch (error) {
        // made differently by somebody who knew why
        if (!there.test((error as Error).message)) throw error;
      }
    }
    this.prepared = true;
  }

  private async deliverHalves(batch: readonly Placed[], signal: AbortSignal): Promise<Delivered> {
    const half = Math.ceil(batch.length / 2);
    const first = await this.deliver(batch.slice(0, half), signal);
    const second = await this.deliver(batch.slice(half), signal);
    const reason = second.reason ?? first.reason;
    return { refused: first.refused + second.refused, ...(reason === undefined ? {} : { reason }) };
  }

  private async send(
    url: string,
    body: string | URLSearchParams,
    signal: AbortSignal | undefined,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; said: string; retryAfter: number | null }> {
    const ending = new AbortController();
    const late = setTimeout(() => ending.abort(new Error(`no answer within ${this.timeoutMs} ms`)), this.timeoutMs);
    const stop = () => ending.abort(new Error("stopped"));
    signal?.addEventListener("abort", stop);
    try {
      const response = await fetch(url, {
        ...{ method: "POST", body, signal: ending.signal },
        headers: { ...this.headers, ...headers },
      });
      const said = await response.text();
      const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
      return { status: response.status, said, retryAfter: seconds >= 0 ? seconds * 1000 : null };
    } catch (error) {
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
      throw new SinkError(`InfluxDB at ${this.base.href} cannot be reached: ${why}`, null, { cause: error });
    } finally {
      clearTimeout(late);
      signal?.removeEventListener("abort", stop);
    }
  }

  private at(path: string, query: Record<string, string>): string {
    return `${new URL(path, this.base).href}?${new URLSearchParams(query)}`;
  }
}

/** As a query answers: times are Unix time in ms. */
export interface Series {
  /** Of the measurement. */
  readonly name: string;
  /** What it was grouped by. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Names of what each row has. */
  readonly columns: readonly string[];
  /** The rows. */
  readonly values: readonly (readonly (number | string | null)[])[];
}

/** How many points a 400 is about: it says so, or lists lines that it cannot parse and says 0. */
function refusedOf(said: string): number {
  const dropped = Number(/dropped=(\d+)/.exec(said)?.[1] ?? 0);
  const unparsed = said.match(/unable to parse '/g)?.length ?? 0;
  return dropped + unparsed;
}

function short(said: string): string {
  const line = said.replaceAll("\n", " ").trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 3)}...` : line;
}

function baseOf(url: unknown): URL {
  if (typeof url !== "string" || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new InvalidArgumentError(
      `option influx.url is ${describe(url)}; expected a URL such as "http://127.0.0.1:8086"`,
    );
  }
  const base = new URL(url);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

function named(option: string, value: unknown, standard?: string): string {
  if (value === undefined && standard !== undefined) return standard;
  if (typeof value === "string" && value !== "" && !/[\p{Cc}"]/u.test(value)) return value;
  const shown = option === "influx.token" ? "unfit" : describe(value); // a token is in no message
  throw new InvalidArgumentError(`option ${option} is ${shown}; expected text without quotes and control characters`);
}

function text(version: unknown): string | undefined {
  return version === undefined ? undefined : String(version);
}

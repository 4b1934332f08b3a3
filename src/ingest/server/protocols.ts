/** The paths that take metrics: what each reads a body as, and how its clients expect to be answered. */

import { BadBodyError } from "../errors.js";
import type { Metric } from "../metric.js";
import {
  type Fault,
  isPrecision,
  type ParseContext,
  type Parsed,
  PRECISIONS,
  parseJsonBody,
  parseLineProtocol,
  parseOtlp,
} from "../parse/index.js";

export interface Reply {
  readonly status: number;
  /** Written as JSON; null: nothing. */
  readonly body: object | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Protocol {
  /** Whether it takes this kind of content. */
  takes(contentType: string): boolean;
  /** What it takes, for the refusal. */
  readonly expected: string;
  /** @throws BadBodyError */
  parse(text: string, query: URLSearchParams, context: ParseContext): Parsed;
  /** @param taken everything that was to be taken is acknowledged */
  success(taken: Parsed): Reply;
  failure(status: number, said: string): Reply;
}

const isJson = (contentType: string) => /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType);

const OWN: Protocol = {
  takes: isJson,
  expected: "application/json",
  parse: (text, _, context) => whole(parseJsonBody(text, context)),
  success: ({ metrics }) => ({ status: 202, body: { accepted: metrics.length } }),
  failure: (status, error) => ({ status, body: { error } }),
};

/** InfluxDB 1: its words for a partial write are what clients look for. */
const INFLUX_1: Protocol = {
  takes: () => true,
  expected: "line protocol",
  parse: (text, query, context) => parseLineProtocol(text, precisionOf(query), context),
  success: (taken) =>
    taken.refused === 0
      ? { status: 204, body: null }
      : { status: 400, body: { error: `partial write: ${faultText(taken.faults)} dropped=${taken.refused}` } },
  failure: (status, error) => ({ status, body: { error } }),
};

const CODES: Readonly<Record<number, string>> = {
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  413: "request too large",
  429: "too many requests",
  503: "unavailable",
};

const INFLUX_2: Protocol = {
  ...INFLUX_1,
  success: (taken) =>
    taken.refused === 0
      ? { status: 204, body: null }
      : INFLUX_2.failure(400, `partial write: ${faultText(taken.faults)} dropped=${taken.refused}`),
  failure: (status, message) => ({ status, body: { code: CODES[status] ?? "invalid", message } }),
};

/** google.rpc.Code, as OTLP's answers have them. */
const RPC: Readonly<Record<number, number>> = { 401: 16, 403: 7, 413: 3, 429: 8, 503: 14 };

const OTLP: Protocol = {
  takes: isJson,
  expected: "application/json (OTEL_EXPORTER_OTLP_PROTOCOL=http/json)",
  parse: (text, _, context) => parseOtlp(text, context),
  success: ({ refused, faults }) => ({
    status: 200,
    body:
      refused === 0 ? {} : { partialSuccess: { rejectedDataPoints: String(refused), errorMessage: faultText(faults) } },
  }),
  failure: (status, message) => ({ status, body: { code: RPC[status] ?? 3, message } }),
};

/** By path. */
export const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ["/ingest", OWN],
  ["/write", INFLUX_1],
  ["/api/v2/write", INFLUX_2],
  ["/v1/metrics", OTLP],
]);

function whole(metrics: Metric[]): Parsed {
  return { metrics, faults: [], refused: 0, skipped: 0 };
}

function precisionOf(query: URLSearchParams): string {
  const precision = query.get("precision") || "ns";
  if (isPrecision(precision)) return precision;
  const shown = JSON.stringify(precision.slice(0, 40));
  throw new BadBodyError(`precision is ${shown}; expected one of ${PRECISIONS.join(", ")}`);
}

function faultText(faults: readonly Fault[]): string {
  return faults.map(({ place, reason }) => `${place}: ${reason}`).join("; ");
}

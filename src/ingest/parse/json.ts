/**
 * The body of `POST /ingest`: `{ client_id, metrics: [{ name, value, timestamp?, unit?, tags? }] }`, or one metric with its `client_id`
 * beside it. It is taken whole or not at all, and what is wrong is named by its place.
 *
 * A timestamp is milliseconds since 1970 or RFC 3339; digits below the millisecond, where there are any, are kept.
 */
import { describe, nearest } from "../../check.js";
import { BadBodyError } from "../errors.js";
import type { Metric } from "../metric.js";
import { type Instant, parseTimeText, whyNotTaken } from "../time.js";
import type { ParseContext } from "./context.js";
import { whyNoName, whyNoTagValue, whyNoUnit, whyTooManyTags } from "./names.js";
import { isObject, readJson } from "./read-json.js";

const METRIC_FIELDS = ["name", "value", "timestamp", "unit", "tags"];
const BODY_FIELDS = ["client_id", "metrics"];
const SINGLE_FIELDS = ["client_id", ...METRIC_FIELDS];
const NS_IN_MS = 1e6;

/** @throws BadBodyError naming the field */
export function parseJsonBody(text: string, context: ParseContext): Metric[] {
  const body = readJson(text);
  if (!isObject(body)) throw new BadBodyError(`the body is ${describe(body)}; expected { client_id, metrics: […] }`);
  const { client_id: client } = body;
  if (typeof client !== "string") throw wrong("client_id", client, "text");
  refuse("client_id", whyNoName(client));
  if (!Object.hasOwn(body, "metrics")) {
    checkFields("", body, SINGLE_FIELDS);
    return [parseMetric("", body, client, context)];
  }
  checkFields("", body, BODY_FIELDS);
  const { metrics } = body;
  if (!Array.isArray(metrics)) throw wrong("metrics", metrics, "an array of metrics");
  return metrics.map((metric, i) => {
    if (!isObject(metric)) throw wrong(`metrics[${i}]`, metric, "an object { name, value, … }");
    checkFields(`metrics[${i}].`, metric, METRIC_FIELDS);
    return parseMetric(`metrics[${i}].`, metric, client, context);
  });
}

function parseMetric(place: string, read: Record<string, unknown>, client: string, context: ParseContext): Metric {
  const { name, value, timestamp, unit, tags } = read;
  if (typeof name !== "string") throw wrong(`${place}name`, name, "text");
  refuse(`${place}name`, whyNoName(name));
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(`${place}value`, value, "a finite number");
  if (unit !== undefined) {
    if (typeof unit !== "string") throw wrong(`${place}unit`, unit, "text");
    refuse(`${place}unit`, whyNoUnit(unit));
  }
  return {
    client,
    name,
    value,
    ...timeOf(`${place}timestamp`, timestamp, context),
    ...(unit === undefined ? {} : { unit }),
    tags: parseTags(`${place}tags`, tags),
  };
}

function timeOf(place: string, timestamp: unknown, { nowMs, latestMs }: ParseContext): Instant {
  if (timestamp === undefined) return { ms: nowMs, belowMs: null };
  const time = typeof timestamp === "number" ? instantOfMs(timestamp) : instantOfText(timestamp);
  if (time === null) throw wrong(place, timestamp, "milliseconds since 1970 or a text of RFC 3339");
  const why = whyNotTaken(time.ms, latestMs);
  if (why !== null) throw new BadBodyError(`${place} (${describe(timestamp)}) ${why}`);
  return time;
}

function instantOfMs(ms: number): Instant | null {
  if (!Number.isFinite(ms)) return null;
  const whole = Math.floor(ms);
  return { ms: whole, belowMs: whole === ms ? null : Math.floor((ms - whole) * NS_IN_MS) };
}

function instantOfText(timestamp: unknown): Instant | null {
  return typeof timestamp === "string" ? parseTimeText(timestamp) : null;
}

function parseTags(place: string, tags: unknown): Record<string, string> {
  const own: Record<string, string> = Object.create(null);
  if (tags === undefined) return own;
  if (!isObject(tags)) throw wrong(place, tags, "an object of texts");
  const entries = Object.entries(tags);
  refuse(place, whyTooManyTags(entries.length));
  for (const [tag, value] of entries) {
    const where = `${place}[${describe(tag)}]`;
    const why = whyNoName(tag);
    if (why !== null) throw new BadBodyError(`${where}: its name ${why}`);
    if (typeof value !== "string") throw wrong(where, value, "text");
    refuse(where, whyNoTagValue(value));
    own[tag] = value;
  }
  return own;
}

function checkFields(place: string, read: object, known: readonly string[]): void {
  for (const field in read) {
    if (known.includes(field)) continue;
    const near = nearest(field, known);
    const meant = near === undefined ? "" : `; did you mean "${near}"?`;
    throw new BadBodyError(`${place}${describe(field)} is no field${meant} (known: ${known.join(", ")})`);
  }
}

function wrong(place: string, value: unknown, expected: string): BadBodyError {
  if (value === undefined) return new BadBodyError(`${place} is missing; expected ${expected}`);
  return new BadBodyError(`${place} is ${describe(value)}; expected ${expected}`);
}

function refuse(place: string, why: string | null): void {
  if (why !== null) throw new BadBodyError(`${place} ${why}`);
}

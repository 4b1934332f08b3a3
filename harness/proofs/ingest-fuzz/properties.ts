/** What must hold of every parser, whatever it is given. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BadBodyError,
  findJsonFault,
  lineOf,
  type Metric,
  metricOf,
  type Parsed,
  PRECISIONS,
  parseJsonBody,
  parseLineProtocol,
  parseOtlp,
} from "../../../src/ingest/index.js";
import * as bodies from "./bodies.js";

/** A message is one line for a log, however long the body. */
const MESSAGE_MAX = 700;
const { CONTEXT, anyText, damaged, jsonBody, otlpBody, protocolLine } = bodies;

const several = fc.array(bodies.metric, { maxLength: 4 });
const client = bodies.metric.map((one) => one.client);

const json = fc.tuple(client, several).map(([from, list]) => jsonBody(from, list));
const otlp = fc.tuple(client, several).map(([from, list]) => otlpBody(from, list));
const lines = several.map((list) => list.map(protocolLine).join("\n"));

/** By name: each is run as often as is asked for. */
export const PROPERTIES: Readonly<Record<string, fc.IProperty<never>>> = Object.fromEntries(
  Object.entries({
    "what JSON says is what is taken": fc.property(client, several, (from, list) => {
      const taken = parseJsonBody(jsonBody(from, list), CONTEXT);
      same(
        taken,
        list.map((one) => ({ ...one, client: from })),
      );
    }),
    "what line protocol says is what is taken": fc.property(several, (list) => {
      const told = list.filter(bodies.isWritable);
      const { metrics, refused } = parseLineProtocol(told.map(protocolLine).join("\n"), "ns", CONTEXT);
      assert.equal(refused, 0);
      same(
        metrics.map(({ tags: { client_id: _, ...tags }, ...one }) => ({ ...one, tags })),
        told.map((one) => ({ ...one, belowMs: one.belowMs ?? 0 })),
      );
    }),
    "what OTLP says is what is taken": fc.property(client, several, (from, list) => {
      const { metrics, refused } = parseOtlp(otlpBody(from, list), CONTEXT);
      assert.equal(refused, 0);
      same(
        metrics.map(({ name, value, ms, belowMs }) => ({ name, value, ms, belowMs })),
        list.map(({ name, value, ms, belowMs }) => ({ name, value, ms, belowMs: belowMs ?? 0 })),
      );
    }),
    "a damaged body of JSON is taken or refused": fc.property(damaged(json), (text) =>
      takenOrRefused(() => ({ metrics: parseJsonBody(text, CONTEXT), faults: [], refused: 0, skipped: 0 })),
    ),
    "damaged line protocol is taken or told": fc.property(
      fc.oneof(damaged(lines), anyText),
      fc.constantFrom(...PRECISIONS),
      (text, precision) => takenOrRefused(() => parseLineProtocol(text, precision, CONTEXT)),
    ),
    "a damaged body of OTLP is taken or refused": fc.property(damaged(otlp), (text) =>
      takenOrRefused(() => parseOtlp(text, CONTEXT)),
    ),
    "JSON of any shape is taken or refused": fc.property(fc.jsonValue(), fc.boolean(), (value, wrapped) => {
      const text = JSON.stringify(wrapped ? { client_id: "c", metrics: [value] } : value);
      takenOrRefused(() => ({ metrics: parseJsonBody(text, CONTEXT), faults: [], refused: 0, skipped: 0 }));
      const asOtlp = wrapped
        ? `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"n","gauge":{"dataPoints":[${JSON.stringify(value)}]}}]}]}]}`
        : text;
      takenOrRefused(() => parseOtlp(asOtlp, CONTEXT));
    }),
    "a bad line takes no good one with it": fc.property(several, fc.array(damaged(lines)), (list, others) => {
      const good = list.filter(bodies.isWritable);
      // a quote may take the next lines with it: that is its meaning
      const bad = others.flatMap((text) => text.split("\n")).filter((line) => !line.includes('"'));
      const alone = (line: string) => parseLineProtocol(line, "ns", CONTEXT);
      const mixed = [...good.map(protocolLine), ...bad].map((line, i, all) => all[(i * 7919) % all.length] ?? line);
      const { metrics, refused } = parseLineProtocol(mixed.join("\n"), "ns", CONTEXT);
      same(
        metrics,
        mixed.flatMap((line) => alone(line).metrics),
      );
      assert.equal(
        refused,
        mixed.reduce((sum, line) => sum + alone(line).refused, 0),
      );
    }),
    "a place is named in what is no JSON, and only there": fc.property(damaged(json), (text) => {
      const fault = findJsonFault(text);
      assert.equal(fault === null, isJson(text));
      if (fault === null) return;
      const line = text.split("\n")[fault.line - 1];
      assert.ok(line !== undefined && fault.column >= 1 && fault.column <= line.length + 1);
    }),
  }) as unknown as [string, fc.IProperty<never>][],
);

function takenOrRefused(parse: () => Parsed): void {
  let parsed: Parsed;
  try {
    parsed = parse();
  } catch (error) {
    assert.ok(error instanceof BadBodyError, `threw ${error}`);
    assert.ok(error.message.length < MESSAGE_MAX && !error.message.includes("\n"), error.message);
    return;
  }
  const { metrics, faults, refused } = parsed;
  assert.equal(refused === 0, faults.length === 0);
  for (const { place, reason } of faults) assert.ok(`${place}: ${reason}`.length < MESSAGE_MAX);
  for (const one of metrics) isMetric(one);
}

/** As those behind the parsers rely on it: and the journal's line of it says the same. */
function isMetric(one: Metric): void {
  assert.ok(one.client !== "" && one.name !== "" && Number.isFinite(one.value));
  assert.ok(Number.isSafeInteger(one.ms) && one.ms >= 946_684_800_000 && one.ms <= bodies.LATEST_MS);
  assert.ok(one.belowMs === null || (Number.isInteger(one.belowMs) && one.belowMs >= 0 && one.belowMs < 1e6));
  const line = lineOf(one);
  assert.equal(line.indexOf("\n"), line.length - 1);
  same([metricOf(line)], [one]);
}

/** Without regard to what has a prototype, and to the sign of a zero. */
function same(taken: readonly unknown[], told: readonly unknown[]): void {
  assert.equal(plain(taken), plain(told));
}

function plain(list: readonly unknown[]): string {
  return JSON.stringify(list, (_, one) =>
    one !== null && typeof one === "object" && !Array.isArray(one)
      ? Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))
      : one,
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

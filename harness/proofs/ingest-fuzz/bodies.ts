/** Bodies to fuzz with: metrics of every kind, written in each format, whole and damaged. */
import fc from "fast-check";
import type { Metric } from "../../../src/ingest/index.js";

export const NOW_MS = 1_760_000_000_000;
export const LATEST_MS = NOW_MS + 3_600_000;
export const CONTEXT = { nowMs: NOW_MS, latestMs: LATEST_MS, client: "somebody" };

/** What the formats give a meaning to, and what breaks careless readers. */
const SPECIAL = [
  ...'\\",= \t{}[]:#.eE+-0123456789iutTfF_\n\r',
  "é",
  "𝄞",
  "\ud800",
  "\u0000",
  "__proto__",
  "constructor",
];
const letter = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SPECIAL) },
  fc.string({ unit: "grapheme", maxLength: 2 }),
);
export const anyText = fc.array(letter, { maxLength: 40 }).map((parts) => parts.join(""));

/** A name: no control characters, not empty, no longer than it may be. */
const name = anyText.map((text) => text.replace(/\p{Cc}/gu, "").slice(0, 100)).filter((text) => text !== "");
const value = fc.double({ noNaN: true, noDefaultInfinity: true });
const ms = fc.integer({ min: 946_684_800_000, max: LATEST_MS });
const belowMs = fc.integer({ min: 0, max: 999_999 });

export const metric: fc.Arbitrary<Metric> = fc.record({
  client: name,
  name,
  value: value.map((one) => (Object.is(one, -0) ? 0 : one)),
  ms,
  belowMs: fc.option(belowMs),
  tags: fc.uniqueArray(fc.tuple(name, anyText), { selector: ([tag]) => tag, maxLength: 4 }).map(tagsOf),
});

function tagsOf(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const tags: Record<string, string> = Object.create(null);
  for (const [tag, text] of entries) tags[tag] = text;
  return tags;
}

/** As clients of ours write it. */
export function jsonBody(client: string, metrics: readonly Metric[]): string {
  return JSON.stringify({
    client_id: client,
    metrics: metrics.map(({ name, value, ms, belowMs, tags }) => ({
      name,
      value,
      timestamp:
        belowMs === null ? ms : `${new Date(ms).toISOString().slice(0, -1)}${String(belowMs).padStart(6, "0")}Z`,
      tags,
    })),
  });
}

/** As Telegraf writes it: what can be written in line protocol, so without line feeds and what ends in a backslash. */
export function protocolLine({ client, name, value, ms, belowMs, tags }: Metric): string {
  const pairs = Object.entries({ ...tags, client_id: client }).map(([tag, text]) => `,${key(tag)}=${key(text)}`);
  return `${measurement(name)}${pairs.join("")} value=${value} ${ms}${String(belowMs ?? 0).padStart(6, "0")}`;
}

/** Whether line protocol can say it. */
export function isWritable({ client, name, tags }: Metric): boolean {
  const words = [client, name, ...Object.keys(tags), ...Object.values(tags)];
  const fits = words.every((word) => word !== "" && !/[\n\r]|\\(?:[,= ]|$)/.test(word));
  return fits && !("client_id" in tags) && !/^[# ]/.test(name);
}

const key = (text: string) => text.replace(/[,= ]/g, "\\$&");
const measurement = (text: string) => text.replace(/[, ]/g, "\\$&");

/** As a collector writes it. */
export function otlpBody(client: string, metrics: readonly Metric[]): string {
  const point = ({ value, ms, belowMs, tags }: Metric) => ({
    asDouble: value,
    timeUnixNano: `${ms}${String(belowMs ?? 0).padStart(6, "0")}`,
    attributes: Object.entries(tags).map(([key, text]) => ({ key, value: { stringValue: text } })),
  });
  return JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: [{ key: "client_id", value: { stringValue: client } }] },
        scopeMetrics: [{ metrics: metrics.map((one) => ({ name: one.name, gauge: { dataPoints: [point(one)] } })) }],
      },
    ],
  });
}

/** A text with pieces cut out of it, doubled, and others put in. */
export function damaged(whole: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const cut = fc.record({
    at: fc.nat(),
    gone: fc.nat(6),
    put: fc.oneof(
      anyText.map((text) => text.slice(0, 3)),
      fc.constant(""),
    ),
  });
  return fc.tuple(whole, fc.array(cut, { maxLength: 4 })).map(([text, cuts]) =>
    cuts.reduce((left, { at, gone, put }) => {
      const from = at % (left.length + 1);
      return left.slice(0, from) + put + left.slice(from + gone);
    }, text),
  );
}

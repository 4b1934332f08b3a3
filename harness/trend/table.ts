/** What `engram trend` found, in the terminal. */
import Table from "cli-table3";
import type { Trend } from "../../reports/index.js";
import type { FigureName } from "../../src/monitor/index.js";
import { FIGURES } from "../../src/monitor/index.js";
import { figureText, sparkline } from "../monitor/index.js";
import { commitWords, span, valueWords } from "./words.js";

const DRAWN = 20;
const DAY = 86_400_000;

export function tableOf(trend: Trend): string {
  return trend.kind === "history" ? historyTable(trend) : recordsTable(trend);
}

function newTable(head: string[], rightFrom: number): InstanceType<typeof Table> {
  return new Table({
    head,
    colAligns: head.map((_, i) => (i < rightFrom ? "left" : "right")),
    style: { head: [], border: [] },
  });
}

function historyTable({ points, names, width, forecasts }: Extract<Trend, { kind: "history" }>): string {
  const table = newTable(["figure", "course", "least", "median", "most", "last", "a day"], 2);
  for (const [i, name] of (names as FigureName[]).entries()) {
    const values = points.map((point) => point.values[i]);
    const known = values.filter((value) => value !== null).sort((a, b) => a - b);
    if (known.length === 0) continue;
    const forecast = forecasts.find(({ figure }) => figure === name);
    const slope = forecast?.crossing.line?.slope;
    table.push([
      ...[FIGURES[name].label, sparkline(thinned(values), DRAWN), figureText(name, known[0])],
      ...[figureText(name, known[known.length >> 1]), figureText(name, known[known.length - 1])],
      ...[figureText(name, values.findLast((value) => value !== null) ?? null)],
      slope === undefined ? "" : `${slope < 0 ? "-" : "+"}${figureText(name, Math.abs(slope * DAY))}`,
    ]);
  }
  const from = points.length === 0 ? "" : `, ${moment(points[0].at)} to ${moment(points[points.length - 1].at)}`;
  const lines = forecasts.map(
    ({ says, jumped, since }) => `${says}${jumped ? ` (since its jump at ${moment(since)})` : ""}`,
  );
  return `${points.length} points of ${span(width)}${from}\n${table.toString()}\n${lines.join("\n")}\n`;
}

function recordsTable({ series, level, seed, records }: Extract<Trend, { kind: "records" }>): string {
  const table = newTable(["metric", "course", "records", "median", "last", "moved"], 2);
  const several = new Set(series.map(({ machine, settings }) => `${machine}\n${settings}`)).size > 1;
  for (const { name, points, changes, machine, settings, needed, unit, scale } of series) {
    const values = points.map(({ value }) => value);
    const sorted = [...values].sort((a, b) => a - b);
    const moved =
      changes === null
        ? `cannot tell: ${values.length} of ${needed} records`
        : changes.length === 0
          ? "no"
          : `${changes.length} x`;
    table.push([
      ...[
        [name, ...(several ? [machine, settings] : [])].map(printable).join("\n"),
        sparkline(thinned(fromLeast(values)), DRAWN),
        String(values.length),
      ],
      ...[
        valueWords(sorted[sorted.length >> 1], { unit, scale }),
        valueWords(values[values.length - 1], { unit, scale }),
        moved,
      ],
    ]);
  }
  const changes = series.flatMap(({ name, changes }) => (changes ?? []).map((change) => ({ name, ...change })));
  changes.sort((a, b) => (a.at < b.at ? -1 : 1));
  const lines = changes.map(
    ({ name, says, worse, after, at }) =>
      `${worse ? "WORSE " : "better"} ${printable(`${name} ${says}`)}, after ${commitWords(after)} (${at.slice(0, 10)})`,
  );
  return [
    `${records} records`,
    table.toString(),
    ...(lines.length > 0 ? lines : ["no metric moved, as far as can be told"]),
    `change points at a level of ${100 * level} % over all metrics, seed ${seed}`,
    "",
  ].join("\n");
}

/** What differs of metrics is small beside them: bars begin a little below the least. */
function fromLeast(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const foot = least - Math.max(0.3 * (most - least), 0.05 * Math.abs(most));
  return values.map((value) => value - foot);
}

/** As many as are drawn: means of equal parts. */
function thinned(values: readonly (number | null)[]): (number | null)[] {
  if (values.length <= DRAWN) return [...values];
  return Array.from({ length: DRAWN }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / DRAWN), Math.floor(((i + 1) * values.length) / DRAWN));
    const known = part.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

/** A name may hold anything; a terminal obeys control characters. */
function printable(name: string): string {
  return name.replace(/\p{C}/gu, "\ufffd");
}

function moment(at: number | null): string {
  return at === null ? "" : `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

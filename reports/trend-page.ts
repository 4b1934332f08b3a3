/** The page of `engram trend -o`: a history's charts with forecasts, or metrics over the records of gates with their changes. */
import { CHARTS, FIGURES, type FigureName } from "../src/monitor/index.js";
import { figureCard, renderPage, type Section, table } from "./chrome.js";
import { forecastFigure } from "./figures/forecast.js";
import { monitoredFigure, monitoredText } from "./figures/monitored.js";
import { recordsFigure, textOf } from "./figures/records.js";
import { moment, shortCommit } from "./format.js";
import { html } from "./html.js";
import type { HistoryTrend, RecordsTrend, Trend, TrendSeries } from "./trend.js";

/** @param notebook address of the notebook over the same files, where the page is served beside it */
export function renderTrend(trend: Trend, notebook?: string): string {
  const own = trend.kind === "history" ? historySections(trend) : recordSections(trend);
  return renderPage({
    brand: "Engram trend",
    title: trend.files.length <= 2 ? trend.files.join(", ") : `${trend.files.length} files`,
    facts: trend.kind === "history" ? historyFacts(trend) : recordFacts(trend),
    sections: [problems(trend), ...own].filter((section) => section !== null),
    data: trend,
    dataName: "trend.json",
    explore: trend.files,
    notebook,
  });
}

function problems({ damage, shortages }: Trend): Section | null {
  const all = [...damage, ...shortages];
  if (all.length === 0) return null;
  return {
    id: "problems",
    title: "What is missing",
    body: html`<ul class="notices">${all.map((problem) => html`<li>${problem}</li>`)}</ul>`,
  };
}

function historyFacts({ points, width }: HistoryTrend): string[] {
  if (points.length === 0) return ["no points"];
  const [from, to] = [points[0].at, points[points.length - 1].at].map((at) => moment(new Date(at).toISOString()));
  return [`${points.length} points of ${widthText(width)}`, `${from} to ${to}`];
}

function widthText(ms: number): string {
  if (ms < 60_000) return `${ms / 1000} s`;
  if (ms < 3_600_000) return `${ms / 60_000} min`;
  return `${ms / 3_600_000} h`;
}

function historySections(trend: HistoryTrend): (Section | null)[] {
  const { points, forecasts } = trend;
  if (points.length === 0) return [];
  const indexOf = new Map(trend.names.map((name, i) => [name, i]));
  const monitored = points.map(({ at, values }) => ({
    x: at,
    values: Object.fromEntries(trend.names.map((name, i) => [name, values[i]])),
  }));
  const first = points[0].at;
  const last = Math.max(points[points.length - 1].at, first + trend.width);
  const charts = CHARTS.flatMap((chart) => {
    const drawing = monitoredFigure(chart, monitored, { kind: "moments", domain: [first, last] });
    return drawing === null ? [] : [figureCard(chart.title, null, drawing)];
  });
  const cards = nearest(forecasts).flatMap((forecast) => {
    const index = indexOf.get(forecast.figure);
    if (index === undefined || forecast.now === null) return [];
    const own = points.map(({ at, values }) => ({ x: at, value: values[index] }));
    return [figureCard(forecast.says, noteOf(forecast), forecastFigure(forecast, own))];
  });
  return [
    {
      id: "forecasts",
      title: "Forecasts",
      lead: "A robust line through the points of one piece, looked ahead no more than three times as far as it was seen; 95 % intervals, widened for points that hang together.",
      body: html`<div class="stack">${forecastTable(trend)}<div class="grid">${cards}</div></div>`,
    },
    charts.length === 0 ? null : { id: "charts", title: "Charts", body: html`<div class="grid">${charts}</div>` },
  ];
}

/** Of each figure the first limit that it gets to, or else its first: the table has them all. */
function nearest(forecasts: HistoryTrend["forecasts"]): HistoryTrend["forecasts"] {
  return [...new Set(forecasts.map(({ figure }) => figure))].map((figure) => {
    const own = forecasts.filter((one) => one.figure === figure);
    return own.find(({ crossing }) => crossing.kind === "reaches") ?? own[0];
  });
}

function noteOf({ jumped, since, points, beyond }: HistoryTrend["forecasts"][number]): string {
  const from = jumped && since !== null ? ` since the jump at ${moment(new Date(since).toISOString())}` : "";
  return `${points} points${from}; too far is ${beyond} the limit.`;
}

function forecastTable({ forecasts }: HistoryTrend) {
  const rows = forecasts.map(({ figure, limit, now, says, crossing }) => [
    FIGURES[figure as FigureName].label,
    monitoredText(figure as FigureName, now),
    monitoredText(figure as FigureName, limit),
    html`<span class="badge ${BADGES[crossing.kind]}">${crossing.kind}</span>`,
    says,
  ]);
  return html`<div class="card">${table(
    [
      { title: "Figure", text: true },
      { title: "Now" },
      { title: "Limit" },
      { title: "Verdict", text: true },
      { title: "Says", text: true, wrap: true },
    ],
    rows,
    { label: "Forecasts", stacks: true },
  )}</div>`;
}

const BADGES = { past: "critical", reaches: "alert", "not within": "met", "cannot tell": "none" } as const;

function recordFacts({ records, level, seed }: RecordsTrend): string[] {
  return [`${records} records`, `level ${100 * level} %`, `seed ${seed}`];
}

function recordSections({ series, level }: RecordsTrend): (Section | null)[] {
  if (series.length === 0) return [];
  const several = new Set(series.map(({ machine, settings }) => `${machine}; ${settings}`)).size > 1;
  return [
    changesSection(series, level),
    {
      id: "metrics",
      title: "Metrics",
      lead: "A point a record, in order of time; lines between two changes are medians.",
      body: html`<div class="grid">${series.map((one) =>
        figureCard(one.name, `${several ? `${one.machine}; ${one.settings}. ` : ""}${howOf(one)}`, recordsFigure(one)),
      )}</div>`,
    },
  ];
}

function howOf({ compared, changes, points, needed }: TrendSeries): string {
  const how = compared === "paired" ? "Judged as ratios to the one base of all." : "Judged as measured: bases differ.";
  return changes === null ? `Cannot tell: ${points.length} of the ${needed} records that it takes.` : how;
}

function changesSection(series: readonly TrendSeries[], level: number): Section {
  const changes = series.flatMap((one) => (one.changes ?? []).map((change) => ({ one, change })));
  changes.sort((a, b) => (a.change.at < b.change.at ? -1 : 1));
  const lead = `Splits that in at most ${100 * level} % of such files would be found by chance, all metrics together (E-divisive means, permutation test).`;
  if (changes.length === 0) {
    return { id: "changes", title: "Changes", lead, body: html`<p>No metric moved, as far as can be told.</p>` };
  }
  const rows = changes.map(({ one, change }) => [
    one.name,
    html`<span class="badge ${change.worse ? "missed" : "met"}">${change.worse ? "worse" : "better"}</span>`,
    change.says.split(":")[0],
    `${textOf(change.from, one.unit, one.scale)} → ${textOf(change.to, one.unit, one.scale)}`,
    html`<code>${shortCommit(change.commit)}</code>`,
    html`<code>${shortCommit(change.after)}</code>`,
    change.at.slice(0, 10),
  ]);
  const columns = [
    { title: "Metric", text: true },
    { title: "Verdict", text: true },
    { title: "Change, 95 %" },
    { title: "From, to" },
    { title: "At commit", text: true },
    { title: "After commit", text: true },
    { title: "Date" },
  ];
  return {
    ...{ id: "changes", title: "Changes", lead },
    body: html`<div class="card">${table(columns, rows, { label: "Changes", stacks: true })}</div>`,
  };
}

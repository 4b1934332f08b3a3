/** What monitors told while runs were measured: the charts of the live page, run by run. */
import { CHARTS } from "../../src/monitor/index.js";
import { figureCard, type Section } from "../chrome.js";
import { monitoredFigure } from "../figures/monitored.js";
import { html } from "../html.js";
import type { Run } from "../results.js";

export function monitoredSection(runs: readonly (Run & { readonly file?: string })[]): Section | null {
  const parts = runs.flatMap((run) => {
    const cards = cardsOf(run.monitored);
    const name = [run.scenario, run.subject, `${run.workers} workers`, run.file].filter(Boolean).join(" · ");
    return cards.length === 0
      ? []
      : [html`<div class="scenario"><header><h3>${name}</h3></header><div class="grid">${cards}</div></div>`];
  });
  if (parts.length === 0) return null;
  return {
    ...{ id: "monitored", title: "As a monitor saw it", short: "Monitor" },
    lead: "The charts of the live page over the measured part of each run; latencies are those of sampled operations.",
    body: html`${parts}`,
  };
}

function cardsOf(monitored: Run["monitored"]) {
  if (monitored === undefined || monitored.points.length === 0) return [];
  const points = monitored.points.map(({ t, values }) => ({
    x: t,
    values: Object.fromEntries(monitored.figures.map((name, i) => [name, values[i] ?? null])),
  }));
  const end = points[points.length - 1].x;
  return CHARTS.flatMap((chart) => {
    const drawing = monitoredFigure(chart, points, { kind: "seconds", domain: [0, end > 0 ? end : 1] });
    return drawing === null ? [] : [figureCard(chart.title, null, drawing)];
  });
}

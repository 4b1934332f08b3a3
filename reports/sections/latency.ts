/** Latency of single operations as percentile spectra, and, apart from them and labelled as such, cost by the batch. */
import { figureCard, named, type Section, table } from "../chrome.js";
import { costFigure } from "../figures/cost.js";
import { spectrumFigure } from "../figures/spectrum.js";
import { count, duration, latencyFigure } from "../format.js";
import { distributions, type Group, type Line, operationsOf } from "../groups.js";
import { type Html, html } from "../html.js";
import type { Latency } from "../results.js";
import { PERCENTILE_COLUMNS, percentileCells } from "./key-figures.js";

export function latencySection(groups: readonly Group[], line: string): Section | null {
  const cards = groups.flatMap((group) =>
    operationsOf(group.lines, "sampled").map((operation) => {
      const drawing = spectrumFigure(group, operation);
      if (!drawing) return null;
      return figureCard(
        `${operation} in ${group.title}`,
        "Single operations, sampled; one more nine with each step to the right.",
        drawing,
        spectrumTable(group, operation, line),
      );
    }),
  );
  const drawn = cards.filter((card) => card !== null);
  if (drawn.length === 0) return null;
  return {
    id: "latency",
    title: "Latency by percentile",
    short: "Latency",
    lead: "Both axes are logarithmic. Inside the shaded band the clock cannot tell figures apart: lines there run along the timer floor.",
    body: html`<div class="grid">${drawn}</div>`,
  };
}

function spectrumTable({ title, lines }: Group, operation: string, line: string): Html {
  return table(
    [{ title: line, text: true }, ...PERCENTILE_COLUMNS.map((heading) => ({ title: heading })), { title: "Samples" }],
    rowsOf(lines, operation, "sampled", (latency) => [...percentileCells(latency), count(latency.count)]),
    { label: `Latency of ${operation} in ${title}` },
  );
}

export function costSection(groups: readonly Group[], line: string): Section | null {
  const cards = groups.flatMap((group) =>
    operationsOf(group.lines, "batched").map((operation) => {
      const drawing = costFigure(group, operation);
      if (!drawing) return null;
      return figureCard(
        `${operation} in ${group.title}`,
        "Means of batches: the median batch, and a line to the batch at 99 %.",
        drawing,
        costTable(group, operation, line),
      );
    }),
  );
  const drawn = cards.filter((card) => card !== null);
  if (drawn.length === 0) return null;
  const suspect = groups.some(({ lines }) =>
    lines.some(({ run }) => [...distributions(run, "batched").values()].some((latency) => latency.suspect)),
  );
  return {
    id: "cost",
    title: "Cost per operation, by the batch",
    short: "Cost",
    lead: html`What an operation costs when thousands run in a row, clock reads shared by all of them. These are <strong>batch means</strong>: a percentile here is one of batches, never of operations, and says nothing about the tail.${
      suspect ? " † marks a cost within 1.4 × of the empty loop, probably optimised away." : null
    }`,
    body: html`<div class="grid">${drawn}</div>`,
  };
}

function costTable({ title, lines }: Group, operation: string, line: string): Html {
  return table(
    [
      { title: line, text: true },
      { title: "Mean" },
      { title: "Median batch" },
      { title: "Batch at 99 %" },
      { title: "Operations" },
    ],
    rowsOf(lines, operation, "batched", (cost) => [
      `${latencyFigure(cost, cost.mean)}${cost.suspect ? " †" : ""}`,
      duration(cost.p50),
      duration(cost.p99),
      count(cost.count),
    ]),
    { label: `Batched cost of ${operation} in ${title}` },
  );
}

function rowsOf(
  lines: readonly Line[],
  operation: string,
  mode: Latency["mode"],
  cells: (latency: Latency) => string[],
): (Html | string)[][] {
  return lines.flatMap(({ label, look, run }) => {
    const latency = distributions(run, mode).get(operation);
    return latency ? [[named(label, look), ...cells(latency)]] : [];
  });
}

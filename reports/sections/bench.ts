/** The store's parts by themselves, as `npm run bench` measured them: each group's rows, and the goals it was held to. */
import { type Column, type Section, table } from "../chrome.js";
import { significant } from "../format.js";
import { type Hole, type Html, html } from "../html.js";
import type { BenchGroup, BenchJudgement } from "../results.js";

export function benchSection(groups: readonly BenchGroup[]): Section | null {
  if (groups.length === 0) return null;
  const goals = groups.flatMap(({ judgements }) => judgements);
  const met = goals.filter((goal) => goal.met).length;
  return {
    id: "bench",
    title: "Speed of the parts",
    short: "Parts",
    lead: html`Measured by <code>npm run bench</code>, apart from the scenarios: median over the rounds, with the middle half of them; ratios are taken within a round. ${goals.length > 0 ? `${met} of ${goals.length} goals of the design are met.` : null}`,
    body: html`<div class="card parts">${groups.map(groupPart)}</div>`,
  };
}

function groupPart(group: BenchGroup): Html {
  const { title, judgements, notes } = group;
  const missed = judgements.filter(({ met }) => !met).length;
  const state =
    judgements.length === 0
      ? null
      : html` <span class="badge ${missed === 0 ? "met" : "missed"}">${judgements.length - missed} of ${judgements.length} goals met</span>`;
  return html`<details><summary>${title}${state}</summary>${figureTable(group)}${
    judgements.length > 0 ? goalTable(group) : null
  }${notes.map((note) => html`<p class="muted small">${note}</p>`)}</details>`;
}

function figureTable({ title, figures, reference }: BenchGroup): Html {
  const documents = figures.some(({ documented }) => documented !== null);
  const columns: Column[] = [{ title: "Row", text: true, wrap: true }, { title: "Median" }, { title: "Middle half" }];
  if (reference !== null) columns.push({ title: `Times ${reference}` });
  if (documents) columns.push({ title: "Documented" });
  return table(
    columns,
    figures.map((figure) => {
      const { label, returns, unit, median, lowerQuartile, upperQuartile, ratio, documented, suspect } = figure;
      const cells: Hole[] = [
        html`${label}${returns === null ? null : html` <span class="muted small">${returns}</span>`}${
          suspect ? html` <span class="badge alert">probably optimised away</span>` : null
        }`,
        `${significant(median)} ${unit}`,
        `${significant(lowerQuartile)} – ${significant(upperQuartile)}`,
      ];
      if (reference !== null) cells.push(ratio === null ? "–" : `${significant(ratio)} ×`);
      if (documents) cells.push(documented === null ? "–" : `${significant(documented)} ${unit}`);
      return cells;
    }),
    { label: `Rows: ${title}`, stacks: true },
  );
}

function goalTable({ title, judgements }: BenchGroup): Html {
  return table(
    [{ title: "Goal", text: true, wrap: true }, { title: "Measured" }, { title: "Wanted" }, { title: "Verdict" }],
    judgements.map((goal) => [
      html`${goal.what} <span class="muted small">${goal.source}</span>`,
      withUnit(goal.value, goal.unit),
      `${{ "<=": "≤", "<": "<", ">=": "≥" }[goal.comparison]} ${withUnit(goal.goal, goal.unit)}`,
      verdict(goal),
    ]),
    { label: `Goals: ${title}`, stacks: true },
  );
}

function withUnit(value: number, unit: string): string {
  return `${significant(value)} ${unit === "x" ? "×" : unit}`;
}

function verdict({ met, suspect, distance }: BenchJudgement): Html {
  if (suspect) return html`<span class="badge none">not decided</span>`;
  if (met) return html`<span class="badge met">met</span>`;
  return html`<span class="badge missed">missed by ${significant(distance * 100)} %</span>`;
}

/** Hit ratio over time, and what adaptive decided on the way: a figure for each trace and capacity, with the decisions in a table. */
import { figureCard, type Section, table } from "../chrome.js";
import { capacityLabel, curvesOf, policyLooks } from "../figures/hit-ratio.js";
import { ADAPTIVE, overTimeFigure } from "../figures/hit-ratio-over-time.js";
import { count } from "../format.js";
import { unique } from "../groups.js";
import { type Hole, type Html, html } from "../html.js";
import type { EvictionResult } from "../results.js";

/** A page stays a page: the rest is in its data. */
const MOST_FIGURES = 24;

interface Cell {
  readonly title: string;
  readonly rows: readonly EvictionResult[];
}

export function overTimeSection(rows: readonly EvictionResult[]): Section | null {
  const looks = policyLooks(rows);
  const cells = cellsOf(rows);
  const cards = cells.slice(0, MOST_FIGURES).flatMap(({ title, rows: ofCell }) => {
    const drawing = overTimeFigure(ofCell, looks, title);
    return drawing === null ? [] : [figureCard(title, noteOn(ofCell), drawing, decisionsOf(ofCell, title))];
  });
  if (cards.length === 0) return null;
  const left = cells.length > MOST_FIGURES ? ` The first ${MOST_FIGURES} of ${cells.length}; all are in the data.` : "";
  return {
    id: "over-time",
    title: "Hit ratio over time",
    short: "Over time",
    lead: `Each point is one of equal parts of the trace, counted by itself. Besides adaptive and the optimum, the best policies only. Dashed: where adaptive changed, and to what.${left}`,
    body: html`<div class="grid">${cards}</div>`,
  };
}

/** Adaptive beside those that knew beforehand; null when no sweep told it. */
export function regretSection(rows: readonly EvictionResult[]): Section | null {
  const judged = rows.filter(({ regret }) => regret !== undefined);
  if (judged.length === 0) return null;
  const allowed = unique(judged.flatMap(({ regret }) => regret!.switching.map(({ switches }) => switches)));
  return {
    id: "regret",
    title: "What adaptive lost by not knowing",
    short: "Regret",
    lead: "Points of hit ratio behind the best policy that never changes, and behind the best schedules of at most so many changes, both chosen in hindsight; below zero, adaptive was ahead. A schedule's changes cost nothing and find the right entries there, so that its figure is a bound and need not be within reach.",
    body: html`<div class="card">${table(
      [
        { title: "Trace and capacity", text: true },
        { title: "Hit ratio" },
        { title: "Changes" },
        { title: "Best fixed", text: true },
        { title: "Behind it" },
        ...allowed.map((switches) => ({ title: `Behind ${switches} ${switches === 1 ? "change" : "changes"}` })),
      ],
      judged.map((row) => [
        titleOf(row),
        points(1 - row.missRatio, " %"),
        count(row.decisions?.length ?? 0),
        row.regret!.best,
        points(row.regret!.regret),
        ...allowed.map((switches): Hole => {
          const found = row.regret!.switching.find((other) => other.switches === switches);
          return found === undefined ? "–" : points(found.regret);
        }),
      ]),
      { label: "Regret of adaptive", tall: judged.length > 30 },
    )}</div>`,
  };
}

function cellsOf(rows: readonly EvictionResult[]): Cell[] {
  return curvesOf(rows).flatMap(({ rows: ofTrace }) =>
    unique(ofTrace.map(({ capacity }) => capacity)).map((capacity) => {
      const same = ofTrace.filter((row) => row.capacity === capacity);
      return { title: titleOf(same[0]), rows: same };
    }),
  );
}

function titleOf({ trace, capacity, by }: EvictionResult): string {
  return `${trace}, ${capacityLabel(capacity, by)}${by === "objects" ? " objects" : ""}`;
}

function noteOn(rows: readonly EvictionResult[]): string {
  const adaptive = rows.find(({ policy }) => policy === ADAPTIVE);
  if (adaptive?.decisions === undefined) return `${count(rows[0].requests)} requests`;
  const changes = adaptive.decisions.length;
  const made = changes === 0 ? "no change" : `${count(changes)} ${changes === 1 ? "change" : "changes"}`;
  return `${count(rows[0].requests)} requests; adaptive made ${made}`;
}

function decisionsOf(rows: readonly EvictionResult[], title: string): Html | null {
  const decisions = rows.find(({ policy }) => policy === ADAPTIVE)?.decisions ?? [];
  if (decisions.length === 0) return null;
  return html`<details><summary>Decisions</summary>${table(
    [
      { title: "Request" },
      { title: "From", text: true },
      { title: "To", text: true },
      { title: "Why", text: true },
      { title: "By at least" },
    ],
    decisions.map(({ request, from, to, reason, gain }) => [count(request), from, to, reason, points(gain)]),
    { label: `Decisions of adaptive on ${title}`, tall: decisions.length > 30 },
  )}</details>`;
}

/** A share in hundredths: points of hit ratio. */
function points(share: number, unit = ""): string {
  return `${(share * 100).toFixed(2)}${unit}`;
}

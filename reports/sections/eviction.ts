/** Eviction policies: hit ratio against capacity, trace by trace, with the exact counts. */
import { figureCard, named, type Section, table } from "../chrome.js";
import { type Curves, capacityLabel, curvesOf, hitRatioFigure, OPTIMUM, policyLooks } from "../figures/hit-ratio.js";
import { count, percent, significant } from "../format.js";
import { unique } from "../groups.js";
import { type Hole, type Html, html } from "../html.js";
import type { Look } from "../palette.js";
import type { EvictionResult } from "../results.js";

export function hitRatioSection(rows: readonly EvictionResult[]): Section | null {
  if (rows.length === 0) return null;
  const looks = policyLooks(rows);
  const bound = rows.some(({ policy }) => policy === OPTIMUM)
    ? " Dotted in ink: Belady's optimum, which knows the future and bounds them all."
    : "";
  return {
    id: "hit-ratio",
    title: "Hit ratio against capacity",
    short: "Hit ratio",
    lead: `One line a policy.${bound} Object and byte ratios are different figures and never share an axis.`,
    body: html`<div class="grid">${curvesOf(rows).map((curves) => {
      const drawing = hitRatioFigure(curves, looks);
      return drawing
        ? figureCard(
            curves.trace,
            traceNote(curves),
            drawing,
            html`<details><summary>Exact misses</summary>${missTable(curves, looks)}</details>`,
          )
        : null;
    })}</div>`,
  };
}

export function traceNote({ rows, by }: Curves): string {
  const requests = unique(rows.map((row) => row.requests));
  return `${requests.map(count).join(" or ")} requests; ${by === "bytes" ? "bytes" : "objects"} counted`;
}

function capacitiesOf(rows: readonly EvictionResult[]): number[] {
  return unique(rows.map(({ capacity }) => capacity)).sort((a, b) => a - b);
}

/** Policies down, capacities across, one cell a result; the best of each capacity (the optimum aside) in bold. */
function matrix(
  { rows, by, trace }: Curves,
  looks: ReadonlyMap<string, Look>,
  value: (row: EvictionResult) => number,
  cell: (row: EvictionResult) => Hole,
  label: string,
): Html {
  const capacities = capacitiesOf(rows);
  const at = (policy: string, capacity: number) =>
    rows.find((row) => row.policy === policy && row.capacity === capacity);
  const best = new Map(
    capacities.map((capacity) => {
      const contenders = rows.filter((row) => row.capacity === capacity && row.policy !== OPTIMUM);
      return [capacity, Math.min(...contenders.map(value))];
    }),
  );
  return table(
    [{ title: "Policy", text: true }, ...capacities.map((capacity) => ({ title: capacityLabel(capacity, by) }))],
    unique(rows.map(({ policy }) => policy)).map((policy) => [
      named(policy, looks.get(policy)!),
      ...capacities.map((capacity) => {
        const row = at(policy, capacity);
        if (!row) return "–";
        const text = cell(row);
        return policy !== OPTIMUM && value(row) === best.get(capacity) ? html`<strong>${text}</strong>` : text;
      }),
    ]),
    { label: `${label} on ${trace}` },
  );
}

export function missTable(curves: Curves, looks: ReadonlyMap<string, Look>): Html {
  return matrix(
    curves,
    looks,
    (row) => row.missRatio,
    (row) => html`${count(row.misses)} <span class="muted">${percent(row.missRatio)}</span>`,
    "Misses by policy and capacity",
  );
}

/** Misses of each policy over those of LRU at the same capacity; of the best policy where LRU is not there. */
export function relativeSection(rows: readonly EvictionResult[]): Section {
  const looks = policyLooks(rows);
  return {
    id: "relative",
    title: "Relative miss ratio",
    short: "Relative",
    lead: "Misses over those of LRU on the same requests (of the best policy where LRU did not run). Below 1 is better; bold is the best of a capacity.",
    body: html`<div class="stack">${curvesOf(rows).map((curves) => {
      const reference = new Map(
        capacitiesOf(curves.rows).map((capacity) => {
          const same = curves.rows.filter((row) => row.capacity === capacity);
          const lru = same.find(({ policy }) => policy === "lru");
          const contenders = same.filter(({ policy }) => policy !== OPTIMUM);
          const best = (contenders.length > 0 ? contenders : same).reduce((a, b) =>
            b.missRatio < a.missRatio ? b : a,
          );
          return [capacity, (lru ?? best).missRatio];
        }),
      );
      return html`<div class="card"><h3>${curves.trace}</h3><p class="muted small">${traceNote(curves)}</p>${matrix(
        curves,
        looks,
        (row) => row.missRatio,
        (row) => {
          const base = reference.get(row.capacity)!;
          return base > 0 ? (row.missRatio / base).toFixed(3) : row.missRatio === 0 ? "1.000" : "no misses to compare";
        },
        "Relative miss ratio by policy and capacity",
      )}</div>`;
    })}</div>`,
  };
}

/** Which policy wins each capacity, by how much, and how far it stays from the optimum. */
export function winnersSection(rows: readonly EvictionResult[]): Section {
  const looks = policyLooks(rows);
  const lines = curvesOf(rows).flatMap((curves) =>
    capacitiesOf(curves.rows).flatMap((capacity) => {
      const same = curves.rows.filter((row) => row.capacity === capacity);
      const ranked = same.filter(({ policy }) => policy !== OPTIMUM).sort((a, b) => a.missRatio - b.missRatio);
      if (ranked.length === 0) return [];
      const tied = ranked.filter((row) => row.missRatio === ranked[0].missRatio);
      const runnerUp = ranked[tied.length];
      const optimum = same.find(({ policy }) => policy === OPTIMUM);
      return [
        [
          html`${curves.trace} <span class="muted">${capacityLabel(capacity, curves.by)}${curves.by === "objects" ? " objects" : null}</span>`,
          tied.length > 3
            ? `${tied.length} policies tie`
            : tied.map((row, index) => [index > 0 ? ", " : null, named(row.policy, looks.get(row.policy)!)]),
          percent(1 - ranked[0].missRatio),
          runnerUp ? html`${runnerUp.policy} <span class="muted">${percent(1 - runnerUp.missRatio)}</span>` : "–",
          optimum ? `${((ranked[0].missRatio - optimum.missRatio) * 100).toFixed(2)} points` : "–",
        ] satisfies Hole[],
      ];
    }),
  );
  return {
    id: "winners",
    title: "Winner of each capacity",
    short: "Winners",
    lead: "The policy with the fewest misses, the optimum aside.",
    body: html`<div class="card">${table(
      [
        { title: "Trace and capacity", text: true },
        { title: "Winner", text: true },
        { title: "Hit ratio" },
        { title: "Next" },
        { title: "Behind the optimum" },
      ],
      lines,
      { label: "Winner of each capacity", tall: lines.length > 30 },
    )}</div>`,
  };
}

/** What the policies cost: nanoseconds of simulation per request. */
export function speedSection(rows: readonly EvictionResult[]): Section {
  const looks = policyLooks(rows);
  return {
    id: "speed",
    title: "What a policy costs: time per request",
    short: "Eviction cost",
    lead: "Eviction's overhead: wall time of the simulation over its requests, look-up included; bold is the fastest. The optimum's backward pass is counted where it ran.",
    body: html`<div class="grid">${curvesOf(rows).map(
      (curves) =>
        html`<div class="card"><h3>${curves.trace}</h3>${matrix(
          curves,
          looks,
          (row) => row.nsPerRequest,
          (row) => `${significant(row.nsPerRequest)} ns`,
          "Nanoseconds per request by policy and capacity",
        )}</div>`,
    )}</div>`,
  };
}

/** Every row as it was counted. */
export function countsSection(rows: readonly EvictionResult[]): Section {
  return {
    id: "counts",
    title: "Exact counts",
    short: "Counts",
    body: html`<div class="card">${table(
      [
        { title: "Policy", text: true },
        { title: "Trace", text: true },
        { title: "Capacity" },
        { title: "By", text: true },
        { title: "Requests" },
        { title: "Hits" },
        { title: "Misses" },
        { title: "Miss ratio" },
        { title: "Evictions" },
        { title: "ns per request" },
      ],
      rows.map((row) => [
        row.policy,
        row.trace,
        count(row.capacity),
        row.by,
        count(row.requests),
        count(row.hits),
        count(row.misses),
        row.missRatio.toFixed(6),
        count(row.evictions),
        significant(row.nsPerRequest),
      ]),
      { label: "Exact counts", tall: true },
    )}</div>`,
  };
}

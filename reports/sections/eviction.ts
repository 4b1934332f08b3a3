/** Eviction policies: hit ratio against capacity, trace by trace, with the exact counts. */
import { figureCard, named, type Section, table } from "../chrome.js";
import { amount, decisionsOf, gainPerDoubling } from "../decision.js";
import { type Curves, capacityLabel, curvesOf, hitRatioFigure, OPTIMUM, policyLooks } from "../figures/hit-ratio.js";
import { bytes, count, percent, significant } from "../format.js";
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
    lead: `One line a policy.${bound} The object hit ratio counts requests, the byte hit ratio what they ask for; where a trace has sizes there is a figure of each.`,
    body: html`<div class="stack wide">${curvesOf(rows).flatMap((curves) =>
      RATIOS.map((ratio) => {
        const drawing = hitRatioFigure(curves, looks, ratio);
        if (drawing === null) return null;
        const table = ratio === "object" ? missTable(curves, looks) : byteMissTable(curves, looks);
        const summary = ratio === "object" ? "Exact misses" : "Exact bytes missed";
        return figureCard(
          `${curves.trace}: ${ratio} hit ratio`,
          traceNote(curves),
          drawing,
          html`<details><summary>${summary}</summary>${table}</details>`,
        );
      }),
    )}</div>`,
  };
}

const RATIOS = ["object", "byte"] as const;

/** Which policy and how large, in sentences, and what each size buys; null where nothing was looked up. */
export function decisionSection(rows: readonly EvictionResult[]): Section | null {
  const decisions = decisionsOf(rows);
  if (decisions.length === 0) return null;
  return {
    id: "decision",
    title: "Which policy, and how large",
    short: "Decision",
    body: html`<div class="stack">${decisions.map(({ trace, by, policy, answer, reasons, steps }) => {
      const known = steps.some(({ gainedBytes }) => gainedBytes !== undefined);
      const bought = steps.map((step) => [
        `${amount(step.from, by)} to ${amount(step.to, by)}`,
        pointsOf(step.gained),
        count(step.fewerMisses),
        pointsOf(gainPerDoubling(step)),
        ...(known ? [pointsOf(step.gainedBytes ?? 0), bytes(Math.max(0, step.fewerMissedBytes ?? 0))] : []),
      ]);
      return html`<div class="card decision"><h3>${trace}, by ${by}</h3><p><strong>${answer}</strong></p><ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>${
        bought.length === 0
          ? null
          : table(
              [
                { title: `What more room buys ${policy}`, text: true },
                { title: "Hits" },
                { title: "Fewer misses" },
                { title: "Hits a doubling" },
                ...(known ? [{ title: "Hits of bytes" }, { title: "Fewer bytes to fetch" }] : []),
              ],
              bought,
              { label: `What each step of size buys on ${trace}` },
            )
      }</div>`;
    })}</div>`,
  };
}

function pointsOf(difference: number): string {
  return `${difference < 0 ? "-" : "+"}${(Math.abs(difference) * 100).toFixed(2)} points`;
}

/** How each trace was read, with what makes that doubtful; null where no row tells it. */
export function tracesSection(rows: readonly EvictionResult[]): Section | null {
  const told = unique(rows.map(({ trace }) => trace)).flatMap((trace) => {
    const row = rows.find((candidate) => candidate.trace === trace && candidate.read !== undefined);
    return row?.read === undefined ? [] : [{ trace, read: row.read, warnings: row.warnings ?? [] }];
  });
  if (told.length === 0) return null;
  return {
    id: "traces",
    title: "How the traces were read",
    short: "Traces",
    body: html`<div class="card">${table(
      [
        { title: "Trace", text: true },
        { title: "Read as", text: true },
        { title: "Doubtful", text: true },
      ],
      told.map(({ trace, read, warnings }) => [
        trace,
        read,
        warnings.length === 0 ? "–" : html`<strong>${warnings.join("; ")}</strong>`,
      ]),
      { label: "How the traces were read" },
    )}</div>`,
  };
}

function traceNote({ rows, by }: Curves): string {
  const requests = unique(rows.map((row) => row.requests));
  return `${requests.map(count).join(" or ")} requests; capacity in ${by}`;
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

function missTable(curves: Curves, looks: ReadonlyMap<string, Look>): Html {
  return matrix(
    curves,
    looks,
    (row) => row.missRatio,
    (row) => html`${count(row.misses)} <span class="muted">${percent(row.missRatio)}</span>`,
    "Misses by policy and capacity",
  );
}

function byteMissTable(curves: Curves, looks: ReadonlyMap<string, Look>): Html {
  return matrix(
    curves,
    looks,
    (row) => row.byteMissRatio ?? Number.POSITIVE_INFINITY,
    (row) =>
      row.byteMissRatio === undefined
        ? "–"
        : html`${count(row.missedBytes ?? 0)} <span class="muted">${percent(row.byteMissRatio)}</span>`,
    "Bytes missed by policy and capacity",
  );
}

/** Misses of each policy over those of LRU at the same capacity; of the best policy where LRU is not there. */
export function relativeSection(rows: readonly EvictionResult[]): Section {
  const looks = policyLooks(rows);
  return {
    id: "relative",
    title: "Relative miss ratio",
    short: "Relative",
    lead: "Misses (of objects) over those of LRU on the same requests (of the best policy where LRU did not run). Below 1 is better; bold is the best of a capacity.",
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
    lead: "The policy with the fewest misses (of objects), the optimum aside.",
    body: html`<div class="card">${table(
      [
        { title: "Trace and capacity", text: true },
        { title: "Winner", text: true },
        { title: "Object hit ratio" },
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
    lead: "Eviction's overhead: wall time of the simulation over its requests, look-up included, after each policy has run warm; bold is the fastest. The optimum's backward pass is counted where it ran.",
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
        { title: "Object miss ratio" },
        { title: "Byte miss ratio" },
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
        row.byteMissRatio === undefined ? "–" : row.byteMissRatio.toFixed(6),
        count(row.evictions),
        significant(row.nsPerRequest),
      ]),
      { label: "Exact counts", tall: true },
    )}</div>`,
  };
}

/** The verdict: how many documented targets the run met, which it missed and by how much, and which nobody measured. */

import { figureCard, type Section, table } from "../chrome.js";
import { targetsBeyond, targetsFigure } from "../figures/targets.js";
import { count } from "../format.js";
import { fileLabels, unique } from "../groups.js";
import { type Html, html } from "../html.js";
import type { Results, TargetResult } from "../results.js";
import { findTarget, measuredBy } from "../targets/index.js";
import { distanceText, figure, limitText, measuredText, missedTargets, type Tally, tally } from "../verdict-words.js";

/** As docs/sources.md has them; a test holds the two together. */
export const SOURCES: readonly (readonly [letter: string, document: string])[] = [
  ["M", "decisions for a high-performance memory store, M-001 to M-010"],
  ["R", "R-011, a memory model for agents in Rust"],
  ["P", "Patinox, memory utilities"],
  ["D", "erlmcp, distributed memory"],
  ["S", "MetricStream, decisions for a metric pipeline"],
];

export function badge(target: TargetResult | undefined): Html {
  if (target === undefined) return html`<span class="badge none">not in this file</span>`;
  if (target.verdict === "not measured") return html`<span class="badge none">not measured</span>`;
  if (target.verdict === "met") return html`<span class="badge met">met</span>`;
  const severity = target.severity ?? null;
  return html`<span class="badge ${severity ?? "missed"}">missed${severity ? `, ${severity}` : null}</span>`;
}

export function verdictSection({ targets }: Results): Section {
  const counts = tally(targets);
  const judged = counts.met + counts.missed;
  if (targets.length === 0) {
    return {
      id: "verdict",
      title: "Verdict",
      body: html`<p class="lead">This file judges no targets.</p>`,
    };
  }
  const headline =
    judged === 0
      ? "No documented target was measured"
      : counts.missed === 0
        ? `All ${judged} measured targets are met`
        : `${counts.missed} of ${judged} measured targets ${counts.missed === 1 ? "is" : "are"} missed`;
  const drawing = targetsFigure(targets);
  const measured = targets.filter(({ verdict }) => verdict !== "not measured");
  const missed = missedTargets(targets);
  const met = targets.filter(({ verdict }) => verdict === "met");
  return {
    id: "verdict",
    title: headline,
    short: "Verdict",
    lead: html`Against the figures the design documents promise. Nothing is left out: what was not measured is listed with the reason. The letter behind each says which document it is from: ${SOURCES.map(
      ([letter, what], i) => html`${i > 0 ? "; " : null}<strong>${letter}</strong> ${what}`,
    )} (docs/sources.md).`,
    body: html`<div class="stack"><div class="verdict"><div class="card">${tallyBlock(counts)}${
      missed.length > 0 ? missedTable(missed) : html`<p class="muted">Nothing measured falls short.</p>`
    }</div>${
      drawing
        ? figureCard(
            "Distance to the targets",
            `Measured figures with a numeric limit. Right of the line: better than promised.${closest(targets)}`,
            drawing,
          )
        : null
    }</div>
${
  measured.length > 0
    ? html`<details class="card"><summary>All measured targets, with method (${measured.length})</summary>${judgedTable([...missed, ...met])}</details>`
    : null
}
${
  counts.notMeasured > 0
    ? html`<details class="card"><summary>Not measured, and why (${counts.notMeasured})</summary>${openTable(targets.filter(({ verdict }) => verdict === "not measured"))}</details>`
    : null
}</div>`,
  };
}

function closest(targets: readonly TargetResult[]): string {
  const hidden = targetsBeyond(targets);
  return hidden === 0 ? "" : ` ${hidden} more are met with more to spare; the table below has them.`;
}

function tallyBlock({ met, missed, notMeasured }: Tally): Html {
  const all = Math.max(1, met + missed + notMeasured);
  const part = (share: number, fill: string) =>
    share > 0 ? html`<i class="fill-${fill}" style="width:${((share / all) * 100).toFixed(2)}%"></i>` : null;
  return html`<dl class="tally"><div><dt>met</dt><dd class="good">${count(met)}</dd></div><div><dt>missed</dt><dd class="${missed > 0 ? "bad" : "muted"}">${count(missed)}</dd></div><div><dt>not measured</dt><dd class="muted">${count(notMeasured)}</dd></div></dl>
<div class="share" aria-hidden="true">${part(met, "good")}${part(missed, "bad")}${part(notMeasured, "none")}</div><br>`;
}

function missedTable(missed: readonly TargetResult[]): Html {
  return table(
    [
      { title: "Missed", text: true, wrap: true },
      { title: "By" },
      { title: "Measured", soft: true },
      { title: "Target", soft: true },
    ],
    missed.map((target) => [
      target.severity
        ? html`${metric(target)} <span class="badge ${target.severity}">${target.severity}</span>`
        : metric(target),
      distanceText(target),
      breakable(measuredText(target)),
      breakable(limitText(target)),
    ]),
    { label: "Missed targets", stacks: true },
  );
}

/** Counted things have long names: such a unit may stand below its figure, a short one stays beside it. */
function breakable(text: string): string {
  const at = text.lastIndexOf(" ");
  const parts = text.length - at <= 6 ? [text] : [text.slice(0, at), text.slice(at + 1)];
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" ");
}

function metric({ metric: name, source }: TargetResult): Html {
  return html`${name} <span class="muted small nowrap">${source}</span>`;
}

function judgedTable(targets: readonly TargetResult[]): Html {
  return table(
    [
      { title: "Target", text: true, wrap: true },
      { title: "Verdict" },
      { title: "Limit" },
      { title: "Measured" },
      { title: "Distance" },
      { title: "Alert / critical" },
      { title: "Method", text: true, wrap: true },
    ],
    targets.map((target) => {
      const documented = findTarget(target.id);
      const limits =
        documented && documented.alert !== null && documented.critical !== null
          ? `${figure(documented.alert)} / ${figure(documented.critical)}`
          : "–";
      return [
        metric(target),
        badge(target),
        limitText(target),
        measuredText(target),
        distanceText(target) || "–",
        limits,
        target.method,
      ];
    }),
    { label: "All measured targets", stacks: true },
  );
}

/** A file of another version may have targets that this one does not know. */
function commandOf({ id }: TargetResult): Html | string {
  const by = findTarget(id) === undefined ? undefined : measuredBy(id);
  return by !== undefined && "command" in by ? html`<code>${by.command}</code>` : "–";
}

function openTable(targets: readonly TargetResult[]): Html {
  return table(
    [
      { title: "Target", text: true, wrap: true },
      { title: "Limit" },
      { title: "Measured by", text: true, wrap: true },
      { title: "Why not", text: true, wrap: true },
    ],
    targets.map((target) => [metric(target), limitText(target), commandOf(target), target.method]),
    { label: "Targets not measured", stacks: true },
  );
}

/** Several files: each target once, the files beside each other. */
export function verdictComparison(all: readonly Results[], beside: readonly TargetResult[] = []): Section {
  const labels = fileLabels(all);
  const columns = [...all.map(({ targets }) => targets), ...(beside.length > 0 ? [beside] : [])];
  const titles = beside.length > 0 ? [...labels, "measured beside them"] : labels;
  const tables = columns.map((targets) => new Map(targets.map((target) => [target.id, target])));
  const ids = unique(columns.flatMap((targets) => targets.map(({ id }) => id)));
  const judged = ids.filter((id) =>
    tables.some((file) => (file.get(id)?.verdict ?? "not measured") !== "not measured"),
  );
  const cell = (target: TargetResult | undefined) =>
    target && target.verdict !== "not measured" ? html`${measuredText(target)} ${badge(target)}` : badge(target);
  const counts = all.map(({ targets }) => tally(targets));
  return {
    id: "verdict",
    title: "Verdict against the targets",
    short: "Verdict",
    lead: "Against the figures the design documents promise, file by file.",
    body: html`<div class="stack"><div class="verdict">${labels.map(
      (label, index) => html`<div class="card"><h3>${label}</h3>${tallyBlock(counts[index])}</div>`,
    )}</div>${
      judged.length > 0
        ? html`<div class="card">${table(
            [{ title: "Target", text: true, wrap: true }, { title: "Limit" }, ...titles.map((title) => ({ title }))],
            judged.map((id) => {
              const some = tables.map((file) => file.get(id)).find((target) => target !== undefined)!;
              return [metric(some), limitText(some), ...tables.map((file) => cell(file.get(id)))];
            }),
            { label: "Targets by file" },
          )}</div>`
        : null
    }</div>`,
  };
}

/** The violation page: one self-contained HTML file, light and dark, that shows why a history is not linearizable. */

import { type Html, html, trusted } from "../../../reports/html.js";
import type { CheckResult, Partition } from "../check.js";
import { type LaneOperation, renderLanes } from "./lanes.js";
import { operationLabel } from "./operation-label.js";

type IllegalPartition = Extract<Partition, { outcome: "illegal" }>;

/** What a page can still show: keys, and of each key the operations just before the violation and just after it. */
const KEYS_DRAWN = 20;
const PREFIX_DRAWN = 14;
const LATER_DRAWN = 6;
const PREFIX_LISTED = 500;

const STYLE = `
:root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--dim:#57606a;--rule:#d0d7de;
--placed:#d7f0df;--placed-edge:#1a7f37;--bad:#ffd7d5;--bad-edge:#b3261e;--dead:#fff0c2;--dead-edge:#8a6100;--later:#eef1f4;--later-edge:#6e7781}
@media (prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#e6edf3;--dim:#9ba6b2;--rule:#30363d;
--placed:#12361f;--placed-edge:#3fb950;--bad:#4b1513;--bad-edge:#ff7b72;--dead:#3d2e00;--dead-edge:#e3b341;--later:#1c2128;--later-edge:#8b949e}}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .25rem;overflow-wrap:anywhere}h3{font-size:1rem;margin:1.25rem 0 .25rem}
p{margin:.25rem 0 .75rem;max-width:70ch}.dim{color:var(--dim)}
.scroll{overflow:auto;border:1px solid var(--rule);border-radius:6px}.prefix{max-height:24rem}
svg{display:block;font:11px ui-monospace,monospace}svg text{fill:var(--ink)}.client{font-weight:600}.rule{stroke:var(--rule)}
.op rect{stroke-width:1.25}.placed rect{fill:var(--placed);stroke:var(--placed-edge)}
.impossible rect{fill:var(--bad);stroke:var(--bad-edge);stroke-width:2.5}.dead-end rect{fill:var(--dead);stroke:var(--dead-edge);stroke-width:2}
.later rect{fill:var(--later);stroke:var(--later-edge)}.open rect{stroke-dasharray:5 3}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--rule);vertical-align:top}
.n{text-align:right;width:3.5rem;font-variant-numeric:tabular-nums}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
.scroll:focus-visible{outline:2px solid var(--placed-edge)}`;

/** @param source name of the history, as the reader knows it */
export function renderViolationPage(result: CheckResult, source: string): string {
  const illegal = result.partitions.filter((p) => p.outcome === "illegal");
  const drawn = illegal.slice(0, KEYS_DRAWN);
  const hidden = illegal.length - drawn.length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Not linearizable: ${source}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<h1>Not linearizable</h1>
<p class="dim">${source}: ${result.operations} operations on ${count(result.partitions.length, "key")}, model <code>${result.model}</code>; ${count(illegal.length, "key")} without a linearization${unknownNote(result)}.</p>
<p>No order of the operations, in which each takes effect at one moment between its call and its return, gives these answers. Each part shows one key: the longest run of operations that a correct object could have done (numbered in that order), and those of which one had to come next, and none could.</p>
${drawn.map(renderPartition)}
${hidden > 0 && html`<p class="dim">${count(hidden, "more key")} not drawn.</p>`}
</main>
</body>
</html>
`.toString();
}

function renderPartition({ key, operations, violation }: IllegalPartition, index: number): Html {
  const { prefix, states, unplaced, later } = violation;
  const skipped = Math.max(0, prefix.length - PREFIX_DRAWN);
  const lanes: LaneOperation[] = [
    ...prefix
      .slice(skipped)
      .map((operation, i): LaneOperation => ({ operation, role: "placed", order: skipped + i + 1 })),
    ...unplaced.map(({ operation, why }): LaneOperation => ({ operation, role: why })),
    ...later.slice(0, LATER_DRAWN).map((operation): LaneOperation => ({ operation, role: "later" })),
  ];
  const stateNow = states.at(-1);
  const notDrawn = [
    skipped > 0 && `the first ${skipped} of the prefix`,
    later.length > LATER_DRAWN && `${later.length - LATER_DRAWN} later ones`,
  ].filter(Boolean);
  const title = `Operations on key ${key} by client, in the order of their calls and returns`;
  return html`<section aria-labelledby="key-${index}">
<h2 id="key-${index}">Key <code>${key}</code></h2>
<p class="dim">${count(operations, "operation")}; ${prefix.length} placed, ${unplaced.length} could not follow, ${later.length} not reached${notDrawn.length > 0 ? `. Not drawn: ${notDrawn.join(", ")}` : ""}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Client lanes of key ${key}">${renderLanes(lanes, title)}</div>
<p class="dim">A number: its place in the prefix. ✗: its answer is wrong after the prefix. ?: it could go next, but then another could not. A dot: called too late to matter. Dashed: never answered. Left to right is the order of events, not their distance.</p>
<h3>Could not be placed${stateNow !== undefined && html` while the object was <code>${stateNow}</code>`}</h3>
<table><thead><tr><th class="n">line</th><th>client</th><th>operation</th><th>call to return, ns</th><th>why</th></tr></thead><tbody>
${unplaced.map(unplacedRow)}
</tbody></table>
<h3>Longest linearizable prefix, last operation first</h3>
${prefixTable(prefix, states, key)}
</section>
`;
}

function unplacedRow({ operation, why, expected }: IllegalPartition["violation"]["unplaced"][number]): Html {
  const reason =
    why === "impossible" ? `the answer should have been ${expected}` : "possible by itself, but then another is not";
  return html`<tr><td class="n">${operation.line}</td><td>${operation.client}</td><td><code>${operationLabel(operation)}</code></td><td>${timesOf(operation)}</td><td>${reason}</td></tr>`;
}

function prefixTable(prefix: IllegalPartition["violation"]["prefix"], states: readonly string[], key: string): Html {
  if (prefix.length === 0) return html`<p>Empty: not even the first operation is possible.</p>`;
  const rows = prefix.map(
    (operation, i) =>
      html`<tr><td class="n">${i + 1}</td><td class="n">${operation.line}</td><td>${operation.client}</td><td><code>${operationLabel(operation)}</code></td><td>${timesOf(operation)}</td><td><code>${states[i]}</code></td></tr>`,
  );
  const listed = rows.reverse().slice(0, PREFIX_LISTED);
  return html`<div class="scroll prefix" tabindex="0" role="region" aria-label="Longest linearizable prefix of key ${key}"><table><thead><tr><th class="n">#</th><th class="n">line</th><th>client</th><th>operation</th><th>call to return, ns</th><th>object after it</th></tr></thead><tbody>
${listed}
</tbody></table></div>${rows.length > listed.length && html`<p class="dim">The first ${rows.length - listed.length} are not listed.</p>`}`;
}

function timesOf({ call, return: answer }: { call: number; return: number }): string {
  return `${call} – ${answer === Number.POSITIVE_INFINITY ? "never" : answer}`;
}

function unknownNote({ partitions }: CheckResult): string {
  const unknown = partitions.filter((p) => p.outcome === "unknown").length;
  return unknown > 0 ? `, ${count(unknown, "key")} not decided in time` : "";
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

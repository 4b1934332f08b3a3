/** Were recorded histories of real threads linearizable? */
import { type Section, table } from "../chrome.js";
import { count } from "../format.js";
import { type Html, html } from "../html.js";
import type { Check } from "../results.js";

const WORDS: Readonly<Record<Check["outcome"], string>> = {
  ok: "linearizable",
  illegal: "not linearizable",
  unknown: "not decided",
};
const BADGES: Readonly<Record<Check["outcome"], string>> = { ok: "met", illegal: "critical", unknown: "none" };

export function linearizabilitySection(checks: readonly Check[]): Section {
  const section = { id: "linearizability", title: "Linearizability", short: "Linearizability" };
  if (checks.length === 0) {
    return {
      ...section,
      body: html`<p class="muted">Not measured: no recorded history was checked with this run. <code>engram check HISTORY --json</code> checks one, and what it prints can be given to <code>engram report</code> beside the results.</p>`,
    };
  }
  return {
    ...section,
    lead: "Histories of concurrent operations, held against a sequential model: some order of the operations must explain every answer and keep to real time. Each key is searched by itself.",
    body: html`<div class="stack"><div class="card">${table(
      [
        { title: "History", text: true, wrap: true },
        { title: "Outcome" },
        { title: "Model", text: true },
        { title: "Operations" },
        { title: "Keys" },
        { title: "Time" },
      ],
      checks.map(({ file, outcome, model, operations, keys, elapsedMs }) => [
        file,
        badge(outcome),
        model,
        count(operations),
        count(keys.ok + keys.illegal + keys.unknown),
        `${count(Math.round(elapsedMs))} ms`,
      ]),
      { label: "Checked histories", stacks: true },
    )}</div>${openKeys(checks)}</div>`,
  };
}

function openKeys(checks: readonly Check[]): Html | null {
  const rows = checks.flatMap(({ file, open }) =>
    open.map(({ key, outcome, operations }) => [JSON.stringify(key), badge(outcome), count(operations), file]),
  );
  if (rows.length === 0) return null;
  return html`<div class="card"><h3>Keys that no order explains, or that were not decided in time</h3>${table(
    [
      { title: "Key", text: true, wrap: true },
      { title: "Outcome" },
      { title: "Operations" },
      { title: "History", text: true, wrap: true },
    ],
    rows,
    { label: "Keys that are not linearizable or not decided", stacks: true },
  )}</div>`;
}

function badge(outcome: Check["outcome"]): Html {
  return html`<span class="badge ${BADGES[outcome]}">${WORDS[outcome]}</span>`;
}

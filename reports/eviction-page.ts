/** The page of `engram evict -o`: curves of every policy on every trace, who wins where, and what it costs. */
import { renderPage, type Section } from "./chrome.js";
import { count } from "./format.js";
import { unique } from "./groups.js";
import { html } from "./html.js";
import type { EvictionResult } from "./results.js";
import {
  countsSection,
  decisionSection,
  hitRatioSection,
  relativeSection,
  speedSection,
  tracesSection,
  winnersSection,
} from "./sections/eviction.js";
import { overTimeSection, regretSection } from "./sections/eviction-over-time.js";
import { readingSection } from "./sections/reading.js";

/**
 * Renders evaluated (trace, policy, capacity) rows as one HTML page that loads nothing.
 *
 * @param notebook address of the notebook over the same rows, where the page is served beside it
 */
export function renderEviction(rows: readonly EvictionResult[], notebook?: string): string {
  const traces = unique(rows.map(({ trace }) => trace));
  const policies = unique(rows.map(({ policy }) => policy));
  const requests = rows.reduce((sum, row) => sum + row.requests, 0);
  const nothing: Section = {
    id: "winners",
    title: "Nothing was evaluated",
    body: html`<p class="lead">No row came in.</p>`,
  };
  return renderPage({
    brand: "Engram eviction",
    title:
      traces.length === 0
        ? "Eviction policies"
        : `Eviction on ${traces.length <= 3 ? traces.join(", ") : `${traces.length} traces`}`,
    facts: [
      `${policies.length} ${policies.length === 1 ? "policy" : "policies"}`,
      `${rows.length} simulations`,
      `${count(requests)} requests in all`,
    ],
    sections:
      rows.length === 0
        ? [nothing]
        : [
            decisionSection(rows),
            winnersSection(rows),
            hitRatioSection(rows)!,
            relativeSection(rows),
            overTimeSection(rows),
            regretSection(rows),
            speedSection(rows),
            tracesSection(rows),
            countsSection(rows),
            readingSection("eviction"),
          ].filter((section) => section !== null),
    data: rows,
    dataName: "eviction.json",
    explore: ["eviction.json"],
    notebook,
  });
}

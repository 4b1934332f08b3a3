/** Throughput and tail latency over the seconds of each run. */
import { figureCard, type Section } from "../chrome.js";
import { latencyTimeline, throughputTimeline } from "../figures/timeline.js";
import type { Group } from "../groups.js";
import { html } from "../html.js";

export function timeSection(groups: readonly Group[]): Section | null {
  const cards = groups.flatMap((group) => {
    const throughput = throughputTimeline(group);
    const latency = latencyTimeline(group);
    const events = group.reference.run.events ?? [];
    const note =
      events.length > 0
        ? `Marked: what happened in the run of ${group.reference.label}; ticks at the foot are garbage collections.`
        : null;
    return [
      throughput ? figureCard(`${group.title}: throughput`, note, throughput) : null,
      latency ? figureCard(`${group.title}: P99`, note, latency) : null,
    ];
  });
  const drawn = cards.filter((card) => card !== null);
  if (drawn.length === 0) return null;
  return { id: "time", title: "Over time", body: html`<div class="grid">${drawn}</div>` };
}

/** Throughput and tail latency over the seconds of each run. */
import { burstSpans } from "../burst-spans.js";
import { figureCard, type Section } from "../chrome.js";
import { latencyTimeline, numberedEvents, throughputTimeline } from "../figures/timeline.js";
import { significant } from "../format.js";
import type { Group } from "../groups.js";
import { type Html, html } from "../html.js";
import type { Results } from "../results.js";

/** Above this many the list is folded. */
const FEW_EVENTS = 8;

export function timeSection(
  groups: readonly Group[],
  scenarios: NonNullable<Results["scenarios"]> = [],
): Section | null {
  const cards = groups.flatMap((group) => {
    const bursts = burstSpans(group.reference.run, scenarios);
    const throughput = throughputTimeline(group, bursts);
    const latency = latencyTimeline(group, bursts);
    const { events = [] } = group.reference.run;
    const note = (numbers: string) => {
      const marked = [
        events.some(({ kind }) => kind !== "gc") && numbers,
        events.some(({ kind }) => kind === "gc") && "ticks at the foot are garbage collections",
      ].filter(Boolean);
      const told = [
        bursts.length > 0 && "Shaded: when bursts were asked for.",
        marked.length > 0 && `In the run of ${group.reference.label}: ${marked.join("; ")}.`,
      ].filter(Boolean);
      return told.length > 0 ? told.join(" ") : null;
    };
    const below = "numbers are explained below";
    return [
      throughput ? figureCard(`${group.title}: throughput`, note(below), throughput, eventList(group)) : null,
      latency
        ? figureCard(
            `${group.title}: P99`,
            note(throughput ? "numbers as with its throughput" : below),
            latency,
            throughput ? null : eventList(group),
          )
        : null,
    ];
  });
  const drawn = cards.filter((card) => card !== null);
  if (drawn.length === 0) return null;
  return { id: "time", title: "Over time", body: html`<div class="grid">${drawn}</div>` };
}

/** What the numbers in the figures stand for; beside each other, throughput and P99 share one list. */
function eventList(group: Group): Html | null {
  const events = numberedEvents(group);
  if (events.length === 0) return null;
  const list = html`<ol class="events">${events.map(
    ({ t, kind, label }, index) =>
      html`<li><b>${index + 1}</b> ${kind === "phase" ? "phase: " : null}${label ?? kind}${
        kind === "backup" && !label?.includes("backup") ? " (backup)" : null
      } at ${significant(t)} s</li>`,
  )}</ol>`;
  return events.length <= FEW_EVENTS
    ? list
    : html`<details><summary>${events.length} events, by number</summary>${list}</details>`;
}

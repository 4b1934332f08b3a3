/** Throughput, or a latency percentile, over the seconds of a run, with what happened meanwhile marked. */
import type { BurstSpan } from "../burst-spans.js";
import { duration, magnitude } from "../format.js";
import { contendersOf, distributions, type Group } from "../groups.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import type { Run, RunEvent } from "../results.js";
import { ratePoints } from "../slices.js";
import { durationTick, endLabels, logDomain, logTicks } from "./axes.js";

const FRAME = { height: 250, top: 46, bottom: 40 };
/** Above this many collections the ticks along the bottom would only be a bar. */
const MOST_MARKS = 200;
/** Of the width: numbers nearer than that would touch. */
const CLOSEST_MARKS = 0.1;
/** Above this many dashed lines they step back behind the curves. */
const FEW_RULES = 12;

/** Marks of events: numbers in order of time, those too close to stand side by side as one (`3–5`). */
export function markedEvents(events: readonly RunEvent[], end: number): { t: number; numbers: string }[] {
  const groups: { t: number; first: number; last: number }[] = [];
  for (const [index, { t }] of events.entries()) {
    const open = groups.at(-1);
    if (open !== undefined && t - open.t < end * CLOSEST_MARKS) open.last = index + 1;
    else groups.push({ t, first: index + 1, last: index + 1 });
  }
  return groups.map(({ t, first, last }) => ({ t, numbers: first === last ? String(first) : `${first}–${last}` }));
}

/** What a figure numbers, in order of time: collections have ticks of their own. */
export function numberedEvents(group: Group): RunEvent[] {
  return numbered(eventsOf(group));
}

function numbered(events: readonly RunEvent[]): RunEvent[] {
  return events.filter(({ kind }) => kind !== "gc").slice(0, MOST_MARKS);
}

/** @param bursts times at which more was asked for, which are shaded */
export function throughputTimeline(group: Group, bursts: readonly BurstSpan[] = []): Html | null {
  const lines = contendersOf(group.lines)
    .map(({ label, look, run }) => ({ label, look, points: ratePoints(run.series ?? []) }))
    .filter(({ points }) => points.length > 1);
  if (lines.length === 0) return null;
  const rates = lines.flatMap(({ points }) => points.map(({ value }) => value));
  const most = Math.max(...rates, 1);
  // Bursts of one line vanish beside another that is ten times as fast, and the calm between them beside themselves.
  const logarithmic = Math.min(...rates) > 0 && lines.some(({ points }) => swing(points) >= LARGE_SWING);
  const [low, high] = logDomain(rates);
  const y = logarithmic
    ? { type: "log" as const, domain: [low, high], label: null }
    : { domain: [0, most * 1.05], label: null };
  const grid = logarithmic
    ? [
        Plot.axisY(logTicks(low, high), { text: (value: number) => magnitude(value), label: null }),
        Plot.gridY(logTicks(low, high), { strokeOpacity: 0.12 }),
      ]
    : [
        Plot.axisY({ ticks: 5, tickFormat: (value: number) => magnitude(value), label: null }),
        Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
      ];
  return drawTimeline(`Throughput over time in ${group.title}`, lines, y, { events: eventsOf(group), bursts }, [
    ...grid,
    Plot.text([logarithmic ? "operations a second (logarithmic)" : "operations a second"], {
      frameAnchor: "top-left",
      dy: -34,
      dx: -44,
      fill: "var(--muted)",
      textAnchor: "start",
    }),
  ]);
}

/** Between the most and the least of a line: from here on its axis is logarithmic. */
const LARGE_SWING = 4;

function swing(points: readonly { value: number }[]): number {
  const values = points.map(({ value }) => value);
  return Math.max(...values) / Math.min(...values);
}

/** @param bursts as of the throughput */
export function latencyTimeline(group: Group, bursts: readonly BurstSpan[] = []): Html | null {
  const lines = contendersOf(group.lines)
    .map(({ label, look, run }) => ({ label, look, points: tailPoints(run) }))
    .filter(({ points }) => points.length > 1);
  if (lines.length === 0) return null;
  const [low, high] = logDomain(lines.flatMap(({ points }) => points.map(({ value }) => value)));
  const y = { type: "log" as const, domain: [low, high], label: null };
  const highest = Math.max(...lines.flatMap(({ points }) => points.map(({ value }) => value)));
  return drawTimeline(
    `P99 of sampled operations over time in ${group.title}, at most ${duration(highest)}`,
    lines,
    y,
    { events: eventsOf(group), bursts },
    [
      Plot.axisY(logTicks(low, high), { text: durationTick, label: null }),
      Plot.gridY(logTicks(low, high), { strokeOpacity: 0.12 }),
      Plot.text(["P99 of sampled operations (logarithmic)"], {
        frameAnchor: "top-left",
        dy: -34,
        dx: -44,
        fill: "var(--muted)",
        textAnchor: "start",
      }),
    ],
  );
}

/** P99 of each interval, no lower than the timer floor: below it nothing is known. */
export function tailPoints(run: Run): { t: number; value: number }[] {
  const floor = Math.max(0, ...[...distributions(run, "sampled").values()].map((latency) => latency.floor ?? 0));
  return (run.series ?? []).flatMap(({ t, p99 }) => {
    const value = Math.max(p99 ?? 0, floor);
    return p99 !== undefined && value > 0 ? [{ t, value }] : [];
  });
}

interface TimelineLine {
  label: string;
  look: Group["lines"][number]["look"];
  points: { t: number; value: number }[];
}

function drawTimeline(
  label: string,
  lines: readonly TimelineLine[],
  y: Plot.ScaleOptions,
  { events, bursts }: { events: readonly RunEvent[]; bursts: readonly BurstSpan[] },
  axes: Plot.Markish[],
): Html {
  const end = Math.max(...lines.flatMap(({ points }) => points.map(({ t }) => t)));
  const collections = events.filter(({ kind }) => kind === "gc").slice(0, MOST_MARKS);
  const others = numbered(events);
  const shaded = bursts.filter(({ from }) => from < end).map(({ from, to }) => ({ from, to: Math.min(to, end) }));
  const about = shaded.length === 0 ? "" : `; ${shaded.length} bursts are shaded`;
  return draw(`${label}: ${lines.map((line) => line.label).join(", ")}${about}`, {
    height: FRAME.height,
    marginTop: FRAME.top,
    marginBottom: FRAME.bottom,
    marginLeft: 54,
    marginRight: 104,
    x: { domain: [0, end], label: "seconds" },
    y,
    marks: [
      Plot.rect(shaded, { x1: "from", x2: "to", fill: "var(--muted)", fillOpacity: 0.16 }),
      Plot.axisX({ ticks: 6, labelArrow: "none", labelAnchor: "center" }),
      ...axes,
      Plot.ruleX(others, { x: "t", strokeDasharray: "3 3", strokeOpacity: others.length > FEW_RULES ? 0.3 : 0.55 }),
      Plot.text(markedEvents(others, end), {
        x: "t",
        frameAnchor: "top",
        text: "numbers",
        dy: -4,
        lineAnchor: "bottom",
        fontSize: 11,
        fontWeight: 600,
        fill: "var(--muted)",
      }),
      Plot.tickX(collections, { x: "t", insetTop: FRAME.height - FRAME.top - FRAME.bottom - 8, strokeOpacity: 0.6 }),
      ...lines.map(({ points, look }) =>
        Plot.line(points, { x: "t", y: "value", stroke: look.colour, strokeDasharray: look.dash, strokeWidth: 2 }),
      ),
      ...endLabels(
        lines.map((line) => ({ label: line.label, look: line.look, y: line.points.at(-1)!.value })),
        y,
        FRAME,
      ),
    ],
  });
}

/** What happened in the reference's run: marks of several runs in one figure could not be told apart. */
function eventsOf({ reference }: Group): readonly RunEvent[] {
  return reference.run.events ?? [];
}

/** Throughput against workers, one line a subject, with the straight line that linear scaling would have followed. */
import { magnitude } from "../format.js";
import { FLOOR_SUBJECT, type PhaseGroup, unique } from "../groups.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import { endLabels } from "./axes.js";

const FRAME = { height: 260, top: 34, bottom: 40 };

/** `groups` are all groups of one scenario, one a number of workers. */
export function scalingFigure(scenario: string, groups: readonly PhaseGroup[]): Html | null {
  const counts = unique(groups.map(({ workers }) => workers)).sort((a, b) => a - b);
  if (counts.length < 2) return null;
  const labels = unique(groups.flatMap(({ lines }) => lines.map(({ label }) => label)));
  const lines = labels
    .map((label) => {
      const found = groups.flatMap(({ lines }) => lines.filter((line) => line.label === label));
      const points = found
        .map(({ run }) => ({ workers: run.workers, value: run.opsPerSecond }))
        .sort((a, b) => a.workers - b.workers);
      return { label, look: found[0].look, subject: found[0].run.subject, points };
    })
    .filter(({ points, subject }) => points.length > 1 && subject !== FLOOR_SUBJECT);
  if (lines.length === 0) return null;
  const most = Math.max(...lines.flatMap(({ points }) => points.map(({ value }) => value)), 1);
  const widest = counts.at(-1)!;
  const y = { domain: [0, most * 1.08], label: null };
  const [first] = lines[0].points;
  const perWorker = first.value / first.workers;
  const reach = Math.min(widest, (most * 1.08) / Math.max(perWorker, Number.MIN_VALUE));
  const ideal = [
    { workers: first.workers, value: first.value },
    { workers: reach, value: perWorker * reach },
  ];
  return draw(`Throughput by number of workers in ${scenario}: ${lines.map(({ label }) => label).join(", ")}`, {
    height: FRAME.height,
    marginTop: FRAME.top,
    marginBottom: FRAME.bottom,
    marginLeft: 54,
    marginRight: 104,
    x: { domain: [counts[0], widest], label: "workers" },
    y,
    marks: [
      Plot.axisX({ ticks: counts, tickFormat: String, labelArrow: "none", labelAnchor: "center" }),
      Plot.axisY({ ticks: 5, tickFormat: (value: number) => magnitude(value), label: null }),
      Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
      Plot.text(["operations a second"], {
        frameAnchor: "top-left",
        dy: -22,
        dx: -44,
        fill: "var(--muted)",
        textAnchor: "start",
      }),
      Plot.line(ideal, { x: "workers", y: "value", strokeDasharray: "2 4", strokeOpacity: 0.5 }),
      ...lines.flatMap(({ points, look }) => [
        Plot.line(points, {
          x: "workers",
          y: "value",
          stroke: look.colour,
          strokeDasharray: look.dash,
          strokeWidth: 2,
        }),
        Plot.dot(points, { x: "workers", y: "value", r: 4.5, symbol: look.symbol, fill: look.colour }),
      ]),
      ...endLabels(
        lines.map((line) => ({ label: line.label, look: line.look, y: line.points.at(-1)!.value })),
        y,
        FRAME,
      ),
    ],
  });
}

/** Servers under load over time: what memory they have, and what waits to be forwarded while a database is away. */
import { bytes, magnitude } from "../format.js";
import type { Html } from "../html.js";
import { looksFor } from "../palette.js";
import { draw, Plot } from "../plot.js";
import type { IngestUse } from "../results.js";
import { binaryTicks, endLabels } from "./axes.js";

const FRAME = { height: 250, top: 40, bottom: 40 };

interface Line {
  readonly label: string;
  readonly points: readonly { readonly t: number; readonly value: number }[];
}

type Step = NonNullable<IngestUse["saturation"]>[number];

export function ingestMemoryFigure({ step, servers }: Step): Html | null {
  const lines = servers.map(({ server, series }) => ({
    label: server,
    points: series.map(({ t, bytes: value }) => ({ t, value })),
  }));
  const most = Math.max(0, ...lines.flatMap(({ points }) => points.map(({ value }) => value)));
  const ticks = binaryTicks(most);
  return drawLines(`Memory of each server, ${step}`, "resident memory", lines, most, [
    Plot.axisY({ ticks, tickFormat: (value: number) => bytes(value), label: null }),
    Plot.gridY(ticks, { strokeOpacity: 0.12 }),
  ]);
}

export function waitingFigure({ killed, back, servers }: NonNullable<IngestUse["outage"]>): Html | null {
  const lines = servers.map(({ server, series }) => ({
    label: server,
    points: series.map(({ t, waiting }) => ({ t, value: waiting })),
  }));
  const most = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ value }) => value)));
  const moments = [
    { t: killed, name: "killed" },
    { t: back, name: "back" },
  ];
  return drawLines("Metrics that wait for the database", "metrics that wait for the database", lines, most, [
    Plot.axisY({ ticks: 5, tickFormat: (value: number) => magnitude(value), label: null }),
    Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
    Plot.ruleX(moments, { x: "t", stroke: "var(--bad)", strokeDasharray: "2 3" }),
    Plot.text(moments, {
      ...{ x: "t", text: "name", frameAnchor: "top" as const, dy: -10, fill: "var(--bad)" },
    }),
  ]);
}

function drawLines(
  label: string,
  axis: string,
  lines: readonly Line[],
  most: number,
  marks: readonly Plot.Markish[],
): Html | null {
  const drawn = lines.filter(({ points }) => points.length > 1);
  if (drawn.length === 0) return null;
  const looks = looksFor(drawn.map((line) => line.label));
  const lookOf = (line: Line) => looks.get(line.label) as NonNullable<ReturnType<typeof looks.get>>;
  const y = { domain: [0, most * 1.05], label: null };
  const last = Math.max(...drawn.flatMap(({ points }) => points.map(({ t }) => t)));
  return draw(`${label}: ${drawn.map((line) => line.label).join(", ")}`, {
    ...{ height: FRAME.height, marginTop: FRAME.top, marginBottom: FRAME.bottom, marginLeft: 60, marginRight: 96 },
    x: { domain: [0, last], label: "seconds" },
    y,
    marks: [
      Plot.axisX({ ticks: 6, labelArrow: "none", labelAnchor: "center" }),
      ...marks,
      Plot.text([axis], {
        ...{ frameAnchor: "top-left" as const, dy: -28, dx: -50, fill: "var(--muted)", textAnchor: "start" as const },
      }),
      ...drawn.map((line) =>
        Plot.line(line.points, {
          ...{ x: "t", y: "value", stroke: lookOf(line).colour, strokeDasharray: lookOf(line).dash, strokeWidth: 1.75 },
        }),
      ),
      ...endLabels(
        drawn.map((line) => ({ label: line.label, look: lookOf(line), y: line.points.at(-1)?.value ?? 0 })),
        y,
        FRAME,
      ),
    ],
  });
}

/** A monitor's figures over time, chart by chart as the live page has them: for the report of a run and for `engram trend`. */
import { type Chart, FIGURES, type FigureName } from "../../src/monitor/index.js";
import { bytes, duration, magnitude, significant } from "../format.js";
import type { Html } from "../html.js";
import { looksFor } from "../palette.js";
import { draw, Plot } from "../plot.js";
import { durationTick, endLabels, logDomain, logTicks } from "./axes.js";

export const FRAME = { height: 230, top: 34, bottom: 40 };

/** Seconds of a run, or moments. */
export interface TimeAxis {
  readonly kind: "seconds" | "moments";
  readonly domain: readonly [number, number];
}

export interface MonitoredPoint {
  readonly x: number;
  readonly values: Readonly<Partial<Record<FigureName, number | null>>>;
}

/** Null where no line of the chart was ever told. */
export function monitoredFigure(chart: Chart, points: readonly MonitoredPoint[], time: TimeAxis): Html | null {
  // The same slots as on the live page: the first line has the first colour and dash.
  const looks = [...looksFor(chart.lines.map((_, i) => String(i))).values()];
  const lines = chart.lines.flatMap(({ figure, label }, i) => {
    const own = points.map(({ x, values }) => ({ x: placeOf(time, x), value: values[figure] ?? null }));
    return own.some(({ value }) => value !== null) ? [{ label, look: looks[i], points: own }] : [];
  });
  if (lines.length === 0) return null;
  const values = lines.flatMap((line) => line.points.flatMap(({ value }) => value ?? []));
  const y = scaleOf(chart, values);
  return draw(`${chart.title}: ${lines.map(({ label }) => label).join(", ")}`, {
    ...frameOf(time, y),
    marks: [
      timeAxis(time),
      ...valueAxis(chart.unit, chart.scale, y),
      ...lines.map((line) =>
        Plot.line(line.points, {
          ...{ x: "x", y: "value", stroke: line.look.colour, strokeDasharray: line.look.dash, strokeWidth: 1.75 },
          // A figure that was told once between two gaps is a point.
          marker: line.points.length < 3 ? "dot" : undefined,
        }),
      ),
      ...endLabels(
        lines.map((line) => ({
          ...{ label: line.label, look: line.look },
          y: line.points.findLast(({ value }) => value !== null)?.value ?? 0,
        })),
        y,
        FRAME,
      ),
    ],
  });
}

/** Plot wants dates for an axis of moments. */
export function placeOf({ kind }: TimeAxis, x: number): number | Date {
  return kind === "moments" ? new Date(x) : x;
}

export function frameOf(time: TimeAxis, y: Plot.ScaleOptions): Plot.PlotOptions {
  const moments = time.kind === "moments";
  return {
    ...{ height: FRAME.height, marginTop: FRAME.top, marginBottom: FRAME.bottom, marginLeft: 62, marginRight: 92 },
    x: {
      domain: time.domain.map((x) => placeOf(time, x)),
      label: moments ? null : "seconds",
      ...(moments ? { type: "utc" as const } : {}),
    },
    y,
  };
}

export function timeAxis({ kind }: TimeAxis): Plot.Markish {
  return Plot.axisX({ ticks: kind === "moments" ? 4 : 6, labelArrow: "none", labelAnchor: "center" });
}

export function scaleOf({ scale, unit }: Pick<Chart, "scale" | "unit">, values: readonly number[]): Plot.ScaleOptions {
  if (scale === "log" && values.some((value) => value > 0))
    return { type: "log", domain: logDomain(values), label: null };
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const top = unit === "%" ? Math.min(100, Math.max(1, most * 1.08)) : most > 0 ? most * 1.08 : 1;
  return { domain: [0, Math.max(top, most)], label: null };
}

/** Ticks, grid, and what is counted. */
export function valueAxis(unit: string, scale: Chart["scale"], y: Plot.ScaleOptions): Plot.Markish[] {
  const named = Plot.text([UNIT_NAMES[unit] ?? unit], {
    ...{ frameAnchor: "top-left" as const, dy: -22, dx: -52, fill: "var(--muted)", textAnchor: "start" as const },
  });
  if (scale === "log" && y.type === "log") {
    const [low, high] = y.domain as number[];
    const ticks = logTicks(low, high);
    return [
      Plot.axisY(ticks, { text: ticks.map(durationTick), label: null }),
      Plot.gridY(ticks, { strokeOpacity: 0.12 }),
      named,
    ];
  }
  return [
    Plot.axisY({ ticks: 5, tickFormat: (value: number) => tickText(unit, value), label: null }),
    Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
    named,
  ];
}

const UNIT_NAMES: Readonly<Record<string, string>> = {
  "ops/s": "operations a second",
  "1/s": "a second",
  ns: "latency",
  "": "count",
};

function tickText(unit: string, value: number): string {
  if (unit === "ns") return duration(value);
  if (unit === "bytes") return bytes(value);
  return unit === "%" ? `${significant(value)} %` : magnitude(value);
}

/** A figure with its unit. */
export function monitoredText(figure: FigureName, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const { unit } = FIGURES[figure];
  const text = tickText(unit, value);
  return unit === "ops/s" || unit === "1/s" ? `${text}/s` : text;
}

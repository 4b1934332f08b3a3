/** A metric over the records of gates, with the records at which it moved. */
import { duration, magnitude, significant } from "../format.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import type { TrendSeries } from "../trend.js";

const FRAME = { height: 230, top: 40, bottom: 40 };
/** More names would stand on each other. */
const MOST_NAMES = 6;

export function recordsFigure({ name, unit, scale, points, changes }: TrendSeries): Html {
  const moved = changes ?? [];
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const air = Math.max((most - least) * 0.15, Math.abs(most) * 0.02, 1e-9);
  const y = { domain: [Math.max(0, least - air), most + air], label: null };
  const starts = [0, ...moved.map(({ index }) => index)];
  const levels = starts.map((start, i) => {
    const end = starts[i + 1] ?? points.length;
    return { from: start + 0.5, to: end + 0.5, level: medianOf(values.slice(start, end)) };
  });
  return draw(`${name} over ${points.length} records, ${moved.length} changes`, {
    ...{ height: FRAME.height, marginTop: FRAME.top, marginBottom: FRAME.bottom, marginLeft: 62, marginRight: 24 },
    x: { domain: [0.5, points.length + 0.5], label: "record" },
    y,
    marks: [
      Plot.axisX({ ticks: 6, labelArrow: "none", labelAnchor: "center", tickFormat: whole }),
      Plot.axisY({ ticks: 5, tickFormat: (value: number) => tickOf(value, unit, scale), label: null }),
      Plot.text([unit === "ns" || scale === "points" ? "" : unit], {
        ...{ frameAnchor: "top-left" as const, dy: -26, dx: -52, fill: "var(--muted)", textAnchor: "start" as const },
      }),
      Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
      Plot.ruleX(moved, {
        ...{ x: ({ index }: { index: number }) => index + 0.5, strokeDasharray: "3 3" },
        stroke: ({ worse }: { worse: boolean }) => (worse ? "var(--bad)" : "var(--good)"),
      }),
      Plot.text(moved.length > MOST_NAMES ? [] : moved, {
        ...{ x: ({ index }: { index: number }) => index + 0.5, frameAnchor: "top" as const, dy: -6 },
        text: ({ commit }: { commit: string | null }) => commit?.slice(0, 7) ?? "?",
        ...{ lineAnchor: "bottom" as const, fontSize: 11 },
        fill: ({ worse }: { worse: boolean }) => (worse ? "var(--bad)" : "var(--good)"),
      }),
      Plot.link(levels, { x1: "from", x2: "to", y1: "level", y2: "level", stroke: "var(--muted)", strokeWidth: 1.5 }),
      Plot.dot(points, {
        ...{ x: (_: unknown, i: number) => i + 1, y: "value", r: 2.4 },
        fill: "var(--series-1)",
      }),
    ],
  });
}

function whole(value: number): string {
  return Number.isInteger(value) ? String(value) : "";
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function tickOf(value: number, unit: string, scale: TrendSeries["scale"]): string {
  return unit === "ns" || scale === "points" ? textOf(value, unit, scale) : magnitude(value);
}

export function textOf(value: number, unit: string, scale: TrendSeries["scale"]): string {
  if (scale === "points") return `${significant(100 * value)} %`;
  if (unit === "ns") return duration(value);
  return unit === "x reference" ? `${significant(value)} ×` : `${magnitude(value)}${unit === "" ? "" : ` ${unit}`}`;
}

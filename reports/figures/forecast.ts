/** One figure with the line through it, the limit it is held against, and when it gets there. */
import { FIGURES, type FigureName } from "../../src/monitor/index.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import type { TrendForecast } from "../trend.js";
import { frameOf, monitoredText, placeOf, type TimeAxis, timeAxis, valueAxis } from "./monitored.js";

/** Edges of the band are drawn through so many places. */
const STEPS = 40;
/** The picture looks ahead as far as what is told, and at least a third of what was seen. */
const LEAST_AHEAD = 1 / 3;

export interface ForecastPoint {
  readonly x: number;
  readonly value: number | null;
}

export function forecastFigure(forecast: TrendForecast, points: readonly ForecastPoint[]): Html {
  const { limit, crossing, says } = forecast;
  const figure = forecast.figure as FigureName;
  const { unit } = FIGURES[figure];
  const [start, end] = [points[0].x, points[points.length - 1].x];
  const span = Math.max(1, end - start);
  const last = Math.max(crossing.to ?? crossing.from ?? 0, end + LEAST_AHEAD * span);
  const time: TimeAxis = { kind: "moments", domain: [start, Math.min(last, end + 4 * span)] };
  const values = points.flatMap(({ value }) => value ?? []);
  const most = Math.max(limit, ...values);
  const y: Plot.ScaleOptions = { domain: [0, unit === "%" ? Math.min(100, most * 1.05) : most * 1.08], label: null };
  const band = bandOf(forecast, time.domain[1]);
  const reaches =
    crossing.kind === "reaches" ? [{ from: crossing.from ?? end, to: crossing.to ?? time.domain[1] }] : [];
  return draw(says, {
    ...frameOf(time, y),
    marks: [
      timeAxis(time),
      ...valueAxis(unit, "linear", y),
      Plot.rectY(reaches, {
        ...{
          x1: ({ from }: { from: number }) => placeOf(time, from),
          x2: ({ to }: { to: number }) => placeOf(time, to),
        },
        ...{ y1: 0, y2: (y.domain as number[])[1], fill: "var(--warn)", fillOpacity: 0.16, clip: true },
      }),
      Plot.areaY(band, {
        ...{ x: ({ x }: { x: number }) => placeOf(time, x), y1: "low", y2: "high" },
        ...{ fill: "var(--series-1)", fillOpacity: 0.14, clip: true },
      }),
      Plot.line(band, {
        ...{ x: ({ x }: { x: number }) => placeOf(time, x), y: "middle", stroke: "var(--series-1)" },
        ...{ strokeDasharray: "4 4", strokeWidth: 1.25, clip: true },
      }),
      Plot.ruleY([limit], { stroke: "var(--bad)", strokeDasharray: "7 3", strokeWidth: 1.5 }),
      Plot.text([`limit ${monitoredText(figure, limit)}`], {
        ...{ y: [limit], frameAnchor: "right" as const, textAnchor: "start" as const, dx: 6, fill: "var(--bad)" },
      }),
      Plot.line(points, {
        ...{ x: ({ x }: ForecastPoint) => placeOf(time, x), y: "value", stroke: "var(--series-1)", strokeWidth: 1.75 },
      }),
    ],
  });
}

/** The line and the edges between which a point is to be expected, from where the points are of one piece on. */
function bandOf({ crossing: { line }, since }: TrendForecast, until: number) {
  if (line === null || since === null) return [];
  const { slope, slopes, level, centre, scatter, effective } = line;
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const x = since + ((until - since) * step) / STEPS;
    const distance = x - centre;
    const middle = level + slope * distance;
    const still = scatter * Math.sqrt(1 + 1 / effective);
    const [up, down] = distance >= 0 ? [slopes.upper, slopes.lower] : [slopes.lower, slopes.upper];
    return {
      ...{ x, middle },
      high: middle + Math.hypot(finite((up - slope) * distance), still),
      low: middle - Math.hypot(finite((slope - down) * distance), still),
    };
  });
}

/** Beyond every picture, where a slope is not bounded. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 1e9;
}

/**
 * The percentile spectrum of one operation: latency of sampled single operations against 1 / (1 - q), so that each
 * factor of ten to the right is one more nine. Under the timer floor nothing is known but that it lies under it: the
 * floor is drawn as a band, and lines run along its edge.
 */
import { duration } from "../format.js";
import { distributions, type Group } from "../groups.js";
import type { Html } from "../html.js";
import { draw, FIGURE_WIDTH, Plot } from "../plot.js";
import type { Latency } from "../results.js";
import { durationTick, endLabels, logDomain, logTicks } from "./axes.js";

const FRAME = { height: 300, top: 34, bottom: 44 };
/** More points than this do not change the line at any size it is looked at. */
const MOST_POINTS = 96;
const NAMED: Record<number, string> = { 1: "0", 2: "50", 10: "90" };
/** Share of the axis that the band under the timer floor takes at least, so that its name fits in. */
const BAND_SHARE = 0.1;

/** [1 / (1 - q), ns] of a distribution, from its spectrum, or from its named percentiles where it carries none. */
export function spectrumPoints(latency: Latency): [nines: number, ns: number][] {
  const { p50, p95, p99, p999, max, count } = latency;
  const named: [number, number][] = [
    [0.5, p50],
    [0.95, p95],
    [0.99, p99],
    [0.999, p999],
  ];
  const given = latency.spectrum && latency.spectrum.length > 1 ? latency.spectrum : named;
  // A quantile finer than 1 / count was not measured; the maximum stands at 1 - 1 / count.
  const finest = Math.max(2, count);
  const points = given
    .filter(([quantile]) => quantile >= 0 && quantile < 1)
    .map(([quantile, ns]): [number, number] => [1 / (1 - quantile), ns])
    .filter(([nines]) => nines < finest * (1 - 1e-9));
  points.push([finest, max]);
  return thin(points);
}

export function spectrumFigure({ title, lines }: Group, operation: string): Html | null {
  const drawn = lines.flatMap(({ label, look, run }) => {
    const latency = distributions(run, "sampled").get(operation);
    if (!latency || latency.count === 0) return [];
    const floor = latency.floor ?? 0;
    const points = spectrumPoints(latency).map(([nines, ns]) => ({ nines, ns: Math.max(ns, floor) }));
    return [{ label, look, floor, points: points.filter(({ ns }) => ns > 0) }];
  });
  const visible = drawn.filter(({ points }) => points.length > 1);
  if (visible.length === 0) return null;
  const floor = Math.max(...visible.map((line) => line.floor));
  const [least, most] = logDomain(visible.flatMap(({ points }) => points.map(({ ns }) => ns)));
  const low = floor > 0 ? Math.min(least, floor / bandBelow(most / floor)) : least;
  const high = Math.max(...visible.flatMap(({ points }) => points.map(({ nines }) => nines)));
  const y = { type: "log" as const, domain: [low, most], label: null };
  const ticks = logTicks(1, high);
  if (!ticks.includes(2)) ticks.splice(1, 0, 2);
  return draw(`Latency of ${operation} in ${title} by percentile: ${visible.map(({ label }) => label).join(", ")}`, {
    width: FIGURE_WIDTH,
    height: FRAME.height,
    marginTop: FRAME.top,
    marginBottom: FRAME.bottom,
    marginLeft: 54,
    marginRight: 104,
    x: { type: "log", domain: [1, high], label: "percentile, %" },
    y,
    marks: [
      floor > 0 ? Plot.rect([floor], { y1: low, y2: floor, fill: "currentColor", fillOpacity: 0.07 }) : null,
      Plot.axisX({
        ticks: ticks.filter(notCrowded(high)),
        tickFormat: percentileTick,
        labelArrow: "none",
        labelAnchor: "center",
      }),
      Plot.axisY(logTicks(low, most), { text: durationTick, label: null }),
      Plot.gridY(logTicks(low, most), { strokeOpacity: 0.12 }),
      ...visible.map(({ points, look }) =>
        Plot.line(points, { x: "nines", y: "ns", stroke: look.colour, strokeDasharray: look.dash, strokeWidth: 2 }),
      ),
      floor > 0 ? Plot.ruleY([floor], { strokeDasharray: "2 2", strokeOpacity: 0.7 }) : null,
      floor > 0
        ? Plot.text([`timer floor ${duration(floor)}`], {
            y: [floor],
            frameAnchor: "left",
            dx: 6,
            dy: 9,
            fill: "var(--muted)",
          })
        : null,
      ...endLabels(
        visible.map(({ label, look, points }) => ({ label, look, y: points.at(-1)!.ns })),
        y,
        FRAME,
      ),
    ],
  });
}

/** 1 / (1 - q) back to the percentile it stands for: 100 is 99 %, 1000 is 99.9 %. */
export function percentileTick(nines: number): string {
  return NAMED[nines] ?? `${(100 - 100 / nines).toFixed(Math.max(0, Math.round(Math.log10(nines)) - 2))}`;
}

/** The factor below the floor at which a logarithmic axis must begin; `above` is the factor it runs above the floor. */
function bandBelow(above: number): number {
  return Math.max(1.3, above ** (BAND_SHARE / (1 - BAND_SHARE)));
}

function notCrowded(high: number): (nines: number) => boolean {
  const decades = Math.log10(high);
  return (nines) => {
    const place = Math.log10(nines);
    if (nines === 2) return decades < 6;
    return Number.isInteger(Math.round(place * 1e6) / 1e6) && (decades < 6 || place % 2 === 0 || place < 4);
  };
}

function thin(points: [number, number][]): [number, number][] {
  if (points.length <= MOST_POINTS) return points;
  const first = Math.log(points[0][0]);
  const last = Math.log(points.at(-1)![0]);
  const kept: [number, number][] = [];
  let taken = -1;
  for (const point of points) {
    const cell = Math.floor(((Math.log(point[0]) - first) / (last - first)) * (MOST_POINTS - 1));
    if (cell > taken) {
      kept.push(point);
      taken = cell;
    }
  }
  if (kept.at(-1) !== points.at(-1)) kept.push(points.at(-1)!);
  return kept;
}

/** Hit ratio over the requests of a trace, a line a policy, with the moments at which adaptive changed. */
import { magnitude } from "../format.js";
import type { Html } from "../html.js";
import type { Look } from "../palette.js";
import { draw, Plot } from "../plot.js";
import type { EvictionResult } from "../results.js";
import { endLabels } from "./axes.js";
import { OPTIMUM } from "./hit-ratio.js";

const FRAME = { height: 300, top: 34, bottom: 44 };
export const ADAPTIVE = "adaptive";
/** Lines a figure can hold and still be read: the optimum, adaptive, and the best of the others. */
const MOST_LINES = 7;
/** Above this many changes the marks would only be a curtain, and names are left out well before. */
const MOST_MARKS = 100;
const MOST_NAMES = 6;

/** Which rows of one trace and capacity are drawn: those with windows, the best first, the optimum and adaptive always. */
function drawnOverTime(rows: readonly EvictionResult[]): EvictionResult[] {
  const known = rows.filter(({ windowHitRatios }) => (windowHitRatios?.length ?? 0) > 1);
  const always = known.filter(({ policy }) => policy === OPTIMUM || policy === ADAPTIVE);
  const others = known.filter((row) => !always.includes(row)).sort((a, b) => a.missRatio - b.missRatio);
  return [...always, ...others.slice(0, MOST_LINES - always.length)];
}

/** Null when no row has windows. */
export function overTimeFigure(
  rows: readonly EvictionResult[],
  looks: ReadonlyMap<string, Look>,
  label: string,
): Html | null {
  const drawn = drawnOverTime(rows);
  if (drawn.length === 0) return null;
  const lines = drawn.map((row) => ({ row, look: looks.get(row.policy)!, points: pointsOf(row) }));
  const requests = Math.max(...drawn.map((row) => row.requests));
  const most = Math.max(...lines.flatMap(({ points }) => points.map(({ hit }) => hit ?? 0)));
  const y = { domain: [0, Math.min(1, Math.max(0.05, most * 1.06))], label: null };
  const decisions = drawn.flatMap(({ policy, decisions = [] }) => (policy === ADAPTIVE ? decisions : []));
  const changes =
    decisions.length > 0 ? `; adaptive changes ${decisions.length === 1 ? "once" : `${decisions.length} times`}` : "";
  return draw(`Hit ratio over time on ${label}: ${drawn.map(({ policy }) => policy).join(", ")}${changes}`, {
    height: FRAME.height,
    marginTop: FRAME.top,
    marginBottom: FRAME.bottom,
    marginLeft: 54,
    marginRight: 104,
    x: { domain: [0, requests], label: "requests" },
    y,
    marks: [
      Plot.axisX({
        ticks: 5,
        tickFormat: (value: number) => magnitude(value),
        labelArrow: "none",
        labelAnchor: "center",
      }),
      Plot.axisY({ ticks: 5, tickFormat: (value: number) => `${Math.round(value * 1000) / 10} %`, label: null }),
      Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
      Plot.text(["object hit ratio of each part"], {
        frameAnchor: "top-left",
        dy: -22,
        dx: -44,
        fill: "var(--muted)",
        textAnchor: "start",
      }),
      Plot.ruleX(decisions.slice(0, MOST_MARKS), { x: "request", strokeDasharray: "3 3", strokeOpacity: 0.55 }),
      Plot.text(decisions.length > MOST_NAMES ? [] : decisions, {
        x: "request",
        frameAnchor: "top",
        text: "to",
        dx: 4,
        dy: 2,
        textAnchor: "start",
        lineAnchor: "top",
        fontSize: 10.5,
        fill: "var(--muted)",
      }),
      ...lines.map(({ row, points, look }) =>
        Plot.line(points, {
          x: "request",
          y: "hit",
          stroke: look.colour,
          strokeDasharray: look.dash,
          strokeWidth: row.policy === ADAPTIVE || row.policy === OPTIMUM ? 2.25 : 1.25,
        }),
      ),
      ...endLabels(
        lines.map(({ row, look, points }) => ({
          label: row.policy,
          look,
          y: points.findLast(({ hit }) => hit !== null)?.hit ?? 0,
        })),
        y,
        FRAME,
      ),
    ],
  });
}

/** A point in the middle of each part; a part that looked nothing up leaves a gap. */
function pointsOf({ windowHitRatios = [], requests }: EvictionResult): { request: number; hit: number | null }[] {
  return windowHitRatios.map((hit, i) => ({ request: ((i + 0.5) * requests) / windowHitRatios.length, hit }));
}

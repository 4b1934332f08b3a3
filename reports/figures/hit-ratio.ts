/**
 * Hit ratio against capacity, one line a policy, Belady's optimum above them as the bound. With one capacity only
 * there is no curve, and the policies are ranked instead.
 */
import { bytes, magnitude, percent } from "../format.js";
import { unique } from "../groups.js";
import type { Html } from "../html.js";
import type { Look } from "../palette.js";
import { draw, Plot } from "../plot.js";
import { looksOfPolicies, OPTIMUM } from "../policy-looks.js";
import type { EvictionResult } from "../results.js";
import { ledLabels, shorten } from "./axes.js";

/** As wide as the page's text column: sixteen lines that lie close need it. */
const FRAME = { width: 940, height: 520, top: 34, bottom: 44 };
/** The capacity axis goes on by this share of its length, for the names of the lines. */
const LABEL_SHARE = 0.22;

export { OPTIMUM };

/** Rows of one trace, counted one way: what shares a figure and a table. */
export interface Curves {
  trace: string;
  by: EvictionResult["by"];
  rows: EvictionResult[];
}

/** What a ratio counts: requests, or the bytes they ask for. Neither depends on what the capacity counts, and they never share an axis. */
export type Ratio = "object" | "byte";

/** A row's miss ratio; undefined: the trace has no sizes. */
function missRatioOf(row: EvictionResult, ratio: Ratio): number | undefined {
  return ratio === "byte" ? row.byteMissRatio : row.missRatio;
}

/** Rows apart by trace and by what the capacity counts. */
export function curvesOf(rows: readonly EvictionResult[]): Curves[] {
  const found = new Map<string, Curves>();
  for (const row of rows) {
    const key = JSON.stringify([row.trace, row.by]);
    const curves = found.get(key) ?? { trace: row.trace, by: row.by, rows: [] };
    curves.rows.push(row);
    found.set(key, curves);
  }
  return [...found.values()];
}

/** Looks of policies, the same on every trace of a page. */
export function policyLooks(rows: readonly EvictionResult[]): Map<string, Look> {
  return looksOfPolicies([...unique(rows.map(({ policy }) => policy)), OPTIMUM]);
}

export function capacityLabel(capacity: number, by: EvictionResult["by"]): string {
  return by === "bytes" ? bytes(capacity) : magnitude(capacity);
}

/** Null when no row tells the ratio. */
export function hitRatioFigure(curves: Curves, looks: ReadonlyMap<string, Look>, ratio: Ratio = "object"): Html | null {
  const rows = curves.rows.filter((row) => missRatioOf(row, ratio) !== undefined);
  const capacities = unique(rows.map(({ capacity }) => capacity));
  if (rows.length === 0) return null;
  return capacities.length > 1 && capacities.every((capacity) => capacity > 0)
    ? curveFigure({ ...curves, rows }, looks, ratio)
    : rankedFigure({ ...curves, rows }, looks, ratio);
}

function hitRatio(row: EvictionResult, ratio: Ratio): number {
  return 1 - (missRatioOf(row, ratio) as number);
}

/** Of the axis' length that a tick's label takes. */
const TICK_SHARE = 0.13;

/** The capacities themselves, as far as their labels fit side by side: the curves bend nowhere else. Both ends always. */
function capacityTicks(capacities: readonly number[]): number[] {
  const all = unique(capacities).sort((a, b) => a - b);
  const [low, high] = [all[0], all[all.length - 1]];
  if (low === high) return all;
  const share = (from: number, to: number) => Math.log(to / from) / Math.log(high / low);
  const ticks = [low];
  for (const one of all.slice(1, -1)) {
    if (share(ticks[ticks.length - 1], one) >= TICK_SHARE && share(one, high) >= TICK_SHARE) ticks.push(one);
  }
  return [...ticks, high];
}

function curveFigure({ trace, by, rows }: Curves, looks: ReadonlyMap<string, Look>, ratio: Ratio): Html {
  const policies = unique(rows.map(({ policy }) => policy));
  const lines = policies.map((policy) => ({
    policy,
    look: looks.get(policy)!,
    points: rows
      .filter((row) => row.policy === policy)
      .map((row) => ({ capacity: row.capacity, hit: hitRatio(row, ratio) }))
      .sort((a, b) => a.capacity - b.capacity),
  }));
  const capacities = rows.map(({ capacity }) => capacity);
  const [low, high] = [Math.min(...capacities), Math.max(...capacities)];
  const all = lines.flatMap(({ points }) => points.map(({ hit }) => hit));
  const most = Math.max(...all);
  const least = Math.min(...all);
  // Lines, not bars: where nothing is near zero the room is theirs.
  const from = Math.max(0, least - 0.15 * (most - least));
  const end = high * (high / low) ** LABEL_SHARE;
  const y = { domain: [from, Math.min(1, Math.max(0.05, most + 0.06 * (most - from)))], label: null };
  return draw(`${ratio === "byte" ? "Byte hit" : "Hit"} ratio against capacity on ${trace}: ${policies.join(", ")}`, {
    width: FRAME.width,
    height: FRAME.height,
    marginTop: FRAME.top,
    marginBottom: FRAME.bottom,
    marginLeft: 54,
    marginRight: 24,
    x: { type: "log", domain: [low, end], label: `capacity in ${by} (logarithmic)` },
    y,
    marks: [
      Plot.axisX(capacityTicks(capacities), {
        text: (value: number) => capacityLabel(value, by),
        labelArrow: "none",
        labelAnchor: "center",
      }),
      Plot.axisY({ ticks: 6, tickFormat: (value: number) => `${Math.round(value * 1000) / 10} %`, label: null }),
      Plot.gridY({ ticks: 6, strokeOpacity: 0.12 }),
      Plot.text([`${ratio} hit ratio`], {
        frameAnchor: "top-left",
        dy: -22,
        dx: -44,
        fill: "var(--muted)",
        textAnchor: "start",
      }),
      ...lines.flatMap(({ policy, points, look }) => [
        Plot.line(points, {
          x: "capacity",
          y: "hit",
          stroke: look.colour,
          strokeDasharray: look.dash,
          strokeWidth: policy === OPTIMUM ? 2.5 : 1.5,
          strokeLinecap: "round",
        }),
        Plot.dot(points, { x: "capacity", y: "hit", r: 3.5, symbol: look.symbol, fill: look.colour }),
      ]),
      ...ledLabels(
        lines.map((line) => ({ label: line.policy, look: line.look, y: line.points.at(-1)!.hit })),
        y,
        FRAME,
        { from: high, to: end },
      ),
    ],
  });
}

function rankedFigure({ trace, by, rows }: Curves, looks: ReadonlyMap<string, Look>, ratio: Ratio): Html {
  const ranked = [...rows].sort((a, b) => hitRatio(b, ratio) - hitRatio(a, ratio));
  const points = ranked.map((row, index) => ({
    name: `${index}`.padStart(4, "0") + row.policy,
    hit: hitRatio(row, ratio),
    look: looks.get(row.policy)!,
    text: percent(hitRatio(row, ratio)),
  }));
  const most = Math.max(...points.map(({ hit }) => hit), 0.01);
  return draw(
    `${ratio === "byte" ? "Byte hit" : "Hit"} ratio on ${trace} at ${capacityLabel(rows[0].capacity, by)}, best first: ${ranked.map((row) => `${row.policy} ${percent(hitRatio(row, ratio))}`).join("; ")}`,
    {
      height: 46 + 26 * points.length,
      marginLeft: 110,
      marginRight: 64,
      marginTop: 8,
      marginBottom: 38,
      x: { domain: [0, most], label: `${ratio} hit ratio` },
      y: { type: "band", domain: points.map(({ name }) => name), label: null },
      marks: [
        Plot.axisX({
          ticks: 5,
          tickFormat: (value: number) => `${Math.round(value * 1000) / 10} %`,
          labelArrow: "none",
          labelAnchor: "center",
        }),
        Plot.gridX({ ticks: 5, strokeOpacity: 0.12 }),
        Plot.axisY({ tickFormat: (name: string) => shorten(name.slice(4)), tickSize: 0, label: null, fontSize: 12.5 }),
        ...points.flatMap((point) => [
          Plot.ruleY([point], { x: "hit", y: "name", stroke: point.look.colour, strokeWidth: 2, strokeOpacity: 0.6 }),
          Plot.dot([point], { x: "hit", y: "name", r: 5, symbol: point.look.symbol, fill: point.look.colour }),
        ]),
        Plot.text(points, { x: "hit", y: "name", text: "text", dx: 10, textAnchor: "start", fontWeight: 600 }),
      ],
    },
  );
}

/**
 * How far each measured figure lies from its target, as a factor on a logarithmic axis: right of the line the target
 * is met with that much to spare, left of it missed by that much.
 */
import { factor } from "../format.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import type { TargetResult } from "../results.js";
import { logDomain, logTicks, shorten } from "./axes.js";

/** Beyond this factor more headroom says nothing more; such points stand at the edge. */
const FURTHEST = 1000;

/** target / measured or its inverse, so that more than 1 is better than promised; null where no factor says it. */
export function headroom({ comparison, target, measured }: TargetResult): number | null {
  if (measured === null || typeof target !== "number" || target <= 0 || measured < 0) return null;
  if (comparison === "<" || comparison === "<=") return measured === 0 ? FURTHEST : target / measured;
  if (comparison === ">" || comparison === ">=") return measured / target;
  return null;
}

/** Of the targets that are met only the nearest are drawn: what a second reading could turn around. */
const MOST_MET = 18;

function drawable(targets: readonly TargetResult[]): (TargetResult & { room: number })[] {
  const rows = targets.flatMap((target) => {
    const room = headroom(target);
    if (room === null || target.verdict === "not measured") return [];
    return [{ ...target, room: Math.min(FURTHEST, Math.max(1 / FURTHEST, room)) }];
  });
  return rows.sort((a, b) => a.room - b.room);
}

/** How many met targets the figure leaves out. */
export function targetsBeyond(targets: readonly TargetResult[]): number {
  return Math.max(0, drawable(targets).filter(({ verdict }) => verdict === "met").length - MOST_MET);
}

export function targetsFigure(targets: readonly TargetResult[]): Html | null {
  const all = drawable(targets);
  const nearest = new Set(all.filter(({ verdict }) => verdict === "met").slice(0, MOST_MET));
  const rows = all.filter((row) => row.verdict === "missed" || nearest.has(row));
  if (rows.length === 0) return null;
  const points = rows.map((row, index) => ({ ...row, name: `${index}`.padStart(4, "0") + row.metric }));
  const [low, high] = logDomain([1 / 1.5, 1.5, ...points.map(({ room }) => room)], 1.35);
  // Beyond a decade and a bit the steps in between would touch.
  const ticks = logTicks(low, high).filter((tick) => high / low < 25 || Number.isInteger(Math.log10(tick)));
  const missed = points.filter(({ verdict }) => verdict === "missed");
  const met = points.filter(({ verdict }) => verdict === "met");
  return draw(
    `Distance of ${points.length} measured figures from their targets: ${missed.length} missed, ${met.length} met`,
    {
      height: 56 + 22 * points.length,
      marginLeft: 186,
      marginRight: 20,
      marginTop: 22,
      marginBottom: 40,
      x: { type: "log", domain: [low, high], label: "times better than the target (logarithmic)" },
      y: { type: "band", domain: points.map(({ name }) => name), label: null },
      marks: [
        Plot.rect([low], { x1: low, x2: 1, fill: "var(--bad)", fillOpacity: 0.07 }),
        Plot.axisX(ticks, {
          text: (value: number) => factor(value).replace(".00", ""),
          labelArrow: "none",
          labelAnchor: "center",
        }),
        Plot.gridX(ticks, { strokeOpacity: 0.12 }),
        Plot.axisY({ tickFormat: (name: string) => shorten(name.slice(4), 26), tickSize: 0, label: null }),
        Plot.ruleX([1], { strokeWidth: 1.5 }),
        Plot.text(["missed"], {
          x: [1],
          frameAnchor: "top",
          dx: -6,
          dy: -14,
          textAnchor: "end",
          fill: "var(--bad)",
          fontWeight: 600,
        }),
        Plot.text(["met"], {
          x: [1],
          frameAnchor: "top",
          dx: 6,
          dy: -14,
          textAnchor: "start",
          fill: "var(--good)",
          fontWeight: 600,
        }),
        Plot.link(points, { x1: 1, x2: "room", y1: "name", y2: "name", strokeOpacity: 0.3, strokeWidth: 1.5 }),
        Plot.dot(met, { x: "room", y: "name", r: 5, symbol: "circle", fill: "var(--good)" }),
        Plot.dot(missed, { x: "room", y: "name", r: 5, symbol: "diamond", fill: "var(--bad)" }),
      ],
    },
  );
}

/** Throughput relative to the reference, all groups on one logarithmic axis: right of the line is faster, with 95 % intervals where they are known. */
import { factor } from "../format.js";
import { contendersOf, type PhaseGroup, unique } from "../groups.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import { throughputRatio } from "../ratio.js";
import { logDomain, logTicks, shorten } from "./axes.js";

export function ratiosFigure(groups: readonly PhaseGroup[]): Html | null {
  const points = groups.flatMap(({ title, lines, reference, noise }, index) => {
    const own = contendersOf(lines).flatMap(({ label, look, run }) => {
      const ratio = throughputRatio(run, reference.run, noise);
      if (ratio.kind === "none") return [];
      const [low, high] = ratio.interval ?? [ratio.value, ratio.value];
      return [{ row: `${index}`.padStart(4, "0") + title, label, look, ratio: ratio.value, low, high }];
    });
    return own.length > 1 ? own : [];
  });
  const rows = unique(points.map(({ row }) => row));
  if (new Set(points.map(({ label }) => label)).size < 2) return null;
  const [least, most] = logDomain([1, ...points.flatMap(({ ratio, low, high }) => [ratio, low, high])], 1.3);
  const spans = rows.map((row) => {
    const ratios = points.filter((point) => point.row === row).map(({ ratio }) => ratio);
    return { row, least: Math.min(...ratios), most: Math.max(...ratios) };
  });
  return draw(`Throughput relative to ${groups[0].reference.label} in ${rows.length} scenarios, logarithmic`, {
    height: 58 + 26 * rows.length,
    marginLeft: 152,
    marginRight: 24,
    marginTop: 8,
    marginBottom: 42,
    x: { type: "log", domain: [least, most], label: `× ${shorten(groups[0].reference.label, 30)} (logarithmic)` },
    y: { type: "band", domain: rows, label: null },
    marks: [
      Plot.axisX(logTicks(least, most), { text: (value: number) => factor(value).replace(".00", "") }),
      Plot.gridX(logTicks(least, most), { strokeOpacity: 0.12 }),
      Plot.axisY({ tickFormat: (row: string) => shorten(row.slice(4), 22), tickSize: 0, label: null, fontSize: 12.5 }),
      Plot.link(spans, { x1: "least", x2: "most", y1: "row", y2: "row", strokeOpacity: 0.25, strokeWidth: 2 }),
      Plot.ruleX([1], { strokeWidth: 1.5 }),
      Plot.link(points, { x1: "low", x2: "high", y1: "row", y2: "row", strokeWidth: 5, strokeOpacity: 0.25 }),
      ...points.map((point) =>
        Plot.dot([point], {
          x: "ratio",
          y: "row",
          r: 5.5,
          symbol: point.look.symbol,
          fill: point.look.colour,
          stroke: "var(--surface)",
        }),
      ),
    ],
  });
}

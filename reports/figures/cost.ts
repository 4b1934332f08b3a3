/**
 * Batched cost: nanoseconds per operation over whole batches. The dot is the median batch, the line runs to the batch
 * at 99 %. These are means of batches: no percentile of them is a percentile of operations, and the figure says so.
 */
import { duration } from "../format.js";
import { distributions, type Group } from "../groups.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import { durationTick, logDomain, logTicks, shorten } from "./axes.js";

export function costFigure({ title, lines }: Group, operation: string): Html | null {
  const rows = lines.flatMap(({ label, look, run }, index) => {
    const cost = distributions(run, "batched").get(operation);
    if (!cost || cost.count === 0 || cost.p50 <= 0) return [];
    const name = `${index}`.padStart(3, "0") + label;
    const text = `${duration(cost.p50)}${cost.suspect ? " †" : ""}`;
    return [{ name, label, look, p50: cost.p50, p99: Math.max(cost.p99, cost.p50), text }];
  });
  if (rows.length === 0) return null;
  const [low, high] = logDomain(
    rows.flatMap(({ p50, p99 }) => [p50, p99]),
    1.6,
  );
  const names = rows.map(({ name }) => name);
  return draw(
    `Batched cost of ${operation} in ${title} (means of batches): ${rows.map((row) => `${row.label} ${row.text}`).join("; ")}`,
    {
      height: 48 + 30 * rows.length,
      marginLeft: 110,
      marginRight: 16,
      marginTop: 8,
      marginBottom: 38,
      x: { type: "log", domain: [low, high], label: "mean of a batch per operation (logarithmic)" },
      y: { type: "band", domain: names, label: null },
      marks: [
        Plot.axisX(logTicks(low, high), { text: durationTick, labelArrow: "none", labelAnchor: "center" }),
        Plot.gridX(logTicks(low, high), { strokeOpacity: 0.12 }),
        Plot.axisY({ tickFormat: (name: string) => shorten(name.slice(3)), tickSize: 0, label: null, fontSize: 12.5 }),
        ...rows.flatMap((row) => [
          Plot.link([row], {
            x1: "p50",
            x2: "p99",
            y1: "name",
            y2: "name",
            stroke: row.look.colour,
            strokeWidth: 3,
            strokeOpacity: 0.55,
          }),
          Plot.dot([row], { x: "p50", y: "name", r: 5.5, symbol: row.look.symbol, fill: row.look.colour }),
          Plot.text([row], { x: "p50", y: "name", text: "text", dy: -12, fill: "currentColor", fontWeight: 600 }),
        ]),
      ],
    },
  );
}

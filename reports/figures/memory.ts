/** Memory by size class: bytes of the chunks in use and of those that are free, one bar a class. */
import { bytes } from "../format.js";
import type { Line } from "../groups.js";
import type { Html } from "../html.js";
import { draw, Plot } from "../plot.js";
import { binaryTicks } from "./axes.js";

export function memoryFigure({ label, look, run }: Line): Html | null {
  const classes = [...(run.memory.bySizeClass ?? [])].sort((a, b) => a.size - b.size);
  if (classes.length === 0) return null;
  const bars = classes.map(({ size, chunks, used }) => ({
    name: `${size}`,
    size,
    used: used * size,
    total: Math.max(chunks, used) * size,
  }));
  const most = Math.max(...bars.map(({ total }) => total), 1);
  const ticks = binaryTicks(most);
  return draw(
    `Memory of ${label} in ${run.scenario} by size class: ${bars.map((bar) => `${bytes(bar.size)} ${bytes(bar.used)} of ${bytes(bar.total)}`).join("; ")}`,
    {
      height: 264,
      marginLeft: 60,
      marginRight: 12,
      marginTop: 34,
      marginBottom: 54,
      x: { type: "band", domain: bars.map(({ name }) => name), label: "size class", padding: 0.22 },
      y: { domain: [0, most * 1.04], label: null },
      marks: [
        Plot.axisX({
          tickFormat: (name: string) => bytes(Number(name)).replace(" ", "\n"),
          tickSize: 0,
          labelArrow: "none",
          labelAnchor: "center",
        }),
        Plot.axisY({ ticks, tickFormat: (value: number) => bytes(value), label: null }),
        Plot.gridY(ticks, { strokeOpacity: 0.12 }),
        Plot.text(["bytes in chunks: in use (solid), free (outline)"], {
          frameAnchor: "top-left",
          dy: -22,
          dx: -50,
          fill: "var(--muted)",
          textAnchor: "start",
        }),
        Plot.barY(bars, {
          x: "name",
          y: "total",
          fill: "currentColor",
          fillOpacity: 0.06,
          stroke: "currentColor",
          strokeOpacity: 0.4,
        }),
        Plot.barY(bars, { x: "name", y: "used", fill: look.colour, fillOpacity: 0.9 }),
        Plot.ruleY([0], { strokeOpacity: 0.5 }),
      ],
    },
  );
}

/** Throughput of a group's lines as bars, each with its figure and its ratio to the reference. */
import { rate } from "../format.js";
import { contendersOf, type PhaseGroup } from "../groups.js";
import type { Html } from "../html.js";
import { draw, FIGURE_WIDTH, Plot } from "../plot.js";
import { ratioText, throughputRatio } from "../ratio.js";
import { shorten } from "./axes.js";

/** Bars start at zero. The empty loop is left out: it would shrink the contenders to slivers. */
export function subjectsFigure({ title, lines, reference, noise }: PhaseGroup): Html | null {
  const contenders = contendersOf(lines);
  if (contenders.length === 0) return null;
  const most = Math.max(...contenders.map(({ run }) => run.opsPerSecond), 1);
  const roomy = contenders.some(({ label }) => label.length > 15);
  const names = contenders.map(({ label }, index) => `${index}`.padStart(3, "0") + label);
  const texts = contenders.map(({ run }) => {
    const ratio = throughputRatio(run, reference.run, noise);
    const asked = run.rate === undefined ? "" : ` of ${rate(run.rate)} asked for`;
    return `${rate(run.opsPerSecond)}${asked}${ratio.kind === "none" ? "" : `  ${ratioText(ratio)}`}`;
  });
  const bars = contenders.map(({ label, run, look }, index) => ({
    name: names[index],
    label,
    value: run.opsPerSecond,
    colour: look.colour,
    text: texts[index],
    inside: run.opsPerSecond > most * 0.6,
  }));
  return draw(`Throughput in ${title}: ${contenders.map(({ label }, i) => `${label} ${texts[i]}`).join("; ")}`, {
    width: FIGURE_WIDTH,
    height: 26 + 34 * bars.length,
    marginLeft: roomy ? 150 : 110,
    marginRight: 12,
    marginTop: 4,
    marginBottom: 22,
    x: { domain: [0, most], label: null, ticks: 4, tickFormat: (value: number) => rate(value), insetRight: 4 },
    y: { type: "band", domain: names, label: null, padding: 0.28 },
    marks: [
      Plot.gridX({ ticks: 4, strokeOpacity: 0.12 }),
      ...bars.map((bar) =>
        Plot.barX([bar], { x: "value", y: "name", fill: bar.colour, fillOpacity: 0.9, rx: 3 } as Plot.BarXOptions),
      ),
      Plot.axisY({
        tickFormat: (name: string) => shorten(name.slice(3), roomy ? 21 : 15),
        tickSize: 0,
        fontSize: 12.5,
        label: null,
      }),
      Plot.text(
        bars.filter(({ inside }) => inside),
        { x: "value", y: "name", text: "text", textAnchor: "end", dx: -8, fill: "var(--on-series)", fontWeight: 600 },
      ),
      Plot.text(
        bars.filter(({ inside }) => !inside),
        { x: "value", y: "name", text: "text", textAnchor: "start", dx: 8, fill: "currentColor", fontWeight: 600 },
      ),
      Plot.ruleX([0], { strokeOpacity: 0.5 }),
    ],
  });
}

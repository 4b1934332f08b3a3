/** What a swarm's tables are worth, round by round, with the best there is and the rounds in which a thread was killed. */
import type { Html } from "../html.js";
import { looksFor } from "../palette.js";
import { draw, Plot } from "../plot.js";
import type { Learning } from "../results.js";
import { endLabels } from "./axes.js";

const FRAME = { height: 280, top: 40, bottom: 40 };
/** Of the figure's height, above and below the curves. */
const AIR = 0.06;
/** A table that knows nothing walks in circles for hundreds of steps: such rounds are drawn at the bottom, or they would flatten the rest. */
const DEEPEST = 4;

export function learningFigure({ environment, curves, optimum, kills }: Learning): Html | null {
  const looks = [...looksFor(curves.map(({ name }) => name)).values()];
  const lines = curves.map(({ name, points }, i) => ({ label: name, look: looks[i], points }));
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
  if (values.length < 2) return null;
  const domain = domainOf(values, optimum);
  const y = { domain, label: null, clamp: true };
  const last = Math.max(...lines.flatMap(({ points }) => points.map(({ round }) => round)));
  return draw(`Mean return in ${environment} after each round: ${lines.map(({ label }) => label).join(", ")}`, {
    ...{ height: FRAME.height, marginTop: FRAME.top, marginBottom: FRAME.bottom, marginLeft: 54, marginRight: 130 },
    x: { domain: [0, last], label: "round" },
    y,
    marks: [
      Plot.axisX({ ticks: Math.min(last, 10), tickFormat: "d", labelArrow: "none", labelAnchor: "center" }),
      Plot.axisY({ ticks: 5, label: null }),
      Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
      Plot.text(["mean return of the greedy policy"], {
        ...{ frameAnchor: "top-left" as const, dy: -28, dx: -44, fill: "var(--muted)", textAnchor: "start" as const },
      }),
      Plot.ruleX(kills, { x: "round", stroke: "var(--bad)", strokeDasharray: "2 3" }),
      Plot.text(kills, {
        ...{ x: "round", text: () => "thread killed", frameAnchor: "top" as const, dy: -12, fill: "var(--bad)" },
      }),
      Plot.ruleY([optimum], { stroke: "var(--good)", strokeDasharray: "7 3" }),
      ...lines.map(({ look, points }) =>
        Plot.line(points, {
          ...{ x: "round", y: "value", stroke: look.colour, strokeDasharray: look.dash, strokeWidth: 1.75 },
          marker: points.length < 30 ? "dot" : undefined,
        }),
      ),
      ...endLabels(
        [
          { label: "best there is", look: { ...looks[0], colour: "var(--good)" }, y: optimum },
          ...lines.map(({ label, look, points }) => ({ label, look, y: points.at(-1)?.value ?? domain[0] })),
        ],
        y,
        FRAME,
      ),
    ],
  });
}

/** From where most of the curves' points lie: what is below is drawn at the bottom. */
function domainOf(values: readonly number[], optimum: number): [low: number, high: number] {
  const sorted = [...values].sort((a, b) => a - b);
  const high = Math.max(optimum, sorted[sorted.length - 1]);
  const middle = sorted[sorted.length >> 1];
  const low = Math.max(sorted[0], high - DEEPEST * Math.max(high - middle, (high - sorted[0]) / 8));
  const air = Math.max((high - low) * AIR, Number.EPSILON);
  return [low - air, high + air];
}

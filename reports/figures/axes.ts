/** Axes and end-of-line labels that several figures share. */
import { duration } from "../format.js";
import type { Look } from "../palette.js";
import { Plot } from "../plot.js";

const FINE_STEPS = [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];

/**
 * Powers of ten inside a domain, with 2 and 5 in between where the domain is short: ticks of a logarithmic axis. To be given as its data,
 * with their names as `text`: as `tickFormat` of a logarithmic axis a function is not asked for all of them (d3-scale leaves out the
 * larger digits of a decade).
 */
export function logTicks(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const steps = decades < 0.4 ? FINE_STEPS : decades < 1.3 ? [1, 2, 3, 5, 7] : decades < 2.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const step of steps) {
      const tick = Number((step * 10 ** power).toPrecision(3));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** About four round ticks from zero in powers of two: 0, 1 MiB, 2 MiB. */
export function binaryTicks(most: number): number[] {
  const step = 2 ** Math.max(0, Math.round(Math.log2(most / 4)));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

/** A tick in nanoseconds. */
export function durationTick(ns: number): string {
  return duration(ns);
}

/** A domain for a logarithmic axis around positive figures, with some air at both ends. */
export function logDomain(values: readonly number[], air = 1.25): [number, number] {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [1, 10];
  const low = positive.reduce((least, value) => Math.min(least, value));
  const high = positive.reduce((most, value) => Math.max(most, value));
  return [low / air, Math.max(high * air, (low / air) * 2)];
}

/** Shortens a name in its middle so that it fits a margin: names of one kind differ at their ends. The table has it whole. */
export function shorten(name: string, length = 15): string {
  const characters = [...name];
  if (characters.length <= length) return name;
  const head = Math.ceil((length - 1) * 0.6);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (length - 1 - head)).join("")}`;
}

/**
 * Moves wanted positions (px) apart until neighbours have `gap` between them, inside [low, high], keeping their order:
 * labels at line ends that would overlap.
 */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  const room = Math.min(gap, (high - low) / Math.max(1, wanted.length - 1));
  const placed = new Array<number>(wanted.length);
  let least = low;
  for (const index of order) {
    placed[index] = Math.max(wanted[index], least);
    least = placed[index] + room;
  }
  let most = high;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index], most);
    most = placed[index] - room;
  }
  return placed;
}

export interface LineEnd {
  label: string;
  look: Look;
  /** Value on the y axis where the line ends. */
  y: number;
}

/**
 * Names at the right edge of the frame, one a line, moved apart where lines end close together. `y` are the scale
 * options of the figure, with an explicit domain.
 */
export function endLabels(
  ends: readonly LineEnd[],
  y: Plot.ScaleOptions,
  frame: { height: number; top: number; bottom: number },
): Plot.Markish[] {
  const scale = Plot.scale({ y: { ...y, range: [frame.height - frame.bottom, frame.top] } });
  const wanted = ends.map((end) => scale.apply(end.y) as number);
  const placed = spread(wanted, 13, frame.top + 2, frame.height - frame.bottom - 2);
  return ends.map(({ label, look }, index) =>
    Plot.text([shorten(label, 13)], {
      y: [scale.invert!(placed[index])],
      frameAnchor: "right",
      textAnchor: "start",
      dx: 6,
      fill: look.colour,
      fontWeight: 600,
      clip: false,
    }),
  );
}

/**
 * Names beside the ends of lines in a wide figure, each with a thin line to where its own ends, moved apart where they end close together. Room for
 * them is inside the frame, on a logarithmic x axis that goes on to `to`.
 */
export function ledLabels(
  ends: readonly LineEnd[],
  y: Plot.ScaleOptions,
  frame: { height: number; top: number; bottom: number },
  x: { from: number; to: number },
): Plot.Markish[] {
  const scale = Plot.scale({ y: { ...y, range: [frame.height - frame.bottom, frame.top] } });
  const wanted = ends.map((end) => scale.apply(end.y) as number);
  const placed = spread(wanted, LABEL_GAP, frame.top + 2, frame.height - frame.bottom - 2);
  const at = x.from * (x.to / x.from) ** 0.16;
  return ends.flatMap(({ label, look, y: end }, index) => {
    const beside = scale.invert!(placed[index]) as number;
    return [
      Plot.link([0], {
        ...{ x1: [x.from], y1: [end], x2: [at], y2: [beside], stroke: look.colour, strokeWidth: 0.75 },
        strokeOpacity: 0.7,
      }),
      Plot.text([shorten(label, 24)], {
        ...{ x: [at], y: [beside], textAnchor: "start", dx: 4, fill: look.colour, fontWeight: 600 },
      }),
    ];
  });
}

/** Between the middles of two names, px: their line height. */
const LABEL_GAP = 15;

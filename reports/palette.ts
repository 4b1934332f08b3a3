/**
 * One look per subject, the same in every figure of every report: a colour, a dash and a symbol. The hues are those of
 * Okabe and Ito's palette for colour-blind readers; lightness was searched so that the first six stay furthest apart
 * for people with protanopia and deuteranopia too, while each keeps 4.5 : 1 against its page (it is also the colour of
 * the label at the end of a line). Colour never stands alone: lines differ in dash, points in shape, and every line
 * carries its name.
 */

/** Colours as [on a light page, on a dark page]. A test measures their contrast and how far apart they stay. */
export const SERIES_COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ["#2350b2", "#6597fb"],
  ["#8f3604", "#f58b18"],
  ["#07705b", "#58f0cb"],
  ["#77187a", "#d0789a"],
  ["#767300", "#fcda45"],
  ["#0579a0", "#51cbfe"],
  ["#6553c0", "#bcaaff"],
  ["#5a6270", "#a6afbd"],
];

const DASHES = [undefined, "7 3", "2 3", "9 3 2 3", "12 4", "5 2 1 2 1 2", "1 2", "3 5"] as const;
/** All of these are filled shapes: a stroked one would vanish where only `fill` is set. */
const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "cross", "wye", "hexagon"] as const;

/** How a line, bar or point looks. `colour` is a CSS variable, so that it follows the page's colour scheme. */
export interface Look {
  colour: string;
  dash: string | undefined;
  symbol: (typeof SYMBOLS)[number];
}

/** The neutral look of what is no contender: the empty loop that only shows the floor. */
const FLOOR_SLOT = SERIES_COLOURS.length - 1;
const FIXED_SLOTS: Record<string, number> = {
  engram: 0,
  map: 1,
  lmdb: 2,
  sharedmap: 3,
  "lru-cache": 4,
  redis: 5,
  noop: FLOOR_SLOT,
};

function look(slot: number, round: number): Look {
  const shifted = (slot + round) % SERIES_COLOURS.length;
  return { colour: `var(--series-${slot + 1})`, dash: DASHES[shifted], symbol: SYMBOLS[shifted] };
}

/** Looks for names in order: known subjects keep theirs, others take what is free, then colours repeat with other dashes. */
export function looksFor(names: readonly string[]): Map<string, Look> {
  const looks = new Map<string, Look>();
  const taken = new Set<number>();
  for (const name of names) {
    const slot = Object.hasOwn(FIXED_SLOTS, name) ? FIXED_SLOTS[name] : undefined;
    if (slot === undefined) continue;
    looks.set(name, look(slot, 0));
    taken.add(slot);
  }
  const free = SERIES_COLOURS.map((_, slot) => slot).filter((slot) => !taken.has(slot));
  const order = [...free, ...SERIES_COLOURS.keys()];
  let next = 0;
  for (const name of names) {
    if (looks.has(name)) continue;
    const position = next < order.length ? next : free.length + ((next - free.length) % SERIES_COLOURS.length);
    const round = next < free.length ? 0 : 1 + Math.floor((next - free.length) / SERIES_COLOURS.length);
    looks.set(name, look(order[position], round));
    next += 1;
  }
  return looks;
}

/** The colours as CSS custom properties of one scheme. */
export function seriesVariables(scheme: "light" | "dark"): string {
  const column = scheme === "light" ? 0 : 1;
  return SERIES_COLOURS.map((pair, slot) => `--series-${slot + 1}:${pair[column]};`).join("");
}

/**
 * One look per subject, the same in every figure of every report: a colour, a dash and a symbol. Colour never stands alone: lines differ in
 * dash, points in shape, and every line carries its name.
 */
import { SERIES_COLOURS } from "../src/monitor/index.js";

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

/** The look of a colour's slot, in a further round of dashes and symbols. */
export function lookOf(slot: number, round: number): Look {
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
    looks.set(name, lookOf(slot, 0));
    taken.add(slot);
  }
  const free = SERIES_COLOURS.map((_, slot) => slot).filter((slot) => !taken.has(slot));
  const order = [...free, ...SERIES_COLOURS.keys()];
  let next = 0;
  for (const name of names) {
    if (looks.has(name)) continue;
    const position = next < order.length ? next : free.length + ((next - free.length) % SERIES_COLOURS.length);
    const round = next < free.length ? 0 : 1 + Math.floor((next - free.length) / SERIES_COLOURS.length);
    looks.set(name, lookOf(order[position], round));
    next += 1;
  }
  return looks;
}

/** The colours and the type of every page: the live one, and those of reports, which take them from here. */

export type Scheme = "light" | "dark";

/** CSS custom properties of each scheme. */
export const PAGE_COLOURS: Readonly<Record<Scheme, string>> = {
  light: `--page:#f7f7f4;--surface:#ffffff;--ink:#1b1e24;--muted:#565d69;--line:#deded7;--accent:#2350b2;
--good:#00704f;--good-wash:#e3f3ec;--bad:#b3261e;--bad-wash:#fbe9e7;--warn:#855300;--warn-wash:#fbf0da;`,
  dark: `--page:#0f1216;--surface:#171b21;--ink:#e6e9ee;--muted:#a0a8b5;--line:#2c333d;--accent:#7ea8ff;
--good:#5ad6a8;--good-wash:#12291f;--bad:#ff8f85;--bad-wash:#331a18;--warn:#f0bd62;--warn-wash:#2e2411;`,
};

/**
 * Of lines, bars and points, as [on a light page, on a dark page]. The hues are those of Okabe and Ito's palette for colour-blind readers;
 * lightness was searched so that the first six stay furthest apart for people with protanopia and deuteranopia too, while each keeps
 * 4.5 : 1 against its page (it is also the colour of the label at the end of a line). A test measures both.
 */
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

export const FONT = `--font:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif`;

/** The colours of series as CSS custom properties of one scheme. */
export function seriesVariables(scheme: Scheme, count: number = SERIES_COLOURS.length): string {
  const column = scheme === "light" ? 0 : 1;
  return SERIES_COLOURS.slice(0, count)
    .map((pair, slot) => `--series-${slot + 1}:${pair[column]};`)
    .join("");
}

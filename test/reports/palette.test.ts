import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { looksFor } from "#dist/reports/palette.js";
import { looksOfPolicies, MORE_COLOURS } from "#dist/reports/policy-looks.js";
import { STYLE } from "#dist/reports/style.css.js";
import { policyNames } from "#dist/src/eviction/index.js";
import { SERIES_COLOURS } from "#dist/src/monitor/index.js";

type Rgb = readonly [number, number, number];

function linear(hex: string): Rgb {
  const channel = (start: number) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** Contrast of WCAG 2.2. */
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** Full deuteranopia and protanopia on linear RGB: Machado, Oliveira and Fernandes (2009). */
const DEFICIENCIES: Record<string, readonly Rgb[]> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
};

/** Distance in OKLab (Ottosson 2020) between two colours as someone with that deficiency sees them. */
function distance(a: string, b: string, matrix: readonly Rgb[] = DEFICIENCIES.none): number {
  const seen = (hex: string) => {
    const rgb = linear(hex);
    return oklab(matrix.map((row) => row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]) as unknown as Rgb);
  };
  const [first, second] = [seen(a), seen(b)];
  return Math.hypot(...first.map((value, index) => value - second[index]));
}

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const schemes = STYLE.match(/--surface:(#[0-9a-f]{6})/g)!.map((entry) => entry.slice(-7));

describe("the palette", () => {
  test.each([0, 1])("every colour is readable as text on its page (scheme %i)", (scheme) => {
    for (const pair of SERIES_COLOURS) expect(contrast(pair[scheme], schemes[scheme])).toBeGreaterThanOrEqual(4.5);
  });

  const cases = [0, 1].flatMap((scheme) => Object.keys(DEFICIENCIES).map((name) => [scheme, name] as const));
  test.each(cases)("the six usual subjects stay apart (scheme %i, colour vision deficiency: %s)", (scheme, name) => {
    const usual = SERIES_COLOURS.slice(0, 6).map((pair) => pair[scheme]);
    for (const [index, first] of usual.entries()) {
      for (const second of usual.slice(index + 1)) {
        expect(distance(first, second, DEFICIENCIES[name]), `${first} ${second}`).toBeGreaterThan(0.08);
      }
    }
  });

  test("a subject looks the same whatever runs beside it", () => {
    const known = ["engram", "map", "lmdb", "sharedmap", "lru-cache", "redis", "noop"];
    const alone = new Map(known.map((name) => [name, looksFor([name]).get(name)]));
    fc.assert(
      fc.property(fc.shuffledSubarray([...known, "other", "third"], { minLength: 1 }), (names) => {
        const looks = looksFor(names);
        for (const name of names) if (alone.has(name)) expect(looks.get(name)).toEqual(alone.get(name));
      }),
    );
  });

  test("names get looks of their own, by colour or by dash, up to a few dozen", () => {
    const names = Array.from({ length: 40 }, (_, index) => `policy-${index}`);
    const looks = looksFor(names);
    expect(new Set([...looks.values()].map(({ colour, dash }) => `${colour} ${dash}`)).size).toBe(40);
    for (const name of ["constructor", "__proto__", ""])
      expect(looksFor([name]).get(name)?.colour).toMatch(/^var\(--series-\d\)$/);
  });

  test.each([0, 1])("sixteen policies are told apart by colour alone, each readable (scheme %i)", (scheme) => {
    const looks = looksOfPolicies([...policyNames]);
    const colours = [...looks].flatMap(([, { colour }]) => {
      const match = /^var\(--(series|policy)-(\d+)\)$/.exec(colour);
      if (match === null) return [];
      return [(match[1] === "series" ? SERIES_COLOURS : MORE_COLOURS)[Number(match[2]) - 1][scheme]];
    });
    // The optimum is in ink.
    expect(colours).toHaveLength(policyNames.length - 1);
    for (const [index, first] of colours.entries()) {
      expect(contrast(first, schemes[scheme])).toBeGreaterThanOrEqual(4.5);
      for (const second of colours.slice(index + 1)) {
        expect(distance(first, second), `${first} ${second}`).toBeGreaterThan(0.08);
      }
    }
  });
});

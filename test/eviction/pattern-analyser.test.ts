import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AccessPattern, accessPatterns, PatternAnalyser } from "#dist/src/eviction/index.js";
import { traceOf } from "./traces.js";

const DISTINCT = 20_000;

/** A small generator of its own (Park, Miller 1988), so that the streams are the same everywhere. */
function uniformInts(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 0x7fff_ffff;
    return Math.floor((state / 0x7fff_ffff) * below);
  };
}

function analyse(length: number, next: (i: number) => number) {
  const analyser = new PatternAnalyser(DISTINCT);
  for (let i = 0; i < length; i++) analyser.observe(next(i));
  return analyser.analyse();
}

describe("PatternAnalyser", () => {
  const draw = uniformInts(42);
  /** A working set of 40 ids that drifts by one id every 10 requests. */
  const drifting = (i: number) => Math.floor(i / 10) + draw(40);
  const streams: [string, AccessPattern, (i: number) => number][] = [
    ["a scan", "sequential", (i) => i],
    ["a loop longer than the window", "sequential", (i) => i % 3000],
    ["a loop shorter than the window", "sequential", (i) => i % 300],
    ["a sweep up and down", "sequential", (i) => Math.abs(500 - (i % 1000))],
    ["three interleaved scans", "sequential", (i) => (i % 3) * 5000 + Math.floor(i / 3)],
    ["uniform draws from many ids", "random", () => draw(DISTINCT)],
    [
      "nine of ten requests to five ids, the rest anywhere",
      "hotspot",
      () => (draw(10) > 0 ? draw(5) * 7 : draw(DISTINCT)),
    ],
    ["a small working set that drifts", "temporal", drifting],
  ];

  it.each(streams)("calls %s %s, with a confidence of more than a half", (_, expected, next) => {
    const { type, confidence, distribution, requests } = analyse(4000, next);
    expect(type, JSON.stringify(distribution)).toBe(expected);
    expect(confidence).toBe(distribution[type]);
    expect(confidence).toBeGreaterThan(0.5);
    expect(requests).toBe(1024);
  });

  it("forgets what has left the window", () => {
    const draw = uniformInts(7);
    const analyser = new PatternAnalyser(DISTINCT, 256);
    for (let i = 0; i < 1000; i++) analyser.observe(draw(DISTINCT));
    expect(analyser.analyse().type).toBe("random");
    for (let i = 0; i < 256; i++) analyser.observe(i);
    expect(analyser.analyse().type).toBe("sequential");
  });

  it("gives ratios from 0 to 1 at any time, and zeros before the first request", () => {
    expect(new PatternAnalyser(1).analyse()).toEqual({
      type: "sequential",
      confidence: 0,
      distribution: { sequential: 0, random: 0, hotspot: 0, temporal: 0 },
      requests: 0,
    });
    fc.assert(
      fc.property(traceOf({ maxLength: 600, maxDistinct: 300 }), ({ ids, distinct }) => {
        const analyser = new PatternAnalyser(distinct, 128);
        for (const id of ids) {
          analyser.observe(id);
          const { distribution } = analyser.analyse();
          for (const pattern of accessPatterns) {
            if (!(distribution[pattern] >= 0 && distribution[pattern] <= 1)) expect(distribution).toBe("within 0 to 1");
          }
        }
      }),
    );
  });

  it("measures the hottest tenth as a search through the window does", () => {
    fc.assert(
      fc.property(traceOf({ maxLength: 500, maxDistinct: 100 }), ({ ids, distinct }) => {
        const analyser = new PatternAnalyser(distinct, 128);
        for (const id of ids) analyser.observe(id);
        const window = ids.slice(-128);
        const counts = [...new Set(window)].map((id) => window.filter((other) => other === id).length);
        const hot = Math.ceil(counts.length / 10);
        const drawn = counts
          .sort((a, b) => b - a)
          .slice(0, hot)
          .reduce((sum, count) => sum + count, 0);
        const even = hot / counts.length;
        const expected = even === 1 ? 1 : (drawn / window.length - even) / (1 - even);
        expect(analyser.analyse().distribution.hotspot).toBeCloseTo(expected, 10);
      }),
    );
  });

  it("refuses a window too short to tell anything", () => {
    expect(() => new PatternAnalyser(10, 127)).toThrow(/window is 127, expected a whole number of at least 128/);
  });
});

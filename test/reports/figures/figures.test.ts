import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { burstSpans } from "#dist/reports/burst-spans.js";
import { shorten, spread } from "#dist/reports/figures/axes.js";
import { costFigure } from "#dist/reports/figures/cost.js";
import { curvesOf, hitRatioFigure, policyLooks } from "#dist/reports/figures/hit-ratio.js";
import { memoryFigure } from "#dist/reports/figures/memory.js";
import { ratiosFigure } from "#dist/reports/figures/ratios.js";
import { scalingFigure } from "#dist/reports/figures/scaling.js";
import { percentileTick, spectrumFigure, spectrumPoints } from "#dist/reports/figures/spectrum.js";
import { subjectsFigure } from "#dist/reports/figures/subjects.js";
import { headroom, targetsFigure } from "#dist/reports/figures/targets.js";
import { markedEvents, numberedEvents, tailPoints, throughputTimeline } from "#dist/reports/figures/timeline.js";
import { phasesBySubject } from "#dist/reports/groups.js";
import { type Html, html } from "#dist/reports/html.js";
import type { Latency } from "#dist/reports/results.js";
import { timeSection } from "#dist/reports/sections/time.js";
import { ratePoints, withoutStubs } from "#dist/reports/slices.js";
import { fixtureEvictions, fixtureResults } from "../fixture.js";

const results = fixtureResults();
const groups = phasesBySubject(results);
const [blackboard] = groups;

function svgOf(figure: Html | null): Element {
  const { document } = new JSDOM(figure?.text ?? "").window;
  const svg = document.querySelector("svg");
  if (!svg) throw new Error("no figure was drawn");
  return svg;
}

const texts = (svg: Element) => [...svg.querySelectorAll("text")].map((text) => text.textContent ?? "");

describe("every figure", () => {
  const figures: [string, Html | null][] = [
    ["subjects", subjectsFigure(blackboard)],
    ["ratios", ratiosFigure(groups)],
    ["spectrum", spectrumFigure(blackboard, "read")],
    ["cost", costFigure(blackboard, "read")],
    ["timeline", throughputTimeline(blackboard)],
    [
      "scaling",
      scalingFigure(
        "blackboard",
        groups.filter(({ scenario }) => scenario === "blackboard"),
      ),
    ],
    ["hit ratio", hitRatioFigure(curvesOf(fixtureEvictions())[0], policyLooks(fixtureEvictions()))],
    ["memory", memoryFigure(blackboard.reference)],
    ["targets", targetsFigure(results.targets)],
  ];

  test.each(figures)(
    "%s scales with its container and carries a name but no style sheet, script or fixed ink",
    (_, figure) => {
      const svg = svgOf(figure);
      expect(svg.getAttribute("viewBox")).toMatch(/^0 0 \d+ \d+$/);
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")?.length).toBeGreaterThan(10);
      expect(svg.querySelectorAll("style, script, [id], [clip-path]")).toHaveLength(0);
      const inks = [...svg.querySelectorAll("[fill], [stroke]")].flatMap((node) =>
        [node.getAttribute("fill"), node.getAttribute("stroke")].filter((ink) => ink !== null),
      );
      expect(inks.filter((ink) => !/^(none|currentColor|var\(--[\w-]+\))$/.test(ink))).toEqual([]);
    },
  );

  test.each(figures)("%s draws no coordinate that is not a number", (_, figure) => {
    expect(figure?.text).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("subjects side by side", () => {
  test("has a bar for each contender, as long as its throughput, and none for the empty loop", () => {
    const svg = svgOf(subjectsFigure(blackboard));
    const contenders = blackboard.lines.filter(({ run }) => run.subject !== "noop");
    const widths = [...svg.querySelectorAll('[data-mark="bar"] rect')].map((bar) => Number(bar.getAttribute("width")));
    const most = Math.max(...contenders.map(({ run }) => run.opsPerSecond));
    const shares = widths.map((width) => width / Math.max(...widths));
    expect(widths).toHaveLength(contenders.length);
    contenders.forEach(({ run }, index) => {
      expect(shares[index]).toBeCloseTo(run.opsPerSecond / most, 2);
    });
    expect(texts(svg).join(" ")).toContain("2.36 ×");
    expect(texts(svg)).not.toContain("noop");
  });
});

describe("percentile spectrum", () => {
  const latency: Latency = { mode: "sampled", count: 1000, mean: 1, p50: 100, p95: 200, p99: 300, p999: 400, max: 900 };

  test("puts quantiles at 1 / (1 - q) and the largest sample at the count", () => {
    const points = spectrumPoints({
      ...latency,
      spectrum: [
        [0, 50],
        [0.5, 100],
        [0.9, 180],
        [1, 900],
      ],
    });
    expect(points.map(([nines]) => Math.round(nines))).toEqual([1, 2, 10, 1000]);
    expect(points.at(-1)).toEqual([1000, 900]);
  });

  test("leaves out quantiles finer than the samples can show", () => {
    const points = spectrumPoints({
      ...latency,
      count: 50,
      spectrum: [
        [0.5, 100],
        [0.99, 300],
        [0.999, 400],
      ],
    });
    expect(points).toEqual([
      [2, 100],
      [50, 900],
    ]);
  });

  test("falls back on the named percentiles of a distribution without a spectrum", () => {
    expect(spectrumPoints(latency).map(([, ns]) => ns)).toEqual([100, 200, 300, 900]);
  });

  test("thins a long spectrum and keeps its ends", () => {
    const spectrum = Array.from({ length: 5000 }, (_, index): [number, number] => [index / 5000, 100 + index]);
    const points = spectrumPoints({ ...latency, count: 1_000_000, spectrum });
    expect(points.length).toBeLessThan(100);
    expect(points[0]).toEqual([1, 100]);
    expect(points.at(-1)).toEqual([1_000_000, 900]);
  });

  test("names the timer floor and one line a subject", () => {
    const words = texts(svgOf(spectrumFigure(blackboard, "read")));
    expect(words).toContain("timer floor 56 ns");
    for (const { label } of blackboard.lines) expect(words).toContain(label);
  });

  test("never draws batch means as latencies of operations", () => {
    const run = { ...blackboard.reference.run, latency: {} };
    const group = { ...blackboard, lines: [{ ...blackboard.reference, run }] };
    expect(spectrumFigure(group, "read")).toBeNull();
    expect(costFigure(group, "read")).not.toBeNull();
  });

  test.each([
    [1, "0"],
    [2, "50"],
    [10, "90"],
    [100, "99"],
    [1000, "99.9"],
    [100_000, "99.999"],
  ])("%s on the axis reads %s", (nines, text) => {
    expect(percentileTick(nines)).toBe(text);
  });
});

describe("over time", () => {
  test("turns counts an interval into operations a second", () => {
    const rates = ratePoints([
      { t: 0.5, ops: 100 },
      { t: 1.5, ops: 100 },
      { t: 1.5, ops: 7 },
    ]);
    expect(rates).toEqual([
      { t: 0.5, value: 200 },
      { t: 1.5, value: 107 },
    ]);
  });

  test("keeps tail latency on the timer floor where it lies below", () => {
    const run = {
      ...blackboard.reference.run,
      series: [
        { t: 1, ops: 1, p99: 3 },
        { t: 2, ops: 1, p99: 300 },
        { t: 3, ops: 1 },
      ],
    };
    expect(tailPoints(run)).toEqual([
      { t: 1, value: 56 },
      { t: 2, value: 300 },
    ]);
  });

  test("numbers what happened in the reference's run, and says beneath what the numbers stand for", () => {
    const events = [
      { t: 0, kind: "phase" as const, label: "calm" },
      { t: 0.4, kind: "gc" as const, label: "minor" },
      { t: 0.5, kind: "backup" as const, label: "full, 9 ms" },
      { t: 0.52, kind: "policy" as const, label: "to lirs" },
    ];
    const group = {
      ...blackboard,
      reference: { ...blackboard.reference, run: { ...blackboard.reference.run, events } },
    };
    expect(markedEvents(numberedEvents(group), 5).map(({ numbers }) => numbers)).toEqual(["1", "2–3"]);
    expect(texts(svgOf(throughputTimeline(group)))).toContain("2–3");
    const { document } = new JSDOM(html`${timeSection([group])?.body as string}`.text).window;
    expect([...document.querySelectorAll(".events li")].map((item) => item.textContent)).toEqual([
      "1 phase: calm at 0 s",
      "2 full, 9 ms (backup) at 0.5 s",
      "3 to lirs at 0.52 s",
    ]);
  });

  test("shades the bursts that were asked for, of the whole run or of their phase, and none where there are none", () => {
    const bursts = { base: 2000, burst: 20_000, everyMs: 1500, forMs: 500 };
    const told = (...phases: { name: string | null; bursts?: typeof bursts }[]) => [
      {
        name: "blackboard",
        title: "",
        story: "",
        agents: "",
        phases: phases.map((phase) => ({ load: "", roles: [], ...phase })),
      },
    ];
    // 36,000 operations are meant for 4.5 s; what ends later was asked for in time.
    const run = { ...blackboard.reference.run, phases: undefined, events: [], seconds: 6, ops: 36_000 };
    expect(burstSpans(run, told({ name: null, bursts })).map(({ from, to }) => [from, to])).toEqual([
      [1, 1.5],
      [2.5, 3],
      [4, expect.closeTo(4.5, 6)],
    ]);
    const events = ["calm", "storm", "calm", "storm"].map((label, i) => ({ t: i * 2, kind: "phase" as const, label }));
    const phased = { ...run, phases: [{}] as never, events, seconds: 7.4 };
    const both = told({ name: "calm" }, { name: "storm", bursts });
    expect(burstSpans(phased, both).map(({ from, to }) => [from, to])).toEqual([
      [3, 3.5],
      [7, 7.4],
    ]);
    expect(burstSpans(run, told({ name: null }))).toEqual([]);
    expect(burstSpans(run, [])).toEqual([]);
    const many = { ...bursts, everyMs: 10, forMs: 5 };
    expect(burstSpans({ ...run, ops: 1e9, seconds: 600 }, told({ name: null, bursts: many }))).toEqual([]);

    const group = { ...blackboard, reference: { ...blackboard.reference, run } };
    const [card] = [timeSection([group], told({ name: null, bursts }))?.body as string];
    const { document } = new JSDOM(html`${card}`.text).window;
    expect(document.querySelectorAll("g[data-mark=rect] rect")).toHaveLength(
      2 * burstSpans(run, told({ name: null, bursts })).filter(({ from }) => from < run.series!.at(-1)!.t).length,
    );
    expect(document.body.textContent).toContain("Shaded: when bursts were asked for.");
    expect(html`${timeSection([group])?.body as string}`.text).not.toContain("Shaded");
  });

  test("no mark of an event touches the next, however many there are", () => {
    const times = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(times, (list) => {
        const events = list.sort((a, b) => a - b).map((t) => ({ t, kind: "backup" as const }));
        const marks = markedEvents(events, 10);
        for (const [i, { t }] of marks.slice(1).entries()) expect(t - marks[i].t).toBeGreaterThanOrEqual(1);
        const covered = marks.flatMap(({ numbers }) => {
          const [first, last = first] = numbers.split("–").map(Number);
          return Array.from({ length: last - first + 1 }, (_, i) => first + i);
        });
        expect(covered).toEqual(events.map((_, i) => i + 1));
      }),
    );
  });

  test("a last interval that is a stub is joined to the one before it", () => {
    const series = [1, 2, 3].map((t) => ({ t, ops: 100 }));
    expect(withoutStubs([...series, { t: 3.1, ops: 2 }])).toEqual([...series.slice(0, 2), { t: 3.1, ops: 102 }]);
    expect(withoutStubs([...series, { t: 3.9, ops: 2 }])).toHaveLength(4);
  });
});

describe("hit ratio", () => {
  test("keeps objects and bytes apart", () => {
    const rows = fixtureEvictions().slice(0, 4);
    const curves = curvesOf([...rows, ...rows.map((row) => ({ ...row, by: "bytes" as const }))]);
    expect(curves.map(({ by }) => by)).toEqual(["objects", "bytes"]);
  });

  test("draws the optimum in ink and every policy's name", () => {
    const rows = fixtureEvictions();
    const svg = svgOf(hitRatioFigure(curvesOf(rows)[0], policyLooks(rows)));
    expect(texts(svg)).toEqual(expect.arrayContaining(["opt", "lru", "w-tinylfu", "adaptive"]));
    expect(policyLooks(rows).get("opt")?.colour).toBe("currentColor");
  });

  test("ranks the policies when there is one capacity only", () => {
    const rows = fixtureEvictions().filter(({ capacity, trace }) => capacity === 1000 && trace === "cpp.lirs");
    const svg = svgOf(hitRatioFigure(curvesOf(rows)[0], policyLooks(rows)));
    const names = texts(svg).filter((text) => rows.some(({ policy }) => policy === text));
    const best = [...rows].sort((a, b) => a.missRatio - b.missRatio).map(({ policy }) => policy);
    expect(names).toEqual(best);
  });
});

describe("distance to the targets", () => {
  const target = results.targets.find(({ id }) => id === "m010-read-p95")!;

  test("is more than 1 where a figure is better than promised, whichever way is better", () => {
    expect(headroom({ ...target, measured: 50 })).toBe(2);
    expect(headroom({ ...target, measured: 200 })).toBe(0.5);
    expect(headroom({ ...target, comparison: ">", measured: 200 })).toBe(2);
  });

  test("has a diamond for each missed and a circle for each met figure with a numeric limit", () => {
    const svg = svgOf(targetsFigure(results.targets));
    const [met, missed] = [...svg.querySelectorAll('[data-mark="dot"]')].map((group) => group.children.length);
    const numeric = results.targets.filter((row) => headroom(row) !== null);
    expect(met).toBe(numeric.filter(({ verdict }) => verdict === "met").length);
    expect(missed).toBe(numeric.filter(({ verdict }) => verdict === "missed").length);
  });
});

describe("names in margins", () => {
  test("are shortened in the middle, to the length asked for", () => {
    expect(shorten("engram", 13)).toBe("engram");
    expect(shorten("With the new hash · fedcba9876", 13)).toBe("With the…9876");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 3, max: 30 }), (name, length) => {
        expect([...shorten(name, length)].length).toBe(Math.min(length, [...name].length));
      }),
    );
  });

  test("at line ends never overlap while there is room, and keep the order of the lines", () => {
    const places = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(places, (wanted) => {
        const placed = spread(wanted, 13, 0, 200);
        const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
        order.slice(1).forEach((index, position) => {
          expect(placed[index] - placed[order[position]]).toBeGreaterThan(12.999);
        });
        for (const place of placed) expect(place >= -1e-9 && place <= 200 + 1e-9).toBe(true);
      }),
    );
  });
});

describe("figures without data", () => {
  test("are left out rather than drawn empty", () => {
    const run = {
      ...blackboard.reference.run,
      series: [],
      latency: {},
      cost: {},
      memory: { ...blackboard.reference.run.memory, bySizeClass: [] },
    };
    const line = { ...blackboard.reference, run };
    const empty = { ...blackboard, lines: [line], reference: line };
    expect(spectrumFigure(empty, "read")).toBeNull();
    expect(costFigure(empty, "read")).toBeNull();
    expect(throughputTimeline(empty)).toBeNull();
    expect(memoryFigure(line)).toBeNull();
    expect(targetsFigure([])).toBeNull();
    expect(scalingFigure("blackboard", [empty])).toBeNull();
  });

  test("a run that did nothing is drawn as zero", () => {
    const run = { ...blackboard.reference.run, ops: 0, opsPerSecond: 0, seconds: 0 };
    const line = { ...blackboard.reference, run };
    expect(subjectsFigure({ ...blackboard, lines: [line], reference: line })?.text).not.toMatch(/NaN/);
  });
});

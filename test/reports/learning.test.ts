import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { renderSummary } from "#dist/reports/index.js";
import { renderReport } from "#dist/reports/pages.js";
import { type Learning, type Results, resultsSchema } from "#dist/reports/results.js";
import { fixtureResults } from "./fixture.js";

const LEARNING: Learning = {
  environment: "taxi",
  agents: 593,
  threads: 2,
  optimum: 7.93,
  curves: [
    {
      name: "merged",
      points: [
        { round: 0, value: -200 },
        { round: 1, value: -3 },
        { round: 2, value: 7.91 },
      ],
    },
    {
      name: "agents alone",
      points: [
        { round: 0, value: -200 },
        { round: 1, value: -180 },
        { round: 2, value: -90 },
      ],
    },
  ],
  kills: [{ round: 2, agents: 296, claimed: 296, poisoned: 1, milliseconds: 12.3 }],
  finished: 593,
  steps: 1_234_567,
  episodes: 4744,
  seconds: 2.5,
  stepsPerSecond: 493_827,
  agentBytes: 45_056,
  knowledge: {
    ...{ vectors: 2000, dimensions: 64, kind: "int8", lookups: 1186, lookupsPerSecond: 20_000 },
    ...{ recall: 0.991, buildMs: 310 },
  },
};

/** The fixture with what a swarm learned in its first run. */
function withLearning(learning = LEARNING): Results {
  const results = fixtureResults();
  return { ...results, runs: results.runs.map((run, i) => (i === 0 ? { ...run, learning } : run)) };
}

function sectionOf(results: Results): Element | null {
  return new JSDOM(renderReport(results)).window.document.querySelector("#learning");
}

describe("what a swarm learned", () => {
  it("is part of the results' schema", () => {
    expect(resultsSchema.parse(withLearning()).runs[0].learning).toEqual(LEARNING);
  });

  it("is a section of the report: a curve a table, with the best there is, the killed thread and the exact figures", () => {
    const section = sectionOf(withLearning());
    expect(section?.querySelector("svg")?.getAttribute("aria-label")).toBe(
      "Mean return in taxi after each round: merged, agents alone",
    );
    const drawn = [...(section?.querySelectorAll("svg text") ?? [])].map((text) => text.textContent);
    expect(drawn).toEqual(expect.arrayContaining(["merged", "agents alone", "best there is", "thread killed"]));
    const rows = [...(section?.querySelectorAll('[aria-label="Return by round"] tbody tr') ?? [])];
    expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
      ["0", "-200", "-200"],
      ["1", "-3", "-180"],
      ["2", "7.91", "-90"],
    ]);
    expect(section?.querySelector('[aria-label="Threads killed"] tbody')?.textContent).toContain("296");
    expect(section?.querySelector('[aria-label="Knowledge"] tbody')?.textContent).toContain("99.10 %");
    expect(section?.textContent).toContain("593 agents on 2 threads learned taxi, all of them to the end");
  });

  it("says how many did not come to the end", () => {
    expect(sectionOf(withLearning({ ...LEARNING, finished: 500 }))?.textContent).toContain("500 of them to the end");
  });

  it("is drawn from a single round, and from none, without a figure", () => {
    const short = (points: number) =>
      sectionOf(
        withLearning({
          ...LEARNING,
          kills: [],
          curves: LEARNING.curves.map((curve) => ({ ...curve, points: curve.points.slice(0, points) })),
        }),
      );
    expect(short(1)?.querySelector("svg")).not.toBeNull();
    expect(short(0)?.querySelector("svg")).toBeNull();
  });

  it("leaves no mark where nothing learned", () => {
    expect(sectionOf(fixtureResults())).toBeNull();
    expect(renderSummary(fixtureResults())).not.toContain("learned");
  });

  it("is a line of the summary", () => {
    expect(renderSummary(withLearning())).toContain(
      "593 of 593 agents on 2 threads learned taxi, 7.91 of 7.93, 494 K steps a second, threads killed: 1, their agents claimed again",
    );
  });
});

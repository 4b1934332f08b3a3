/** The report of one's own run: how it came out, what was run, and what a tour's report has first. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tellScenario } from "#dist/harness/runner/tell-scenario.js";
import { phasesBySubject } from "#dist/reports/groups.js";
import { renderReport } from "#dist/reports/page.js";
import type { Results, Run } from "#dist/reports/results.js";
import { outcomeOf } from "#dist/reports/sections/outcome.js";
import { SOURCES } from "#dist/reports/sections/verdict.js";
import { withoutStubs } from "#dist/reports/slices.js";
import { listScenarios, loadScenario } from "#dist/workloads/scenarios.js";
import { fixtureResults } from "./fixture.js";

const series = (rate: number, wobble = 0.02) =>
  Array.from({ length: 10 }, (_, i) => ({ t: i + 1, ops: Math.round(rate * (1 + (i % 2 === 0 ? wobble : -wobble))) }));

function resultsOf(runs: readonly Partial<Run>[]): Results {
  const base = fixtureResults();
  const [one] = base.runs;
  const plain = {
    phases: undefined,
    roles: undefined,
    leftOut: undefined,
    failed: 0,
    loop: "closed",
    rate: undefined,
  } as const;
  const made = runs.map(
    (run) => ({ ...one, ...plain, scenario: "burst", workers: 2, seconds: 10, series: undefined, ...run }) as Run,
  );
  return { ...base, title: undefined, runs: made, environment: { ...base.environment, noise: null } };
}

const outcome = (runs: readonly Partial<Run>[], ...bursts: [Parameters<typeof outcomeOf>[1]?]) =>
  outcomeOf(phasesBySubject(resultsOf(runs))[0], ...bursts);
const BURSTS = { base: 2000, burst: 20_000, everyMs: 1500, forMs: 500 };
const open = (subject: string, opsPerSecond: number, more: Partial<Run> = {}): Partial<Run> => ({
  ...{ subject, loop: "open", rate: 8000, ops: 36_000, opsPerSecond, seconds: 36_000 / opsPerSecond },
  ...more,
});

describe("how a run came out", () => {
  it("names the fastest, by how much, with its interval", () => {
    const { headline, lines } = outcome([
      { subject: "engram", opsPerSecond: 1_000_000, series: series(1e6) },
      { subject: "map", opsPerSecond: 2_000_000, series: series(2e6) },
    ]);
    expect(headline).toBe("map is fastest, 2.00 × engram's");
    expect(String(lines[1])).toMatch(
      /^2\.00 × as many operations a second as engram \(1 M\/s\); 95 % interval 1\.9\d to 2\.0\d\.$/,
    );
  });

  it("calls those level whose interval has 1 in it", () => {
    const runs = ["engram", "map"].map((subject, i) => ({
      subject,
      opsPerSecond: 1e6 + 1e4 * i,
      series: series(1e6 + 1e4 * i, 0.1),
    }));
    expect(outcome(runs).headline).toBe("map and engram are level");
  });

  it("says of an open loop whether it was borne: what a burst leaves over is done before the next", () => {
    // 36,000 operations meant for 4.5 s; 1 s of calm between bursts.
    expect(outcome([open("engram", 7900), open("map", 8000)], BURSTS).headline).toBe("engram and map bore the bursts");
    const { headline, lines } = outcome([open("engram", 6000), open("map", 8000)], BURSTS);
    expect(headline).toBe("map bore the bursts; engram did not");
    expect(String(lines[0])).toMatch(
      /^engram: 6 K\/s of 8 K\/s asked for on average \(75\.00 %\); .* it ended 1\.5 s after .* calm between bursts is 1 s/,
    );
    expect(outcome([open("engram", 7000)]).headline).toBe("engram did not bear the load");
    expect(outcome([open("engram", 8000, { failed: 3600 })], BURSTS).headline).toBe("engram did not bear the bursts");
  });
});

describe("a run's report and a tour's", () => {
  const told = [tellScenario(loadScenario("burst"))];
  const headings = (html: string) => [...html.matchAll(/<section id="([\w-]+)"/g)].map((match) => match[1]);
  const own = renderReport({ ...resultsOf([open("engram", 8000)]), scenarios: told });

  it("differ: the one begins with its outcome and its scenario, folds percentiles, and has targets below", () => {
    const order = headings(own);
    expect(order.slice(0, 3)).toEqual(["outcome", "scenario", "figures"]);
    expect(order.indexOf("verdict")).toBeGreaterThan(order.indexOf("figures"));
    expect(own).toContain("<h1>Bursts (burst)</h1>");
    expect(own).toContain("engram bore the bursts");
    expect(own).toContain("20,000 a second");
    expect(own).toContain("<summary>Show the percentile charts</summary>");
    const tour = renderReport(fixtureResults());
    expect(headings(tour)[0]).toBe("verdict");
    expect(headings(tour)).not.toContain("outcome");
    expect(tour).not.toContain("Show the percentile charts");
  });

  it("tell the documents behind the letters as docs/sources.md does", () => {
    const page = readFileSync(new URL("../../docs/sources.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| ([A-Z]) \| ([^|]+) \|/gm)].map(([, letter, what]) => [letter, what.trim()]);
    expect(SOURCES).toEqual(rows);
  });
});

it("every scenario is told: its story, who takes part, and of each phase load, mix and keys", () => {
  const names = listScenarios().map(({ name }) => name);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    const { title, story, agents, phases } = tellScenario(loadScenario(name));
    for (const text of [title, story, agents]) expect(text, name).not.toMatch(/^$|undefined|NaN|\[object/);
    for (const text of [JSON.stringify(phases)])
      expect(text, name).not.toMatch(/undefined|NaN|\[object|as the scenario says/);
  }
});

it("a long slice takes none of those after it for a stub", () => {
  const times = [1, 2, 5, 6, 7, 7.2];
  expect(withoutStubs(times.map((t) => ({ t, ops: 10 }))).map(({ t, ops }) => [t, ops])).toEqual([
    [1, 10],
    [2, 10],
    [5, 10],
    [6, 10],
    [7.2, 20],
  ]);
});

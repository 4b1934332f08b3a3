import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { renderSummary } from "#dist/reports/index.js";
import { renderReport } from "#dist/reports/pages.js";
import type { Results, RunRole } from "#dist/reports/results.js";
import { fixtureResults } from "./fixture.js";

/** The fixture with two roles in every run of its first scenario. */
function withRoles(): Results {
  const results = fixtureResults();
  const { scenario } = results.runs[0];
  const runs = results.runs.map((run) => {
    const [read] = Object.values(run.latency);
    const roles: RunRole[] = [
      {
        name: "seller, <stock>",
        ops: 900,
        opsPerSecond: 12_345,
        latency: { read, update: { ...read, p99: 7_770_000 } },
      },
      { name: "broker", ops: 100, opsPerSecond: 678, latency: {} },
    ];
    return run.scenario === scenario ? { ...run, roles } : run;
  });
  return { ...results, runs };
}

test("every role has its throughput and latencies in the report: the reference's among the key figures, all subjects' further down", () => {
  const results = withRoles();
  const { document } = new JSDOM(renderReport(results)).window;
  const rowsOf = (section: string) =>
    [...document.querySelectorAll(`${section} [aria-label^="By role in"] tbody tr`)].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
  const own = rowsOf("#figures").slice(0, 3);
  expect(own.map((cells) => cells.slice(0, 3))).toEqual([
    ["seller, <stock>", "12.3 K/s", "read"],
    ["seller, <stock>", "", "update"],
    ["broker", "678/s", "–"],
  ]);
  expect(own[1][4]).toBe("7.77 ms");
  const subjects = new Set(rowsOf("#subjects").map((cells) => cells[1]));
  expect(subjects).toEqual(new Set(results.runs.map(({ subject }) => subject)));
});

test("the terminal's table has a line a role under the subject the report is about", () => {
  const lines = renderSummary(withRoles(), { colour: false }).split("\n");
  const at = lines.findIndex((line) => line.includes("seller, <stock>"));
  expect(lines[at - 1]).toContain("engram");
  expect(lines[at]).toContain("12.3 K/s");
  expect(lines[at + 1]).toMatch(/broker +678\/s +- +- +-/);
});

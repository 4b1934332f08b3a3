import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trendCommand } from "#dist/harness/trend/index.js";
import { SampleRandom } from "#dist/src/random.js";
import { OneProcess } from "../harness/command-line.js";
import { commitOf, gates, HOUR, hourlyHistory, linesOf, normal } from "./samples.js";

const folder = mkdtempSync(join(tmpdir(), "engram-trend-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

let cli: OneProcess;
beforeAll(() => {
  cli = new OneProcess({ cwd: folder });
});
afterAll(() => cli.close());

async function trend(...args: string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await cli.run(["trend", ...args]);
  return { exitCode: code, stdout, stderr };
}

const random = new SampleRandom(5);
const rising = file(
  "rising.jsonl",
  hourlyHistory(240, (hour) => ({ utilisation: 40 + 0.1 * hour + normal(random), hitRate: 97 + 0.2 * normal(random) })),
);
const slower = file("gates.jsonl", linesOf(gates(40, (index) => (index < 25 ? 100 : 112))));

describe("engram trend over a monitor's history", () => {
  it("forecasts when memory reaches its limits, draws a page, and prints the same as JSON", async () => {
    const run = await trend(rising, "-o", "page.html", "--json");
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const { forecasts, points, width } = JSON.parse(run.stdout);
    expect([points.length, width]).toEqual([240, HOUR]);
    const memory = forecasts.find(
      (one: { figure: string; limit: number }) => one.figure === "utilisation" && one.limit === 90,
    );
    // 40 + 2.4 a day: 90 after 500 hours, 260 from the end.
    const [from, to] = [memory.crossing.from, memory.crossing.to].map((at) => (at - points.at(-1).at) / HOUR);
    expect(from).toBeGreaterThan(150);
    expect(from).toBeLessThan(261);
    expect(to).toBeGreaterThan(259);
    expect(memory.says).toMatch(/^memory utilisation reaches 90 % in [\d.]+ to [\d.]+ days$/);
    expect(forecasts.map((one: { figure: string }) => one.figure)).not.toContain("getP95");
    const page = readFileSync(join(folder, "page.html"), "utf8");
    expect(page).toContain(memory.says);
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(4);
  });

  it("reads a damaged history up to the damage, says so, and ends with 2", async () => {
    const lines = readFileSync(join(folder, rising), "utf8").split("\n");
    lines[100] = lines[100].replace('"at":', '"at":"x",');
    const run = await trend(file("damaged.jsonl", lines.join("\n")));
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(
      /^engram: damaged\.jsonl: damaged from line 101, byte \d+ on \(.+\); what comes before it is read\n$/,
    );
    expect(run.stdout).toMatch(/^99 points of 1 hour/);
  });

  it("says how many points it takes when there are too few", async () => {
    const run = await trend(
      file(
        "short.jsonl",
        hourlyHistory(7, () => ({ utilisation: 50 })),
      ),
    );
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toBe("engram: cannot tell: 7 of the 20 points that a forecast takes, of 1 hour each\n");
    expect(run.stdout).toContain("cannot tell when it reaches 90 %: 7 of the 20 points that it takes");
  });
});

describe("engram trend over records of gates", () => {
  it("names the commit where a metric moved, by how much, and the metrics that did not", async () => {
    const run = await trend(slower, "-o", "gates.html");
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(
      new RegExp(
        `WORSE  blackboard get cost \\+1[0-4]\\.\\d % .* at ${commitOf(25).slice(0, 12)}, after ${commitOf(24).slice(0, 12)}`,
      ),
    );
    expect(run.stdout).not.toMatch(/(WORSE|better) +blackboard throughput/);
    expect(run.stdout).toMatch(/level of 1 % over all metrics, seed 1/);
    expect(readFileSync(join(folder, "gates.html"), "utf8")).toContain(commitOf(25).slice(0, 10));
  });

  it("judges figures as measured where bases differ, and says how many records it takes", async () => {
    const moving = file("moving.jsonl", linesOf(gates(8, () => 100, 1, commitOf)));
    const run = await trend(moving, "--json");
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/^engram: cannot tell: 8 of the \d+ records that it takes to tell a change at 1 %\n$/);
    const { series } = JSON.parse(run.stdout);
    expect(series.map((one: { compared: string; changes: null }) => [one.compared, one.changes])).toEqual([
      ["measured", null],
      ["measured", null],
    ]);
  });
});

describe("engram trend refuses in one line", () => {
  it.each([
    [
      "a file of neither kind",
      () => [file("notes.txt", "hello\n")],
      /notes\.txt: is neither; expected a monitor's history/,
    ],
    ["an empty file", () => [file("empty.jsonl", "")], /empty\.jsonl: is empty/],
    ["a missing file", () => ["nowhere.jsonl"], /nowhere\.jsonl: no such file; expected a monitor/],
    [
      "a history without intervals",
      () => [
        file(
          "new.jsonl",
          hourlyHistory(0, () => ({})),
        ),
      ],
      /new\.jsonl: nothing in it can be read/,
    ],
    [
      "kinds that are mixed",
      () => [rising, slower],
      /rising\.jsonl is a monitor's history, .*gates\.jsonl is records of gates/,
    ],
    ["an unknown option", () => [rising, "--limits", "1"], /unknown option '--limits'/],
    ["a limit of no figure", () => [rising, "--limit", "speed=3"], /--limit "speed=3": expected FIGURE=NUMBER/],
    ["a limit of records", () => [slower, "--limit", "entries=3"], /--limit goes with a monitor's history/],
    ["a level out of bounds", () => [slower, "--level", "90%"], /--level "90%": expected a share/],
    ["a page over what is read", () => [rising, "-o", rising], /-o .*rising\.jsonl: is read as well/],
  ])("%s", async (_, args, message) => {
    const paths = args().map((arg) =>
      existsSync(join(folder, arg)) || arg === "nowhere.jsonl" ? join(folder, arg) : arg,
    );
    const command = trendCommand()
      .exitOverride()
      .configureOutput({ outputError: () => {} });
    await expect(command.parseAsync(paths, { from: "user" })).rejects.toThrow(message);
  });
});

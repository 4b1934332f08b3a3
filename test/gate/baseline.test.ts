import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GateReport } from "#dist/harness/gate/index.js";
import { endSharedGates, GateProject } from "./gate-project.js";

const QUICK = ["--rounds", "10", "--seed", "7"];

describe("gate --baseline", () => {
  let p: GateProject;
  beforeAll(async () => {
    p = new GateProject();
    p.build();
    const run = await p.gate(["--write-baseline", "base.json", ...QUICK]);
    expect(run.stderr.trimEnd().split("\n").at(-1)).toBe("baseline: round 10 of 10");
    expect(run.stdout).toBe("base.json: 5 metrics, 10 rounds\n");
    expect(run.exitCode).toBe(0);
  });
  afterAll(async () => {
    await endSharedGates();
    p.remove();
  });

  it("stores ratios to the reference, and leaves no half-written file", () => {
    const baseline = JSON.parse(readFileSync(join(p.folder, "base.json"), "utf8"));
    expect(baseline).toMatchObject({ kind: "engram-gate-baseline", version: 1, reference: "map" });
    expect(baseline).toMatchObject({
      errors: { blackboard: [] },
      shares: { "blackboard/hitRatio": Array(10).fill(0.9) },
    });
    for (const ratios of Object.values(baseline.ratios) as number[][]) {
      expect(ratios).toHaveLength(10);
      for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
    }
    expect(readdirSync(p.folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("passes on a machine half as fast, since the reference is slower there too, and says what differs", async () => {
    p.setSpeed({ machine: 2, cpu: "Another CPU" });
    const run = await p.gate(["--baseline", "base.json", ...QUICK, "--json"]);
    const report = JSON.parse(run.stdout) as GateReport;
    expect(report).toMatchObject({ mode: "baseline", outcome: "pass", tolerance: 0.2 });
    expect(report.notices).toEqual(["the baseline was measured on 2 x Fake CPU, this is 2 x Another CPU"]);
    expect(run.exitCode).toBe(0);
  });

  it("fails on a slow-down of the subject alone, and is labelled as the weaker check", async () => {
    p.setSpeed({ throughput: 1.5 });
    const run = await p.gate(["--baseline", "base.json", ...QUICK]);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(/weaker check/);
    expect(run.stdout).toMatch(/REGRESSED/);
  });

  it("names a metric that the baseline holds and the run no longer has", async () => {
    p.setSpeed({ noSet: true });
    const run = await p.gate(["--baseline", "base.json", ...QUICK, "--json"]);
    // What it does now is less than what the baseline was measured on: nothing good is said of it.
    expect(run.exitCode).toBe(4);
    expect((JSON.parse(run.stdout) as GateReport).leftOut).toEqual([
      {
        id: "blackboard/cost.set.mean",
        name: "blackboard set cost",
        reason: "in the baseline, but not measured any more",
      },
    ]);
  });

  it("fails on operations that the baseline's build did not refuse, and on look-ups it no longer answers", async () => {
    p.setSpeed({ fails: { OUT_OF_MEMORY: 3 }, hits: 0.8, throughput: 0.5 });
    const run = await p.gate(["--baseline", "base.json", ...QUICK, "--json"]);
    expect(run.exitCode).toBe(1);
    const report = JSON.parse(run.stdout) as GateReport;
    expect(report.errors).toMatchObject([{ code: "OUT_OF_MEMORY", verdict: "regressed" }]);
    expect(report.metrics.find(({ id }) => id === "blackboard/hitRatio")).toMatchObject({ verdict: "regressed" });
  });

  it.each([
    [
      "of another version",
      (text: string) => text.replace('"version": 1', '"version": 2'),
      /version 2, this build reads version 1/,
    ],
    ["cut short", (text: string) => text.slice(0, 300), /line \d+, column \d+: the file is cut short; expected/],
    ["empty", () => "", /the file is empty; expected JSON/],
    ["of another kind", () => '{"schemaVersion":1}', /not a baseline that/],
    ["with a ratio of zero", (text: string) => withRatios(text, ([, ...others]) => [0, ...others]), /line 1: ratios\[/],
    ["with too few rounds", (text: string) => withRatios(text, (ratios) => ratios.slice(0, 1)), /line 1: ratios/],
  ])("a baseline %s: exit 2 and one line", async (_, damage, message) => {
    const text = readFileSync(join(p.folder, "base.json"), "utf8");
    p.write("damaged.json", damage(text));
    const run = await p.gate(["--baseline", "damaged.json", ...QUICK]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/^baseline damaged\.json: /);
    expect(run.stderr).toMatch(message);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("refuses settings other than the baseline's", async () => {
    const run = await p.gate(["--baseline", "base.json", ...QUICK, "--scenario", "ycsb-a"]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toBe(
      "baseline base.json was measured with --scenario blackboard, not ycsb-a; leave the option out, or write another baseline\n",
    );
  });

  it("refuses to write where it cannot, and says so", async () => {
    p.setSpeed({});
    const run = await p.gate(["--write-baseline", "no/such/folder/base.json", ...QUICK]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(
      /^--write-baseline no\/such\/folder\/base\.json: cannot be written \(no folder no\/such\/folder\)\n$/,
    );
  });
});

/** The baseline with the rounds of its first figure changed. */
function withRatios(text: string, change: (ratios: number[]) => number[]): string {
  const baseline = JSON.parse(text);
  const [first] = Object.keys(baseline.ratios);
  baseline.ratios[first] = change(baseline.ratios[first]);
  return JSON.stringify(baseline);
}

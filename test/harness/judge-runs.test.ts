import { describe, expect, it } from "vitest";
import { judgeRuns } from "#dist/harness/judge-runs.js";
import type { Latency, Run } from "#dist/reports/results.js";
import { TARGETS } from "#dist/src/monitor/index.js";
import { loadScenario, type Scenario } from "#dist/workloads/index.js";

function latency(p95: number): Latency {
  return { mode: "sampled", count: 100, mean: p95, p50: p95 / 2, p95, p99: p95, p999: p95, max: p95, floor: 10 };
}

function run(changes: Partial<Run>): Run {
  return {
    scenario: "blackboard",
    subject: "engram",
    workers: 2,
    ops: 1000,
    seconds: 1,
    opsPerSecond: 2_000_000,
    loop: "closed",
    latency: { get: latency(80), set: latency(300) },
    hitRatio: 0.99,
    memory: { rssBytes: 1, usedBytes: 50, capacityBytes: 100, utilisation: 0.5 },
    errors: {},
    ...changes,
  };
}

const blackboard = loadScenario("blackboard");

function verdict(id: string, runs: Run[], scenarios: Scenario[] = [blackboard]) {
  const found = judgeRuns(runs, scenarios).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no verdict on ${id}`);
  return found;
}

describe("judging runs", () => {
  it("gives every documented target exactly one verdict, in their order", () => {
    expect(judgeRuns([run({})], [blackboard]).map(({ id }) => id)).toEqual(TARGETS.map(({ id }) => id));
  });

  it("takes latency and throughput from the store's run", () => {
    const runs = [run({}), run({ subject: "map", opsPerSecond: 9e9, latency: { get: latency(1) } })];
    expect(verdict("m010-read-p95", runs)).toMatchObject({ measured: 80, verdict: "met" });
    expect(verdict("m010-write-p95", runs)).toMatchObject({ measured: 300, verdict: "met" });
    expect(verdict("m010-throughput", runs)).toMatchObject({ measured: 2_000_000, verdict: "met" });
    expect(verdict("d-local-get", runs)).toMatchObject({ measured: 0.04, verdict: "met" });
  });

  it("of several scenarios counts the worst", () => {
    const other = { ...blackboard, name: "other" };
    const runs = [run({}), run({ scenario: "other", opsPerSecond: 900_000, latency: { get: latency(150) } })];
    expect(verdict("m010-read-p95", runs, [blackboard, other])).toMatchObject({ measured: 150, verdict: "missed" });
    expect(verdict("m010-throughput", runs, [blackboard, other])).toMatchObject({
      measured: 900_000,
      verdict: "missed",
    });
  });

  it("does not judge by a scenario that does not name the target, nor without the store", () => {
    expect(verdict("m010-hit-rate", [run({})])).toMatchObject({ measured: null, verdict: "not measured" });
    expect(verdict("m010-read-p95", [run({ subject: "map" })])).toMatchObject({
      measured: null,
      verdict: "not measured",
    });
  });

  it("in an open loop takes the operation's own time, not its waiting, and no throughput", () => {
    const latencies = { get: latency(1e6), "get (from its actual start)": latency(90) };
    const runs = [run({ loop: "open", latency: latencies })];
    expect(verdict("m010-read-p95", runs)).toMatchObject({ measured: 90, verdict: "met" });
    expect(verdict("m010-throughput", runs)).toMatchObject({ verdict: "not measured" });
  });

  it("says so when a figure is at the timer floor", () => {
    expect(verdict("m010-read-p95", [run({ latency: { get: latency(10) } })]).method).toContain("timer floor");
  });
});

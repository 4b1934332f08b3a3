import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { judgeRuns } from "#dist/harness/runner/judge-runs.js";
import type { Latency, Run } from "#dist/reports/results.js";
import { TARGETS } from "#dist/reports/targets/index.js";
import type { Scenario } from "#dist/workloads/index.js";
import { loadScenario } from "#dist/workloads/scenarios.js";

function latency(p95: number, count = 100): Latency {
  return { mode: "sampled", count, mean: p95, p50: p95 / 2, p95, p99: p95, p999: p95, max: p95, floor: 10 };
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
    const latencies = {
      get: { ...latency(1e6), operation: "get", from: "intended" as const },
      "get (from its actual start)": { ...latency(90), operation: "get", from: "actual" as const },
    };
    const runs = [run({ loop: "open", latency: latencies })];
    expect(verdict("m010-read-p95", runs)).toMatchObject({ measured: 90, verdict: "met" });
    expect(verdict("m010-throughput", runs)).toMatchObject({ verdict: "not measured" });
  });

  it("of several phases counts the worst, and of a throughput none that was given its rate", () => {
    const figures = { failed: 0, seconds: 1, error: null, hitRatio: null, hits: 0, misses: 0, ops: 1000 };
    const phases = [
      { ...figures, name: "few", loop: "closed" as const, rate: null, opsPerSecond: 3_000_000 },
      { ...figures, name: "many", loop: "closed" as const, rate: null, opsPerSecond: 1_200_000 },
      { ...figures, name: "given", loop: "open" as const, rate: 10, opsPerSecond: 10 },
    ];
    const latencies = Object.fromEntries(
      [80, 120, 70].map((p95, i) => [
        `get (${phases[i].name})`,
        { ...latency(p95), operation: "get", phase: phases[i].name, ...(i === 2 ? { from: "actual" as const } : {}) },
      ]),
    );
    const runs = [run({ loop: "mixed", opsPerSecond: null, phases, latency: latencies })];
    expect(verdict("m010-throughput", runs)).toMatchObject({ measured: 1_200_000, verdict: "met" });
    expect(verdict("m010-throughput", runs).method).toContain("phase many");
    expect(verdict("m010-read-p95", runs)).toMatchObject({ measured: 120, verdict: "missed" });
  });

  it("takes no figure of speed from a run in which operations failed, and says why", () => {
    const failing = [run({ ops: 900, failed: 100, attempted: 1000, errors: { OUT_OF_MEMORY: 100 } })];
    for (const id of ["m010-throughput", "m010-read-p95", "d-local-get"]) {
      expect(verdict(id, failing), id).toMatchObject({ measured: null, verdict: "not measured" });
      expect(verdict(id, failing).method, id).toContain("10 % of its operations failed");
    }
    expect(verdict("m010-throughput", [run({ ops: 9_999, failed: 1 })])).toMatchObject({ verdict: "met" });
  });

  it("judges backups by what is told apart: the worst of reads and writes, and what the mix costs more", () => {
    const scenario = loadScenario("backup-under-load");
    const during = (operation: string, one: Latency) => ({
      ...one,
      operation,
      label: "with backups",
      phase: "with backups",
    });
    const without = (operation: string, one: Latency) => ({ ...one, operation, phase: "without backups" });
    const latencies = {
      "get (without backups)": without("get", latency(100, 20_000)),
      "set (without backups)": without("set", latency(200, 20_000)),
      "append (without backups)": without("append", latency(200, 20_000)),
      "get (with backups)": during("get", latency(105, 20_000)),
      "set (with backups)": during("set", latency(300, 5000)),
      // Of so few samples a handful make the P99.
      "append (with backups)": during("append", latency(9e9, 4999)),
      "insert (with backups)": during("insert", latency(9e9, 20_000)),
    };
    const cost = {
      "mix (without backups)": without("mix", latency(950)),
      "mix (with backups)": during("mix", latency(1000)),
    };
    const runs = [run({ scenario: scenario.name, latency: latencies, cost })];
    expect(verdict("m005-latency-during-backups", runs, [scenario])).toMatchObject({
      measured: 1.5,
      verdict: "missed",
      method: "backup-under-load: P99 with over without, of 5000 samples at least: get 1.05, set 1.50",
    });
    expect(verdict("m005-io-overhead", runs, [scenario]).measured).toBeCloseTo(5, 6);
    // Another subject's run, or a store without backups, tells nothing.
    const none = [run({ scenario: scenario.name, latency: { get: latency(100) } })];
    expect(verdict("m005-latency-during-backups", none, [scenario]).verdict).toBe("not measured");
  });

  it("judges the swarm by its agents, unless one of them failed", () => {
    const scenario = loadScenario("swarm-593");
    const memory = { rssBytes: 1, usedBytes: 593 * 2_000_000, capacityBytes: null, utilisation: null };
    const runs = [run({ scenario: scenario.name, latency: { get: latency(2e6) }, memory })];
    expect(verdict("r011-agents", runs, [scenario])).toMatchObject({ measured: 593, verdict: "met" });
    expect(verdict("r011-agent-memory", runs, [scenario])).toMatchObject({ measured: 2, verdict: "met" });
    expect(verdict("r011-q-lookup", runs, [scenario])).toMatchObject({ measured: 2, verdict: "missed" });
    const failed = [{ ...runs[0], errors: { NAMESPACE_LIMIT: 1 } }];
    expect(verdict("r011-agents", failed, [scenario]).verdict).toBe("not measured");
  });

  it("judges scaling when there are several numbers of workers, one among them, each with a processor", () => {
    const counters = loadScenario("counters");
    const of = (workers: number, opsPerSecond: number) => run({ scenario: "counters", workers, opsPerSecond });
    const most = availableParallelism();
    const alone = verdict("m002-scaling", [of(1, 1e6)], [counters]);
    expect(alone.verdict).toBe("not measured");
    const scaled = verdict("m002-scaling", [of(1, 1e6), of(most, most * 800_000), of(most + 1, 1)], [counters]);
    if (most === 1) expect(scaled.verdict).toBe("not measured");
    else {
      expect(scaled.measured).toBeCloseTo(0.8, 9);
      expect(scaled.method).toContain(`counters: ${most} workers against one`);
    }
    expect(verdict("m002-scaling", [of(1, 1e6), of(most, 1)], [blackboard]).verdict).toBe("not measured");
  });

  it("says so when a figure is at the timer floor", () => {
    expect(verdict("m010-read-p95", [run({ latency: { get: latency(10) } })]).method).toContain("timer floor");
  });
});

/** From the runs of two builds to the report, without processes: which figures count, which way, and how far. */
import { describe, expect, it } from "vitest";
import { PairedRounds } from "#dist/harness/gate/paired-rounds.js";
import { absoluteReadings, targetsOf } from "#dist/harness/gate/readings.js";
import { type GateReport, reportOf } from "#dist/harness/gate/report.js";
import { decide, SeededRandom } from "#dist/harness/gate/statistics/index.js";
import type { Latency, Results, Run } from "#dist/reports/index.js";

interface Figures {
  opsPerSecond?: number;
  loop?: Run["loop"];
  get?: number;
  set?: number | null;
  p99?: number;
  floor?: number;
  suspect?: boolean;
}

/** Results of one process, with a spread of 2 % on every figure. */
function resultsOf(scenarios: readonly string[], figures: Figures, random: SeededRandom): Results {
  const around = (figure: number): number => figure * (0.98 + 0.04 * random.unit());
  const latency = (mode: Latency["mode"], mean: number, p99: number): Latency => ({
    mode,
    count: 1000,
    mean,
    p50: mean,
    p95: mean,
    p99,
    p999: p99,
    max: p99,
  });
  const { opsPerSecond = 2e6, loop = "closed", get = 50, set = 120, p99 = 300, floor = 1, suspect } = figures;
  const runs = scenarios.map((scenario) => ({
    scenario,
    subject: "engram",
    loop,
    opsPerSecond: around(opsPerSecond),
    latency: { get: { ...latency("sampled", 100, around(p99)), floor } },
    cost: {
      get: { ...latency("batched", around(get), 99), suspect },
      ...(set === null ? {} : { set: latency("batched", around(set), 99) }),
    },
  }));
  return { runs } as unknown as Results;
}

async function gate(head: Figures, base: Figures = {}, scenarios = ["blackboard"], seed = 7): Promise<GateReport> {
  const random = new SeededRandom(seed);
  const targets = targetsOf(scenarios);
  const figures = { head, base };
  const rounds = new PairedRounds({
    targets,
    tolerance: 0.1,
    seed,
    async measure(name) {
      const arm = { name, cli: "", folder: "" };
      return absoluteReadings(targets, arm, resultsOf(scenarios, figures[name], random));
    },
  });
  const decision = await decide(rounds, { seed, looks: [10, 15, 20], resamples: 1000 });
  return reportOf({
    mode: "against",
    head: "head",
    base: "base",
    settings: { scenarios, duration: "1s", workers: null },
    tolerance: 0.1,
    seed,
    inconclusive: "fail",
    decision,
    targets,
    columns: rounds.columns(),
    leftOut: rounds.leftOut(),
    notices: [],
  });
}

const verdicts = (report: GateReport): Record<string, string> =>
  Object.fromEntries(report.metrics.map((m) => [m.id.replace("blackboard/", ""), m.verdict]));

describe("which way is worse", () => {
  it("less throughput is, and more is an improvement", async () => {
    expect(verdicts(await gate({ opsPerSecond: 1.5e6 }))).toMatchObject({ opsPerSecond: "regressed" });
    expect(verdicts(await gate({ opsPerSecond: 2.8e6 }))).toMatchObject({ opsPerSecond: "improved" });
  });

  it("more time is, and less is an improvement", async () => {
    expect(verdicts(await gate({ get: 65 }))).toMatchObject({ "cost.get.mean": "regressed", "cost.set.mean": "pass" });
    expect(await gate({ set: 80 })).toMatchObject({ outcome: "improved", exitCode: 0 });
  });

  it("one regression outweighs an improvement elsewhere", async () => {
    expect(await gate({ get: 65, set: 80 })).toMatchObject({ outcome: "regressed", exitCode: 1 });
  });
});

describe("how far", () => {
  it("the tail may be three times the tolerance worse", async () => {
    expect(verdicts(await gate({ p99: 360 }))).toMatchObject({ "latency.get.p99": "pass" });
    expect(verdicts(await gate({ p99: 480 }))).toMatchObject({ "latency.get.p99": "regressed" });
  });

  it("a difference right at the tolerance is mostly inconclusive after the last look, exit 4", async () => {
    const reports = await Promise.all(
      Array.from({ length: 20 }, (_, seed) => gate({ get: 55 }, {}, ["blackboard"], seed)),
    );
    const inconclusive = reports.filter((report) => report.outcome === "inconclusive");
    expect(inconclusive.length).toBeGreaterThan(10);
    for (const report of inconclusive) expect(report).toMatchObject({ exitCode: 4, rounds: 20 });
  });
});

describe("which figures count", () => {
  it("all metrics of all scenarios", async () => {
    expect((await gate({}, {}, ["ycsb-a", "ycsb-c"])).metrics.map((m) => m.name)).toEqual([
      "ycsb-a throughput",
      "ycsb-a get cost",
      "ycsb-a set cost",
      "ycsb-a get p99",
      "ycsb-c throughput",
      "ycsb-c get cost",
      "ycsb-c set cost",
      "ycsb-c get p99",
    ]);
  });

  it.each<[string, Figures, Figures, string, string]>([
    [
      "a tail at the timer floor",
      { floor: 1e6 },
      {},
      "latency.get.p99",
      "head: at or below the timer floor (10 of 10 rounds)",
    ],
    ["a metric only one side has", {}, { set: null }, "cost.set.mean", "base: not measured (10 of 10 rounds)"],
    [
      "a cost that was optimised away",
      { suspect: true },
      {},
      "cost.get.mean",
      "head: within 1.4 x of the empty loop, probably optimised away (10 of 10 rounds)",
    ],
    [
      "the throughput of an open loop",
      { loop: "open" },
      {},
      "opsPerSecond",
      "head: open loop, so it is the rate asked for (10 of 10 rounds)",
    ],
  ])("not %s, which is left out by name", async (_, head, base, path, reason) => {
    const report = await gate(head, base);
    expect(report.leftOut.map((l) => [l.id, l.reason])).toEqual([[`blackboard/${path}`, reason]]);
    expect(report.metrics.map((m) => m.id)).not.toContain(`blackboard/${path}`);
    expect(report.outcome).toBe("pass");
  });

  it("not an operation that neither side has, which is not worth a word", async () => {
    const report = await gate({ set: null }, { set: null });
    expect(report.leftOut).toEqual([]);
    expect(report.metrics).toHaveLength(3);
  });
});

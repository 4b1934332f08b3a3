/** From the runs of two builds to the report, without processes: which figures count, which way, and how far. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PairedRounds } from "#dist/harness/gate/paired-rounds.js";
import { absoluteReadings, targetsOf } from "#dist/harness/gate/readings.js";
import { renderJunit } from "#dist/harness/gate/render/junit.js";
import { type GateReport, reportOf } from "#dist/harness/gate/report.js";
import { decide } from "#dist/harness/statistics/index.js";
import type { Latency, Results, Run } from "#dist/reports/index.js";
import { SampleRandom } from "#dist/src/random.js";

interface Figures {
  opsPerSecond?: number;
  loop?: Run["loop"];
  get?: number;
  set?: number | null;
  p99?: number;
  floor?: number;
  suspect?: boolean;
  errors?: Record<string, number>;
  /** null: as a version writes it that counted failed operations as done. */
  attempted?: number | null;
  hitRatio?: number | null;
  /** Spread of the hit ratio, points to either side. */
  hitSpread?: number;
  /** Processor time of an operation, ns. */
  cpu?: number;
  workers?: number;
  lookups?: number;
  /** Of the times. */
  noise?: number;
}

/** Results of one process, with a spread of 2 % on every time. */
function resultsOf(scenarios: readonly string[], figures: Figures, random: SampleRandom): Results {
  const spread = figures.noise ?? 0.02;
  const around = (figure: number): number => figure * (1 - spread + 2 * spread * random.unit());
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
  const { errors = {}, attempted = 3e6, hitRatio = 0.9, hitSpread = 0, cpu, workers = 1, lookups } = figures;
  const { opsPerSecond = 2e6, loop = "closed", get = 50, set = 120, p99 = 300, floor = 1, suspect } = figures;
  const runs = scenarios.map((scenario) => ({
    scenario,
    subject: "engram",
    workers,
    loop,
    ops: 1_000_000,
    errors,
    hitRatio: hitRatio === null ? null : hitRatio + hitSpread * (2 * random.unit() - 1),
    ...(lookups === undefined ? {} : { hits: lookups * 1e6, misses: 0 }),
    ...(attempted === null ? {} : { attempted }),
    ...(cpu === undefined ? {} : { cpu: { userMs: cpu * (0.995 + 0.01 * random.unit()), systemMs: 0 } }),
    opsPerSecond: around(opsPerSecond),
    latency: { get: { ...latency("sampled", 100, around(p99)), floor } },
    cost: {
      get: { ...latency("batched", around(get), 99), suspect },
      ...(set === null ? {} : { set: latency("batched", around(set), 99) }),
    },
  }));
  return { runs } as unknown as Results;
}

/** Figures of every process of a build, or of its process number `call`, those of the A/A check counted. */
type Build = Figures | ((call: number) => Figures);

async function gate(head: Build, base: Build = {}, scenarios = ["blackboard"], seed = 7): Promise<GateReport> {
  const random = new SampleRandom(seed);
  const targets = targetsOf(scenarios);
  const builds = { head, base };
  const calls = { head: 0, base: 0 };
  const rounds = new PairedRounds({
    targets,
    tolerance: 0.1,
    seed,
    async measure(name) {
      const arm = { name, cli: "", folder: "" };
      const build = builds[name];
      const figures = typeof build === "function" ? build(calls[name]++) : build;
      return absoluteReadings(targets, arm, resultsOf(scenarios, figures, random));
    },
  });
  const decision = await decide(rounds, { seed, looks: [10, 15, 20], resamples: 1000 });
  return reportOf({
    mode: "against",
    head: "head",
    commits: { head: "h", dirty: false, base: "b" },
    base: "base",
    settings: { scenarios, duration: "1s", workers: null },
    tolerance: 0.1,
    seed,
    inconclusive: "fail",
    decision,
    targets,
    measured: rounds,
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
    const { metrics } = await gate({}, {}, ["ycsb-a", "ycsb-c"]);
    expect(metrics.map((m) => m.name)).toEqual([
      "ycsb-a throughput",
      "ycsb-a get cost",
      "ycsb-a set cost",
      "ycsb-a get p99",
      "ycsb-a hit ratio",
      "ycsb-c throughput",
      "ycsb-c get cost",
      "ycsb-c set cost",
      "ycsb-c get p99",
      "ycsb-c hit ratio",
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
    expect(report.metrics).toHaveLength(4);
  });
});

describe("operations that fail", () => {
  const fails = (count: number, code = "OUT_OF_MEMORY") => ({ errors: { [code]: count } });
  /** Refusing is fast, which must not help. */
  const fast = { opsPerSecond: 9e6, get: 10, set: 20, p99: 50 };
  const failed = (report: GateReport) => report.metrics.find(({ id }) => id.endsWith("/failed"));

  it("in the head alone are a regression, however few they are and however fast it is", async () => {
    const report = await gate({ ...fast, ...fails(1) });
    expect(report).toMatchObject({ outcome: "regressed", exitCode: 1 });
    expect(report.errors).toEqual([
      {
        ...{
          id: "blackboard/errors.OUT_OF_MEMORY",
          scenario: "blackboard",
          code: "OUT_OF_MEMORY",
          verdict: "regressed",
        },
        ...{ head: { processes: 10, operations: 10 }, base: { processes: 0, operations: 0 } },
      },
    ]);
  });

  it("in a single round of the head are one as well", async () => {
    const report = await gate((call) => (call === 6 ? fails(40) : {}));
    expect(report).toMatchObject({ outcome: "regressed", exitCode: 1 });
    expect(report.errors[0].head).toEqual({ processes: 1, operations: 40 });
  });

  it("count as known when the base had the like once, if only in the A/A check", async () => {
    const once = await gate(
      (call) => (call === 6 ? fails(40) : {}),
      (call) => (call === 3 ? fails(40) : {}),
    );
    expect(once).toMatchObject({ outcome: "pass", errors: [{ verdict: "in both" }] });
    expect(failed(once)).toMatchObject({ verdict: "pass" });
  });

  it("of another kind than the base's are one, though there are no more of them", async () => {
    const report = await gate(fails(500, "CORRUPT"), fails(500, "OUT_OF_MEMORY"));
    expect(report).toMatchObject({ outcome: "regressed" });
    expect(report.errors.map(({ code, verdict }) => [code, verdict])).toEqual([
      ["CORRUPT", "regressed"],
      ["OUT_OF_MEMORY", "gone"],
    ]);
  });

  it("that both have are judged by their share: more is a regression, fewer an improvement, as many neither", async () => {
    const some = fails(30_000);
    expect(await gate(fails(90_000), some)).toMatchObject({ outcome: "regressed", exitCode: 1 });
    expect(failed(await gate(fails(90_000), some))).toMatchObject({ verdict: "regressed", head: 0.03, base: 0.01 });
    expect(await gate(fails(3_000), some)).toMatchObject({ outcome: "improved", exitCode: 0 });
    expect(await gate(some, some)).toMatchObject({ outcome: "pass", exitCode: 0 });
    // Far below half a point, but ten times as many.
    expect(await gate(fails(30), fails(3))).toMatchObject({ outcome: "regressed" });
  });

  it("in the base alone are an improvement of the head, and a slow-down beside it is still a regression", async () => {
    const report = await gate({}, fails(90_000));
    expect(report).toMatchObject({ outcome: "improved", exitCode: 0, errors: [{ verdict: "gone" }] });
    expect(await gate({ get: 70 }, fails(90_000))).toMatchObject({ outcome: "regressed" });
  });

  it("are looked for where every time is too noisy to be judged", async () => {
    const report = await gate({ ...fails(9), noise: 0.9 }, { noise: 0.9 });
    expect(report).toMatchObject({ outcome: "regressed", exitCode: 1 });
    expect(report.metrics.filter(({ verdict }) => verdict === "too noisy").length).toBeGreaterThan(2);
  });

  it("make the speed of a version that counts them as done incomparable", async () => {
    const report = await gate({ ...fails(10), get: 10 }, { ...fails(10), attempted: null });
    expect(report).toMatchObject({ outcome: "inconclusive", exitCode: 4 });
    expect(report.leftOut.map(({ reason }) => reason)).toContain(
      "base: operations failed, and this version counts them as done (10 of 10 rounds)",
    );
    expect(report.incomparable).toEqual(["of blackboard no speed could be compared"]);
  });
});

describe("a hit ratio", () => {
  const hit = (report: GateReport) => report.metrics.find(({ id }) => id.endsWith("/hitRatio"));

  it("below the base's is a regression, however fast it is, and above it an improvement", async () => {
    const report = await gate({ hitRatio: 0.88, opsPerSecond: 9e6, get: 10, set: 20 });
    expect(report).toMatchObject({ outcome: "regressed", exitCode: 1 });
    expect(hit(report)).toMatchObject({ verdict: "regressed", scale: "points" });
    expect(hit(report)?.worse).toBeCloseTo(0.02, 9);
    expect(await gate({ hitRatio: 0.95 })).toMatchObject({ outcome: "improved", exitCode: 0 });
    expect(await gate({ hitRatio: 0 }, { hitRatio: 0.01 })).toMatchObject({ outcome: "regressed" });
  });

  it("may move by less than half a point, and by what the base moves against itself", async () => {
    expect(await gate({ hitRatio: 0.897 })).toMatchObject({ outcome: "pass" });
    const loud = { hitSpread: 0.15 };
    const report = await gate({ ...loud, hitRatio: 0.78 }, { ...loud, hitRatio: 0.8 });
    expect(hit(report)?.verdict).not.toBe("regressed");
    expect(hit(report)?.tolerance).toBeGreaterThan(0.005);
    expect(await gate({ ...loud, hitRatio: 0.3 }, { ...loud, hitRatio: 0.8 })).toMatchObject({ outcome: "regressed" });
  });

  it("of a scenario that looks nothing up is not worth a word", async () => {
    expect(hit(await gate({ hitRatio: null }, { hitRatio: null }))).toBeUndefined();
  });
});

describe("different work", () => {
  it.each<[string, Figures, Figures, RegExp]>([
    ["an operation less", { set: null, opsPerSecond: 9e6 }, {}, /the head has no set, which the base does/],
    ["an operation more", {}, { set: null }, /the head has set, which the base does not do/],
    ["other workers", { workers: 4 }, { workers: 2 }, /the head has 4 workers, the base 2/],
    ["other shares of look-ups", { lookups: 0.95 }, { lookups: 0.5 }, /0.95 look-ups an operation, the base 0.50/],
  ])("%s: nothing good is said, and what differs is named", async (_, head, base, what) => {
    const report = await gate(head, base);
    expect(report).toMatchObject({ outcome: "inconclusive", exitCode: 4 });
    expect(report.incomparable.join()).toMatch(what);
  });
});

describe("a round without a figure", () => {
  it("takes itself out of the verdict and not the metric, and is named", async () => {
    const report = await gate((call) => ({ get: 70, ...(call === 2 ? { suspect: true } : {}) }));
    const get = report.metrics.find(({ id }) => id === "blackboard/cost.get.mean");
    expect(get).toMatchObject({ verdict: "regressed" });
    expect(get?.rounds.head).toHaveLength(9);
    expect(report.notices).toContain(
      "blackboard get cost is judged without some rounds: head: within 1.4 x of the empty loop, probably optimised away (1 of 10 rounds)",
    );
  });

  it("whatever is missing where, every metric stands exactly once in the report", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 7 }), { minLength: 40, maxLength: 40 }),
        fc.nat(1000),
        async (gaps, seed) => {
          const odd =
            (offset: number) =>
            (call: number): Figures => {
              const gap = gaps[(call + offset) % gaps.length];
              return {
                ...(gap & 1 ? { set: null } : {}),
                ...(gap & 2 ? { suspect: true } : {}),
                ...(gap & 4 ? { floor: 1e6 } : {}),
                ...(gap === 7 ? { noise: 0.9 } : {}),
              };
            };
          const report = await gate(odd(0), odd(3), ["blackboard"], seed);
          const ids = [...report.metrics, ...report.leftOut].map(({ id }) => id).sort();
          expect(ids).toEqual([
            "blackboard/cost.get.mean",
            "blackboard/cost.set.mean",
            "blackboard/hitRatio",
            "blackboard/latency.get.p99",
            "blackboard/opsPerSecond",
          ]);
          const names = [...renderJunit(report).matchAll(/ name="([^"]+)"[/>]/g)].map(([, name]) => name);
          expect(new Set(names).size).toBe(names.length);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("processor time", () => {
  it("stands beside the verdict and is no part of it", async () => {
    const report = await gate({ cpu: 900 }, { cpu: 500 });
    expect(report).toMatchObject({ outcome: "pass", exitCode: 0 });
    expect(report.beside).toMatchObject([{ id: "blackboard/cpu.perOperation", verdict: "regressed" }]);
    expect(report.beside[0].worse).toBeCloseTo(0.8, 1);
  });

  it("says so where it agrees while the wall clock is too noisy to tell", async () => {
    const loud = { noise: 0.9, cpu: 500 };
    const report = await gate(loud, loud);
    expect(report).toMatchObject({ outcome: "inconclusive" });
    expect(report.notices.join()).toMatch(/CPU time an operation: .*processor time agrees that nothing is slower/);
    const dearer = await gate({ ...loud, cpu: 700 }, loud);
    expect(dearer.notices.join()).toMatch(/by processor time it is slower/);
  });

  it("says so where the wall clock has got slower and the work has not", async () => {
    const report = await gate({ get: 70, cpu: 500 }, { cpu: 500 });
    expect(report).toMatchObject({ outcome: "regressed" });
    expect(report.notices.join()).toMatch(
      /no more work than its base, so that blackboard get cost by the wall clock is waiting/,
    );
  });

  it("of an older build that does not tell it is not worth a word", async () => {
    expect((await gate({ cpu: 500 }, {})).beside).toEqual([]);
  });
});

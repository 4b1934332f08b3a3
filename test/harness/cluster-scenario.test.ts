/** What nodes share, as scenarios: small ones, on the engine in the process. On real servers: test/cluster/faults.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { MeasuredNode } from "#dist/harness/cluster/cluster-here.js";
import { Convergence } from "#dist/harness/cluster/convergence.js";
import { measureCluster } from "#dist/harness/cluster/index.js";
import { StrongHistory } from "#dist/harness/cluster/strong-history.js";
import { WindowCheck } from "#dist/harness/cluster/window-check.js";
import { executeRun } from "#dist/harness/runner/execute-run.js";
import { judgeRuns } from "#dist/harness/runner/judge-runs.js";
import { type ClusterUse, clusterUseSchema, type Run } from "#dist/reports/results.js";
import { clusterSection } from "#dist/reports/sections/cluster.js";
import { measuredBy, TARGETS } from "#dist/reports/targets/index.js";
import { StaleError, UnknownOutcomeError } from "#dist/src/cluster/index.js";
import { Random } from "#dist/src/random.js";
import { loadScenario, parseScenario } from "#dist/workloads/scenarios.js";

const folder = mkdtempSync(join(tmpdir(), "engram-cluster-scenario-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scenarioWith = (cluster: string) =>
  parseScenario(
    `title: T
story: S
phases: [{ operations: 10, mix: { get: 1 }, keys: { distribution: uniform, count: 10 } }]
cluster: ${cluster}
`,
    "shared.yaml",
  );

async function measured(parts: string): Promise<{ cluster: ClusterUse; answers: readonly { target: string }[] }> {
  const { cluster } = scenarioWith(`{ keys: 20, value: 40B, ${parts} }`);
  const outcome = await measureCluster({ cluster: cluster!, seed: 7, share: 1, engine: "memory" }, () => {});
  return { cluster: clusterUseSchema.parse(outcome.cluster), answers: outcome.answers };
}

describe("nodes of a scenario, without servers", () => {
  it.each([
    ["eventual", /all nodes agree/, ["put", "get", "delete", "seen by another node"], []],
    ["bounded_stale", /more than 40 ms before/, ["put", "get", "delete"], ["d-bounded-consistent"]],
    ["strong", /linearizable/, ["put", "get", "compareAndSet", "delete"], ["d-strong-consistent"]],
  ] as const)("%s: what a call takes, and whether the promise was kept", async (level, promise, calls, targets) => {
    const plan = `level: { consistency: ${level}, calls: 30, checked: 300, clients: 2, window: 40ms }`;
    const { cluster, answers } = await measured(plan);
    expect(cluster).toMatchObject({ real: false, nodes: 3, engine: expect.stringContaining("own memory") });
    expect(cluster.calls.map(({ call }) => call)).toEqual(expect.arrayContaining([...calls]));
    for (const { at, count, p50, max } of cluster.calls) {
      expect(at).toBe(level);
      expect(count).toBeGreaterThanOrEqual(15);
      expect(max).toBeGreaterThanOrEqual(p50);
    }
    expect(cluster.checks).toEqual([expect.objectContaining({ verdict: "ok", wrong: 0, faults: [] })]);
    expect(cluster.checks[0].what).toMatch(promise);
    expect(cluster.checks[0].operations).toBeGreaterThan(150);
    // without a network between there is no latency of a cluster
    expect(answers.map(({ target }) => target)).toEqual(targets);
  });

  it("invalidations are acknowledged, meet what they name, and are made good by the node that missed one", async () => {
    const { cluster } = await measured("invalidation: { rounds: 2, group: 3 }");
    expect(cluster.checks).toEqual([expect.objectContaining({ verdict: "ok", wrong: 0, faults: [] })]);
    expect(cluster.calls).toHaveLength(12);
    expect(cluster.missed?.missing).toEqual(["n1"]);
  });

  it("a node that was away has, after each recovery, what the others have", async () => {
    const modes = ["full", "delta", "peer", "snapshot", "auto"];
    const { cluster } = await measured(`recovery: { entries: 40, missed: 20, modes: [${modes}] }`);
    expect(cluster.checks).toEqual([
      expect.objectContaining({ verdict: "ok", wrong: 0, faults: [], operations: 40 * (modes.length + 1) }),
    ]);
    expect(cluster.recoveries?.map(({ asked }) => asked)).toEqual([...modes, "joined anew"]);
    for (const { asked, done, because } of cluster.recoveries?.slice(0, 4) ?? []) {
      expect(because).not.toBe("");
      // where the log does not tell what went since, delta becomes full
      expect(asked === "delta" ? ["delta", "full"] : [asked]).toContain(done);
    }
    // of 40 entries four were deleted the last time
    expect(cluster.recoveries?.at(-1)?.taken).toBe(36);
  });

  it("one node cut off: it writes on, its other calls are answered or refused as they are to be, and in the end every promise was kept", async () => {
    const plan = "partition: { calm: 200ms, apart: 1200ms, clients: 1, window: 50ms }";
    const { cluster } = await measured(plan);
    expect(cluster.checks.map(({ verdict, faults }) => ({ verdict, faults }))).toEqual(
      Array.from({ length: 3 }, () => ({ verdict: "ok", faults: [] })),
    );
    expect(cluster.partition).toMatchObject({ apart: "n1", merged: true });
    const away = Object.fromEntries(
      (cluster.partition?.sides ?? [])
        .filter(({ side }) => side === "the node cut off")
        .map(({ level, ...side }) => [level, side]),
    );
    expect(away.eventual.answered).toBeGreaterThan(0);
    expect(away.eventual.refused).toEqual({});
    // how many were answered in time, and how many not, is the machine's affair
    for (const code of Object.keys(away.strong?.refused ?? {})) expect(code).toMatch(/^(UNAVAILABLE|UNKNOWN_OUTCOME)$/);
    for (const code of Object.keys(away.bounded_stale?.refused ?? {})) expect(code).toBe("STALE");
  });
});

/** A node that answers as it is told. */
const lying = (shared: object): MeasuredNode => ({ name: "n0", shared }) as unknown as MeasuredNode;

describe("a promise that is not kept is found", () => {
  it("a strong read of what was replaced", async () => {
    const history = new StrongHistory(10);
    const values = new Map<string, string>();
    const shared = {
      put: async (key: string, value: string) => void (values.has(key) || values.set(key, value)),
      get: async (key: string) => values.get(key),
      getEntry: async (key: string) => ({ value: values.get(key), version: 1 }),
      delete: async () => true,
      compareAndSet: async () => false,
    };
    await history.prepare(lying(shared));
    const random = new Random(1);
    for (let i = 0; i < 50; i++) await history.operate(lying(shared), "c", random);
    const { verdict, wrong, faults } = history.check();
    expect(verdict).toBe("illegal");
    expect(wrong).toBeGreaterThan(0);
    expect(faults.join()).toMatch(/register r\d: no order of its operations explains it/);
  });

  it("and a write without an answer is none: it may stand, or not", async () => {
    const history = new StrongHistory(10);
    const values = new Map<string, string>();
    const shared = {
      put: async (key: string, value: string) => {
        if (values.size < 7) values.set(key, value);
        else throw new UnknownOutcomeError("nobody knows", "1");
      },
      get: async (key: string) => values.get(key),
      getEntry: async (key: string) => ({ value: values.get(key), version: 1 }),
      delete: async () => {
        throw new UnknownOutcomeError("nobody knows", "1");
      },
      compareAndSet: async () => {
        throw new UnknownOutcomeError("nobody knows", "1");
      },
    };
    await history.prepare(lying(shared));
    const random = new Random(1);
    for (let i = 0; i < 30; i++) await history.operate(lying(shared), "c", random);
    expect(history.check()).toMatchObject({ verdict: "ok", wrong: 0 });
  });

  it("a bounded read of what is too old; one that is refused is none", async () => {
    const within = new WindowCheck(0.001);
    let version = 0;
    const writer = lying({ put: async () => ({ version: ++version }) });
    for (let i = 0; i < 20; i++) await within.write(writer, new Random(2), "v");
    const passed = performance.now() + 5;
    while (performance.now() < passed);
    await within.read(lying({ getEntry: async () => ({ version }) }), new Random(2));
    expect(within.check()).toMatchObject({ verdict: "ok", operations: 1 });
    await within.read(lying({ getEntry: async () => Promise.reject(new StaleError("late", 1)) }), new Random(2));
    expect(within.check()).toMatchObject({ verdict: "ok", operations: 1 });
    await within.read(lying({ getEntry: async () => ({ version: 1 }) }), new Random(2));
    expect(within.check()).toMatchObject({ verdict: "illegal", operations: 2, wrong: 1 });
    expect(within.check().faults[0]).toMatch(/read version 1 of w\d, and 20 was older/);
  });

  it("nodes that do not agree in the end, and a write that is lost", async () => {
    const convergence = new Convergence(5);
    const node = (name: string, kept: Map<string, string>) =>
      ({
        name,
        memory: { sync: async () => {} },
        shared: {
          put: async (key: string, value: string) => void kept.set(key, value),
          peek: (key: string) => kept.get(key),
        },
      }) as unknown as MeasuredNode;
    const nodes = [node("n0", new Map()), node("n1", new Map())];
    const random = new Random(3);
    for (let i = 0; i < 20; i++) await convergence.write(nodes[i % 2], random);
    const { verdict, faults } = await convergence.check(nodes);
    expect(verdict).toBe("illegal");
    expect(faults.join()).toMatch(/n1 lacks the last write of own\.n0/);
    expect(faults.join()).toMatch(/do not agree on all\./);
  });
});

describe("the scenarios of the cluster", () => {
  const names = ["eventual", "bounded", "strong", "invalidation", "partition", "recovery"].map(
    (name) => `cluster-${name}`,
  );

  it("leave no figure of the distributed memory without what measures it", () => {
    const named = names.map((name) => loadScenario(name));
    for (const { cluster } of named) expect(cluster).toBeDefined();
    const targets = named.flatMap(({ targets: ids }) => ids);
    for (const { id, source } of TARGETS) {
      if (source !== "D") continue;
      const by = measuredBy(id);
      expect(by, id).toHaveProperty("command");
      const { command } = by as { command: string };
      if (command.startsWith("engram run cluster-")) expect(targets, id).toContain(id);
    }
  });

  it("say of latencies without servers why there are none", () => {
    const scenario = loadScenario("cluster-strong");
    const cluster = { engine: "logs in the process's own memory", real: false, nodes: 3, calls: [], checks: [] };
    const run = { scenario: scenario.name, subject: "engram", latency: {}, memory: {}, errors: {}, cluster };
    const verdicts = judgeRuns([run as unknown as Run], [scenario]);
    expect(verdicts.find(({ id }) => id === "d-strong-latency")).toMatchObject({
      ...{ verdict: "not measured", method: "cluster-strong: logs in the process's own memory" },
    });
  });

  it("are left out by others, by name", async () => {
    const scenario = join(folder, "shared.yaml");
    writeFileSync(
      scenario,
      "title: T\nstory: S\nphases: [{ operations: 200, mix: { get: 1 }, keys: { distribution: uniform, count: 10 } }]\ncluster: { invalidation: { rounds: 1 } }\n",
    );
    const directory = mkdtempSync(join(folder, "files-"));
    const plan = {
      scenario: loadScenario(scenario),
      subject: "map",
      workers: 2,
      directory,
      trace: null,
      durationMs: null,
      rate: null,
    };
    const { run } = await executeRun(
      { ...plan, ops: 200, seed: 1, hasty: true },
      new AbortController().signal,
      () => {},
    );
    expect(run.cluster).toBeUndefined();
    expect(run.notes).toContain("map has no nodes that share a memory: the cluster is left out");
    expect(clusterSection([run])).toBeNull();
  });

  it.each([
    ["{ nodes: 3 }", /expected level, invalidation, partition or recovery/],
    ["{ nodes: 9, invalidation: { rounds: 1 } }", /a whole number from 2 to 3/],
    ["{ level: { consistency: exact, calls: 1, checked: 1 } }", /consistency/],
    ["{ partition: { calm: 1, apart: 2s } }", /expected a duration such as 5s/],
  ])("are refused where they ask for what there is not: %s", (cluster, message) => {
    expect(() => scenarioWith(cluster)).toThrow(message);
  });

  it("are told in a section of the report: promises beside latencies, both sides of a partition", () => {
    const calls = [{ at: "strong", call: "put", count: 5, p50: 400, p95: 900, p99: 1500, max: 9000 }];
    const check = { what: "strong operations are linearizable", checker: "engram check", operations: 4321, wrong: 0 };
    const cluster: ClusterUse = {
      ...{ engine: "three nats-servers", real: true, nodes: 3, calls, perSecond: 1234 },
      checks: [
        { ...check, verdict: "ok", faults: [] },
        { ...check, verdict: "illegal", faults: ["r1 <b>: no order"] },
      ],
      missed: { missing: ["n2"], milliseconds: 12 },
      recoveries: [{ asked: "auto", done: "delta", because: "it is at 9", taken: 77, removed: 0, milliseconds: 5 }],
      partition: {
        ...{ apart: "n2", apartMs: 3000, healedMs: 250, merged: true, conflicts: 7, dropped: 3 },
        sides: [{ level: "bounded_stale", side: "the node cut off", answered: 2, refused: { STALE: 14 } }],
      },
    };
    const body = String(clusterSection([{ scenario: "s", subject: "engram", cluster } as unknown as Run])?.body);
    for (const words of [
      "4,321",
      "kept",
      "broken",
      "r1 &lt;b&gt;",
      "400 µs",
      "14 STALE",
      "7 conflicts",
      "n2 was cut",
    ]) {
      expect(body).toContain(words);
    }
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { executeRun } from "#dist/harness/runner/execute-run.js";
import { judgeRuns } from "#dist/harness/runner/judge-runs.js";
import { runSwarm, type SwarmPlan } from "#dist/harness/swarm/index.js";
import { type Run, runSchema } from "#dist/reports/results.js";
import { loadScenario } from "#dist/workloads/scenarios.js";

const folder = mkdtempSync(join(tmpdir(), "engram-swarm-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SWARM: SwarmPlan["swarm"] = {
  ...{ environment: "cliff-walking", rounds: 4, episodes: 20, rate: 0.9, discount: 1, epsilon: 0.1, alone: 2 },
  ...{
    replay: 64,
    budget: 1_000_000,
    kills: [2],
    knowledge: { vectors: 300, dimensions: 8, kind: "int8", lookups: 2 },
  },
};
const run = (swarm: Partial<SwarmPlan["swarm"]> = {}, plan: Partial<SwarmPlan> = {}) =>
  runSwarm(
    { swarm: { ...SWARM, ...swarm }, agents: 12, threads: 2, seed: 7, limitMs: null, ...plan },
    new AbortController().signal,
    () => {},
  );

describe("a swarm", () => {
  it("learns the way along the cliff, though a thread is killed half way: its agents are claimed and lose nothing", async () => {
    const { learning, notes } = await run();
    const [merged, alone] = learning.curves.map(({ points }) => points.map(({ value }) => value));
    expect(learning.optimum).toBe(-13); // Sutton & Barto 2018, example 6.6
    expect(merged).toHaveLength(5);
    expect(merged[4]).toBe(-13);
    expect(merged[0]).toBeLessThan(-100);
    expect(alone).toHaveLength(5);
    expect(learning.kills).toEqual([
      expect.objectContaining({ round: 2, agents: 7, claimed: 7, milliseconds: expect.any(Number) }),
    ]);
    expect(learning).toMatchObject({ agents: 12, threads: 2, finished: 12, environment: "cliff-walking" });
    expect(learning.knowledge).toMatchObject({ vectors: 300, kind: "int8" });
    expect(learning.knowledge?.recall).toBeGreaterThan(0.9);
    expect(notes).toEqual([]);
  });

  it("answers every figure of R-011 by name", async () => {
    const scenario = loadScenario("swarm-593");
    const { learning, answers } = await run({ rounds: 1, kills: [] }, { agents: 20 });
    const own = { scenario: "swarm-593", subject: "engram", learning, answers } as unknown as Run;
    const base = { workers: 2, latency: {}, errors: {}, memory: { usedBytes: null, utilisation: null }, ops: 1 };
    const verdicts = judgeRuns([{ ...base, ...own } as Run], [scenario]).filter(({ id }) => id.startsWith("r011-"));
    const timed = ["r011-q-lookup", "r011-state-encoding"];
    expect(verdicts.filter(({ id }) => timed.includes(id)).map(({ measured }) => (measured ?? 0) > 0)).toEqual([
      true,
      true,
    ]);
    expect(verdicts.filter(({ id }) => !timed.includes(id)).map(({ id, verdict }) => [id, verdict])).toEqual([
      ["r011-agent-memory", "met"],
      ["r011-agents", "missed"], // twenty are not 593
      ["r011-pool-256b", "met"],
      ["r011-pool-1k", "met"],
      ["r011-pool-4k", "met"],
      ["r011-linear-memory", "met"],
    ]);
    for (const { method } of verdicts) expect(method).toMatch(/^swarm-593: /);
  });

  it("is ended after its first round when there is no time for more, and says so", async () => {
    const { learning, notes } = await run({ kills: [] }, { limitMs: 0 });
    expect(learning.curves[0].points.map(({ round }) => round)).toEqual([0, 1]);
    expect(notes).toEqual(["learning was ended after round 1 of 4"]);
  });

  it("that may have less memory than a table takes is refused, and nothing hangs", async () => {
    await expect(run({ budget: 1000 })).rejects.toThrow(/budget|bytes/i);
  });
});

describe("a scenario with a swarm", () => {
  const text = `title: T
story: S
agents: 4
workers: 2
phases:
  - { operations: 2000, mix: { get: 1 }, keys: { distribution: uniform, count: 10 } }
swarm: { environment: frozen-lake, rounds: 2, episodes: 5 }
`;
  const runScenario = async (subject: string) => {
    const scenario = join(folder, "lake.yaml");
    writeFileSync(scenario, text);
    const directory = mkdtempSync(join(folder, "files-"));
    const plan = {
      scenario: loadScenario(scenario),
      subject,
      workers: 2,
      directory,
      trace: null,
      durationMs: null,
      ops: null,
      rate: null,
      seed: 1,
    };
    return runSchema.parse((await executeRun({ ...plan, hasty: true }, new AbortController().signal, () => {})).run);
  };

  it("is run after the phases, by the subject that has the agents' memory", async () => {
    const result = await runScenario("engram");
    expect(result.ops).toBe(2000);
    expect(result.learning).toMatchObject({ environment: "frozen-lake", agents: 4, threads: 2, finished: 4 });
    expect(result.answers?.length).toBeGreaterThan(0);
  });

  it("is left out by the others, by name", async () => {
    const result = await runScenario("map");
    expect(result.learning).toBeUndefined();
    expect(result.notes).toContain("map has no tables and indexes that agents share: the swarm's learning is left out");
  });
});

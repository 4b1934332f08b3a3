/** What agents hold, as scenarios: small ones, run for real. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { executeRun } from "#dist/harness/runner/execute-run.js";
import { judgeRuns } from "#dist/harness/runner/judge-runs.js";
import { resourceUseSchema, runSchema } from "#dist/reports/results.js";
import { resourcesSection } from "#dist/reports/sections/resources.js";
import { measuredBy, TARGETS } from "#dist/reports/targets/index.js";
import { loadScenario, parseScenario } from "#dist/workloads/scenarios.js";

const folder = mkdtempSync(join(tmpdir(), "engram-resources-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLAN = `title: T
story: S
phases: [{ operations: 2000, mix: { get: 1 }, keys: { distribution: uniform, count: 10 } }]
resources:
  pool: { users: 60, max: 4, hold: 1ms, chaos: [create-fails, create-hangs, server-killed] }
  config: { threads: 2, updates: 40, every: 1ms, refused: 10, kills: 1 }
  cache: { policies: [lru, sieve], entries: 200, keys: 2000, requests: 30000, waiters: 20 }
targets: [p-pool-acquire, p-pool-throughput, p-pool-users, p-cache-hit, p-cache-miss, p-memory-efficiency]
`;

describe("what agents hold", () => {
  it("is run after the phases, holds what it promises under chaos, answers its targets and is in the report", async () => {
    const scenario = join(folder, "held.yaml");
    writeFileSync(scenario, PLAN);
    const directory = mkdtempSync(join(folder, "files-"));
    const plan = {
      scenario: loadScenario(scenario),
      subject: "engram",
      workers: 2,
      directory,
      trace: null,
      durationMs: null,
      rate: null,
    };
    const outcome = await executeRun(
      { ...plan, ops: 2000, seed: 1, hasty: true },
      new AbortController().signal,
      () => {},
    );
    const run = runSchema.parse(outcome.run);
    const { pool, config, cache } = resourceUseSchema.parse(run.resources);

    expect(pool?.steps.map(({ name }) => name)).toEqual([
      "all is well",
      expect.stringMatching(/fails/),
      expect.stringMatching(/hangs/),
      expect.stringMatching(/killed/),
    ]);
    for (const { served, failed, peak, opened } of pool?.steps ?? []) {
      expect(served + Object.values(failed).reduce((sum, count) => sum + count, 0)).toBe(60);
      expect(peak).toBeLessThanOrEqual(4);
      expect(opened).toBeGreaterThanOrEqual(peak);
    }
    expect(pool?.steps.slice(0, 3).map(({ served }) => served)).toEqual([60, 60, 60]);
    // who had one in hand loses it, and whoever was given one, or made one, before its end was noticed; nobody loses anything by the pool
    expect(Object.keys(pool?.steps[3].failed ?? {}).filter((code) => code !== "CONNECTION_LOST")).toEqual([]);
    expect(pool?.steps[3].served).toBeGreaterThan(30);
    expect(pool?.steps[3].wait.max).toBeGreaterThan(100);

    expect(config).toMatchObject({ threads: 2, final: 2, killed: 1, refused: 5 });
    expect(config?.told).toBeGreaterThan(0);
    expect(config?.reads).toBeGreaterThan(1000);

    expect(cache).toMatchObject({ loads: 1, waiters: 20 });
    expect(cache?.policies.map(({ policy }) => policy)).toEqual(["lru", "sieve"]);
    for (const { hitRatio } of cache?.policies ?? []) expect(hitRatio).toBeGreaterThan(0.3);
    const efficiencies = (cache?.memory ?? []).map(({ efficiency }) => efficiency);
    expect(efficiencies).toEqual([...efficiencies].sort((a, b) => a - b));
    expect(efficiencies.at(-1)).toBeLessThan(1);

    const own = { ...run, scenario: "held" };
    const parsed = { ...parseScenario(PLAN, "held.yaml"), name: "held" };
    const verdicts = judgeRuns([own], [parsed]).filter(({ id }) => parsed.targets.includes(id));
    expect(verdicts.map(({ id }) => id).sort()).toEqual([...parsed.targets].sort());
    for (const { measured, method } of verdicts) {
      expect(measured).toBeGreaterThan(0);
      expect(method).toMatch(/^held: /);
    }

    const section = String(resourcesSection([own])?.body);
    for (const words of ["4 connections", "the server is killed", "2 of 2", "sieve", "had it loaded once"]) {
      expect(section).toContain(words);
    }
  });

  it("is left out by others, by name", async () => {
    const scenario = join(folder, "held.yaml");
    writeFileSync(scenario, PLAN);
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
      { ...plan, ops: 2000, seed: 1, hasty: true },
      new AbortController().signal,
      () => {},
    );
    expect(run.resources).toBeUndefined();
    expect(run.notes).toContain("map has no pools, configuration and caches within the process: they are left out");
    expect(resourcesSection([run])).toBeNull();
  });

  it("is in three scenarios, and leaves no figure of the utilities without what measures it", () => {
    const named = ["pool-1000-users", "config-fanout", "cache-aside-inprocess"].map((name) => loadScenario(name));
    for (const { resources } of named) expect(resources).toBeDefined();
    const targets = named.flatMap(({ targets: ids }) => ids);
    for (const { id, source } of TARGETS) {
      if (source !== "P") continue;
      const by = measuredBy(id);
      expect(by, id).toHaveProperty("command");
      const { command } = by as { command: string };
      if (command.startsWith("engram run")) expect(targets, id).toContain(id);
    }
  });
});

/** The gate judges each phase of a scenario by itself: a wait in an open phase is not averaged away by a closed one. */
import { describe, expect, it } from "vitest";
import { absoluteReadings, targetsOf } from "#dist/harness/gate/readings.js";
import type { Results } from "#dist/reports/results.js";

const sampled = (phase: string, p99: number) => ({ mode: "sampled", count: 1000, p99, operation: "get", phase });
const phase = (name: string, opsPerSecond: number) => ({
  ...{ name, loop: "closed", rate: null, ops: 1000, failed: 0, seconds: 1, opsPerSecond },
  ...{ error: 0.01, hitRatio: null, hits: 0, misses: 0 },
});

describe("a scenario of several phases", () => {
  const scenario = "counters";
  const targets = targetsOf([scenario]);
  const names = [...new Set(targets.map((target) => target.phase))].filter((name) => name !== null);
  const arm = { name: "head", cli: "cli.js", folder: "." };
  const run = {
    ...{
      scenario,
      subject: "engram",
      loop: "closed",
      ops: 2000,
      attempted: 2000,
      seconds: 2,
      errors: {},
      hitRatio: null,
    },
    opsPerSecond: 5,
    phases: names.map((name, i) => phase(name as string, 100 * (i + 1))),
    latency: Object.fromEntries(names.map((name, i) => [`get (${name})`, sampled(name as string, 700 * 10 ** i)])),
    cost: {},
  };

  it("has its speed judged phase by phase, and what it does as a whole", () => {
    expect(names.length).toBeGreaterThan(1);
    const { figures } = absoluteReadings(targets, arm, { runs: [run] } as unknown as Results);
    names.forEach((name, i) => {
      expect(figures.get(`${scenario}/${name}/opsPerSecond`)).toEqual({ kind: "figure", value: 100 * (i + 1) });
      expect(figures.get(`${scenario}/${name}/latency.get.p99`)).toEqual({ kind: "figure", value: 700 * 10 ** i });
    });
    expect(figures.has(`${scenario}/opsPerSecond`)).toBe(false);
    expect(figures.get(`${scenario}/failed`)).toEqual({ kind: "figure", value: 0 });
    expect(targets.find(({ id }) => id === `${scenario}/${names[0]}/latency.get.p99`)?.name).toBe(
      `${scenario} (${names[0]}) get p99`,
    );
  });

  it("of a build that does not tell them apart says nothing of any, and of one phase what it always said", () => {
    const { figures } = absoluteReadings(targets, arm, { runs: [{ ...run, phases: undefined }] } as unknown as Results);
    for (const name of names) expect(figures.get(`${scenario}/${name}/opsPerSecond`)).toEqual({ kind: "absent" });
    expect(targetsOf(["blackboard"]).map(({ id }) => id)).toContain("blackboard/opsPerSecond");
    expect(targetsOf(["of another version"]).map(({ id }) => id)).toContain("of another version/opsPerSecond");
  });
});

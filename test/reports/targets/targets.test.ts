import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GROUP_NAMES } from "#dist/harness/proofs/bench/groups/index.js";
import { targetResultSchema } from "#dist/reports/results.js";
import { commandsFor, findTarget, judgeAll, measuredBy, TARGETS } from "#dist/reports/targets/index.js";
import { policyNames } from "#dist/src/eviction/index.js";
import { judge, type Target } from "#dist/src/metrics/index.js";
import { loadScenario } from "#dist/workloads/scenarios.js";

const root = resolve(import.meta.dirname, "../../..");

const read = findTarget("m010-read-p95")!;
const throughput = findTarget("m010-throughput")!;
const avalanche = findTarget("m004-avalanche")!;

describe("the table of documented targets", () => {
  test("has one row a figure, each with its own id, source and way of measuring", () => {
    expect(new Set(TARGETS.map(({ id }) => id)).size).toBe(TARGETS.length);
    for (const target of TARGETS) {
      expect(target.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
      expect(target.how).toMatch(/\w{3,}/);
      expect(target.documented).not.toBe("");
    }
  });

  test("says of each what measures it, or why nothing can", () => {
    const reasons = TARGETS.filter(({ id }) => "reason" in measuredBy(id)).map(({ id }) => id);
    // Whoever adds one here has found something that cannot be measured at all.
    expect(reasons).toEqual(["m002-cas-attempts", "m003-cache-misses"]);
    expect(() => measuredBy("m010-reed")).toThrow(/m010-reed/);
  });

  // That a group of the bench answers what it is named for is in bench.test.ts; that a scenario does, in its own room's tests.
  test("names commands that there are: scenarios, groups of the bench, scripts, policies", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const commands = commandsFor(TARGETS.map(({ id }) => id));
    expect(commands.flatMap(({ targets }) => targets)).toHaveLength(TARGETS.length - 2);
    for (const { command } of commands) {
      const [program, verb, name, ...rest] = command.split(" ");
      if (program === "npm") {
        expect([verb, scripts[name]], command).toEqual(["run", `node dist/harness/proofs/main.js ${name}`]);
        if (name === "bench") {
          expect(rest.slice(0, 2), command).toEqual(["--", "--only"]);
          expect(GROUP_NAMES, command).toContain(rest[2]);
        } else expect(rest, command).toEqual([]);
      } else if (verb === "run") {
        expect(() => loadScenario(name), command).not.toThrow();
        expect([[], ["--workers", "1,2"], ["--redis", "URL"]], command).toContainEqual(rest);
      } else {
        expect([program, verb, name, rest[0]], command).toEqual(["engram", "evict", "TRACE", "--policy"]);
        for (const policy of rest[1].split(",")) expect(policyNames, command).toContain(policy);
      }
    }
  });

  test("covers every source document", () => {
    const sources = new Set(TARGETS.map(({ source }) => source));
    const expected = [
      "M-002",
      "M-003",
      "M-004",
      "M-005",
      "M-006",
      "M-007",
      "M-008",
      "M-009",
      "M-010",
      "R-011",
      "P",
      "D",
      "S",
    ];
    expect([...sources].sort()).toEqual(expected.sort());
  });

  test.each([
    ["m010-read-p95", "<", 100, 120, 200],
    ["m010-write-p95", "<", 500, 600, 1000],
    ["m010-throughput", ">", 1e6, 8e5, 5e5],
    ["m010-memory-utilisation", "<", 90, 90, 95],
    ["m010-hit-rate", ">", 95, 90, 80],
  ] as const)(
    "%s is the documented figure with its alert and critical limits",
    (id, comparison, target, alert, critical) => {
      expect(findTarget(id)).toMatchObject({ comparison, target, alert, critical });
    },
  );

  test("holds no limit of zero, which no distance could be a share of", () => {
    for (const { target } of TARGETS) {
      for (const limit of [target].flat()) expect(limit).toBeGreaterThan(0);
    }
  });

  test("orders alert and critical limits away from the target", () => {
    for (const { comparison, target, alert, critical } of TARGETS) {
      if (alert === null || critical === null || typeof target !== "number") continue;
      const limits = comparison.startsWith("<") ? [target, alert, critical] : [critical, alert, target];
      expect(limits).toEqual([...limits].sort((a, b) => a - b));
    }
  });
});

describe("judging a measurement", () => {
  test("a strict limit is missed by the limit itself", () => {
    expect(judge(read, 99.9, "m").verdict).toBe("met");
    expect(judge(read, 100, "m")).toMatchObject({ verdict: "missed", distance: 0 });
    expect(judge(throughput, 1_000_000, "m").verdict).toBe("missed");
    expect(judge(throughput, 1_000_001, "m").verdict).toBe("met");
  });

  test("an inclusive limit is met by the limit itself", () => {
    expect(judge(findTarget("m004-hash-4b")!, 15, "m").verdict).toBe("met");
    expect(judge(findTarget("p-pool-users")!, 1000, "m").verdict).toBe("met");
  });

  test("a range is met at both ends and missed on both sides, by the end that was broken", () => {
    expect(judge(avalanche, 45, "m").verdict).toBe("met");
    expect(judge(avalanche, 55, "m").verdict).toBe("met");
    expect(judge(avalanche, 44, "m").distance).toBeCloseTo(1 - 44 / 45);
    expect(judge(avalanche, 66, "m").distance).toBeCloseTo(0.2);
  });

  test("distance is the share beyond the limit in the bad direction", () => {
    expect(judge(read, 125, "m").distance).toBeCloseTo(0.25);
    expect(judge(throughput, 750_000, "m").distance).toBeCloseTo(0.25);
  });

  test.each([
    [110, null],
    [120, null],
    [121, "alert"],
    [200, "alert"],
    [201, "critical"],
  ])("a read P95 of %s ns is missed with severity %s", (measured, severity) => {
    expect(judge(read, measured, "m")).toMatchObject({ verdict: "missed", severity });
  });

  test("severity runs downwards where more is better", () => {
    expect(judge(throughput, 900_000, "m").severity).toBeNull();
    expect(judge(throughput, 799_999, "m").severity).toBe("alert");
    expect(judge(throughput, 1, "m").severity).toBe("critical");
  });

  test("nothing measured keeps the reason", () => {
    expect(judge(read, null, "no clock")).toMatchObject({
      verdict: "not measured",
      measured: null,
      method: "no clock",
    });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("%s is no measurement and never met", (figure) => {
    const row = judge(throughput, figure, "division by a run of 0 s");
    expect(row).toMatchObject({ verdict: "not measured", measured: null, distance: null });
    expect(row.method).toContain("division by a run of 0 s");
  });

  test("any figure gives a row the results schema takes, with a distance exactly when it is missed", () => {
    const target = fc.constantFrom<Target>(...TARGETS);
    const figure = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: null });
    fc.assert(
      fc.property(target, figure, (some, measured) => {
        const row = judge(some, measured, "generated");
        expect(targetResultSchema.parse(row)).toEqual(row);
        expect(row.distance === null).toBe(row.verdict !== "missed");
        if (row.distance !== null) expect(row.distance).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("judging them all", () => {
  test("keeps every target, in order, and says why one was not measured", () => {
    const rows = judgeAll(new Map([["m010-read-p95", { measured: 80, method: "sampled" }]]), "only one scenario ran");
    expect(rows.map(({ id }) => id)).toEqual(TARGETS.map(({ id }) => id));
    expect(rows[0]).toMatchObject({ verdict: "met", method: "sampled" });
    for (const row of rows.slice(1)) {
      expect(row.verdict).toBe("not measured");
      const by = measuredBy(row.id);
      expect(row.method).toBe(
        "reason" in by ? by.reason : `only one scenario ran; ${by.command} measures it (${findTarget(row.id)?.how})`,
      );
    }
  });

  test("refuses a measurement of what no document promises", () => {
    expect(() => judgeAll(new Map([["m010-reed", { measured: 1, method: "" }]]), "")).toThrow(/m010-reed/);
  });
});

import { describe, expect, it } from "vitest";
import { type HealthInput, health } from "#dist/src/store/health.js";

function input(change: {
  operations?: Partial<HealthInput["operations"]>;
  utilisation?: number;
  policy?: string;
  reaped?: number;
  uptimeMs?: number;
}): HealthInput {
  return {
    operations: { gets: 10_000, hits: 9_900, sets: 500, deletes: 0, outOfMemory: 0, ...change.operations },
    memory: { utilisation: change.utilisation ?? 0.5, fragmentation: 0.1 },
    eviction: { pressure: "low", policy: change.policy },
    workers: { reaped: change.reaped ?? 0 },
    uptimeMs: change.uptimeMs ?? 2000,
  };
}

describe("health", () => {
  it("is ok when every target that can be told is met", () => {
    const well = health(input({}));
    expect(well).toMatchObject({ status: "ok", alerts: [] });
    expect(well.performance).toMatchObject({ hitRatio: 0.99, operationsPerSecond: 5250 });
    expect(well.reliability).toMatchObject({ outOfMemory: 0, errorRate: 0, uptimeMs: 2000 });
  });

  it.each([
    [0.89, "ok"],
    [0.91, "warning"],
    [0.96, "critical"],
  ])("judges a pool used to %d as %s", (utilisation, status) => {
    expect(health(input({ utilisation })).status).toBe(status);
  });

  it("finds a full store that evicts well: that is what a cache is for", () => {
    for (const policy of ["clock", "lru", "adaptive"]) {
      const full = health(input({ utilisation: 1, policy }));
      expect(full).toMatchObject({ status: "ok", alerts: [], memory: { utilisation: 1 } });
      const target = full.targets.find(({ id }) => id === "m010-memory-utilisation");
      expect(target).toMatchObject({ verdict: "not measured", measured: null });
      expect(target?.method).toMatch(/evicts/);
      expect(health(input({ utilisation: 1, policy, operations: { outOfMemory: 1 } })).status).toBe("warning");
    }
    expect(health(input({ utilisation: 1, policy: "none" })).status).toBe("critical");
  });

  it.each([
    [9600, "ok"],
    [9200, "ok"], // misses the target of 95 %, but is not beyond the alert limit of 90 %
    [8900, "warning"],
    [7900, "critical"],
  ])("judges %d hits in 10,000 look-ups as %s", (hits, status) => {
    const { alerts, targets, ...rest } = health(input({ operations: { hits } }));
    expect(rest.status).toBe(status);
    expect(targets.find(({ id }) => id === "m010-hit-rate")?.measured).toBeCloseTo(hits / 100);
    expect(alerts.every(({ target }) => target === "m010-hit-rate")).toBe(true);
  });

  it("does not judge a hit ratio of a few look-ups, and has none without any", () => {
    const young = health(input({ operations: { gets: 10, hits: 0 } }));
    expect(young.status).toBe("ok");
    expect(young.performance.hitRatio).toBe(0);
    expect(young.targets.find(({ id }) => id === "m010-hit-rate")?.verdict).toBe("not measured");
    expect(health(input({ operations: { gets: 0, hits: 0, sets: 0 } })).performance.hitRatio).toBeNull();
  });

  it("warns of refused writes and of threads that died", () => {
    const sick = health(input({ operations: { outOfMemory: 3 }, reaped: 2 }));
    expect(sick.status).toBe("warning");
    expect(sick.alerts.map(({ message }) => message)).toEqual([
      expect.stringContaining("3 times"),
      expect.stringContaining("2 threads"),
    ]);
    expect(sick.reliability.errorRate).toBeCloseTo(3 / 10_500);
  });

  it("invents no latencies: null, with the reason", () => {
    const { performance, targets } = health(input({}));
    expect([performance.readLatencyNs, performance.writeLatencyNs]).toEqual([null, null]);
    expect(performance.latencyReason).toMatch(/times no operation/);
    for (const id of ["m010-read-p95", "m010-write-p95", "m010-throughput"]) {
      const verdict = targets.find((target) => target.id === id);
      expect(verdict).toMatchObject({ verdict: "not measured", measured: null });
      expect(verdict?.method.length).toBeGreaterThan(20);
    }
  });

  it("of a store that has just been made divides by no time", () => {
    expect(health(input({ uptimeMs: 0 })).performance.operationsPerSecond).toBe(0);
  });
});

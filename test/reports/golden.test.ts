import { describe, expect, it } from "vitest";
import { readResults } from "#dist/reports/index.js";
import { renderReport } from "#dist/reports/pages.js";

describe("results of schema version 1", () => {
  it("are read as results of today's version, figures as they were written, and drawn", async () => {
    const results = await readResults(new URL("golden/results.json", import.meta.url).pathname);
    expect(results).toMatchObject({ schemaVersion: 2, engram: "0.1.0", createdAt: "2026-11-28T10:00:58.515Z" });
    expect(results.environment).toMatchObject({ cpuModel: "AMD EPYC", cpuCount: 2, node: "20.20.2", timerFloorNs: 90 });
    expect(results.config).toMatchObject({ scenarios: ["tool-cache"], workers: 2, ops: 20_000, seed: 7 });
    const [engram, map] = results.runs;
    expect([engram.subject, map.subject]).toEqual(["engram", "map"]);
    expect(engram).toMatchObject({ scenario: "tool-cache", workers: 2, ops: 20_000, loop: "closed", errors: {} });
    expect(engram.opsPerSecond).toBe(356867.47722748126);
    expect(engram.latency.get).toMatchObject({ mode: "sampled", count: 123, p50: 401, p99: 1367, p999: 4058 });
    expect(engram.cost).toMatchObject({ getOrSet: { mode: "batched", count: 19_925 } });
    expect(engram.hitRatio).toBeCloseTo(0.3478, 4);
    expect(map.hitRatio).toBeCloseTo(0.5185, 4);
    expect(renderReport(results)).toContain("tool-cache");
  });
});

import { describe, expect, it } from "vitest";
import { recommend } from "#dist/src/eviction/index.js";

describe("recommend", () => {
  it.each([
    [{ access: "sequential", pressure: "low" }, "clock"],
    [{ access: "sequential", pressure: "critical" }, "clock"],
    [{ access: "random", pressure: "low" }, "arc"],
    [{ access: "random", pressure: "medium" }, "arc"],
    [{ access: "hotspot", pressure: "low" }, "lirs"],
    [{ access: "hotspot", pressure: "critical" }, "lirs"],
    [{ access: "mixed", pressure: "high" }, "clock"],
  ] as const)("answers %j with %s, as the table of M-007", (characteristics, policy) => {
    expect(recommend(characteristics).policy).toBe(policy);
  });

  it.each([
    [{ access: "temporal" }, "lru"],
    [{ access: "uniform" }, "arc"],
    [{ access: "mixed", pressure: "low" }, "arc"],
    [{ access: "random", pressure: "critical" }, "clock"],
    [{ access: "hotspot", confidence: 0.3 }, "arc"],
    [{ access: "hotspot", confidence: 0.3, pressure: "high" }, "clock"],
    [{ access: "temporal", performance: "critical" }, "clock"],
    [{ access: "hotspot", performance: "critical" }, "sieve"],
    [{ access: "random", performance: "critical" }, "s3-fifo"],
    [{ access: "temporal", dataSize: 1024, capacity: 4096, performance: "critical" }, "fifo"],
    [{ access: "temporal", dataSize: 4097, capacity: 4096 }, "lru"],
  ] as const)("answers %j with %s, and says why", (characteristics, policy) => {
    const { policy: answer, reason } = recommend(characteristics);
    expect(answer).toBe(policy);
    expect(reason.length).toBeGreaterThan(20);
  });

  it.each([-0.1, 1.1, Number.NaN])("refuses a confidence of %s", (confidence) => {
    expect(() => recommend({ access: "random", confidence })).toThrow(/confidence is .*, expected 0 to 1/);
  });
});

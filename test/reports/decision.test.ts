/** Which policy and how large: sentences over rows whose answer is known. */
import { describe, expect, it } from "vitest";
import { decisionsOf } from "#dist/reports/decision.js";
import type { EvictionResult } from "#dist/reports/results.js";

const REQUESTS = 1_000_000;

function row(policy: string, capacity: number, hit: number, more: Partial<EvictionResult> = {}): EvictionResult {
  const misses = Math.round(REQUESTS * (1 - hit));
  return {
    ...{ trace: "web.csv", policy, capacity, by: "objects", requests: REQUESTS, hits: REQUESTS - misses, misses },
    ...{ missRatio: misses / REQUESTS, evictions: misses, nsPerRequest: 10, ...more },
  };
}

const curve = (policy: string, hits: readonly number[]) => hits.map((hit, i) => row(policy, 1000 * 2 ** i, hit));

describe("a decision", () => {
  it("is the smallest size within a point of the best, by the policy that hits most there", () => {
    const rows = [...curve("lru", [0.5, 0.7, 0.86, 0.9]), ...curve("s3-fifo", [0.6, 0.8, 0.895, 0.902])];
    const [decision] = decisionsOf(rows);
    expect([decision.policy, decision.capacity]).toEqual(["s3-fifo", 4000]);
    expect(decision.answer).toBe(
      "Take s3-fifo with 4,000 objects: it hits 89.5 % of the requests, within a point of the best of all that was tried (s3-fifo with 8,000 objects: 90.2 %), and no smaller size does.",
    );
    expect(decision.reasons).toContain(
      "lru of the same size hits 3.5 points less (86.0 %); lru hits as much with 8,000 objects, 2 times as much.",
    );
    expect(decision.reasons).toContain(
      "From 2,000 objects to 4,000 objects (2 times the size) s3-fifo gains +9.5 points of hits (95,000 fewer misses).",
    );
    expect(decision.reasons).toContain(
      "From 4,000 objects to 8,000 objects (2 times the size) s3-fifo gains +0.7 points of hits (7,000 fewer misses).",
    );
  });

  it("never is the policy that knows the future, which is told as the bound", () => {
    const rows = [...curve("lru", [0.5, 0.8]), ...curve("opt", [0.7, 0.9])];
    const [decision] = decisionsOf(rows);
    expect(decision.policy).toBe("lru");
    expect(decision.reasons.at(-1)).toMatch(
      /would hit 90\.0 % at that size: no policy can gain more than 10\.0 points/,
    );
  });

  it("takes the simplest of those that are level, and names the others", () => {
    const rows = [...curve("w-tinylfu", [0.5, 0.8004]), ...curve("sieve", [0.4, 0.8]), ...curve("arc", [0.3, 0.7])];
    const [decision] = decisionsOf(rows);
    expect(decision.policy).toBe("sieve");
    expect(decision.reasons).toContain("Level with it at that size, within a tenth of a point: w-tinylfu.");
  });

  it("says that more may pay where the largest size is the only one near the best", () => {
    expect(decisionsOf(curve("lru", [0.5, 0.7]))[0].answer).toMatch(
      /largest size that was tried, .*: more may pay still\.$/,
    );
    expect(decisionsOf([row("lru", 10, 0.5)])[0].answer).toMatch(/the most at the one size that was tried\.$/);
  });

  it("tells bytes where there are sizes, how much parts differ, and of samples their error", () => {
    const bytes = { by: "bytes", requestedBytes: 2 ** 30, missedBytes: 2 ** 29, byteMissRatio: 0.5 } as const;
    const parts = { windowHitRatios: [0.1, 0.8, 0.9, 0.85, null] };
    const rows = [
      row("lirs", 2 ** 20, 0.8, { ...bytes, ...parts }),
      row("lru", 2 ** 20, 0.7, { ...bytes, windowHitRatios: [0.2, 0.7, 0.95, 0.6, null] }),
    ];
    const [{ answer, reasons }] = decisionsOf(rows);
    expect(answer).toMatch(/^Take lirs with 1 MiB: it hits 80\.0 % of the requests and 50\.0 % of the bytes/);
    expect(reasons).toContain(
      "Over 3 equal parts of the trace after a first it hits between 80.0 % and 90.0 %; it is ahead of the next best, lru, in 2 of 3 that differ.",
    );
    const sampled = { ...row("lirs", 1000, 0.8), missRatioError: 0.004 };
    expect(decisionsOf([sampled])[0].reasons.join(" ")).toMatch(/an estimate over samples: 80\.0 % ± 0\.8 points/);
  });

  it("is one a trace and unit, and none of a trace that looks nothing up", () => {
    const other = { ...row("lru", 10, 0.5), trace: "b" };
    expect(decisionsOf([row("lru", 10, 0.5), other, row("lru", 10, 0.5, { by: "bytes" })])).toHaveLength(3);
    expect(decisionsOf([{ ...row("lru", 10, 0), requests: 0 }])).toEqual([]);
    expect(decisionsOf([])).toEqual([]);
  });
});

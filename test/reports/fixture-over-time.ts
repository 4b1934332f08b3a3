import type { EvictionResult } from "#dist/reports/results.js";

/** Ten parts of 100 requests: lru hits the first half, sieve the second, adaptive changes between them; one part of lru looks nothing up. */
export function fixtureOverTime(): EvictionResult[] {
  const row = (policy: string, hits: (number | null)[]): EvictionResult => {
    const sum = hits.reduce<number>((total, hit) => total + (hit ?? 0) * 100, 0);
    const counts = { requests: 1000, hits: sum, misses: 1000 - sum, missRatio: 1 - sum / 1000 };
    return {
      trace: "t",
      policy,
      capacity: 10,
      by: "objects",
      ...counts,
      evictions: 0,
      nsPerRequest: 9,
      windowHitRatios: hits,
    };
  };
  const first = [1, 1, 1, 1, 1];
  const none = [0, 0, 0, 0, 0];
  const switching = [1, 2].map((switches) => ({
    switches,
    hitRatio: 1,
    regret: 0.1,
    schedule: [
      { from: 0, policy: "lru" },
      { from: 5, policy: "sieve" },
    ],
  }));
  return [
    row("lru", [...first, null, ...none.slice(1)]),
    row("sieve", [...none, ...first]),
    {
      ...row("adaptive", [...first, 0, 1, 1, 1, 1]),
      decisions: [{ request: 600, from: "lru", to: "sieve", gain: 0.25, reason: "better" }],
      regret: { best: "lru", hitRatio: 0.5, regret: -0.4, switching },
    },
  ];
}

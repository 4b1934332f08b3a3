import type { EvictionResult, TargetFigure } from "./results.js";

/**
 * How much better adaptive hits than LRU, per cent of LRU's hit ratio: the mean over every trace and capacity where both were simulated
 * (m007-adaptive-gain). Null where there is no such pair.
 */
export function adaptiveGain(rows: readonly EvictionResult[]): TargetFigure | null {
  const gains = rows.flatMap((row) => {
    if (row.policy !== "adaptive") return [];
    const lru = rows.find(
      ({ policy, trace, capacity, by }) =>
        policy === "lru" && trace === row.trace && capacity === row.capacity && by === row.by,
    );
    // Without a hit of LRU there is no share of it to gain.
    return lru === undefined || lru.missRatio >= 1 ? [] : [(1 - row.missRatio) / (1 - lru.missRatio) - 1];
  });
  if (gains.length === 0) return null;
  const traces = new Set(rows.map(({ trace }) => trace)).size;
  return {
    target: "m007-adaptive-gain",
    value: (100 * gains.reduce((sum, gain) => sum + gain, 0)) / gains.length,
    unit: "%",
    method: `engram evict: adaptive's hit ratio over LRU's, mean of ${gains.length} capacities on ${traces} ${traces === 1 ? "trace" : "traces"}`,
  };
}

/**
 * One-sided Wilcoxon signed-rank test (Wilcoxon 1945): are paired differences shifted above zero? It asks for symmetry
 * about the median but not for a normal distribution, so one round disturbed by a neighbour costs one rank, not the
 * verdict.
 *
 * Zero differences are dropped (Wilcoxon's treatment) and ties share their mean rank. Up to EXACT_LIMIT differences the
 * p-value is exact, also with ties: it is counted over all 2^n signs of the ranks at hand. Above, the normal
 * approximation with the tie correction of the variance and a continuity correction of one half.
 */
export interface SignedRankResult {
  /** Sum of the ranks of the positive differences (W+, often V). */
  statistic: number;
  /** Differences that are not zero. */
  n: number;
  /** P(W+ at least this large) if the differences were symmetric about 0. */
  p: number;
  method: "exact" | "normal";
}

export const EXACT_LIMIT = 50;

/** Tests for a shift above 0; pass the negated differences to test for one below. */
export function wilcoxonSignedRank(differences: readonly number[]): SignedRankResult {
  const kept = differences.filter((d) => d !== 0);
  if (kept.some((d) => !Number.isFinite(d))) throw new RangeError("a signed-rank test needs finite differences");
  const n = kept.length;
  if (n === 0) return { statistic: 0, n, p: 1, method: "exact" };
  const { doubledRanks, tieCorrection } = rankByMagnitude(kept);
  let doubled = 0;
  for (let i = 0; i < n; i++) if (kept[i] > 0) doubled += doubledRanks[i];
  const statistic = doubled / 2;
  return n <= EXACT_LIMIT
    ? { statistic, n, p: exactUpperTail(doubledRanks, doubled), method: "exact" }
    : { statistic, n, p: normalUpperTail(statistic, n, tieCorrection), method: "normal" };
}

/**
 * Ranks of |d|, times two so that the mean ranks of ties (which end in .5) stay integers; and the sum over groups of
 * tied values of t^3 - t.
 */
function rankByMagnitude(values: readonly number[]): { doubledRanks: Int32Array; tieCorrection: number } {
  const order = values.map((_, i) => i).sort((i, j) => Math.abs(values[i]) - Math.abs(values[j]));
  const doubledRanks = new Int32Array(values.length);
  let tieCorrection = 0;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && Math.abs(values[order[end]]) === Math.abs(values[order[start]])) end++;
    // Ranks start + 1 … end; twice their mean is start + 1 + end.
    for (let i = start; i < end; i++) doubledRanks[order[i]] = start + 1 + end;
    const tied = end - start;
    tieCorrection += tied ** 3 - tied;
    start = end;
  }
  return { doubledRanks, tieCorrection };
}

/** Share of the 2^n sign patterns whose positive ranks sum to at least `threshold`, counted rank by rank. */
function exactUpperTail(ranks: Int32Array, threshold: number): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  // Probabilities instead of counts: 2^50 patterns would pass what a double can count exactly further on.
  const probability = new Float64Array(total + 1);
  probability[0] = 1;
  let reach = 0;
  for (const rank of ranks) {
    reach += rank;
    for (let sum = reach; sum >= 0; sum--) {
      probability[sum] = (probability[sum] + (sum >= rank ? probability[sum - rank] : 0)) / 2;
    }
  }
  let tail = 0;
  for (let sum = total; sum >= threshold; sum--) tail += probability[sum];
  return Math.min(1, tail);
}

function normalUpperTail(statistic: number, n: number, tieCorrection: number): number {
  const mean = (n * (n + 1)) / 4;
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieCorrection / 48;
  return standardNormalUpperTail((statistic - mean - 0.5) / Math.sqrt(variance));
}

/**
 * P(Z >= z). Continued fraction of Laplace for the tail (Abramowitz & Stegun 26.2.14), power series near the middle
 * (26.2.10); both to about 1e-12, far below what a verdict depends on.
 */
export function standardNormalUpperTail(z: number): number {
  if (z < 0) return 1 - standardNormalUpperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 3; term > sum * 1e-17; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}

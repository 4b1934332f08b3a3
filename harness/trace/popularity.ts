/** How unevenly requests fall on keys. */

export interface Popularity {
  /**
   * s of the Zipf law (the r-th most requested key draws in proportion to r^-s) under which the counts are likeliest, 0 to 10;
   * 0 is even. Null with a single key, which has no skew.
   */
  readonly zipfExponent: number | null;
  /** Share of the requests, 0 to 1, that goes to the most requested 1, 10 and 20 % of the keys (rounded up to a whole key). */
  readonly hottest1Percent: number;
  readonly hottest10Percent: number;
  readonly hottest20Percent: number;
}

/** The exponent is fitted to the most requested keys: the long tail of keys requested once says nothing about a law. */
const FITTED_KEYS = 10_000;
const HIGHEST_EXPONENT = 10;
/** Halvings of 0 to 10: leaves less than a millionth. */
const HALVINGS = 24;

/**
 * Measures the skew of a trace's popularity. O(requests + distinct log distinct), 4 bytes a key.
 *
 * Ranks come from the same counts that the law is fitted to, so that a trace with few requests a key looks more skewed than what
 * drew it.
 */
export function popularityOf({ ids, distinct }: { ids: Uint32Array; distinct: number }): Popularity {
  const counts = new Uint32Array(distinct);
  for (let i = 0; i < ids.length; i++) counts[ids[i]]++;
  return popularityOfCounts(counts, ids.length);
}

/** The same from how often each key was requested, of so many requests in all. */
export function popularityOfCounts(countsByKey: Uint32Array, requests: number): Popularity {
  const distinct = countsByKey.length;
  const counts = countsByKey.slice().sort().reverse();
  const shareOf = (percent: number): number => {
    const keys = Math.ceil((distinct * percent) / 100);
    let sum = 0;
    for (let rank = 0; rank < keys; rank++) sum += counts[rank];
    return sum / requests;
  };
  return {
    zipfExponent: distinct === 1 ? null : zipfExponent(counts.subarray(0, FITTED_KEYS)),
    hottest1Percent: shareOf(1),
    hottest10Percent: shareOf(10),
    hottest20Percent: shareOf(20),
  };
}

/**
 * The maximum-likelihood exponent: the one under which the expected logarithm of a request's rank is the one observed. The expectation
 * falls as the exponent grows, so halving finds it.
 */
function zipfExponent(counts: Uint32Array): number {
  const logOf = Float64Array.from(counts, (_, rank) => Math.log(rank + 1));
  let requests = 0;
  let sum = 0;
  for (let rank = 0; rank < counts.length; rank++) {
    requests += counts[rank];
    sum += counts[rank] * logOf[rank];
  }
  const observed = sum / requests;
  if (observed >= expectedLog(logOf, 0)) return 0;
  let low = 0;
  let high = HIGHEST_EXPONENT;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (expectedLog(logOf, middle) > observed) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function expectedLog(logOf: Float64Array, exponent: number): number {
  let weights = 0;
  let sum = 0;
  for (let rank = 0; rank < logOf.length; rank++) {
    const weight = Math.exp(-exponent * logOf[rank]);
    weights += weight;
    sum += weight * logOf[rank];
  }
  return sum / weights;
}

/** Median of a sample: the middle value, or the mean of the two middle ones. The sample is not changed. */
export function median(sample: readonly number[]): number {
  if (sample.length === 0) throw new RangeError("the median of an empty sample is not defined");
  const sorted = Float64Array.from(sample).sort();
  return medianOfSorted(sorted);
}

/** Median of values already in ascending order, at least one. */
function medianOfSorted(sorted: ArrayLike<number>): number {
  const half = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Holm's step-down correction (Holm 1979): with m p-values, the chance that any true null is rejected stays below alpha
 * without assuming that the metrics are independent, which throughput and cost surely are not. Returned in the order
 * given; compare each with alpha as it stands.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[i] - pValues[j]);
  const adjusted = new Array<number>(pValues.length);
  let running = 0;
  order.forEach((index, step) => {
    running = Math.max(running, Math.min(1, pValues[index] * (pValues.length - step)));
    adjusted[index] = running;
  });
  return adjusted;
}

/** How much neighbours of a series hang together: what makes many points say less than as many independent ones. */

/** Above this a series of any length says next to nothing about its own drift. */
const MOST = 0.99;

/**
 * Autocorrelation of residuals at lag 1, above 0 to 0.99, corrected for its bias: what was fitted to the points takes some of it out of the
 * residuals (Marriott and Pope 1954; with a line fitted, about (2 + 4r)/n). Never below 0: alternating noise is not to pass for more
 * points than there are. What is used is one standard error more than the estimate: to believe in independence is the dearer mistake.
 *
 * @param fitted parameters that were fitted: 1 a level, 2 a line
 */
export function autocorrelation(residuals: readonly number[], fitted: 1 | 2): number {
  const n = residuals.length;
  let own = 0;
  let next = 0;
  for (let i = 0; i < n; i++) {
    own += residuals[i] ** 2;
    if (i > 0) next += residuals[i] * residuals[i - 1];
  }
  if (own === 0 || n <= 2 * fitted) return 0;
  const raw = next / own;
  const [constant, factor] = fitted === 1 ? [1, 3] : [2, 4];
  const rho = Math.max(0, (raw * n + constant) / Math.max(1, n - factor));
  return Math.min(MOST, rho + Math.sqrt(Math.max(0, 1 - rho * rho) / n));
}

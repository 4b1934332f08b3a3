/**
 * Where the level of a series changed: E-divisive means (Matteson and James, A nonparametric approach for multiple change point analysis of
 * multivariate data, JASA 2014), as MongoDB uses it on its performance tests (Daly et al., ICPE 2020) and Hunter after it (Fleming et
 * al., ICPE 2023). A split is scored by the energy distance between both sides; the best one is believed when few permutations of the series have one
 * as good, and then both sides are looked at in turn.
 *
 * Permutations stand for "nothing changed" only where neighbours are no more alike than others. Where they seem to be (a machine that is
 * busy for an hour), what is drawn anew are the steps of a first-order process that is as sluggish as the series is on both sides of its split. That
 * takes most of it out, and not all: in a short series sluggishness and a step look the same (`npm run trend:proof` has the figures).
 */
import type { SeededRandom } from "../../src/random.js";

/** A side of fewer points is an outlier, not a level. */
export const LEAST_SIDE = 3;
/** A series is searched for so many changes at most. */
const MOST_CHANGES = 30;
/** So many permutations as good as the series itself end the search: p cannot be small any more. */
const ENOUGH = 9;
const MOST_ALIKE = 0.95;

export interface ChangePoint {
  /** Index of the first point of the new level. */
  readonly at: number;
  /** How often a series of which nothing changed has a split as good. */
  readonly p: number;
}

interface Split {
  readonly at: number;
  readonly score: number;
}

/**
 * @param level how often a series without any change may be said to have one, such as 0.01
 * @returns in order of their place
 */
export function changePoints(values: readonly number[], level: number, random: SeededRandom): ChangePoint[] {
  // ENOUGH exceedances of this many permutations are just too many for the level.
  const permutations = Math.ceil((ENOUGH + 1) / level) - 1;
  const found: ChangePoint[] = [];
  while (found.length < MOST_CHANGES) {
    const ends = [0, ...found.map(({ at }) => at).sort((a, b) => a - b), values.length];
    const parts = ends.slice(1).map((end, i) => ({ from: ends[i], values: values.slice(ends[i], end) }));
    const best = bestOf(parts.map((part) => splitOf(part.values)));
    if (best === null) break;
    const { from } = parts[best.part];
    const drawers = parts.map((part, i) => redrawer(part.values, i === best.part ? best.split.at : null, random));
    let asGood = 0;
    let drawn = 0;
    while (drawn < permutations && asGood <= ENOUGH) {
      drawn++;
      const other = bestOf(drawers.map((draw) => splitOf(draw())));
      if (other !== null && other.split.score >= best.split.score) asGood++;
    }
    const p = (1 + asGood) / (1 + drawn);
    if (p > level) break;
    found.push({ at: from + best.split.at, p });
  }
  return found.sort((a, b) => a.at - b.at);
}

function bestOf(splits: readonly (Split | null)[]): { part: number; split: Split } | null {
  let best: { part: number; split: Split } | null = null;
  for (const [part, split] of splits.entries()) {
    if (split !== null && (best === null || split.score > best.split.score)) best = { part, split };
  }
  return best;
}

/** The split whose sides differ most; null when the series is too short for one. Each point is moved across once: quadratic. */
export function splitOf(values: ArrayLike<number>): Split | null {
  const n = values.length;
  if (n < 2 * LEAST_SIDE) return null;
  let between = 0;
  let left = 0;
  let right = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) right += Math.abs(values[i] - values[j]);
  let best: Split = { at: LEAST_SIDE, score: Number.NEGATIVE_INFINITY };
  for (let at = 1; at <= n - LEAST_SIDE; at++) {
    const moved = values[at - 1];
    let toLeft = 0;
    let toRight = 0;
    for (let i = 0; i < at - 1; i++) toLeft += Math.abs(values[i] - moved);
    for (let j = at; j < n; j++) toRight += Math.abs(values[j] - moved);
    left += toLeft;
    right -= toRight;
    between += toRight - toLeft;
    if (at < LEAST_SIDE) continue;
    const rest = n - at;
    const energy = (2 * between) / (at * rest) - (2 * left) / (at * (at - 1)) - (2 * right) / (rest * (rest - 1));
    const score = ((at * rest) / n) * energy;
    if (score > best.score) best = { at, score };
  }
  return best;
}

/** Draws series of which nothing changed, alike the one given in their values and in how much neighbours are alike. */
function redrawer(values: readonly number[], split: number | null, random: SeededRandom): () => Float64Array {
  const drawn = Float64Array.from(values);
  const rho = alikeness(values, split);
  if (rho === 0) return () => shuffle(drawn, random);
  const sides = split === null ? [values] : [values.slice(0, split), values.slice(split)];
  const residuals = sides.flatMap((side) => {
    const mean = side.reduce((sum, value) => sum + value, 0) / side.length;
    return side.map((value) => value - mean);
  });
  const steps = Float64Array.from(residuals.slice(1), (value, i) => value - rho * residuals[i]);
  // What the first one is like is what the process comes to by itself.
  const start = 1 / Math.sqrt(1 - rho * rho);
  return () => {
    drawn[0] = steps[random.below(steps.length)] * start;
    for (let i = 1; i < drawn.length; i++) drawn[i] = rho * drawn[i - 1] + steps[random.below(steps.length)];
    return drawn;
  };
}

/**
 * Autocorrelation at lag 1, 0 to 0.95, from how far points are apart that are neighbours and that are one further (von Neumann's ratio,
 * once more): of a first-order process the mean squares are as 1 to 1 + r. Pairs on both sides of the split are left out, so that a change of level does not
 * pass for sluggishness; and no mean is taken off, which in a short series would hide it.
 */
function alikeness(values: readonly number[], split: number | null): number {
  const meanSquare = (lag: number): number => {
    let sum = 0;
    let count = 0;
    for (let i = lag; i < values.length; i++) {
      if (split !== null && i >= split && i - lag < split) continue;
      sum += (values[i] - values[i - lag]) ** 2;
      count++;
    }
    return sum / count;
  };
  const near = meanSquare(1);
  return near > 0 ? Math.min(MOST_ALIKE, Math.max(0, meanSquare(2) / near - 1)) : 0;
}

function shuffle(values: Float64Array, random: SeededRandom): Float64Array {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
  return values;
}

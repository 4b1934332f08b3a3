/**
 * The A/A check: the same build measured against itself. Whatever difference shows up there is the machine's, so a
 * machine that spreads an A/A run wider than the tolerance cannot judge anything at that tolerance, and says so. That holds for times and
 * rates. A share of operations (`points`) is judged on any machine: where chance alone moves it further than its tolerance, the tolerance
 * becomes what chance does, for a store that finds nothing any more must not pass because its neighbours were loud.
 */

import { SampleRandom } from "../../src/random.js";
import { type BootstrapOptions, bootstrapMedian, halfWidth } from "./bootstrap.js";
import type { MetricSample } from "./judge.js";
import { median } from "./median.js";
import { amountOf, limitOf } from "./scale.js";

export interface Noise {
  name: string;
  /** The metric's own, as a share; of points widened to what the A/A check shows. */
  tolerance: number;
  /** Half-width of the 95 % interval that an A/A run of as many rounds as the first look would have, as a share (0.03 = 3 %, 3 points). */
  halfWidth: number;
  /** Median A/A difference, as a share; should be near 0. */
  offset: number;
  tooNoisy: boolean;
  /** It is asked only where others end without a word. */
  standsIn?: boolean;
}

/**
 * @param firstLook rounds after which the gate will first judge. An A/A check of fewer rounds spreads wider by the
 *   square root of the ratio, and is scaled back by it: the question is whether the judging rounds will do.
 */
export function noiseOf(sample: MetricSample, firstLook: number, seed: number, options: BootstrapOptions = {}): Noise {
  const spread = halfWidth(bootstrapMedian(sample.worse, new SampleRandom(seed), options));
  const width = spread * Math.sqrt(sample.worse.length / firstLook);
  const offset = median(sample.worse);
  const { name, tolerance, scale = "ratio" } = sample;
  const limit = limitOf(scale, tolerance);
  const points = scale === "points";
  return {
    name,
    tolerance: points ? Math.max(tolerance, width + Math.abs(offset)) : tolerance,
    halfWidth: amountOf(scale, width),
    offset: amountOf(scale, offset),
    tooNoisy: !points && (width > limit || Math.abs(offset) > limit),
    ...(sample.standsIn ? { standsIn: true } : {}),
  };
}

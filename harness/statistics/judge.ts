/** All metrics of a gate judged together, because Holm's correction needs every p-value at once. */

import { SampleRandom } from "../../src/random.js";
import { type BootstrapOptions, bootstrapMedian, bootstrapMedianDifference, type Interval } from "./bootstrap.js";
import { holm } from "./holm.js";
import { median } from "./median.js";
import type { Scale } from "./scale.js";
import { type Verdict, verdictOf } from "./verdict.js";
import { wilcoxonSignedRank } from "./wilcoxon.js";

export interface MetricSample {
  name: string;
  /** Absent: `ratio`. */
  scale?: Scale;
  /** As a share: 0.1 allows 10 % worse, or 10 points. */
  tolerance: number;
  /** One number a round: how much worse, `worseBy`. Against a stored baseline: the figure itself on that scale, worse up. */
  worse: readonly number[];
  /** The same of a stored baseline, unpaired; absent where base and head were measured in the same round. */
  baseline?: readonly number[];
  /** What is measured together, such as one scenario: metrics stand in for others of the same group alone. */
  group?: string;
  /** Judged only where others of its group end without a word (`decide`). */
  standsIn?: boolean;
}

export interface Judgement {
  name: string;
  scale: Scale;
  tolerance: number;
  rounds: number;
  /** Median of how much worse, on the scale: of a ratio its logarithm, so that exp of it is the factor by which the head is worse. */
  effect: number;
  interval: Interval;
  pWorse: number;
  pBetter: number;
  verdict: Verdict;
}

/** Judges every metric. The same samples and seed give the same judgement, whichever metrics stand beside. */
export function judge(samples: readonly MetricSample[], seed: number, options: BootstrapOptions = {}): Judgement[] {
  const differences = samples.map(againstBaseline);
  const pWorse = holm(differences.map((d) => wilcoxonSignedRank(d).p));
  const pBetter = holm(differences.map((d) => wilcoxonSignedRank(d.map((x) => -x)).p));
  return samples.map((sample, i) => {
    const random = new SampleRandom(seed);
    const interval = sample.baseline
      ? bootstrapMedianDifference(sample.worse, sample.baseline, random, options)
      : bootstrapMedian(sample.worse, random, options);
    const { scale = "ratio", tolerance } = sample;
    const evidence = { interval, pWorse: pWorse[i], pBetter: pBetter[i], scale, tolerance };
    const effect = median(differences[i]);
    return { name: sample.name, rounds: sample.worse.length, effect, ...evidence, verdict: verdictOf(evidence) };
  });
}

function againstBaseline({ worse, baseline }: MetricSample): readonly number[] {
  if (!baseline) return worse;
  const centre = median(baseline);
  return worse.map((x) => x - centre);
}

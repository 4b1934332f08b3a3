/** One metric as it is told: figures, what they differ by, and the verdict. */
import {
  amountOf,
  type Better,
  type Judgement,
  median,
  type Noise,
  type Scale,
  type Verdict,
} from "../statistics/index.js";
import type { Column } from "./columns.js";
import type { Target } from "./readings.js";

export interface MetricReport {
  id: string;
  name: string;
  scenario: string;
  unit: string;
  better: Better;
  /** `points`: tolerance, worse, interval and noise are differences of shares, 0.01 a point. */
  scale: Scale;
  /** Share that the metric may be worse. */
  tolerance: number;
  /** Medians over the rounds; null when it was too noisy to be measured. */
  head: number | null;
  base: number | null;
  /** How much worse, as a share (0.15 = 15 % worse, negative = better), with its 95 % interval. */
  worse: number | null;
  interval: { lower: number; upper: number } | null;
  /** Holm-corrected, one-sided. */
  pWorse: number | null;
  pBetter: number | null;
  /** Half-width of the A/A check, as a share; null when nothing was there to check. */
  noise: number | null;
  verdict: Verdict | "too noisy";
  /** One figure a round, so that others can check the verdict: the head's and the base's. */
  rounds: { head: number[]; base: number[] };
}

export function metricOf(
  { id, name, scenario, metric }: Target,
  /** Divided by the reference subject's. */
  relative: boolean,
  column: Column | undefined,
  noise: Noise | undefined,
  judgement: Judgement | undefined,
): MetricReport {
  const [head = [], base = []] = column?.figures ?? [];
  const { better, scale } = metric;
  return {
    id,
    name,
    scenario,
    unit: relative && scale === "ratio" ? "x reference" : metric.unit,
    better,
    scale,
    tolerance: judgement?.tolerance ?? (noise as Noise).tolerance,
    head: head.length > 0 ? median(head) : null,
    base: base.length > 0 ? median(base) : null,
    worse: judgement ? amountOf(scale, judgement.effect) : null,
    interval: judgement
      ? { lower: amountOf(scale, judgement.interval.lower), upper: amountOf(scale, judgement.interval.upper) }
      : null,
    pWorse: judgement?.pWorse ?? null,
    pBetter: judgement?.pBetter ?? null,
    noise: noise?.halfWidth ?? null,
    verdict: judgement?.verdict ?? "too noisy",
    rounds: { head, base },
  };
}

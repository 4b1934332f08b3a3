export {
  bootstrapMedian,
  bootstrapMedianDifference,
  halfWidth,
  type Interval,
} from "./bootstrap.js";
export { type ChangePoint, changePoints, LEAST_SIDE, splitOf } from "./change-points.js";
export { type Crossing, crossingOf, POINTS_FROM } from "./crossing.js";
export { type Beside, type Decision, decide, type RoundSource } from "./decide.js";
export { holm } from "./holm.js";
export { type Judgement, judge, type MetricSample } from "./judge.js";
export { type Better, logOfShare, shareOfLog, worseLogRatio } from "./log-ratio.js";
export { median } from "./median.js";
export { type Noise, noiseOf } from "./noise.js";
export { amountOf, limitOf, NEUTRAL, type Scale, worseBy } from "./scale.js";
export { isSettled, LOOKS, looksFrom, type Outcome, outcomeOf } from "./sequence.js";
export { quantileOf, type Spread, spreadOf } from "./spread.js";
export { type TrendLine, theilSen } from "./theil-sen.js";
export { type Verdict, verdictOf } from "./verdict.js";
export { EXACT_LIMIT, standardNormalUpperTail, wilcoxonSignedRank } from "./wilcoxon.js";
export { wilson } from "./wilson.js";

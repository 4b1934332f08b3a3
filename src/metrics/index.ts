/** Measuring and judging: histograms of latencies, and what it means for a figure to meet a promised one. */
export { hdrLog, type LogInterval } from "./hdr-log.js";
export {
  BUCKET_COUNT,
  bucketHigh,
  bucketIndex,
  Histogram,
  HistogramReader,
  HistogramRecorder,
  MAX_VALUE,
  RECORDER_BYTES,
} from "./histogram.js";
export { judge, type TargetVerdict, targetLimit } from "./judge.js";
export { KeptHistogram, merged, type ReadableHistogram } from "./kept-histogram.js";
export type { Comparison, Target } from "./target.js";

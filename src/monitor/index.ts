export { encodeHistogram, hdrLog, type LogInterval } from "./hdr-log.js";
export { type Health, type HealthAlert, type HealthInput, type HealthStatus, health } from "./health.js";
export { Histogram, HistogramReader, HistogramRecorder, RECORDER_BYTES } from "./histogram.js";
export {
  type Comparison,
  findTarget,
  judge,
  judgeAll,
  type MeasuredBy,
  measuredBy,
  TARGETS,
  type Target,
  type TargetVerdict,
  targetLimit,
} from "./targets/index.js";

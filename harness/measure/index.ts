/** What is measured and how: the loops, their clock, the streams they run over, and the machine around them. */
export { BARRIER_BYTES, Barrier } from "./barrier.js";
export { BATCH_MS } from "./batch-length.js";
export { type Calibrator, makeCalibrator } from "./calibration.js";
export { COST_UNITS_PER_NS } from "./cost-units.js";
export { captureEnvironment } from "./environment.js";
export { GarbageCollections, type Pause } from "./garbage-collections.js";
export { loadPasses, type Passes } from "./load-passes.js";
export type { Cursor, Limits } from "./passes.js";
export {
  type AgentStream,
  countKinds,
  countLabels,
  inOneShape,
  kindsWithCost,
  onlyLabel,
  operationsOf,
} from "./stream.js";
export { Tally } from "./tally.js";

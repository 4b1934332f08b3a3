/** The engine under schedules: every interleaving of its threads' accesses that chance, priority or exhaustion comes up with. */
export { buildExplorer } from "./build.js";
export { exploreCommand, oneLine } from "./command.js";
export {
  type Exploration,
  type ExploreOptions,
  explore,
  type Figures,
  type StrategyName,
  type Violation,
} from "./explore.js";
export { FAMILIES, type Family, MANY_MAX, takesTtl } from "./families.js";
export { PLANTED_FAULTS, type PlantedFault } from "./faults.js";
export { type Call, type CellRules, isFifo, isKeyed, isLinearizable, NO_EFFECT } from "./history.js";
export { InvariantCheck, type Shape } from "./invariants.js";
export { EXPLORE_WASM } from "./location.js";
export { Machine, REAPERS, type RunEnd } from "./machine.js";
export { describeProgram, type Op, type OpKind, type Program } from "./program.js";
export { queueFault } from "./queue-history.js";
export { DEFAULTS, type Recipe, type Weights } from "./recipe.js";
export { describeViolation, formatReport, type Report } from "./report.js";
export { Replay, type Segment, type Strategy, TO_THE_END } from "./schedule.js";
export { shrink } from "./shrink.js";

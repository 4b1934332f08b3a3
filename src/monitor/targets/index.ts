export { judge, judgeAll, type TargetVerdict, targetLimit } from "./judge.js";
export { type MeasuredBy, measuredBy } from "./measured-by.js";
export { findTarget, TARGETS } from "./table.js";
export type { Comparison, Target } from "./target.js";

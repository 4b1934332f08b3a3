/** Results to files and text: what others may use of this room. What draws is behind `pages.ts`. */

export { reportCommand } from "./command.js";
export { amount, type Decision, decisionsOf, share } from "./decision.js";
export { withEvictions } from "./measurements.js";
export { readResults, writeResults } from "./read-results.js";
export * from "./results.js";
export { renderCommands, renderSummary, renderTargets, type SummaryOptions } from "./summary.js";
export type { Trend } from "./trend.js";

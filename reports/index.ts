/** Results to pages and text: what others may use of this room. */

export { writeWhole as writeFileAtomically } from "../src/write-whole.js";
export { reportCommand } from "./command.js";
export { renderEviction } from "./eviction-page.js";
export { withEvictions } from "./measurements.js";
export { renderReport } from "./page.js";
export { parseJson, RESULTS_FILE, readResults, writeResults } from "./read-results.js";
export * from "./results.js";
export { renderSummary, renderTargets, type SummaryOptions } from "./summary.js";

/** What the source documents promise, what measures each figure, and the verdicts. */
export { judgeAll } from "./judge-all.js";
export { commandsFor, type MeasuredBy, measuredBy } from "./measured-by.js";
export { findTarget, TARGETS } from "./table.js";

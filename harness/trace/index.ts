/** Traces looked into, converted and made. */
export { traceCommand } from "./command.js";
export { type GeneratedTrace, generateTrace } from "./generate.js";
export { type Popularity, popularityOf } from "./popularity.js";
export { type ReuseDistances, ReuseMeasure, reuseDistancesOf } from "./reuse-distances.js";
export { type PatternVerdict, VerdictMeasure, verdictOn } from "./verdict.js";

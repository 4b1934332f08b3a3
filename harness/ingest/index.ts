/** The metric pipeline: as a command, and under the load of a scenario. */
export { ingestCommand } from "./command.js";
export { type IngestOutcome, type IngestPlan, runIngest } from "./load.js";

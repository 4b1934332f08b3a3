/** Recording: what a running program asks of its stores, as an operation log. */
import "./attach.js";

export { RECORD_VARIABLE } from "./attach.js";
export type { Recording, RecordingReport } from "./recordings.js";
export { type LogTally, tallyLog } from "./tally.js";

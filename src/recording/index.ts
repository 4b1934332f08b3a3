/** Recording: what a running program asks of its stores, as an operation log. */
export { listen, RECORD_VARIABLE, type Recording, type RecordingReport, record, unlisten } from "./recordings.js";
export { type LogTally, tallyLog } from "./tally.js";

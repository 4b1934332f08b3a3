/** Recording: what a running program asks of its stores, as an operation log. */

export { recordedHash } from "./key-hash.js";
export { RECORD_VARIABLE } from "./record-variable.js";
export { listen, type Recording, type RecordingReport, record, unlisten } from "./recordings.js";
export { type LogTally, tallyLog } from "./tally.js";

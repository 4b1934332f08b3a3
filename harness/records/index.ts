/** Records of gates: what `engram gate --record` appends, and `engram trend` reads. */
export { appendRecord, CUT_OFF, checkRecordFile, parseRecords, type Records, readRecords } from "./record-file.js";
export { type GateRecord, RECORD_VERSION, readRecord } from "./record-line.js";

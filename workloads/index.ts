/** The workloads room's door: what is replayed. Scenario files are read behind `scenarios.ts`. */

export { Random } from "../src/random.js";
export { type Assignment, agentsOf, assignmentOf, recipientOf, rolesOf } from "./agents.js";
export { arrivalsBy, arrivalTime, lowestRate, type Rate } from "./arrivals.js";
export { closest } from "./closest.js";
export type { KeyChooser } from "./generators/chooser.js";
export { type KeySpec, keyChooser } from "./generators/keys.js";
export { type SizeChooser, type SizeSpec, sizeChooser } from "./generators/sizes.js";
export { fillValue } from "./generators/values.js";
export * from "./operations.js";
export {
  DEFAULT_NAMESPACE,
  MOST_WORKERS,
  NEXT,
  type Phase,
  type Role,
  replaysTrace,
  type Scenario,
  WITH_BACKUPS,
} from "./scenario.js";
export { scenarioFolder } from "./scenario-folder.js";
export type { ClusterWork } from "./schema/cluster.js";
export type { IngestLoad, IngestStep } from "./schema/ingest.js";
export type { Resources } from "./schema/resources.js";
export type { Swarm } from "./schema/swarm.js";
export {
  createPreload,
  createStream,
  keyName,
  type OperationStream,
  type PreloadedKey,
  type StreamOptions,
} from "./stream.js";
export type { TraceColumns } from "./traces/batch.js";
export { type ColumnSpec, parseColumns } from "./traces/columns.js";
export { formatByName, TRACE_FORMATS } from "./traces/detect.js";
export type { Skipped, TraceFormat } from "./traces/format.js";
export { withRoomFor } from "./traces/growing.js";
export { type TraceInfo, TraceSummary, traceInfo } from "./traces/info.js";
export { NumberInterner, StringInterner } from "./traces/interner.js";
export { KeyNumbers } from "./traces/key-numbers.js";
export { type LoadedColumns, loadColumns, type NumberColumn } from "./traces/load-columns.js";
export { lossesOf } from "./traces/losses.js";
export { type NextAccessCheck, NextAccessChecker } from "./traces/next-accesses.js";
export { loadTrace, openTrace, type Trace, type TraceOptions, type TraceStream } from "./traces/open.js";
export { describeReading, repeatWarnings, type TraceReading } from "./traces/reading.js";
export { nextAccesses, WRITABLE_FORMATS, type WritableFormat, type WrittenTrace, writeTrace } from "./traces/write.js";
export { parseBytes, parseDuration, parseRate, parseShare } from "./units.js";

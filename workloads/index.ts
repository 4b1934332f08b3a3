/** The workloads room's door: what is replayed. */
export * from "./operations.js";
export { BATCH_CAPACITY, TraceBatch, type TraceColumns } from "./traces/batch.js";
export { type ColumnSpec, parseColumns } from "./traces/columns.js";
export { formatByName, TRACE_FORMATS } from "./traces/detect.js";
export type { TraceFormat } from "./traces/format.js";
export { NumberInterner, StringInterner } from "./traces/interner.js";
export { loadTrace, openTrace, type Trace, type TraceOptions, type TraceStream } from "./traces/open.js";

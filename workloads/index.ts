/** The workloads room's door: what is replayed. */
export { closest } from "./closest.js";
export type { KeyChooser } from "./generators/chooser.js";
export { type KeySpec, keyChooser } from "./generators/keys.js";
export { Random } from "./generators/random.js";
export { type SizeChooser, type SizeSpec, sizeChooser } from "./generators/sizes.js";
export { fillValue } from "./generators/values.js";
export { listScenarios, loadScenario, parseScenario, scenarioFolder, writeScenarioSchema } from "./load-scenario.js";
export * from "./operations.js";
export { type Phase, type Scenario, scenarioJsonSchema, scenarioSchema } from "./scenario.js";
export { createPreload, createStream, keyName, type OperationStream, type StreamOptions } from "./stream.js";
export { BATCH_CAPACITY, TraceBatch, type TraceColumns } from "./traces/batch.js";
export { type ColumnSpec, parseColumns } from "./traces/columns.js";
export { formatByName, TRACE_FORMATS } from "./traces/detect.js";
export type { TraceFormat } from "./traces/format.js";
export { NumberInterner, StringInterner } from "./traces/interner.js";
export { loadTrace, openTrace, type Trace, type TraceOptions, type TraceStream } from "./traces/open.js";
export { nextAccesses, WRITABLE_FORMATS, type WritableFormat, type WrittenTrace, writeTrace } from "./traces/write.js";
export { parseBytes, parseDuration, parseRate, parseShare } from "./units.js";

/** The regression gate: is this build slower than that one, and how sure is that? */
export { findShell } from "./benchmark/processor-time.js";
export { type BenchmarkContext, runBenchmark } from "./benchmark/run-benchmark.js";
export { DEFAULT_LIMIT_MS } from "./benchmark/settings.js";
export { gateCommand } from "./command.js";
export { EXIT, InterruptedError, RunFailedError } from "./errors.js";
export type { MetricReport } from "./metric-report.js";
export { METRICS, type Metric } from "./metrics.js";
export type { GateReport } from "./report.js";
export { DEFAULT_SCENARIO, DEFAULT_TOLERANCE, parseRunDuration } from "./settings.js";

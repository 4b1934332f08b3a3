/** The simulator: eviction policies over traces, many at a time. */
export { evictCommand } from "./command.js";
export { type CurveOptions, type CurveRow, type Curves, missRatioCurves } from "./curve.js";
export { loadForSweep } from "./load.js";
export { workerCommand } from "./machines/worker-command.js";
export { parsePolicies } from "./policies.js";
export { type FixedPolicy, type Regret, regretOf, SWITCHES, type WindowCount } from "./regret.js";
export type { SweepTrace } from "./shared-trace.js";
export { type CacheSize, capacityOf, type Footprint, footprintOf, parseSizes } from "./sizes.js";
export { type SweepOptions, type SweepProgress, type SweepRow, sweep } from "./sweep.js";

/** The simulator: eviction policies over traces, many at a time. */
export { evictCommand } from "./command.js";
export { parsePolicies } from "./policies.js";
export { type CacheSize, capacityOf, type Footprint, footprintOf, parseSizes } from "./sizes.js";
export { type SweepOptions, type SweepProgress, type SweepRow, type SweepTrace, sweep } from "./sweep.js";

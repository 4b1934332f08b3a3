export { Adaptive, type AdaptiveDecision } from "./adaptive.js";
export { createPolicy, type PolicyOptions, UnsupportedByPolicyError } from "./create.js";
export { type Future, lookAhead, lookAheadOperations, NEVER } from "./future.js";
export { loadSimulatedCache } from "./load-simulated-cache.js";
export { NOTHING, type Operations, READ, REMOVE, UPDATE, WRITE } from "./operations.js";
export { type AccessPattern, accessPatterns, PatternAnalyser, type PatternAnalysis } from "./pattern-analyser.js";
export { type Policy, type PolicyName, policyNames } from "./policy.js";
export { type Recommendation, recommend, type WorkloadCharacteristics } from "./recommend.js";
export { type By, SimulatedCache } from "./simulated-cache.js";

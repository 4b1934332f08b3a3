/**
 * `engram/eviction`: one policy a file, over dense ids, and what simulates, measures and chooses them.
 *
 * @module engram/eviction
 */

export { Adaptive, type AdaptiveDecision } from "./adaptive.js";
export { type BuildCandidate, type CandidateName, candidates } from "./adaptive-contest.js";
export { ExpiryHeap } from "./expiry-heap.js";
export { type Future, lookAhead, lookAheadOperations, NEVER } from "./future.js";
export { loadSimulatedCache } from "./load-simulated-cache.js";
export { LruStack } from "./lru-stack.js";
export { NOTHING, type Operations, READ, REMOVE, UPDATE, WRITE } from "./operations.js";
export { type AccessPattern, accessPatterns, PatternAnalyser, type PatternAnalysis } from "./pattern-analyser.js";
export type { Policy } from "./policy.js";
export { type Recommendation, recommend, type WorkloadCharacteristics } from "./recommend.js";
export {
  createPolicy,
  type PolicyName,
  type PolicyOptions,
  policyNames,
  UnsupportedByPolicyError,
} from "./registry.js";
export { type By, SimulatedCache, type Sizes } from "./simulated-cache.js";
export { StackDistances } from "./stack-distances.js";

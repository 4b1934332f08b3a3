/** Swarms of agents that learn in memory which they share: what a scenario says of them, run. */
export { runSwarm, type SwarmOutcome, type SwarmPlan } from "./conductor.js";

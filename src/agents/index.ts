/** The memory of a swarm: what each agent owns, what all of them share, and who may touch it (ADR-011). */
export type { ArenaMemory } from "./arena-memory.js";
export { instantiateKernels, type Kernels } from "./kernels.js";

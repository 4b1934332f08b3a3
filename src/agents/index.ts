/**
 * `import … from "engram/agents"`: the memory of a swarm: what each agent owns, what all of them share, and who may touch it (ADR-011).
 *
 * @module engram/agents
 */

export {
  ArenaError,
  BorrowError,
  BudgetExceededError,
  CorruptIndexError,
  InvalidVectorError,
  NotOwnerError,
  PoisonedError,
  PoolExhaustedError,
} from "../errors.js";
export { Accumulator, type AccumulatorLock, type AccumulatorShape, type Round } from "./accumulator.js";
export { Agent } from "./agent.js";
export { Agents } from "./agents.js";
export type { AgentsHandle } from "./agents-handle.js";
export type { AgentOptions, AgentsOptions } from "./agents-options.js";
export type {
  AgentInfo,
  AgentsLayout,
  AgentsStats,
  AgentsVerification,
  LaidOut,
  Leak,
} from "./agents-view.js";
export type { ArenaMemory } from "./arena-memory.js";
export { AgentCell, type CellOptions } from "./cell.js";
export { type Encoder, encoder, type Facts, type Field, hashed, oneOf, range, stateKey } from "./encoder.js";
export type { IndexKind, IndexMetric, VectorId } from "./index-block.js";
export { type BuildIndexOptions, buildVectorIndex } from "./index-build.js";
export { openIndexFile } from "./index-file.js";
export { AgentMetrics } from "./metrics.js";
export type { Thing, ThingKind } from "./names.js";
export type { AgentHandle, Ownership } from "./ownership.js";
export {
  Block,
  BlockPool,
  DOCUMENTED_POOLS,
  type PoolOption,
  type PoolShape,
  type PoolStats,
  type WhenExhausted,
} from "./pools.js";
export { Replay, type ReplayOptions, type SampleOptions } from "./replay.js";
export {
  type ActOptions,
  type Learning,
  QTable,
  type QTableOptions,
  type SparseOptions,
  type TableOwner,
} from "./table.js";
export { TileCoding, type TileDimension } from "./tiles.js";
export { Trajectory } from "./trajectory.js";
export type { Transition } from "./transition.js";
export { type Scored, UnitVectors, unitVector } from "./unit-vectors.js";
export { type Neighbour, type SearchOptions, VectorIndex } from "./vector-index.js";
export type { Vector, Vectors } from "./vectors.js";

// What adapters, the lab and tests take beside: no program has to.

/** @internal */
export { instantiateKernels, type Kernels } from "./kernels.js";

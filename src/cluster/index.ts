/**
 * `import … from "engram/cluster"`: one memory over many machines, on engines that exist.
 *
 * @module engram/cluster
 */

export { AttachedDomain } from "./attached-domain.js";
export type { AttachedMemory } from "./attached-memory.js";
export type { Advice } from "./backend-advisor.js";
export type { BackupsOfStore, CheckpointInfo } from "./checkpoints.js";
export { type ClusterMemory, clusterMemory } from "./cluster-memory.js";
export { CONSISTENCY_LEVELS, type Consistency } from "./consistency.js";
export {
  type CallOptions,
  type CompareAndSetOptions,
  Domain,
  type DomainEntry,
  type LoadOptions,
  type Put,
  type PutOptions,
} from "./domain.js";
export {
  type Appended,
  type AppendOptions,
  type ClusterClock,
  type Engine,
  EngineConflict,
  type EngineFacts,
  EngineNotSent,
  type EngineSource,
  EngineUnknown,
  type LogDefinition,
  type Logged,
  type LogKey,
} from "./engine.js";
export { MemoryCluster, type MemoryClusterOptions, type MemoryEngine } from "./engine-memory.js";
export { type LogOptions, NatsEngines, type NatsOptions, OLDEST_SERVER } from "./engine-nats.js";
export { type ClusterEntry, CorruptEntryError } from "./entry.js";
export {
  ClockSkewError,
  ClusterLimitError,
  EngineTooOldError,
  MissingAcksError,
  NodeNameTakenError,
  StaleError,
  UnavailableError,
  UnknownOutcomeError,
} from "./errors.js";
export type { DomainAdvice } from "./evaluation.js";
export { type ExternalCounts, type ExternalTier, MemoryTier } from "./external.js";
export { type RedisTierOptions, redisTier } from "./external-redis.js";
export type { Stamp } from "./hlc.js";
export {
  COHERENCE_LEVELS,
  type Coherence,
  type Invalidated,
  type InvalidateOptions,
  type InvalidationNotice,
  type Wait,
} from "./invalidation.js";
export type { Scope } from "./invalidation-message.js";
export type { DomainLimitOptions, LimitOptions, MemoryLimitOptions, Pressure } from "./limits.js";
export type { Member, MemberEvent } from "./membership.js";
export { DistributedMemory } from "./memory.js";
export type { ConflictReport, MemoryEvents } from "./memory-events.js";
export type { MemoryNetwork } from "./memory-network.js";
export { type Meter, type Metric, metricsOf, type Observer, observeCluster, reportOf } from "./metrics.js";
export type { CheckpointOptions, DomainOptions, JoinOptions } from "./options.js";
export type { PressureEvent } from "./pressure.js";
export {
  RECOVERY_MODES,
  type RecoveredDomain,
  type RecoverOptions,
  type RecoveryMode,
  type RecoveryProgress,
  type RecoveryStatus,
  type RecoveryStep,
} from "./recovery.js";
export type { Healed } from "./replica-options.js";
export {
  type Backend,
  type Characteristics,
  type Durability,
  type Recommendation,
  recommendFor,
  selectBackend,
} from "./select-backend.js";
export type { ClusterStatus, DomainStatus } from "./status.js";
export type { Stream, StreamOptions, Told } from "./stream.js";
export type { ChangesOptions, MemoryChange } from "./subscriptions.js";
export type { MemoryHandle } from "./thread-messages.js";
export type { VectorClock } from "./vector-clock.js";
export type { CopyFault } from "./verify-copy.js";
export type { Version } from "./versions.js";

// What nodes, simulations and tests take beside: no program has to.

/** @internal */
export { type AdvisorSettings, BackendAdvisor, type Observed } from "./backend-advisor.js";
/** @internal */
export { Barriers } from "./barriers.js";
/** @internal */
export { CastLanes } from "./cast-lanes.js";
/** @internal */
export { Checkpoints } from "./checkpoints.js";
/** @internal */
export { type Reading, readAt, type Wishes, type Written, writeAt } from "./consistency.js";
/** @internal */
export { askNode, type Controlled, type ControlServer, serveControl } from "./control.js";
/** @internal */
export { decodeEntry, encodeEntry, isGone, valueIn } from "./entry.js";
/** @internal */
export { Feed } from "./feed.js";
/** @internal */
export { Flusher } from "./flusher.js";
/** @internal */
export { compareStamps, HybridClock } from "./hlc.js";
/** @internal */
export { Invalidations } from "./invalidation.js";
/** @internal */
export { KEY_KINDS, type KeyKind, kindOf, logKey, nameIn } from "./keys.js";
/** @internal */
export { Membership } from "./membership.js";
/** @internal */
export { MemoryLog, type MemoryLogOptions } from "./memory-log.js";
/** @internal */
export { CALM, RoughNetwork, type RoughOptions } from "./memory-network.js";
/** @internal */
export { compareEntries, isSameVersion, mergeEntries } from "./merge.js";
/** @internal */
export { DOMAINS } from "./options.js";
/** @internal */
export { PeerCopies } from "./peer-copies.js";
/** @internal */
export { PressureWatch } from "./pressure.js";
/** @internal */
export { Recovery } from "./recovery.js";
/** @internal */
export { Replica } from "./replica.js";
/** @internal */
export type {
  CommitOptions,
  Committed,
  Conflict,
  ReplicaOptions,
  ReplicaParts,
  WriteOptions,
} from "./replica-options.js";
/** @internal */
export { ChangeSubscriptions } from "./subscriptions.js";
/** @internal */
export { systemClock } from "./system-clock.js";
/** @internal */
export { joinClocks, orderClocks } from "./vector-clock.js";
/** @internal */
export type { Outbox, Versions } from "./versions.js";

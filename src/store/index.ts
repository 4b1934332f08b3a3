/** The door of the store: what agents use. */
export type { Verification } from "../core/index.js";
export * from "../errors.js";
export type { Duration, Size } from "../units.js";
export type { Permission } from "./access.js";
/** The numbers in headers and backups, and what they stand for. */
export { PERMISSION_BITS, permissionsOf } from "./access.js";
export { AgentView } from "./agent-view.js";
export type { BackupNotes, BackupStats, LastBackup } from "./backup-notes.js";
export type { HeldBuffers } from "./buffers.js";
export { type BinaryChannelOptions, Channel, type ChannelOptions, type TextChannelOptions } from "./channel.js";
/** For backups. */
export { claimOf } from "./claim.js";
/** For backups. */
export { monotonicNow } from "./clock.js";
export type { Connection } from "./connection.js";
export { ENCODINGS, type EncodingName, type Values } from "./encoding.js";
export type { AdaptiveStats, EvictionDecision } from "./eviction/decision-log.js";
export { EVICTION_NUMBERS, type EvictionName, evictionOf, type LivePolicyName } from "./eviction/live-policies.js";
export type { PressureLevel } from "./eviction/pressure.js";
/** For backups. */
export { backedUpGrant, GRANT_HEAD, GRANT_SIZE } from "./grants.js";
export { HASH_BYTES_MAX, type HashKind, hashBytes, selectHash } from "./hash.js";
export type { Health, HealthAlert, HealthOptions, HealthStatus } from "./health.js";
export { type Key, PreparedKey } from "./key.js";
export type { BackupCut, Loaded, Loader } from "./loader.js";
export { LockGuard } from "./locks/guard.js";
export { Mutex } from "./locks/mutex.js";
export type { LockDefinition, LockOptions, LockWaitOptions, TryLockOptions } from "./locks/options.js";
export { RwLock } from "./locks/rw-lock.js";
export type { DeleteOptions, SetOptions, Version } from "./namespace/condition.js";
export type { IncrementOptions } from "./namespace/counter.js";
export type { NamespaceLimits, NamespaceUsage } from "./namespace/limits.js";
export type { GetOrSetOptions, LoaderContext } from "./namespace/load.js";
export { type Entry, Namespace } from "./namespace/namespace.js";
export type { BinaryNamespaceOptions, NamespaceOptions, TextNamespaceOptions } from "./namespace/options.js";
export type { PrefixOptions, RequiredPrefix } from "./namespace/prefix.js";
export type { SchemaResult, StandardSchema } from "./namespace/schema.js";
/** For rooms that check values. */
export { admit, admitLater, checkSchema } from "./namespace/schema.js";
/** For rooms that watch. */
export type { Tap, TappedOperation } from "./namespace/taps.js";
export type { UpdateOptions } from "./namespace/update.js";
/** For rooms that change values. */
export { checkChanged, checkFunction } from "./namespace/update.js";
export type { WhenFull } from "./namespace/word.js";
/** For backups. */
export { ENCODING_NUMBERS, encodingOf, WHEN_FULL_NUMBERS, whenFullOf } from "./namespace/word.js";
/** For rooms that hand out one value to many. */
export { freeze } from "./near/frozen.js";
export type { NearOptions } from "./near/options.js";
export type { HashName, StoreOptions } from "./options.js";
/** For backups, and for scenarios: what a store would be. */
export { checkOptions, DEFAULT_VALUE_MAX, defaultValues, HASH_NUMBERS, hashOf } from "./options.js";
export type { OwnValue, OwnValueKind, OwnVersion } from "./own-value.js";
export {
  type BinaryQueueOptions,
  type DeadLetter,
  Queue,
  type QueueOptions,
  type QueueStats,
  type SendOptions,
  type TakeOptions,
  type TextQueueOptions,
} from "./queue.js";
export { QueueMessage } from "./queue-message.js";
export { Region, type RegionOptions } from "./region.js";
export { addReport, type ReportFamily, reportsOf, type StoreReport } from "./reports.js";
export type { ConnectionStats, PermitStats, ResourceKindStats, ResourceStats } from "./resources/figures.js";
export type { ClaimedResource, HeldResource } from "./resources/held.js";
export type { TrackOptions } from "./resources/options.js";
/** For pools. */
export type { SharedPermits } from "./resources/permits.js";
export type { PooledRecords } from "./resources/pooled.js";
export { Tracked } from "./resources/tracked.js";
export type { Sample, SampledKind } from "./sampling/banks.js";
export type { Latencies, SampledLatency } from "./sampling/latencies.js";
export {
  afterReaping,
  alsoList,
  beforeClose,
  type Claims,
  claimsOf,
  grantSpent,
  type Identity,
  identityOf,
  loaderOf,
  noteBackups,
  ownValueOf,
  permitsOf,
  recordsOf,
  sampledOf,
  tapStore,
  usages,
} from "./seam.js";
export type { EvictionStats, SizeClassStats, SpanStats, StoreStats } from "./stats.js";
export { attachStore, createAlone, createStore, Store, type StoreMaker } from "./store.js";
export { isKeptKey, SYSTEM_KEYS } from "./system-keys.js";
/** For the open formats of backups. */
export { json } from "./values/json.js";
/** MessagePack, for the open formats of backups and the lab. */
export { msgpack } from "./values/msgpack.js";
export { readMsgpackAll, readMsgpackBytes as readMsgpack } from "./values/msgpack-read.js";
export type { BlockOptions, WaitOptions } from "./waiting.js";
export type { Change, Changes, WaitForOptions, WatchOptions } from "./watching/change.js";
export { MAX_TTL_MS, type StoreHandle } from "./worker.js";

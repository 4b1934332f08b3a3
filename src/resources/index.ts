/**
 * `import … from "engram/resources"`: what agents hold: pools, guards, shared data, files in memory, caches (Patinox's memory utilities).
 *
 * @module engram/resources
 */

export { Cache, type CacheLoaderContext, type CacheStats } from "./cache/cache.js";
export type { CacheLoadOptions, CacheOptions, CachePolicyName, CacheSetOptions } from "./cache/options.js";
export {
  AcquireTimeoutError,
  ConnectionFailedError,
  LeaseEndedError,
  ManagerTimeoutError,
  PoolClosedError,
  type PoolSituation,
} from "./errors.js";
export { type Guard, type GuardOptions, guard } from "./guard.js";
export {
  type Field,
  type Fields,
  type FieldType,
  type FieldValue,
  type Layout,
  layout,
  type RecordOf,
} from "./layout.js";
export {
  type AtomicField,
  type CreateMappedFileOptions,
  MappedFile,
  type MappedSlice,
  type OpenMappedFileOptions,
} from "./mapped-file.js";
export type { Lease } from "./pool/lease.js";
export type { ConnectionManager } from "./pool/manager.js";
export type { AcquireOptions, ClosePoolOptions, PoolOptions } from "./pool/options.js";
export type { Permits } from "./pool/permits.js";
export { Pool, type PoolClosing, type PoolStats } from "./pool/pool.js";
/** For the store that programs import. */
export { openPool } from "./pool/store-pools.js";
export type { RecordView } from "./record-view.js";
export { ConfigData, config, openConfig } from "./shared/config-data.js";
export { MutableSharedData, openMutable } from "./shared/mutable-shared-data.js";
export type {
  AccessLaterOptions,
  AccessOptions,
  ConfigOptions,
  SetSharedOptions,
  SharedOptions,
  SubscribeOptions,
  UpdateSharedLaterOptions,
  UpdateSharedOptions,
} from "./shared/options.js";
export { openShared, SharedData } from "./shared/shared-data.js";
export type { Observer, Subscription } from "./shared/subscribers.js";
export type { Version as SharedVersion } from "./shared/versioned.js";
export { AsyncDisposableStack, type AsyncStack } from "./stack.js";
export { type Settled, type Utilities, type UtilityConfig, utilities } from "./utilities.js";

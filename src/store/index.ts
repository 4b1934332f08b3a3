/** The door of the store: what agents use. */
export type { Verification } from "../core/index.js";
export * from "../errors.js";
export type { Permission } from "./access.js";
/** @internal The numbers in headers and backups, and what they stand for. */
export { PERMISSION_BITS, permissionsOf } from "./access.js";
export { AgentView } from "./agent-view.js";
export type { HeldBuffers } from "./buffers.js";
export { Channel, type ChannelOptions } from "./channel.js";
/** @internal For backups. */
export { claimOf } from "./claim.js";
/** @internal For backups. */
export { monotonicNow } from "./clock.js";
export { ENCODINGS, type EncodingName, type Values } from "./encoding.js";
export type { AdaptiveStats, EvictionDecision } from "./eviction/decision-log.js";
export { EVICTION_NUMBERS, type EvictionName, evictionOf, type LivePolicyName } from "./eviction/live-policies.js";
export type { PressureLevel } from "./eviction/pressure.js";
/** @internal For backups. */
export { backedUpGrant, GRANT_SIZE } from "./grants.js";
export { HASH_BYTES_MAX, type HashKind, hashBytes, selectHash } from "./hash.js";
export type { Health, HealthAlert, HealthStatus } from "./health.js";
export { type Key, PreparedKey } from "./key.js";
export type { Cut, Loaded, Loader } from "./loader.js";
export type { SetOptions, Version } from "./namespace/condition.js";
export type { NamespaceLimits, NamespaceUsage } from "./namespace/limits.js";
export { type Entry, Namespace } from "./namespace/namespace.js";
export type { NamespaceOptions } from "./namespace/options.js";
/** @internal For rooms that watch. */
export type { Tap, TappedOperation } from "./namespace/taps.js";
export type { WhenFull } from "./namespace/word.js";
/** @internal For backups. */
export { ENCODING_NUMBERS, encodingOf, WHEN_FULL_NUMBERS, whenFullOf } from "./namespace/word.js";
export type { HashName, StoreOptions } from "./options.js";
/** @internal For backups. */
export { checkOptions, HASH_NUMBERS, hashOf } from "./options.js";
export { Region, type RegionOptions } from "./region.js";
export type { EvictionStats, SizeClassStats, StoreStats } from "./stats.js";
export { Store } from "./store.js";
/** @internal For the open formats of backups. */
export { json } from "./values/json.js";
/** @internal */
export { msgpack } from "./values/msgpack.js";
/** @internal */
export { readMsgpackAll, readMsgpackBytes as readMsgpack } from "./values/msgpack-read.js";
export type { BlockOptions, WaitOptions } from "./waiting.js";
export { MAX_TTL_MS, type StoreHandle } from "./worker.js";

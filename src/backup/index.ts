/** The door of backups: a store's consistent copies on disk, and the way back. */

export type { Durability } from "./backup-file.js";
export { Backups } from "./backups.js";
/** For the explorer, whose backups are held against the same counts. */
export { type Census, censusOf, findGap } from "./census.js";
export { type BackedUpEntry, type BackedUpNamespace, type Loss, SnapshotEntries } from "./entries.js";
export type { BackupHeader, BackupKind } from "./format.js";
export { type Checkpoint, findCheckpoints, findGenerations, inspectHeader } from "./generations.js";
export type { BackedUpGrant } from "./grants.js";
export type { SessionStatus } from "./messages.js";
export { type BackupOptions, checkBackupOptions } from "./options.js";
export { type BackupImage, readBackup } from "./read.js";
export { chooseImage, type Restored, type RestoreOptions, restoreStore } from "./restore.js";
export { type BackupReport, BackupSession, type StoreActivity } from "./session.js";
export { hearOfThreads } from "./signal-channel.js";
export { type BackupMetrics, decide, type Pace, paceOf, type StrategyName } from "./strategy.js";

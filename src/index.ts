/** `import … from "engram"`: the reference store, and its backups. */
export {
  type BackupOptions,
  type BackupReport,
  Backups,
  type Checkpoint,
  type Loss,
  type Restored,
  type RestoreOptions,
  restore,
  type SessionStatus,
} from "./backup/index.js";
export * from "./store/index.js";

/** `import … from "engram"`: the reference store, its backups and recordings. */
import "./recording/index.js";

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
export type { Recording, RecordingReport } from "./recording/index.js";
export * from "./store/index.js";

/**
 * `import … from "engram/internal"`: what the lab beside the store reaches for, to read and write backups and values as the store does. It
 * changes without notice; programs have "engram".
 */
export {
  type BackedUpEntry,
  type BackedUpNamespace,
  type BackupImage,
  chooseImage,
  readBackup,
  SnapshotEntries,
} from "./backup/index.js";
export { encodingOf, json, msgpack, readMsgpack, readMsgpackAll, whenFullOf } from "./store/index.js";

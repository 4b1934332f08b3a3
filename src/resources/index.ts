/** What agents hold: pools, guards, shared data, files in memory, caches (Patinox's memory utilities). */
export { type Fields, type FieldType, type FieldValue, type Layout, layout, type RecordOf } from "./layout.js";
export {
  type AtomicField,
  type CreateMappedFileOptions,
  MappedFile,
  type MappedSlice,
  type OpenMappedFileOptions,
} from "./mapped-file.js";
export type { RecordView } from "./record-view.js";

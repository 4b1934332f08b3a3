/** The journal: what was acknowledged, in segments of lines, and how far each output has come in it. */
export { CURSOR_NAME, Cursor } from "./cursor.js";
export { type JournalFiles, SYSTEM_FILES } from "./files.js";
export { GroupCommit } from "./group-commit.js";
export { journalIdentity } from "./identity.js";
export { Journal, type JournalStats } from "./journal.js";
export { type CheckedJournal, checkJournal, type JournalOptions, type SyncPolicy } from "./options.js";
export { firstPosition, type JournalBatch, type JournalLine, JournalReader } from "./reader.js";
export { listSegments, type Position, segmentPath } from "./segments.js";

import type { FileSystem } from "#dist/src/backup/backup-file.js";
import { BackupSession } from "#dist/src/backup/index.js";
import type { Store } from "#dist/src/index.js";
import type { Mapper } from "#dist/src/mapping.js";

/** A session in this thread: its backups happen exactly where the test says. At positions, unless it is handed a mapper. */
export function sessionOf(
  store: Store,
  directory: string,
  fs?: FileSystem,
  durability: "process" | "disk" = "process",
  mapper: Mapper | null = null,
) {
  const settings = { directory, durability, generations: 2, patienceMs: 50 };
  return new BackupSession(store.handle.memory as WebAssembly.Memory, settings, mapper, fs);
}

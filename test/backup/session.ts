import type { FileSystem } from "#dist/src/backup/backup-file.js";
import { BackupSession } from "#dist/src/backup/index.js";
import type { Store } from "#dist/src/index.js";

/** A session in this thread, which writes at positions: its backups happen exactly where the test says. */
export function sessionOf(
  store: Store,
  directory: string,
  fs?: FileSystem,
  durability: "process" | "disk" = "process",
) {
  const settings = { directory, durability, generations: 2, patienceMs: 50 };
  return new BackupSession(store.handle.memory as WebAssembly.Memory, settings, null, fs);
}

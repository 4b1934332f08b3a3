/** What was written, read back and compared with where it came from: a copy that was never read is a hope. */
import { closeSync, openSync, readSync } from "node:fs";
import { readBackup, SnapshotEntries } from "../../src/backup/index.js";
import { BackupError } from "../../src/errors.js";
import type { Namespace, Store } from "../../src/store/index.js";

const VALUE_MAX = 65536;

/**
 * Every entry of a backup against the store it was taken of, which nobody else has. That it has them all was counted when it
 * was taken, and is counted again when it is read.
 *
 * @throws CorruptBackupError when the file is not whole; BackupError when an entry is not as in the store
 */
export function compareWithStore(file: string, store: Store): void {
  const snapshot = new SnapshotEntries(readBackup(file));
  const spaces = new Map([...snapshot.namespaces.values()].map(({ id, name }) => [id, store.namespace(name)] as const));
  const value = Buffer.alloc(VALUE_MAX);
  for (const { namespaceId, key, value: written, expiresAt } of snapshot) {
    const space = spaces.get(namespaceId) as Namespace;
    const length = space.getInto(key, value);
    if (length >= 0 && value.subarray(0, length).equals(written)) continue;
    if (length < 0 && expiresAt !== undefined && expiresAt <= Date.now() + CLOCKS_MS) continue;
    throw new BackupError(
      "incomplete",
      `${file}: read back, key ${JSON.stringify(Buffer.from(key).toString("utf8"))} of namespace ${JSON.stringify(space.name)} is not as it was written`,
    );
  }
}

/** The store's clock may be this far from the system's. */
const CLOCKS_MS = 1000;

/** A file against the pieces it was written of. @throws BackupError naming the first byte that differs */
export function compareWithFile(file: string, pieces: Iterable<Buffer>): void {
  const fd = openSync(file, "r");
  try {
    let at = 0;
    for (const piece of pieces) {
      const found = Buffer.alloc(piece.length);
      let done = 0;
      for (let n = -1; n !== 0 && done < piece.length; done += n)
        n = readSync(fd, found, done, piece.length - done, at + done);
      if (!found.equals(piece)) throw differs(file, at, done, piece.length);
      at += piece.length;
    }
    if (readSync(fd, Buffer.alloc(1), 0, 1, at) !== 0) throw differs(file, at, 1, 0);
  } finally {
    closeSync(fd);
  }
}

function differs(file: string, at: number, found: number, expected: number): BackupError {
  return new BackupError(
    "incomplete",
    `${file}: read back, the ${found} bytes from byte ${at} are not the ${expected} that were written`,
  );
}

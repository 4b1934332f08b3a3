import { SnapshotEntries } from "#dist/src/backup/index.js";
import type { BackupImage } from "#dist/src/backup/read.js";

/** What a backup holds, by `namespace/key`, values as latin1: two backups of the same entries are equal objects. */
export function contentsOf(image: BackupImage, partial = false): Map<string, string> {
  const entries = new SnapshotEntries(image, partial);
  const contents = new Map<string, string>();
  for (const { namespaceId, key, value } of entries) {
    const name = `${entries.namespaces.get(namespaceId)?.name}/${Buffer.from(key).toString("latin1")}`;
    if (contents.has(name)) throw new Error(`${name} is in the snapshot twice`);
    contents.set(name, Buffer.from(value).toString("latin1"));
  }
  return contents;
}

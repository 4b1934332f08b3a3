/** What a backup file says about itself, and whether it is whole: what `inspect` and `verify` print. */
import { type Stats, statSync } from "node:fs";
import {
  type BackupHeader,
  findCheckpoints,
  findGenerations,
  inspectHeader,
  readBackup,
  SnapshotEntries,
} from "../../src/backup/index.js";
import { CorruptBackupError, InvalidArgumentError } from "../../src/errors.js";

export interface Overview {
  readonly file: string;
  readonly bytes: number;
  /** null: the header is not whole, or the backup was never finished. */
  readonly header: BackupHeader | null;
}

export interface Verdict {
  readonly file: string;
  readonly outcome: "whole" | "unfinished" | "damaged" | "unreadable";
  readonly fault: string | null;
  readonly generation: number | null;
  readonly takenAt: string | null;
  readonly entries: number | null;
  readonly namespaces: number | null;
}

/** The file itself, or the generations and checkpoints of a directory. @throws InvalidArgumentError when there are none */
export function backupFiles(path: string): string[] {
  const found = lookAt(path);
  if (found === null)
    throw new InvalidArgumentError(`${path}: there is no such file or directory, or none that can be read`);
  if (!found.isDirectory()) return [path];
  const files = [...findGenerations(path), ...findCheckpoints(path).map(({ file }) => file)];
  if (files.length === 0) throw new InvalidArgumentError(`${path}: no backups are in this directory`);
  return files;
}

export function inspect(file: string): Overview {
  return { file, bytes: lookAt(file)?.size ?? 0, header: inspectHeader(file) };
}

/** Null where there is nothing, or a link that leads nowhere, or a folder that may not be read. */
function lookAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

export function verify(file: string): Verdict {
  const none = { generation: null, takenAt: null, entries: null, namespaces: null };
  try {
    const image = readBackup(file);
    const snapshot = new SnapshotEntries(image);
    let entries = 0;
    for (const _ of snapshot) entries++;
    return {
      file,
      outcome: "whole",
      fault: null,
      generation: image.header.generation,
      takenAt: new Date(image.header.takenMs).toISOString(),
      entries,
      namespaces: snapshot.namespaces.size,
    };
  } catch (error) {
    // the one file that was asked for and is not there was refused before: this is about what a directory holds
    if (error instanceof InvalidArgumentError) return { file, outcome: "unreadable", fault: error.message, ...none };
    if (!(error instanceof CorruptBackupError)) throw error;
    const unfinished = statSync(file).size === 0 || error.message.includes("never finished");
    return { file, outcome: unfinished ? "unfinished" : "damaged", fault: error.message, ...none };
  }
}

/**
 * A directory that a store is backed up into changes while others read it. Each file is checked region by region against the
 * checksums that were read with its header, so a file that is written to under the reader is refused, never mixed. But then
 * it is not damaged: it is worth another look.
 */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { CorruptBackupError } from "../errors.js";
import { HEADER_BYTES } from "./format.js";
import { findGenerations } from "./generations.js";

/** Looks at what is written all the time, before it is said that this is so. */
const LOOKS = 10;

/**
 * What `read` makes of a backup, tried again while it finds nothing whole and the files have changed meanwhile.
 *
 * @param read is told whether the files are still as they were when it began: only then is what it finds damaged for good
 */
export async function readSteadily<T>(path: string, read: (steady: () => boolean) => Promise<T>): Promise<T> {
  for (let looks = 1; ; looks++) {
    const before = headsOf(path);
    const steady = () => looks === LOOKS || headsOf(path) === before;
    try {
      return await read(steady);
    } catch (error) {
      throwIfSteady(path, error, before, looks);
    }
  }
}

/** The same, for what reads without waiting. */
export function readSteadilyNow<T>(path: string, read: (steady: () => boolean) => T): T {
  for (let looks = 1; ; looks++) {
    const before = headsOf(path);
    const steady = () => looks === LOOKS || headsOf(path) === before;
    try {
      return read(steady);
    } catch (error) {
      throwIfSteady(path, error, before, looks);
    }
  }
}

function throwIfSteady(path: string, error: unknown, before: string, looks: number): void {
  if (!(error instanceof CorruptBackupError) || headsOf(path) === before) throw error;
  if (looks < LOOKS) return;
  throw new CorruptBackupError(
    `${error.message}; the files have been written to each of ${LOOKS} times they were read: a store is being backed up there`,
    { cause: error },
  );
}

/** Which files there are and what they begin with, in one string. */
function headsOf(path: string): string {
  try {
    const files = statSync(path).isDirectory() ? findGenerations(path) : [path];
    return files.map((file) => `${file} ${headOf(file)}`).join("\n");
  } catch {
    return ""; // whoever reads it says what is wrong
  }
}

function headOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return "none";
  const fd = openSync(file, "r");
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    return `${found.ino} ${head.toString("latin1", 0, readSync(fd, head, 0, HEADER_BYTES, 0))}`;
  } finally {
    closeSync(fd);
  }
}

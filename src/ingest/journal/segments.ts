/**
 * The files of a journal. A segment is named by the number of its first line, so that a line has the same number whichever segments before
 * it are still there, and a reader that finds one missing knows how much that was.
 */
import { closeSync, fsyncSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A place in a journal. */
export interface Position {
  /** The number of the line that begins here: lines are counted from 0 over the life of the journal. */
  readonly line: number;
  /** The number of the first line of its segment. */
  readonly segment: number;
  /** Where it begins in the segment's file. */
  readonly byte: number;
}

/** Enough for any safe integer. */
const DIGITS = 16;
const NAME = /^(\d{16})\.jsonl$/;

export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(DIGITS, "0")}.jsonl`);
}

/** The numbers of the segments' first lines, ascending. Other files are not looked at. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => NAME.exec(name))
    .filter((match) => match !== null)
    .map(([, digits]) => Number(digits))
    .filter(Number.isSafeInteger)
    .sort((a, b) => a - b);
}

/** So that a file that was made, renamed or removed is so after a loss of power too. Where a folder cannot be opened it is left to the system. */
export function syncDirectory(directory: string): void {
  let fd: number;
  try {
    fd = openSync(directory, "r");
  } catch {
    return; // Windows
  }
  try {
    fsyncSync(fd);
  } catch {
    // a file system that knows no such thing
  } finally {
    closeSync(fd);
  }
}

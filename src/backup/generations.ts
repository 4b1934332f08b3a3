/** The files of a backup directory: generations that take turns, and checkpoints, which stay. */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { type BackupHeader, decodeHeader, HEADER_BYTES, isFault } from "./format.js";

export const MOST_GENERATIONS = 26;
const GENERATION = /^generation-[a-z]\.engram$/;
const CHECKPOINT = /^checkpoint-(.+)\.engram$/;

/** The files that take turns. */
export function generationFiles(directory: string, generations: number): string[] {
  return Array.from({ length: generations }, (_, i) =>
    join(directory, `generation-${String.fromCharCode(97 + i)}.engram`),
  );
}

/** Every generation there is, whole or not. */
export function findGenerations(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => GENERATION.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** The header of a file, or null when it has none that is whole, or cannot be read. */
export function inspectHeader(path: string): BackupHeader | null {
  try {
    // before it is opened: to open a pipe is to wait for whoever writes to it
    return statSync(path).isFile() ? readHeader(path) : null;
  } catch {
    return null;
  }
}

function readHeader(path: string): BackupHeader | null {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    const header = decodeHeader(bytes.subarray(0, readSync(fd, bytes, 0, HEADER_BYTES, 0)));
    return isFault(header) ? null : header;
  } finally {
    closeSync(fd);
  }
}

/** @throws InvalidArgumentError for a name that would not make one plain file name */
export function checkpointFile(directory: string, name: unknown): string {
  if (typeof name !== "string" || !/^[\w][\w.-]{0,99}$/.test(name)) {
    throw new InvalidArgumentError(
      `a checkpoint is named ${describe(name)}; expected 1 to 100 letters, digits, dots, dashes and underscores`,
    );
  }
  return join(directory, `checkpoint-${name}.engram`);
}

/** A backup with a name, which no later one overwrites. */
export interface Checkpoint {
  /** As it was asked for. */
  readonly name: string;
  /** Its path. */
  readonly file: string;
  /** Of the file. */
  readonly bytes: number;
  /** Unix time of its cut, ms. */
  readonly takenMs: number;
}

/** Checkpoints whose header is whole, oldest first. */
export function findCheckpoints(directory: string): Checkpoint[] {
  const found: Checkpoint[] = [];
  for (const file of readdirSync(directory)) {
    const name = CHECKPOINT.exec(file)?.[1];
    const path = join(directory, file);
    const header = name === undefined ? null : inspectHeader(path);
    if (name === undefined || header === null) continue;
    found.push({ name, file: path, bytes: statSync(path).size, takenMs: header.takenMs });
  }
  return found.sort((a, b) => a.takenMs - b.takenMs || (a.name < b.name ? -1 : 1));
}

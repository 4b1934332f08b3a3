/**
 * The record file of `engram gate --record`: a line of JSON a gate, appended, so that `engram trend` can tell where a metric moved.
 *
 * A line is there whole or not at all, and two gates may end at once:
 * - Who appends has the kernel's lock on the file, where the addon loads and the file system has locks; it ends with its process.
 * - The line is one write at the end of the file (O_APPEND), which the kernel does not mix with another's.
 * - A disk that gets full takes a part of a write: that part is cut off again. With the lock nobody can have appended meanwhile; without
 *   it, it is cut off only while it is still the end of the file.
 * - What a killed process or a power failure has left without an end is cut off by the next to append. Under the lock that is nobody's
 *   line in the making; without it the line is ended instead, and counts as damage.
 */
import {
  close,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { InvalidArgumentError } from "../../src/errors.js";
import { hasNoLocks, type KernelLock, loadKernelLock } from "../../src/kernel-lock.js";
import { cannotBeRead } from "../../src/not-readable.js";
import { cannotBeWritten } from "../../src/not-writable.js";
import { type GateRecord, lineOf, readRecord } from "./record-line.js";

export interface Records {
  readonly records: GateRecord[];
  /** Where reading ended before the end of the file, and why; null when it was read whole. */
  readonly damage: { readonly line: number; readonly byte: number; readonly why: string } | null;
}

/** What is wrong with a last line that a crash has cut off. */
export const CUT_OFF = "the line has no end";
/** A byte far behind every line: on Windows a locked byte cannot be read by others. */
const LOCKED_BYTE = 2 ** 40;
/** Another gate has the lock for as long as a write takes. */
const LOCK_TRIES = 500;
const LOCK_EVERY_MS = 20;
const LINE_END = 0x0a;
const CHUNK = 4096;

/**
 * Reads a record file up to its end or its damage. An empty file has no records.
 *
 * @throws InvalidArgumentError when it cannot be read, or its first line is none
 */
export function readRecords(path: string): Records {
  try {
    return parseRecords(path, readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw cannotBeRead(path, error, "records of gates");
  }
}

/** As readRecords, of a text at hand. */
export function parseRecords(path: string, text: string): Records {
  const records: GateRecord[] = [];
  let from = 0;
  for (let line = 1; from < text.length; line++) {
    const next = text.indexOf("\n", from);
    try {
      if (next < 0) throw new Error(CUT_OFF);
      records.push(readRecord(text.slice(from, next)));
    } catch (error) {
      const why = reasonOf(error);
      if (line === 1 && why !== CUT_OFF) throw new InvalidArgumentError(`${path}, line 1: ${why}`);
      return { records, damage: { line, byte: Buffer.byteLength(text.slice(0, from)), why } };
    }
    from = next + 1;
  }
  return { records, damage: null };
}

/**
 * Asks, before minutes of measuring, whether a record can be appended at `path` and be found there again.
 *
 * @throws InvalidArgumentError when what is there is something else, or damaged before its end
 */
export function checkRecordFile(path: string): void {
  let records: Records;
  try {
    records = parseRecords(path, readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new InvalidArgumentError(`--record ${reasonOf(error)}; expected a record file, or a name that is free`);
  }
  const { damage } = records;
  if (damage === null || damage.why === CUT_OFF) return;
  throw new InvalidArgumentError(
    `--record ${path}: is damaged in line ${damage.line}, byte ${damage.byte} (${damage.why}), and nothing after it would be read; take the line out, or name another file`,
  );
}

/**
 * Appends a record.
 *
 * @param kernel for tests: the kernel's locks, or null to do without
 * @throws InvalidArgumentError when it cannot be written: the file is as it was
 */
export async function appendRecord(path: string, record: GateRecord, kernel = loadKernelLock()): Promise<void> {
  const line = Buffer.from(lineOf(record));
  let fd = -1;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o666);
    const locked = await lock(path, fd, kernel);
    appendLine(fd, line, locked);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw cannotBeWritten(path, error);
  } finally {
    // Lets go of the lock too.
    if (fd >= 0) await promisify(close)(fd);
  }
}

/** @returns false where there are no locks */
async function lock(path: string, fd: number, kernel: KernelLock | null): Promise<boolean> {
  if (kernel === null) return false;
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    try {
      if (kernel.tryLock(fd, LOCKED_BYTE, 1)) return true;
    } catch (error) {
      if (hasNoLocks(error)) return false;
      throw error;
    }
    await sleep(LOCK_EVERY_MS);
  }
  throw new InvalidArgumentError(`${path}: another program has it locked for ${(LOCK_TRIES * LOCK_EVERY_MS) / 1000} s`);
}

function appendLine(fd: number, line: Buffer, locked: boolean): void {
  const end = endOfLines(fd);
  const torn = fstatSync(fd).size > end;
  if (torn && locked) ftruncateSync(fd, end);
  const whole = torn && !locked ? Buffer.concat([Buffer.of(LINE_END), line]) : line;
  const written = writeSync(fd, whole);
  if (written === whole.length) {
    fsyncSync(fd);
    return;
  }
  takeBack(fd, whole.subarray(0, written), locked);
  throw Object.assign(new Error(`${written} of ${whole.length} bytes were taken`), { code: "ENOSPC" });
}

/** Cuts off a part of a line that has been written, unless it is the end of the file no more. */
function takeBack(fd: number, part: Buffer, locked: boolean): void {
  const { size } = fstatSync(fd);
  const there = Buffer.alloc(part.length);
  readSync(fd, there, 0, part.length, size - part.length);
  if (locked || there.equals(part)) ftruncateSync(fd, size - part.length);
}

/** Where the last line that has an end ends: the file's size, unless something has been cut off. */
function endOfLines(fd: number): number {
  const chunk = Buffer.alloc(CHUNK);
  for (let to = fstatSync(fd).size; to > 0; ) {
    const from = Math.max(0, to - CHUNK);
    const read = readSync(fd, chunk, 0, to - from, from);
    const at = chunk.subarray(0, read).lastIndexOf(LINE_END);
    if (at >= 0) return from + at + 1;
    to = from;
  }
  return 0;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

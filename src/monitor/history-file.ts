/**
 * The history file: a line of JSON an interval, appended; bounded, since it is written anew, whole or not at all, with what the grains
 * keep once it has twice as many lines. A line that a crash has cut off is taken away at the next start; anything else that is no line
 * ends what is read, and is told: the damaged file is kept beside the new one.
 *
 * One monitor at a time writes it, since each would write it anew from what it knows alone: `<the file>.lock` is that one's. Reading asks for nothing.
 */
import {
  appendFileSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { HistoryInUseError, InvalidArgumentError } from "../errors.js";
import { loadKernelLock } from "../kernel-lock.js";
import { cannotBeRead } from "../not-readable.js";
import { OwnerLock } from "../owner-lock.js";
import { headerLine, lineOf, readHeader, readLine } from "./history-line.js";
import type { Interval } from "./interval.js";
import { GRAINS, type Grain, KEPT } from "./roll-up.js";

/** What a history file holds. */
export interface History {
  /** By grain, oldest first. */
  readonly intervals: Readonly<Record<Grain, Interval[]>>;
  /** Lines that were read, of which no more are kept than the grains keep. */
  readonly lines: number;
  /** Where reading ended before the end of the file, and why; null when it was read whole. */
  readonly damage: {
    /** From 1 on. */
    readonly line: number;
    /** Where it begins in the file. */
    readonly byte: number;
    /** What is wrong with it. */
    readonly why: string;
  } | null;
}

const LINES_KEPT = GRAINS.reduce((sum, grain) => sum + KEPT[grain], 0);

/**
 * Reads a history up to its end or its damage.
 *
 * @throws InvalidArgumentError when it cannot be read, is no history, or of a version that this build does not know
 */
export function readHistory(path: string): History {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw cannotBeRead(path, error, "a monitor's history");
  }
  return parseHistory(path, text);
}

/** As readHistory, of a text at hand. */
export function parseHistory(path: string, text: string): History {
  const intervals: Record<Grain, Interval[]> = { tick: [], minute: [], hour: [] };
  const end = text.indexOf("\n");
  try {
    readHeader(end < 0 ? text : text.slice(0, end));
  } catch (error) {
    throw new InvalidArgumentError(`${path}, line 1: ${reasonOf(error)}`);
  }
  let from = end < 0 ? text.length : end + 1;
  let line = 2;
  for (; from < text.length; line++) {
    const next = text.indexOf("\n", from);
    const part = text.slice(from, next < 0 ? text.length : next);
    try {
      if (next < 0) throw new Error("the line has no end");
      const [grain, interval] = readLine(part);
      keep(intervals[grain], interval, KEPT[grain]);
    } catch (error) {
      return {
        intervals,
        lines: line - 1,
        damage: { line, byte: Buffer.byteLength(text.slice(0, from)), why: reasonOf(error) },
      };
    }
    from = next + 1;
  }
  return { intervals, lines: line - 1, damage: null };
}

/** Puts an interval at the end of a list of which `most` are to be kept: to take the first away each time would be to move them all. */
export function keep(list: Interval[], interval: Interval, most: number): void {
  list.push(interval);
  if (list.length > most + most / 8) list.splice(0, list.length - most);
}

/** A file of intervals that a monitor appends to, and rewrites when it has grown to twice what is kept. */
export class HistoryFile {
  private lines: number;

  private constructor(
    private readonly path: string,
    /** What was there, and what has come since: what the file is written anew from. */
    readonly history: History,
    /** What was wrong with the file that was there, and where it has been put; null when nothing was. */
    readonly damage: string | null,
    private readonly lock: OwnerLock,
  ) {
    this.lines = history.lines;
  }

  /**
   * Opens the file, or makes it.
   *
   * @throws InvalidArgumentError when it is there and is no history, or cannot be read or written; HistoryInUseError, naming who, when
   *   another monitor writes it
   */
  static open(path: string, now: number): HistoryFile {
    let lock: OwnerLock | null = null;
    try {
      const real = realName(path);
      lock = takeFile(path, real);
      if (!existsSync(real)) writeFileSync(real, headerLine(now), { flag: "wx" });
      const history = readHistory(real);
      return new HistoryFile(real, history, mend(real, history), lock);
    } catch (error) {
      lock?.release();
      if (error instanceof InvalidArgumentError) throw error;
      throw new InvalidArgumentError(`the history ${path} cannot be written (${reasonOf(error)})`);
    }
  }

  /** Lets others write it. */
  close(): void {
    this.lock.release();
  }

  /** @throws the system's error when it cannot be written, HistoryInUseError when it is another's by now: what was to be kept is in `history` all the same */
  append(closed: readonly [Grain, Interval][]): void {
    for (const [grain, interval] of closed) keep(this.history.intervals[grain], interval, KEPT[grain]);
    this.lock.confirm();
    this.lines += closed.length;
    if (this.lines > 2 * LINES_KEPT) this.writeAnew();
    else appendFileSync(this.path, closed.map(([grain, interval]) => lineOf(grain, interval)).join(""));
  }

  private writeAnew(): void {
    const { intervals } = this.history;
    this.lines = 0;
    const kept = GRAINS.flatMap((grain) => intervals[grain].slice(-KEPT[grain]).map((one) => [grain, one] as const));
    kept.sort(([, a], [, b]) => a.at - b.at);
    const temporary = `${this.path}.new`;
    writeFileSync(
      temporary,
      headerLine(kept[0]?.[1].at ?? 0) + kept.map(([grain, one]) => lineOf(grain, one)).join(""),
    );
    renameSync(temporary, this.path);
    this.lines = kept.length;
  }
}

/** One name of a file that may have several. */
function realName(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

function takeFile(path: string, real: string): OwnerLock {
  return OwnerLock.take(`${real}.lock`, loadKernelLock(), (who, holder) => {
    const what = `the history ${path} is written by another monitor, of ${who}`;
    return new HistoryInUseError(`${what}; close that one, or choose another file`, holder);
  });
}

/** Makes the file one that can be appended to. @returns what was wrong with it, unless it was only a line cut off at the end */
function mend(path: string, { damage, intervals }: History): string | null {
  if (damage === null) return null;
  if (damage.why === "the line has no end") {
    truncateSync(path, damage.byte);
    return null;
  }
  const copy = `${path}.damaged`;
  renameSync(path, copy);
  const kept = GRAINS.flatMap((grain) => intervals[grain].map((one) => [grain, one] as const));
  kept.sort(([, a], [, b]) => a.at - b.at);
  writeFileSync(path, headerLine(kept[0]?.[1].at ?? 0) + kept.map(([grain, one]) => lineOf(grain, one)).join(""));
  return `the history ${path} was damaged from line ${damage.line}, byte ${damage.byte} on (${damage.why}): what came before it is kept, the damaged file is ${copy}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

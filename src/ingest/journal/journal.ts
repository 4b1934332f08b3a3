/**
 * The journal: lines of JSON in segments, only ever appended to; the log that everything else is made from.
 *
 * What holds at any time, also for whoever comes after a crash:
 * - `end` is behind the last line that was written whole. A write that failed half-way is cut off again, and until that has succeeded nothing
 *   else is written; readers of this process go no further than `end`.
 * - Lines are written in order, so that a crash leaves a beginning of them: at most its last line is torn, which the next writer cuts off.
 * - One thread writes: `journal.lock` in the folder is its (src/owner-lock.ts).
 *
 * A call that was to make written lines durable and failed leaves them in doubt (the system may have thrown the pages away, and says so
 * once only): whoever waited is told, and what comes next goes into a new segment.
 */
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadKernelLock } from "../../kernel-lock.js";
import { whyNotWritable } from "../../not-writable.js";
import { OwnerLock } from "../../owner-lock.js";
import { JournalError, JournalInUseError } from "../errors.js";
import { type JournalFiles, SYSTEM_FILES } from "./files.js";
import type { CheckedJournal } from "./options.js";
import { listSegments, type Position, segmentPath, syncDirectory } from "./segments.js";
import { readTail } from "./tail.js";

/** What a journal holds, and what was done with it since it was opened. */
export interface JournalStats {
  /** Lines written. */
  readonly lines: number;
  /** Bytes written. */
  readonly bytes: number;
  /** Writes of one or more lines. */
  readonly writes: number;
  /** Calls to make them outlast a loss of power. */
  readonly syncs: number;
  /** Writes, and calls to make them durable, that the system refused. */
  readonly failures: number;
  /** Why the last of them was, in words; null when none was. */
  readonly lastFailure: string | null;
  /** Bytes of a last line without an end that were cut off when it was opened. */
  readonly tornBytes: number;
  /** Files that there are. */
  readonly segments: number;
  /** Segments that were removed because they are too old or too many. */
  readonly removed: number;
  /** The number that the next line has. */
  readonly nextLine: number;
}

export class Journal {
  private fd = -1;
  private segment = 0;
  private byte = 0;
  private line = 0;
  private begunMs = 0;
  /** Bytes of a failed write may lie behind `byte`. */
  private unclean = false;
  /** What this segment holds may not be on the disk though the system was asked. */
  private inDoubt = false;
  private dirty = false;
  /** The call under way, of whichever segment. */
  private syncing: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private readonly counts = {
    ...{ lines: 0, bytes: 0, writes: 0, syncs: 0, failures: 0, tornBytes: 0, segments: 0, removed: 0 },
    lastFailure: null as string | null,
  };

  private constructor(
    readonly options: CheckedJournal,
    private readonly files: JournalFiles,
    private readonly lock: OwnerLock,
  ) {}

  /**
   * Opens the journal of a folder, or begins one there. A torn last line is cut off and counted.
   *
   * @throws JournalInUseError, naming who writes it; JournalError when the folder or its files cannot be written
   */
  static open(options: CheckedJournal, files: JournalFiles = SYSTEM_FILES): Journal {
    const { directory } = options;
    let lock: OwnerLock | null = null;
    try {
      mkdirSync(directory, { recursive: true });
      lock = takeLock(directory);
      const journal = new Journal(options, files, lock);
      journal.openLast();
      journal.syncRegularly();
      return journal;
    } catch (error) {
      lock?.release();
      if (error instanceof JournalInUseError) throw error;
      throw failure(`the journal ${directory} cannot be opened`, error, directory);
    }
  }

  /** Behind the last whole line. */
  get end(): Position {
    return { line: this.line, segment: this.segment, byte: this.byte };
  }

  /**
   * Writes whole lines, all of them or none. They outlast this process from here on, a loss of power from the next `sync` on.
   *
   * @param lines how many they are
   * @throws JournalError when they could not be written: nothing of them stays
   */
  append(bytes: Uint8Array, lines: number): void {
    if (this.fd < 0) throw new JournalError(`the journal ${this.options.directory} is closed`);
    try {
      if (this.unclean) this.cutOff();
      if (this.isToEnd()) this.beginSegment();
      for (let done = 0; done < bytes.length; ) {
        this.unclean = true;
        done += this.files.write(this.fd, bytes, done, this.byte + done);
      }
      this.unclean = false;
    } catch (error) {
      const failed = this.failed(error);
      try {
        if (this.unclean) this.cutOff();
      } catch {
        // tried again before anything else is written
      }
      throw failed;
    }
    this.byte += bytes.length;
    this.line += lines;
    this.dirty = true;
    this.counts.lines += lines;
    this.counts.bytes += bytes.length;
    this.counts.writes++;
  }

  /** Makes what is written so far durable. @throws JournalError when the system says that it is not, or may not be */
  async sync(): Promise<void> {
    while (this.syncing !== null) await this.syncing.catch(() => {}); // that call may have begun before the last write
    if (!this.dirty || this.fd < 0) return;
    this.dirty = false;
    this.syncing = this.files.sync(this.fd);
    try {
      await this.syncing;
      this.counts.syncs++;
    } catch (error) {
      this.inDoubt = true;
      throw this.failed(error);
    } finally {
      this.syncing = null;
    }
  }

  /** Removes ended segments that every reader is through with and that are too old, or too many. */
  removeOld(readers: readonly Position[], nowMs = Date.now()): void {
    const { directory, maxAgeMs, maxBytes } = this.options;
    const inUse = Math.min(this.segment, ...readers.map(({ segment }) => segment));
    const ended = listSegments(directory).map((first) => ({ first, stat: statSync(segmentPath(directory, first)) }));
    let bytes = ended.reduce((sum, { stat }) => sum + stat.size, 0);
    for (const { first, stat } of ended) {
      if (first >= inUse || (bytes <= maxBytes && nowMs - stat.mtimeMs <= maxAgeMs)) break;
      rmSync(segmentPath(directory, first), { force: true });
      bytes -= stat.size;
      this.counts.removed++;
      this.counts.segments--;
    }
  }

  stats(): JournalStats {
    return { ...this.counts, nextLine: this.line };
  }

  /** Makes everything durable and lets others write it. @throws JournalError when that fails: it is closed all the same */
  async close(): Promise<void> {
    clearInterval(this.timer);
    if (this.fd < 0) return;
    try {
      await this.sync();
    } finally {
      const { fd } = this;
      this.fd = -1;
      this.files.close(fd);
      this.lock.release();
    }
  }

  // ---------------------------------------------------------------- inside

  private openLast(): void {
    const { directory } = this.options;
    const all = listSegments(directory);
    const last = all.at(-1) ?? 0;
    this.fd = this.files.open(segmentPath(directory, last));
    try {
      const { lines, end, torn } = readTail(this.fd);
      this.segment = last;
      this.byte = end;
      this.line = last + lines;
      if (torn > 0) this.cutOff();
      this.counts.tornBytes = torn;
      this.counts.segments = Math.max(all.length, 1);
      const { birthtimeMs, mtimeMs } = statSync(segmentPath(directory, last));
      this.begunMs = birthtimeMs > 0 ? birthtimeMs : mtimeMs;
      if (all.length === 0) syncDirectory(directory);
    } catch (error) {
      this.files.close(this.fd);
      throw error;
    }
  }

  private isToEnd(): boolean {
    if (this.line === this.segment) return false; // an empty one would be begun anew under its own name
    const { segmentBytes, segmentAgeMs } = this.options;
    return this.inDoubt || this.byte >= segmentBytes || Date.now() - this.begunMs >= segmentAgeMs;
  }

  private beginSegment(): void {
    const { directory, sync } = this.options;
    const next = this.files.open(segmentPath(directory, this.line));
    const ended = this.fd;
    try {
      if (this.dirty && sync !== "never" && this.syncing === null) this.files.syncNow(ended);
    } catch (error) {
      this.failed(error); // they were written, and are told of as far as anybody waits for them
    }
    this.closeLater(ended);
    this.fd = next;
    this.segment = this.line;
    this.byte = 0;
    this.begunMs = Date.now();
    this.inDoubt = false;
    this.dirty = false;
    this.counts.segments++;
    if (sync !== "never") syncDirectory(directory);
  }

  /** A call under way has its number: closed now, that could be another file's by then. And it does not know of what was written since. */
  private closeLater(fd: number): void {
    const { syncing, files } = this;
    if (syncing === null) files.close(fd);
    else {
      const last = this.dirty ? () => files.sync(fd) : () => {};
      void syncing
        .catch(() => {})
        .then(last)
        .catch((error) => void this.failed(error))
        .then(() => files.close(fd));
    }
  }

  private cutOff(): void {
    this.files.truncate(this.fd, this.byte);
    this.unclean = false;
  }

  private failed(error: unknown): JournalError {
    this.counts.failures++;
    const told = failure(
      `the journal ${this.options.directory} cannot be written`,
      error,
      segmentPath(this.options.directory, this.segment),
    );
    this.counts.lastFailure = told.message;
    return told;
  }

  private syncRegularly(): void {
    if (this.options.sync !== "interval") return;
    this.timer = setInterval(() => void this.sync().catch(() => {}), this.options.syncEveryMs);
    this.timer.unref();
  }
}

function takeLock(directory: string): OwnerLock {
  return OwnerLock.take(join(directory, "journal.lock"), loadKernelLock(), (who, holder) => {
    const what = `the journal ${directory} is written by ${who}`;
    return new JournalInUseError(`${what}; stop that one, or choose another folder`, holder);
  });
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

function failure(what: string, error: unknown, path: string): JournalError {
  const { code } = error as NodeJS.ErrnoException;
  const why = FULL.has(code ?? "") ? `no room is left (${code})` : whyNotWritable(error, path);
  return new JournalError(`${what}: ${why}`, { cause: error });
}

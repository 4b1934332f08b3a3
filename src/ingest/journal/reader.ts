/**
 * Reads a journal from a position on, line by line, and comes to its end whatever lies there: lines that are too long or no metric,
 * segments that are gone, positions that are not at a line's beginning. What it had to pass over, it counts.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { listSegments, type Position, segmentPath } from "./segments.js";

export interface JournalLine {
  readonly number: number;
  /** Without its end. */
  readonly text: string;
}

export interface JournalBatch {
  readonly lines: readonly JournalLine[];
  /** Behind them: where to go on once they have been dealt with. */
  readonly next: Position;
}

/** The first line that is still there. */
export function firstPosition(directory: string): Position {
  const [first = 0] = listSegments(directory);
  return { line: first, segment: first, byte: 0 };
}

const LF = 10;
/** A longer line is none of ours: the longest metric has less than a tenth of it. */
const BUFFER = 1 << 20;

export class JournalReader {
  /** Lines that were too long, and lines that are gone with their segment. */
  readonly passedOver = { tooLong: 0, gone: 0 };
  private fd = -1;
  private open = -1;
  private at: Position;
  private readonly buffer = Buffer.allocUnsafe(BUFFER);

  /**
   * @param from where to begin: its byte is believed only if a line begins there
   * @param end how far may be read, for a journal that is being written in this process: beyond it lies what may be cut off again
   */
  constructor(
    private readonly directory: string,
    from: Position,
    private readonly end?: () => Position,
  ) {
    this.at = this.settle(from);
  }

  /** Where the next batch begins. */
  get position(): Position {
    return this.at;
  }

  /** Goes on behind a batch that has been dealt with. */
  moveTo(next: Position): void {
    this.at = next;
  }

  /** The next lines, at least one and at most so many; null when there is none yet. The same again until `moveTo`. */
  read(maxLines: number): JournalBatch | null {
    for (;;) {
      if (!this.openAt()) return null;
      const limit = this.limit();
      const size = this.readInto(this.at.byte, limit);
      const batch = this.split(size, maxLines);
      if (batch !== null) return batch;
      if (size === this.buffer.length) {
        if (this.passLongLine(limit)) continue;
      }
      const next = this.nextSegment();
      if (next === undefined) return null;
      // what another process wrote to this one before it began the next, and after it was looked at
      if (this.limit() > limit) continue;
      this.skipTo(next);
    }
  }

  /** Bytes and lines up to the end of the journal, as far as they are known: lines only where the journal is written here. */
  lag(): { readonly bytes: number; readonly lines: number | null } {
    let bytes = 0;
    for (const first of listSegments(this.directory)) {
      if (first < this.at.segment) continue;
      const size = this.sizeOf(first);
      bytes += first === this.at.segment ? Math.max(0, size - this.at.byte) : size;
    }
    const end = this.end?.();
    return { bytes, lines: end === undefined ? null : Math.max(0, end.line - this.at.line) };
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
    this.open = -1;
  }

  // ---------------------------------------------------------------- inside

  private sizeOf(first: number): number {
    const end = this.end?.();
    if (end !== undefined && first === end.segment) return end.byte;
    if (end !== undefined && first > end.segment) return 0;
    let fd: number;
    try {
      fd = openSync(segmentPath(this.directory, first), "r");
    } catch {
      return 0;
    }
    try {
      return fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  }

  /** The segment of the position, opened; the one behind it when it is gone. False when there is none. */
  private openAt(): boolean {
    if (this.open === this.at.segment) return true;
    this.close();
    for (;;) {
      try {
        this.fd = openSync(segmentPath(this.directory, this.at.segment), "r");
        this.open = this.at.segment;
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        if (!this.skipTo(listSegments(this.directory).find((first) => first > this.at.segment))) return false;
      }
    }
  }

  private limit(): number {
    const end = this.end?.();
    if (end !== undefined && end.segment === this.at.segment) return end.byte;
    return fstatSync(this.fd).size;
  }

  private readInto(byte: number, limit: number): number {
    const most = Math.min(this.buffer.length, Math.max(0, limit - byte));
    return most === 0 ? 0 : readSync(this.fd, this.buffer, 0, most, byte);
  }

  private split(size: number, maxLines: number): JournalBatch | null {
    const lines: JournalLine[] = [];
    let from = 0;
    while (lines.length < maxLines) {
      const to = this.buffer.indexOf(LF, from);
      if (to < 0 || to >= size) break;
      lines.push({ number: this.at.line + lines.length, text: this.buffer.toString("utf8", from, to) });
      from = to + 1;
    }
    if (lines.length === 0) return null;
    const { line, segment, byte } = this.at;
    return { lines, next: { line: line + lines.length, segment, byte: byte + from } };
  }

  /** Goes behind a line that the buffer does not hold; false when it has no end (yet). */
  private passLongLine(limit: number): boolean {
    for (let byte = this.at.byte; ; byte += this.buffer.length) {
      const size = this.readInto(byte, limit);
      if (size === 0) return false;
      const to = this.buffer.indexOf(LF);
      if (to < 0 || to >= size) continue;
      const { line, segment } = this.at;
      this.at = { line: line + 1, segment, byte: byte + to + 1 };
      this.passedOver.tooLong++;
      return true;
    }
  }

  /** What has no end in a segment that has another behind it never gets one. */
  private nextSegment(): number | undefined {
    const end = this.end?.();
    if (end !== undefined && end.segment <= this.at.segment) return undefined;
    return listSegments(this.directory).find((first) => first > this.at.segment);
  }

  /** The segment's name is its first line's number: what should have come before it and did not is gone. */
  private skipTo(first: number | undefined): boolean {
    if (first === undefined) return false;
    this.passedOver.gone += Math.max(0, first - this.at.line);
    this.at = { line: first, segment: first, byte: 0 };
    return true;
  }

  /** The position of a line of that number, or of the first one behind it that is there. */
  private settle(from: Position): Position {
    this.at = from;
    const segments = listSegments(this.directory);
    const segment = segments.findLast((first) => first <= from.line);
    if (segment === undefined) {
      // the line is gone with its segment: on from the first that is there
      this.skipTo(segments[0]);
      return this.at;
    }
    if (segment === from.segment && this.beginsLine(from)) return from;
    this.at = { line: segment, segment, byte: 0 };
    while (this.at.line < from.line) {
      const batch = this.read(from.line - this.at.line);
      if (batch === null) break; // it was cut off since
      this.at = batch.next;
    }
    return this.at;
  }

  private beginsLine({ segment, byte }: Position): boolean {
    if (byte === 0) return true;
    this.at = { line: segment, segment, byte: 0 };
    if (!this.openAt()) return false;
    return byte <= this.limit() && this.readInto(byte - 1, byte) === 1 && this.buffer[0] === LF;
  }
}

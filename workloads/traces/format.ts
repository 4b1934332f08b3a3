/** What a trace format has to say for itself; one file in `formats/` each. */
import type { TraceBatch } from "./batch.js";
import type { ColumnSpec } from "./columns.js";
import type { ByteSource } from "./source.js";
import type { TimeUnit } from "./time-unit.js";

/** Bytes of a file that a reader went past because they were not whole. */
export interface Skipped {
  readonly offset: number;
  readonly bytes: number;
  /** Why nothing is read at the first of them. */
  readonly reason: string;
}

export interface ReadOptions {
  /** oplog: told of each stretch that is skipped, in order. */
  readonly onSkipped?: (skipped: Skipped) => void;
  /** csv, jsonl: which column, or path, is which. */
  readonly columns?: ColumnSpec;
  /** csv: the unit of its times; unset: judged. */
  readonly timeUnit?: TimeUnit;
  /** csv: the unit of its times to live; unset: that of its times. */
  readonly ttlUnit?: TimeUnit;
  /** pattern: whose groups are the fields. */
  readonly pattern?: RegExp;
  /** Told how the file is read. */
  readonly reading: ReadingNotes;
}

/** What a reader finds out on the way; reading.ts says what becomes of it. */
export interface ReadingNotes {
  columns: string | null;
  times: string | null;
  unknownSizes: boolean;
  readonly warnings: string[];
}

export interface TraceFormat {
  /** As `--format` spells it. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /** File name endings, lower case, without `.gz`, `.zst` or `.xz`. */
  readonly endings: readonly string[];
  /** A format whose files have no mark at all: any bytes would do. */
  readonly headerless?: boolean;
  /** Whether the (decompressed) beginning of a file looks like this format; cheap, and rather false than wrong. */
  looksLike(head: Buffer): boolean;
  /**
   * Every request, in order, in a batch that is filled anew each time. Throws InvalidArgumentError naming the line or
   * byte offset where the content stops making sense.
   */
  read(source: ByteSource, options: ReadOptions): AsyncGenerator<TraceBatch>;
}

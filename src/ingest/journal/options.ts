/** What a journal takes, checked before a file is touched. */
import { choice, describe, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Duration, milliseconds, parseBytes, type Size } from "../../units.js";

/**
 * When what was written is made to outlast a loss of power. The end of the process, however it ends, takes nothing with it under any of them.
 * "always": before it is acknowledged, one call for all that came meanwhile. "interval": every `syncEvery`. "never": when the system does.
 */
export type SyncPolicy = "always" | "interval" | "never";

/** Where a journal lies, how large its segments are, and how long they stay. What is out of bounds is an InvalidArgumentError. */
export interface JournalOptions {
  /** The folder; made if it is missing. One process at a time writes there. */
  directory: string;
  /** A segment is ended when it has so many bytes. Default "64MiB". */
  segmentBytes?: Size;
  /** Or when it is so old. Default "1d". */
  segmentAge?: Duration;
  /** Default "interval". */
  sync?: SyncPolicy;
  /** Default 200 ms. */
  syncEvery?: Duration;
  /** Ended segments that every output has read are removed when they are so old. Default "7d". */
  maxAge?: Duration;
  /** Or when all segments together have more bytes than this, the oldest first. Default: no limit. */
  maxBytes?: Size;
}

export interface CheckedJournal {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly segmentAgeMs: number;
  readonly sync: SyncPolicy;
  readonly syncEveryMs: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

const OPTIONS = new KnownOptions("journal", [
  ...["directory", "segmentBytes", "segmentAge", "sync", "syncEvery", "maxAge", "maxBytes"],
]);
const POLICIES = ["always", "interval", "never"] as const;
const DEFAULT_SEGMENT_BYTES = 64 * 2 ** 20;
const DAY_MS = 86_400_000;

/** @param journal a folder's name alone, or options. @throws InvalidArgumentError naming the option */
export function checkJournal(journal: JournalOptions | string): CheckedJournal {
  const options: JournalOptions = typeof journal === "string" ? { directory: journal } : OPTIONS.check(journal);
  const { directory, segmentBytes, maxBytes } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new InvalidArgumentError(`option journal.directory is ${describe(directory)}; expected the name of a folder`);
  }
  return {
    directory,
    segmentBytes:
      segmentBytes === undefined ? DEFAULT_SEGMENT_BYTES : parseBytes(segmentBytes, "option journal.segmentBytes"),
    segmentAgeMs: milliseconds("option journal.segmentAge", options.segmentAge, DAY_MS, 1),
    sync: choice("option journal.sync", options.sync, POLICIES, "interval"),
    syncEveryMs: milliseconds("option journal.syncEvery", options.syncEvery, 200, 1, 3_600_000),
    maxAgeMs: milliseconds("option journal.maxAge", options.maxAge, 7 * DAY_MS, 1),
    maxBytes: maxBytes === undefined ? Number.POSITIVE_INFINITY : parseBytes(maxBytes, "option journal.maxBytes"),
  };
}

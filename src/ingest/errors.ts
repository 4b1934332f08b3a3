/** What goes wrong on the way in, each under EngramError with a code of its own. */
import { EngramError, InvalidArgumentError, type LockHolder } from "../errors.js";

/** A body is not what its path takes. Nothing of it was taken. `status` is what the sender is answered. */
export class BadBodyError extends EngramError {
  /** What it is answered with over HTTP. */
  readonly status: 400 | 413 | 415;

  constructor(message: string, status: 400 | 413 | 415 = 400) {
    super("BAD_BODY", message);
    this.status = status;
  }
}

/** Another process, or another thread of this one, writes this journal: of `holder`, where that is known. */
export class JournalInUseError extends InvalidArgumentError {
  /** "JOURNAL_IN_USE". */
  override readonly code: string = "JOURNAL_IN_USE";
  /** Who has the journal; null where that is not known. */
  readonly holder: LockHolder | null;

  constructor(message: string, holder: LockHolder | null) {
    super(message);
    this.holder = holder;
  }
}

/** The journal could not be written: the disk is full, or the system refuses. Nothing of what was to be written stays. */
export class JournalError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("JOURNAL_FAILED", message, options);
  }
}

/** A sink did not take a batch, and may take it later: it is tried again. */
export class SinkError extends EngramError {
  /** Time that the sink itself asks to be left alone for, ms; null when it says nothing. */
  readonly waitMs: number | null;

  constructor(message: string, waitMs: number | null = null, options?: ErrorOptions) {
    super("SINK_FAILED", message, options);
    this.waitMs = waitMs;
  }
}

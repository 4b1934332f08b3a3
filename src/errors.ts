/**
 * Every error Engram throws on purpose. Each class has a stable `code`, so that callers on the far side of a
 * structured clone (where the class is lost) can still tell them apart. A message says what failed, with which value,
 * and what to do about it.
 */
export class EngramError extends Error {
  /** Of its class, the same in every version: what to tell errors apart by. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An argument, option, flag or input file is not what was expected. On the command line: exit code 2. */
export class InvalidArgumentError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("INVALID_ARGUMENT", message, options);
  }
}

/** What a validator found wrong with a value: an issue as Standard Schema has them. */
export interface ValueIssue {
  /** In the validator's own words. */
  readonly message: string;
  /** Where in the value, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A vector that an index cannot take, or be asked for: of another number of dimensions, not finite, without a direction. Nothing was changed. */
export class InvalidVectorError extends InvalidArgumentError {
  /** "INVALID_VECTOR". */
  override readonly code: string = "INVALID_VECTOR";
  /** Its place among the vectors that were handed in; null for a query. */
  readonly vector: number | null;
  /** The place in it of what is wrong; null when it is the whole. */
  readonly component: number | null;

  constructor(message: string, vector: number | null, component: number | null) {
    super(message);
    this.vector = vector;
    this.component = component;
  }
}

/** A namespace's schema refuses a value, or its validator threw (`cause`). Of a write: nothing was changed. */
export class InvalidValueError extends EngramError {
  /** Of the entry, as it was handed in; that of a prepared key, or one that was read in an iteration, as bytes. */
  readonly key: string | Uint8Array;
  /** Empty when the validator threw. */
  readonly issues: readonly ValueIssue[];

  constructor(message: string, key: string | Uint8Array, issues: readonly ValueIssue[], options?: ErrorOptions) {
    super("INVALID_VALUE", message, options);
    this.key = key;
    this.issues = issues;
  }
}

/** A change was tried as often as it may be, and each time somebody else had changed the same entry first. Nothing of it was written. */
export class ContentionError extends EngramError {
  constructor(message: string) {
    super("CONTENDED", message);
  }
}

/** A key is longer than 1,024 bytes in UTF-8. */
export class KeyTooLongError extends EngramError {
  constructor(message: string) {
    super("KEY_TOO_LONG", message);
  }
}

/** A value does not fit the largest size class together with its key; the message names the limit. */
export class ValueTooLargeError extends EngramError {
  constructor(message: string) {
    super("VALUE_TOO_LARGE", message);
  }
}

/** No chunk of a fitting size class is free and none could be evicted; the message names the class and its occupancy. */
export class OutOfMemoryError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("OUT_OF_MEMORY", message, options);
  }
}

/** Why an arena gave nothing: `failure` says which of its three bounds was met. Nothing was taken. */
export class ArenaError extends OutOfMemoryError {
  /** More bytes than an address reaches; more than the arena's limit leaves free side by side; or the machine reserves no such memory. */
  readonly failure: "overflow" | "exceeds-limit" | "growth-failed";

  constructor(failure: ArenaError["failure"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** An agent asked for more than its budget leaves. Nothing was taken. */
export class BudgetExceededError extends EngramError {
  /** Its name. */
  readonly agent: string;
  /** Bytes that it asked for. */
  readonly asked: number;
  /** Bytes that it has. */
  readonly used: number;
  /** Bytes that it may have. */
  readonly limit: number;

  constructor(agent: string, asked: number, used: number, limit: number) {
    super(
      "BUDGET_EXCEEDED",
      `agent "${agent}" asked for ${asked} bytes and has ${used} of a budget of ${limit}; give something back, or raise its budget`,
    );
    this.agent = agent;
    this.asked = asked;
    this.used = used;
    this.limit = limit;
  }
}

/** All blocks of a pool are out. */
export class PoolExhaustedError extends EngramError {
  constructor(message: string) {
    super("POOL_EXHAUSTED", message);
  }
}

/** Only the thread that owns it may do this: another has it, or this one gave it away. */
export class NotOwnerError extends EngramError {
  constructor(message: string) {
    super("NOT_OWNER", message);
  }
}

/** What a cell holds is being changed by somebody else of the same thread. */
export class BorrowError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("BORROWED", message, options);
  }
}

/** An agent asked for an operation its permissions on that namespace do not allow. Nothing was touched. */
export class AccessDeniedError extends EngramError {
  constructor(message: string) {
    super("ACCESS_DENIED", message);
  }
}

/** A namespace is at its own limit (`maxEntries`, `maxBytes`) and may not evict, or no namespace id is left. */
export class NamespaceLimitError extends EngramError {
  constructor(message: string) {
    super("NAMESPACE_LIMIT", message);
  }
}

/** Every worker slot of the store is taken. */
export class WorkerLimitError extends EngramError {
  constructor(message: string) {
    super("WORKER_LIMIT", message);
  }
}

/** The store was closed in this thread, or, to one that attaches, by the thread that made it; or a channel or queue was dropped. */
export class ClosedError extends EngramError {
  constructor(message = "the store is closed in this thread; create or attach it again") {
    super("CLOSED", message);
  }
}

/** The end of what `store.track` was told of did not come within its deadline. It goes on; the store has struck it off, and counted it as forced. */
export class EndTimeoutError extends EngramError {
  constructor(what: string, deadlineMs: number) {
    super("END_TIMEOUT", `the end of ${what} did not come within ${deadlineMs} ms`);
  }
}

/** A lock was not to be had within the time that its caller would wait. It has nothing of it. */
export class LockTimeoutError extends EngramError {
  constructor(message: string) {
    super("LOCK_TIMEOUT", message);
  }
}

/**
 * Waiting for the lock could never end: whoever has it waits, over one lock or several, for what the caller has, or it is the caller itself. Also
 * of a lock that is asked for against the order it was made with. The caller has nothing of it, and keeps what it had.
 */
export class DeadlockError extends EngramError {
  /** Names of the locks: each is held by who waits for the next one, and the last one by who waits for the first. */
  readonly cycle: readonly string[];

  constructor(message: string, cycle: readonly string[]) {
    super("DEADLOCK", message);
    this.cycle = cycle;
  }
}

/**
 * A thread ended with the lock in its hands, or inside a change of an agent that it owned: what the lock guards, or the agent holds, may be half
 * done. The caller has nothing of it; `recover: true` takes it all the same.
 */
export class PoisonedError extends EngramError {
  constructor(message: string) {
    super("POISONED", message);
  }
}

/** The bytes of an entry or message are no value of the encoding it is read in: something else wrote them. */
export class CorruptValueError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("CORRUPT_VALUE", message, options);
  }
}

/** A backup file is damaged, foreign or from another format version. */
export class CorruptBackupError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("CORRUPT_BACKUP", message, options);
  }
}

/** The bytes of a vector index are damaged, foreign or from another format version. */
export class CorruptIndexError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("CORRUPT_INDEX", message, options);
  }
}

/** Another store is backed up into this directory, in this process or in another one: by `holder`, where that is known. */
export class DirectoryInUseError extends InvalidArgumentError {
  /** "DIRECTORY_IN_USE". */
  override readonly code: string = "DIRECTORY_IN_USE";
  /** Who has the directory; null where that is not known. */
  readonly holder: LockHolder | null;

  constructor(message: string, holder: LockHolder | null) {
    super(message);
    this.holder = plainHolder(holder);
  }
}

/** Another monitor writes this history file, in this process or in another one: of `holder`, where that is known. */
export class HistoryInUseError extends InvalidArgumentError {
  /** "HISTORY_IN_USE". */
  override readonly code: string = "HISTORY_IN_USE";
  /** Who has the file; null where that is not known. */
  readonly holder: LockHolder | null;

  constructor(message: string, holder: LockHolder | null) {
    super(message);
    this.holder = plainHolder(holder);
  }
}

/** Who has what is one thread's at a time. */
export interface LockHolder {
  /** The process's id. */
  readonly pid: number;
  /** Node's number of the thread in it (`threadId`). */
  readonly thread: number;
  /** Name of its machine. */
  readonly host: string;
  /** Unix time, ms. */
  readonly sinceMs: number;
}

function plainHolder(holder: LockHolder | null): LockHolder | null {
  if (holder === null) return null;
  const { pid, thread, host, sinceMs } = holder;
  return { pid, thread, host, sinceMs };
}

/** Why a backup did not come to be. The store itself is unharmed and the generations before it are still good. */
export type BackupFailure =
  /** The disk, the quota or the file size limit is full. */
  | "no-space"
  /** The file or its directory was removed, replaced or truncated by someone else. */
  | "file-gone"
  /** Somebody else took the directory, or wrote a generation there, after these backups were opened. */
  | "in-use"
  /** On SIGTERM: it was not finished by the deadline. */
  | "too-late"
  /** Any other refusal of the file system. */
  | "io"
  /** The store needed the memory that was kept for the snapshot: writers go first. */
  | "gave-way"
  /** A write that began before the snapshot did not end in time: a worker died unwatched, or is stopped. */
  | "blocked"
  /** What was copied is not as many entries as the store counts. */
  | "incomplete"
  /** The thread that writes backups has died. */
  | "thread-died";

/** A backup or checkpoint could not be written. `failure` says why in one word, the message in a sentence. */
export class BackupError extends EngramError {
  /** Why, in one word. */
  readonly failure: BackupFailure;

  constructor(failure: BackupFailure, message: string, options?: ErrorOptions) {
    super("BACKUP_FAILED", message, options);
    this.failure = failure;
  }
}

/** A file of records is cut short, changed or not one at all; the message names file, byte and expectation. Nothing of it was used. */
export class CorruptFileError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("CORRUPT_FILE", message, options);
  }
}

/** A file of records holds others than were asked for: other fields, or another version of what they mean. */
export class LayoutMismatchError extends EngramError {
  constructor(message: string) {
    super("LAYOUT_MISMATCH", message);
  }
}

/** What only a file in memory can do was asked of one that is read and written at positions; the message says why it is not mapped. */
export class NotMappedError extends EngramError {
  constructor(message: string) {
    super("NOT_MAPPED", message);
  }
}

/**
 * What the cluster asks of an engine: a totally ordered log of one domain in which each key's last version stands,
 * compare-and-set on it, and messages that may be lost. Consensus, membership and replication are the engine's own;
 * everything else (copies, clocks, levels, healing) is built on these calls, so that the simulation drives what ships.
 *
 * What is relied on, and nothing more:
 *  - sequence numbers rise by one with every append to the log, whatever its key; a version that was superseded or
 *    forgotten leaves a hole behind it in `since`, never in what `onChange` was to tell;
 *  - `append` with `expect` succeeds for one of those that expect the same number;
 *  - the same `id` appended twice within the engine's window is one version: told as a duplicate as long as it stands, after that as a duplicate
 *    or as unknown;
 *  - `onChange` may lose, repeat and reorder; `since` does not.
 */

/** A key of the log: one letter for its kind, then the name. Any text: an engine encodes it as it must. */
export type LogKey = string;

/** What became of an append. */
export interface Appended {
  /** Of the version that stands for this id: of the first attempt when this one was a duplicate. */
  readonly seq: number;
  /** Whether it had been written before, under the same id. */
  readonly duplicate: boolean;
}

/** A version in the log. */
export interface Logged {
  /** Its number there. */
  readonly seq: number;
  /** Its bytes. */
  readonly entry: Uint8Array;
}

/**
 * Up to where a log was read. Reading takes time: a version that is written over meanwhile stands no more when its turn comes, and the one that took its
 * place is beyond `last`. So what was visited is a picture of one moment only together with all that comes up to `end`.
 */
export interface ReadSince {
  /** What stands up to here was visited; never below where it began, even where the engine says so after a change of leader. */
  readonly last: number;
  /** The log's last number when all had been read; `last` when nothing can have been written over. */
  readonly end: number;
}

/** Under which condition something is appended. */
export interface AppendOptions {
  /** Of this attempt, unique in the cluster: asking again with it cannot write twice. */
  readonly id: string;
  /** The sequence number that the key's last version must have, 0 for none. Default: whatever stands there. */
  readonly expect?: number;
}

/** What an engine is. */
export interface EngineFacts {
  /** As `nats`, `memory`. */
  readonly name: string;
  /** As it says itself. */
  readonly version: string;
  /** Longest entry it takes. */
  readonly maxEntryBytes: number;
  /** Longest key it takes, in UTF-8 bytes. */
  readonly maxKeyBytes: number;
  /** Copies that it keeps of the log. */
  readonly replicas: number;
  /** For how long it knows an attempt's id again, ms. */
  readonly duplicateWindowMs: number;
}

/** A domain's log, as it is asked for. */
export interface LogDefinition {
  /** The domain's name. */
  readonly name: string;
  /** Copies that are kept of it: 1, 3 or 5. */
  readonly replicas: number;
  /** Whether it outlives its servers. */
  readonly storage: "file" | "memory";
  /** Beyond it the engine refuses: the last wall, above the limits that the domain keeps itself. */
  readonly maxBytes: number;
}

/** Where a node's engines come from: one connection for all its domains. */
export interface EngineSource {
  /**
   * @throws UnavailableError when no server answers within `timeoutMs`; EngineTooOldError; InvalidArgumentError when there is a log of that name that
   *   is kept otherwise than the definition says. Nothing is left open then.
   */
  open(log: LogDefinition, node: string, timeoutMs: number): Promise<Engine>;
  /** Of all that were opened. */
  close(): Promise<void>;
}

/** One domain's log, as one node sees it. */
export interface Engine {
  /** What it can, and how much of it. */
  readonly facts: EngineFacts;

  /**
   * @throws EngineConflict when `expect` is not what stands there: nothing was written by this attempt (a retry of an
   *   attempt whose outcome was unknown may meet its own version: read and compare)
   * @throws EngineNotSent when it certainly had no effect
   * @throws EngineUnknown when it may have been written, now or later
   */
  append(key: LogKey, entry: Uint8Array, options: AppendOptions): Promise<Appended>;

  /** The last version, as of some moment after the call: good for preparing a compare-and-set, not for a promise. */
  read(key: LogKey): Promise<Logged | null>;

  /** Everything after `seq` that still stands, in order. `visit` is called only when all of it has arrived. */
  since(seq: number, visit: (seq: number, key: LogKey, entry: Uint8Array) => void): Promise<ReadSince>;

  /** A new version, told some time after it was written; may be missed, told twice, or come out of order. */
  onChange(listener: (seq: number, key: LogKey, entry: Uint8Array) => void): void;

  /** The connection was lost and is back: what was told in between is missing. */
  onReconnect(listener: () => void): void;

  /** To every other node of this domain that can be reached now, once at most; needs no quorum. What is too long to be sent is lost as well. */
  cast(message: Uint8Array): void;

  /** Tells the listener of each message that another node has cast. */
  onCast(listener: (from: string, message: Uint8Array) => void): void;

  /** Takes a key's last version out of the log if it is still `seq`: for tombstones past the horizon. */
  forget(key: LogKey, seq: number): Promise<void>;

  /** What waits gets EngineUnknown or EngineNotSent; nothing is told afterwards. */
  close(): Promise<void>;
}

/** Another version stands there than was expected. */
export class EngineConflict extends Error {}

/** Never reached the log. */
export class EngineNotSent extends Error {}

/** No answer in time: it may have happened, or happen yet. */
export class EngineUnknown extends Error {}

/** Time as the cluster needs it: given from outside, so that the simulation has its own. */
export interface ClusterClock {
  /** Milliseconds of a wall clock, which may jump. */
  now(): number;
  /** Milliseconds of a clock that only goes forward. */
  elapsed(): number;
  /** Calls once after at least `ms`; 0 means after the work in hand. Does not keep a process alive. The answer cancels. */
  after(ms: number, callback: () => void): () => void;
}

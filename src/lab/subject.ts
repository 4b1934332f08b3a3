/**
 * What a scenario is run against: a subject. Every one gets the same stream of operations, drawn beforehand, through the same driver;
 * what may differ is only what this interface hides. Keys are indexes into a list of strings, and values are the first `size` bytes of
 * one buffer, so that a run measures the subject and not the making of its inputs. Whose store speaks of keys and bytes instead: `byKey`.
 */

/** The operations of a stream, by the names that scenarios and results use. */
export type SubjectOperation =
  | ("get" | "set" | "delete" | "increment" | "readModifyWrite" | "insert" | "getOrSet" | "other")
  | AdditionalOperation;

/** Those that a subject does only when it says so. */
export type AdditionalOperation = "borrow" | "scan" | "append" | "send" | "receive" | "handOff" | "watch";

/** An answer now, or later for a store that is asynchronous: then one operation is under way in each worker. */
export type Answer<T> = T | Promise<T>;

/** What a subject must hold, told when its shared part is made. */
export interface SubjectPlan {
  /** Workers that will attach. */
  readonly workers: number;
  /** UTF-8 bytes of each key, by key index. */
  readonly keyBytes: Uint16Array;
  /** The largest value written to each key, by key index, bytes; -1: the key is never written. */
  readonly largestValues: Int32Array;
  /** Keys that are written at all; with `grows` only those of the first round. */
  readonly entries: number;
  /** True: keys are inserted for as long as the run lasts, so that no one knows how many there will be. */
  readonly grows?: boolean;
  /** Bytes of keys and values when every key holds its largest value: the footprint of the scenario. */
  readonly footprintBytes: number;
  /** Bytes of the largest value. */
  readonly maxValueBytes: number;
  /** UTF-8 bytes of the longest key. */
  readonly maxKeyBytes: number;
  /** What the scenario lets the store take, bytes; null: everything must fit. */
  readonly capacityBytes: number | null;
  /** Eviction strategy the scenario asks for, by name. */
  readonly eviction: string | null;
  /** Messages that all mailboxes hold together at most, and the largest; absent: there are none. */
  readonly messages?: {
    /** In all mailboxes together, at most. */
    readonly count: number;
    /** Of the largest. */
    readonly maxBytes: number;
  };
  /** With their limits, for a subject that keeps them; absent: one without. */
  readonly namespaces?: readonly SubjectNamespace[];
  /** An empty folder for the subject's files; removed after the run, whatever happened. */
  readonly directory: string;
}

/** A namespace of the scenario, for a subject that knows namespaces (engram); the others have the name in the key. */
export interface SubjectNamespace {
  /** As the scenario has it. */
  readonly name: string;
  /** Entries at most. Absent: no limit. */
  readonly maxEntries?: number;
  /** Bytes at most. Absent: no limit. */
  readonly maxBytes?: number;
}

/** What one worker needs to drive the subject. */
export interface AgentContext {
  /** This worker's number, 0 up. */
  readonly worker: number;
  /** How many there are. */
  readonly workers: number;
  /** By key index. */
  readonly keys: readonly string[];
  /** Of the scenario; one without a name when it has none. */
  readonly namespaces: readonly SubjectNamespace[];
  /** Index into `namespaces` by key; null when there is only one. */
  readonly namespaceOf: Uint16Array | null;
  /** Absent: the scenario has none. */
  readonly mailboxes?: Mailboxes;
  /** Value bytes by size: `values[n]` has n bytes, for each size the stream uses. */
  readonly values: ReadonlyArray<Uint8Array | undefined>;
  /** Bytes of the largest value. */
  readonly maxValueBytes: number;
}

/** The agents' mailboxes, numbered as the agents are. */
export interface Mailboxes {
  /** Messages one holds. */
  readonly capacity: number;
  /** Those that are used. */
  readonly used: readonly number[];
  /** By mailbox: the one of the next agent of the same group. */
  readonly next: Uint16Array;
}

/** Bytes, null where the subject cannot tell. */
export interface MemoryUse {
  /** Of what it holds, as far as it knows. */
  readonly usedBytes: number | null;
  /** What it may take at most. */
  readonly capacityBytes: number | null;
  /** Where it has size classes: bytes of a chunk, chunks cut, chunks used. Left out: it has none. */
  readonly bySizeClass?: ReadonlyArray<{ size: number; chunks: number; used: number }>;
}

/** The part that all workers share, made once for each pass in the main thread of the run's process. */
export interface SharedPart {
  /** Posted to each worker: structured-cloneable. */
  readonly attachment: unknown;
  /** Bytes that it takes, as of now. */
  memory(): MemoryUse;
  /** Shown with the result: how it was sized, and anything else a reader must know. */
  readonly notes: readonly string[];
  /** Checks the subject's invariants while no one writes; answers with what is violated. */
  verify?(): Promise<string[]>;
  /** Ends it; nothing of it may be left, no file and no process. */
  close(): Promise<void>;
}

/** What an agent of an asynchronous subject may answer with instead. */
export type Later<Agent> = {
  [K in keyof Agent]: Exclude<Agent[K], undefined> extends (...args: infer A) => infer R
    ? (...args: A) => R extends Promise<unknown> ? R : Answer<R>
    : Agent[K];
};

/** One worker's hands on a subject, every answer at once. The first four are the hot path: no allocation beyond what the subject needs. */
export interface SubjectAgent {
  /** Reads a value; its length in bytes, or -1 when there is none. */
  get(key: number): number;
  /** Writes the first `size` bytes of the value buffer; `ttlMs` 0: never expires. */
  set(key: number, size: number, ttlMs: number): void;
  /** Whether the key was there. */
  delete(key: number): boolean;
  /** Adds 1 to the counter at the key. */
  increment(key: number): void;
  /** `borrow`: reads a value where it lies, as `get` answers. */
  borrow?(key: number): number;
  /** `scan`: reads up to `count` entries, the key's first; how many there were. */
  scan?(key: number, count: number): number;
  /** `send`: puts a message of `size` bytes into a mailbox; false when it is full. */
  send?(mailbox: number, size: number): boolean;
  /** `receive`: takes the messages that have come, a bounded number of them; how many. */
  receive?(mailbox: number): number;
  /**
   * `handOff`: takes the oldest message and puts it into the next mailbox. The first of a mailbox puts MESSAGES_STARTED of `size`
   * bytes there instead. 1: handed on, 0: there was none, -1: the next mailbox was full.
   */
  handOff?(mailbox: number, size: number): number;
  /** `watch`: 1 when the entry changed since the last look, and then it is read; 0 when not; -1 when there is none. */
  watch?(key: number): number;
  /** Some keys of the context have other names now, for an agent that keeps anything made of them. */
  renamed?(keys: Uint32Array): void;
  /** Waits until what was written so far is done, for a subject that queues; counted into the batch that wrote it. */
  settle?(): Promise<void>;
  /** Bytes this worker holds on its own, for a subject that shares nothing. */
  memory?(): MemoryUse;
  /** For the check alone: the bytes that a get reads, null for none. Without it only lengths can be checked. */
  bytes?(key: number): Answer<Uint8Array | null>;
  /** Gives back what this worker has. */
  close(): Promise<void>;
}

/** The same for a subject that is `asynchronous`. */
export type AsyncSubjectAgent = Later<SubjectAgent>;

/** What `defineSubject` is given. */
export interface SubjectDefinition {
  /** As results name it: letters, digits, `.`, `_` and `-`, 40 at most. */
  readonly name: string;
  /** One line: what it is and what its get does. Default: the name. */
  readonly summary?: string;
  /** The npm package it needs, if any. */
  readonly package?: string;
  /** False: each worker has its own copy, and nothing is shared. Default. */
  readonly shared?: boolean;
  /** Operations it cannot do. The driver leaves them out and the result says so. Default: none. */
  readonly cannot?: readonly SubjectOperation[];
  /** Of the operations that only scenarios have, those its agents do; `append` is a `set`, which every one does. Default: none. */
  readonly also?: readonly AdditionalOperation[];
  /** False: it keeps entries past their time to live, and the result says so. Default. */
  readonly expires?: boolean;
  /** True: its agents may answer with promises, which are awaited one by one and counted with what that costs. Default: false. */
  readonly asynchronous?: boolean;
  /** Why it cannot hold what the scenario writes, in a clause, for a subject that may not; null: it can. Asked before it is opened. */
  cannotHold?(plan: SubjectPlan): string | null;
  /** Makes the part that all workers share. Default: there is none. */
  open?(plan: SubjectPlan): Answer<Partial<SharedPart>>;
  /** In each worker. */
  attach(attachment: unknown, context: AgentContext): Answer<SubjectAgent | AsyncSubjectAgent>;
}

/** A subject with all that a definition may leave out. */
export interface Subject extends Required<Omit<SubjectDefinition, "package" | "cannotHold" | "open" | "attach">> {
  /** The package that it needs, for the message where that is missing. */
  readonly package?: string;
  /** Why it cannot run a plan, in words; null: it can. */
  cannotHold?(plan: SubjectPlan): string | null;
  /** Makes the shared part. */
  open(plan: SubjectPlan): Promise<SharedPart>;
  /** Gives a worker its hands on it. */
  attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent>;
}

/** Messages that each agent of a ring sets going. */
export const MESSAGES_STARTED = 8;

/**
 * What a scenario is run against. Every subject gets the same pre-generated stream through the same driver; what may
 * differ is only what this interface hides. Keys are indexes into a list of strings made beforehand, and values are the
 * first `size` bytes of one buffer, so that a run measures the subject and not the making of its inputs.
 */
import type { Monitor } from "../../src/monitor/index.js";
import {
  type OperationName,
  SCENARIO_ONLY_OPERATIONS,
  type ScenarioOnlyOperation,
  type StreamOperation,
} from "../../workloads/operations.js";

/** What a subject must hold, told when its shared part is made. */
export interface SubjectPlan {
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
  readonly maxValueBytes: number;
  readonly maxKeyBytes: number;
  /** What the scenario lets the store take, bytes; null: everything must fit. */
  readonly capacityBytes: number | null;
  /** Eviction strategy the scenario asks for, by name. */
  readonly eviction: string | null;
  /** Messages that all mailboxes hold together at most, and the largest; absent: there are none. */
  readonly messages?: { readonly count: number; readonly maxBytes: number };
  /** With their limits, for a subject that keeps them; absent: one without. */
  readonly namespaces?: readonly SubjectNamespace[];
  /** An empty folder for the subject's files; removed after the run, whatever happened. */
  readonly directory: string;
}

/** A namespace of the scenario, for a subject that knows namespaces (engram); the others have the name in the key. */
export interface SubjectNamespace {
  readonly name: string;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

/** What one worker needs to drive the subject. */
export interface AgentContext {
  readonly worker: number;
  readonly workers: number;
  readonly keys: readonly string[];
  readonly namespaces: readonly SubjectNamespace[];
  /** Index into `namespaces` by key; null when there is only one. */
  readonly namespaceOf: Uint16Array | null;
  /** Absent: the scenario has none. */
  readonly mailboxes?: Mailboxes;
  /** Value bytes by size: `values[n]` has n bytes, for each size the stream uses. */
  readonly values: ReadonlyArray<Uint8Array | undefined>;
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
  readonly usedBytes: number | null;
  readonly capacityBytes: number | null;
  readonly bySizeClass?: ReadonlyArray<{ size: number; chunks: number; used: number }>;
}

/** The part that all workers share, made in the process's main thread. */
export interface SharedPart {
  /** Posted to each worker: structured-cloneable. */
  readonly attachment: unknown;
  memory(): MemoryUse;
  /** Shown with the result: how it was sized, and anything else a reader must know. */
  readonly notes: readonly string[];
  /** Checks the subject's invariants while no one writes; answers with what is violated. */
  verify?(): Promise<string[]>;
  /** Makes ready for backups, for a subject that takes any: what a first one does besides is done here. */
  backups?(): Promise<RunningBackups>;
  /** Looks at the store each so many ms, for a subject that can be watched while it runs. It is to be closed before the store is. */
  monitor?(everyMs: number): Promise<Monitor>;
  /** What has changed since the last call and may explain a dent in a series; called some twenty times a second. */
  observe?(): Observation[];
  close(): Promise<void>;
}

export interface Observation {
  readonly kind: "pressure" | "policy";
  readonly label: string;
  /** Unix time, ms, where it is known better than that it was since the last look. */
  readonly at?: number;
}

/** Messages that each agent of a ring sets going. */
export const MESSAGES_STARTED = 8;

export interface RunningBackups {
  /**
   * Takes one now and one every so often until the answer is called, which waits for the one under way. `onBackup` is told when
   * each began (`performance.now()`) and what it did.
   */
  run(everyMs: number, onBackup: (startedAt: number, label: string) => void): () => Promise<void>;
}

/** One worker's hands on the subject. The first four are the hot path: no allocation beyond what the subject needs. */
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
  close(): Promise<void>;
}

export interface Subject {
  readonly name: string;
  /** One line: what it is and what its get does. */
  readonly summary: string;
  /** The npm package it needs, if any. */
  readonly package?: string;
  /** False: each worker has its own copy, and nothing is shared. */
  readonly shared: boolean;
  /** Operations it cannot do. The driver leaves them out and the result says so. */
  readonly cannot: readonly OperationName[];
  /** Of the operations that only scenarios have, those its agents do; `append` is a `set`, which every one does. */
  readonly also?: readonly ScenarioOnlyOperation[];
  /** False: it keeps entries past their time to live, and the result says so. */
  readonly expires: boolean;
  /** Whether the swarm of a scenario, which learns in memory that its agents share, is measured beside it. Default: not. */
  readonly learns?: boolean;
  /** Why it cannot hold what the scenario writes, in a clause, for a subject that may not; null: it can. Asked before it is made. */
  cannotHold?(plan: SubjectPlan): string | null;
  create(plan: SubjectPlan): Promise<SharedPart>;
  attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent>;
}

/** An agent that has every operation: what a stream is driven against once those the subject cannot do are left out. */
export type CapableAgent = Required<Pick<SubjectAgent, "borrow" | "scan" | "send" | "receive" | "handOff" | "watch">> &
  SubjectAgent;

export function canDo(subject: Pick<Subject, "cannot" | "also">, operation: StreamOperation): boolean {
  if (operation === "append") return !subject.cannot.includes("set");
  if (isScenarioOnly(operation)) return subject.also?.includes(operation) ?? false;
  return !subject.cannot.includes(operation);
}

function isScenarioOnly(operation: StreamOperation): operation is ScenarioOnlyOperation {
  return (SCENARIO_ONLY_OPERATIONS as readonly string[]).includes(operation);
}

/** What the processes and threads of a run say to each other. Everything here crosses a structured clone. */
import type { Run } from "../../reports/results.js";
import type { Rate, Scenario } from "../../workloads/index.js";
import type { AgentStream, Pause } from "../measure/index.js";
import type { RelayedTick } from "../monitor/index.js";
import type { Mailboxes, MemoryUse, SubjectNamespace } from "../subjects/index.js";
import type { LatencySlot } from "./latency-slots.js";

/** One run: one scenario against one subject, in a process of its own. */
export interface RunPlan {
  /** Read once, by who asks for the runs: what is done to its file meanwhile is in none of them. */
  readonly scenario: Scenario;
  readonly trace: { readonly path: string; readonly format: string | null; readonly limit: number | null } | null;
  /** Its name. */
  readonly subject: string;
  /** The module it is in, when it is none of ours. */
  readonly subjectFile?: string;
  readonly workers: number;
  /** Length of the throughput pass, ms; null with `ops` null too: as long as the scenario says. */
  readonly durationMs: number | null;
  /** Operations of the throughput pass, all workers together; null: no limit. */
  readonly ops: number | null;
  /** Operations per second over all workers (open loop); null: closed loop, unless the scenario's phases have rates. */
  readonly rate: number | null;
  readonly seed: number;
  /** Nobody believes its figures: it is prepared no longer than a run that is too short for that (preparation.ts). */
  readonly hasty?: boolean;
  /** Whether the stores are watched while they are measured: a look each half second. */
  readonly live?: boolean;
  /** Whether they are watched for the results. */
  readonly monitored?: boolean;
  /** An empty folder for the subject's files. */
  readonly directory: string;
}

/** A latency's histogram as it travels: [bucket, count] pairs. */
export interface NamedHistogram {
  readonly name: string;
  readonly pairs: Array<[number, number]>;
  readonly max: number;
}

/** Parent process to run process. */
export type ToRunProcess = { readonly type: "plan"; readonly plan: RunPlan } | { readonly type: "stop" };

/** Run process to parent process. */
export type FromRunProcess =
  | { readonly type: "progress"; readonly fraction: number; readonly label: string }
  | { readonly type: "live"; readonly tick: RelayedTick }
  | {
      readonly type: "result";
      readonly run: Run;
      readonly timerFloorNs: number;
      readonly stopped: boolean;
      readonly startedAt: number;
      readonly histograms: NamedHistogram[];
    }
  /** `usage`: bad input. `left-out`: the subject has no part in this scenario. `failed`: all else. */
  | { readonly type: "failure"; readonly message: string; readonly kind: "usage" | "left-out" | "failed" };

/** What a worker is born with. */
export interface WorkerBirth {
  readonly worker: number;
  readonly workers: number;
  /** A name of ours, or the path of a module. */
  readonly subject: string;
  readonly control: SharedArrayBuffer;
  readonly keys: readonly string[];
  readonly namespaces: readonly SubjectNamespace[];
  readonly namespaceOf: Uint16Array | null;
  readonly mailboxes: Mailboxes | undefined;
  readonly slots: readonly LatencySlot[];
  /** Names of the labels, by number: several may have one. */
  readonly labelNames: ReadonlyArray<string | null>;
  readonly phases: readonly AgentStream[];
  /** By phase: the keys that its inserts name first, which get other names each time the stream goes round; null: it has none. */
  readonly freshKeys: ReadonlyArray<Uint32Array | null>;
  /** How far the numbers in the names of fresh keys move with each round. */
  readonly freshStride: number;
  /** Every size of value that is written, bytes. */
  readonly valueSizes: Uint32Array;
  readonly maxValueBytes: number;
  /** Length of each calibration, ms. */
  readonly calibrationMs: number;
  readonly seed: number;
}

export interface Preload {
  readonly keys: Uint32Array;
  readonly sizes: Uint32Array;
}

export type PassName = "warm-up" | "throughput" | "cost" | "sampled" | "open";

/** Limits of a pass for one worker; null: none. */
export interface PassOrder {
  readonly pass: PassName;
  readonly phase: number;
  readonly milliseconds: number | null;
  readonly operations: number | null;
  readonly once: boolean;
  /** Open loop; null: closed. */
  readonly arrivals: WorkerArrivals | null;
}

/** The operations of an open loop are dealt out to the workers in turn: this one's are `rank`, `rank + of`, … of all. */
export interface WorkerArrivals {
  readonly rate: Rate;
  /** How long a ramp takes, ms. */
  readonly rampMs: number;
  readonly rank: number;
  readonly of: number;
  /** How long the phase lasts, ms: until the operation after the last is due. */
  readonly spanMs: number;
}

/** Main thread of the run process to a worker. */
export type ToWorker =
  | { readonly type: "attach"; readonly attachment: unknown; readonly preload: Preload }
  | { readonly type: "pass"; readonly order: PassOrder }
  | { readonly type: "detach" };

/** Counts of buckets in 1/64 ns: the distribution of batch means of one kind of batch. */
export interface CostCounts {
  readonly name: string;
  /** Number of the label of all of its operations. */
  readonly label: number;
  readonly operations: number;
  readonly batches: number;
  readonly pairs: Array<[number, number]>;
  readonly max: number;
  /** Cost of the same loop over the no-op subject, ns per operation. */
  readonly noopNs: number;
}

export interface PassReport {
  /** Operations that were done. */
  readonly operations: number;
  /** Operations that failed: no part of any other figure but `errors`. */
  readonly failed: number;
  /** Batches that tell no cost, because something failed in them. */
  readonly spoiltBatches: number;
  /** Of them those of each label, by number. */
  readonly byLabel: readonly number[];
  readonly hits: number;
  readonly misses: number;
  readonly errors: Array<[string, number]>;
  /** Milliseconds since 1970, fractional: comparable between the threads of one process. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** How long the driver's own doings took between the two, ms. */
  readonly pausedMs: number;
  readonly costs: CostCounts[];
  readonly gc: {
    readonly count: number;
    readonly totalMs: number;
    readonly batchesTouched: number;
    readonly batches: number;
    /** The longest, milliseconds since 1970 like the times above. */
    readonly longest: readonly Pause[];
  };
  /** Of operations that count more than themselves: entries scanned, messages and changes. */
  readonly counts: {
    readonly scanned: number;
    readonly received: number;
    readonly refused: number;
    readonly changes: number;
  };
  readonly sink: number;
  readonly memory: MemoryUse | null;
}

/** A worker to the main thread of the run process. */
export type FromWorker =
  | { readonly type: "ready"; readonly timerFloorNs: number }
  | { readonly type: "attached"; readonly errors: Array<[string, number]> }
  /** Ready for the pass and about to enter the barrier. */
  | { readonly type: "armed" }
  | { readonly type: "done"; readonly report: PassReport }
  | { readonly type: "detached" };

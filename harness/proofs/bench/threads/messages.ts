/** What the bench's main thread and its workers say to each other. */
export interface WorkerBirth {
  /** Number of this worker, from 0. */
  readonly worker: number;
  /** Memory of the barrier that starts a turn. */
  readonly barrier: SharedArrayBuffer;
  /** What the workers of this group need. */
  readonly data: unknown;
}

export interface TurnOrder {
  readonly task: string;
  readonly milliseconds: number;
  /** Workers that take part: they start together. */
  readonly parties: number;
}

export interface TurnReport {
  readonly operations: number;
  readonly milliseconds: number;
}

export type FromBenchWorker = { readonly type: "ready" } | { readonly type: "done"; readonly report: TurnReport };

/** What the monitored program of a soak and its watcher say to each other. */

/** What the program has seen of itself, each time that it looks. */
export interface Reading {
  /** ms since the program began to work. */
  readonly at: number;
  /** Of its process, bytes; the heap after a collection. */
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
}

/** What its monitor told, beside what was done. Of both the counts from the beginning to the end. */
export interface Account {
  readonly ticks: number;
  /** ms that the ticks cover, and that have passed. */
  readonly covered: number;
  readonly elapsed: number;
  /** The longest tick, ms: how long the monitor's thread had to wait for a processor. */
  readonly longest: number;
  /** Ticks in the history file since the beginning. */
  readonly written: number;
  /** `done`: by the workers' own count; the store counts its namespaces' look-ups beside them. */
  readonly operations: { readonly told: number; readonly counted: number; readonly done: number };
  readonly samples: { readonly told: number; readonly counted: number };
  readonly violations: readonly string[];
}

export type FromProgram =
  | { readonly type: "ready"; readonly url: string }
  | { readonly type: "reading"; readonly reading: Reading }
  | { readonly type: "account"; readonly account: Account }
  | { readonly type: "failed"; readonly message: string };

export type ToProgram =
  | { readonly type: "begin"; readonly folder: string; readonly readEveryMs: number }
  | { readonly type: "end" };

/** What a server under load is told, and what it tells: the pipeline's and the plain one's alike. */

export interface ServingOptions {
  readonly kind: "pipeline" | "plain";
  /** Of the pipeline. */
  readonly ack: "journal" | "ring";
  readonly threads: number;
  /** An empty folder of its own. */
  readonly directory: string;
  readonly influx: { readonly url: string; readonly database: string } | null;
  /** Of bodies under way, of the pipeline; as it is by default when left out. */
  readonly underWayBytes?: number;
  /** Milliseconds that a write to the journal, or a thousand metrics at a sink, take longer. */
  readonly slow: { readonly journal: number; readonly sink: number };
}

export interface Serving {
  readonly port: number;
  /** That accept: fewer than were asked for where the system lets only one. */
  readonly threads: number;
  /** Metrics that have still to be forwarded. */
  waiting(): number;
  /** @returns lines that it wrote */
  close(): Promise<number>;
}

export interface Usage {
  readonly rssBytes: number;
  /** Processor time so far, µs. */
  readonly cpuUs: number;
  readonly waiting: number;
}

export type ToServer =
  | { readonly start: ServingOptions }
  | { readonly asked: "usage" | "stop"; readonly number: number };
export type FromServer =
  | { readonly listening: { readonly port: number; readonly threads: number } }
  | { readonly failed: string }
  | { readonly number: number; readonly usage: Usage }
  | { readonly number: number; readonly lines: number };

const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/** Holds the thread. */
export function stall(ms: number): void {
  Atomics.wait(NOBODY, 0, 0, ms);
}

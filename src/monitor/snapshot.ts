/** What a monitor knows at one moment, and what its server asks of it. */
import type { Histogram } from "../metrics/index.js";
import type { Health, Latencies, StoreStats } from "../store/index.js";
import type { AlertState } from "./alerts.js";
import type { Figures } from "./figures.js";
import type { Interval } from "./interval.js";
import type { NamespaceFigures } from "./namespace-usage.js";
import type { Grain } from "./roll-up.js";

export interface MonitorSnapshot {
  /** What the store is of, where more than one is shown in turn. */
  readonly title?: string;
  /** Unix time, ms. */
  readonly at: number;
  /** Between two looks, ms. */
  readonly every: number;
  /** Of the last interval; null before the first has ended. */
  readonly figures: Figures | null;
  readonly alerts: readonly AlertState[];
  readonly stats: StoreStats;
  readonly health: Health;
  /** The hundred that take the most bytes. */
  readonly namespaces: readonly NamespaceFigures[];
  readonly latencies: Latencies;
  /** What keeps the history file from being written, and where a damaged one was put; null when all is well. */
  readonly historyProblem: string | null;
}

/** What is served: a monitor, here or in another process. */
export interface Served {
  /** Null before anything is known; `stats` and `sampled` throw then. */
  snapshot(): MonitorSnapshot | null;
  stats(): StoreStats;
  sampled(): ReadonlyMap<string, Histogram>;
  history(grain?: Grain): readonly Interval[];
  on(event: "tick", listener: (interval: Interval) => void): unknown;
  off(event: "tick", listener: (interval: Interval) => void): unknown;
}

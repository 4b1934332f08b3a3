/** What a monitor knows at one moment, and what its server asks of it. */
import type { Histogram } from "../metrics/index.js";
import type { Health, Latencies, StoreReport, StoreStats } from "../store/index.js";
import type { AlertState } from "./alerts.js";
import type { Figures } from "./figures.js";
import type { Interval } from "./interval.js";
import type { NamespaceFigures } from "./namespace-usage.js";
import type { Grain } from "./roll-up.js";

/** All that is known of a store at a moment: plain data, as the page gets it. */
export interface MonitorSnapshot {
  /** What the store is of, where more than one is shown in turn. */
  readonly title?: string;
  /** Unix time, ms. */
  readonly at: number;
  /** Between two looks, ms. */
  readonly every: number;
  /** Of the last interval; null before the first has ended. */
  readonly figures: Figures | null;
  /** Each rule as it stands. */
  readonly alerts: readonly AlertState[];
  /** As `store.stats()`. */
  readonly stats: StoreStats;
  /** As `store.health()`. */
  readonly health: Health;
  /** The hundred that take the most bytes. */
  readonly namespaces: readonly NamespaceFigures[];
  /** As `store.latencies()`. */
  readonly latencies: Latencies;
  /** What other rooms tell of the store; most stores have none. */
  readonly reports: readonly StoreReport[];
  /** What keeps the history file from being written, and where a damaged one was put; null when all is well. */
  readonly historyProblem: string | null;
}

/** What is served: a monitor, here or in another process. */
export interface Served {
  /** Null before anything is known; `stats` and `sampled` throw then. */
  snapshot(): MonitorSnapshot | null;
  /** As `store.stats()`. */
  stats(): StoreStats;
  /** Sampled latencies by operation, since the store was made. */
  sampled(): ReadonlyMap<string, Histogram>;
  /** What is kept of a grain, oldest first. Default "tick". */
  history(grain?: Grain): readonly Interval[];
  /** Tells the listener of each interval when it has ended. */
  on(event: "tick", listener: (interval: Interval) => void): unknown;
  /** Tells it no longer. */
  off(event: "tick", listener: (interval: Interval) => void): unknown;
}

/** The stores of a run as they are watched while they are measured. Loaded when a run is: nothing of it belongs beside a measurement that nobody looks at. */
import type { RelayedTick } from "../monitor/index.js";
import type { SharedPart } from "../subjects/index.js";
import type { PassName } from "./messages.js";
import type { MonitoredSeries } from "./monitored-series.js";

/** Watches the store of a pass until the answer is called. */
export type Watch = (shared: SharedPart, pass: PassName) => Promise<() => Promise<void>>;

/** Passes are short: a second would tell too little of them. */
const EVERY_MS = 500;
/** With nobody looking on, as often as a monitor can: runs of a second have a course too. */
const UNSEEN_EVERY_MS = 100;

/** @param send null: nobody looks on. @param series is told what was seen, for the results */
export async function watcher(
  title: string,
  send: ((tick: RelayedTick) => void) | null,
  series: MonitoredSeries | null,
): Promise<Watch> {
  const { relay } = await import("../monitor/index.js");
  return async (shared, pass) => {
    const monitor = await shared.monitor?.(send === null ? UNSEEN_EVERY_MS : EVERY_MS);
    if (monitor === undefined) return async () => {};
    if (send !== null) relay(monitor, `${title}, ${pass}`, send);
    monitor.on("tick", (interval) => series?.hear(pass, interval));
    return () => monitor.close();
  };
}

/** The stores of a run as they are watched while they are measured. Loaded when a run is: nothing of it belongs beside a measurement that nobody looks at. */
import type { RelayedTick } from "../monitor/index.js";
import type { SharedPart } from "../subjects/index.js";
import type { PassName } from "./messages.js";

/** Watches the store of a pass until the answer is called. */
export type Watch = (shared: SharedPart, pass: PassName) => Promise<() => Promise<void>>;

/** Passes are short: a second would tell too little of them. */
const EVERY_MS = 500;

export async function watcher(title: string, send: (tick: RelayedTick) => void): Promise<Watch> {
  const { relay } = await import("../monitor/index.js");
  return async (shared, pass) => {
    const monitor = await shared.monitor?.(EVERY_MS);
    if (monitor === undefined) return async () => {};
    relay(monitor, `${title}, ${pass}`, send);
    return () => monitor.close();
  };
}

/** `engram run … --live`: the page of a run's stores, one after the other, at one address from the run's beginning to its end. */
import { checkListen, serve } from "../../src/monitor/index.js";
import { RelayedMonitor, type RelayedTick } from "./relay.js";

export interface LiveRun {
  readonly url: string;
  hear(tick: RelayedTick): void;
  /** Tells the readers that the run has ended. */
  close(): Promise<void>;
}

/** @throws InvalidArgumentError when the port is taken */
export async function showLive(port: number | null): Promise<LiveRun> {
  const monitor = new RelayedMonitor();
  const server = await serve(monitor, checkListen({ port: port ?? 0 }), "the run has ended");
  return { url: server.url, hear: (tick) => monitor.hear(tick), close: () => server.close() };
}

/** Who waits until pending writes are in the log, or superseded there. */
import type { ClusterClock } from "./engine.js";
import type { ClusterEntry } from "./entry.js";
import type { Pauses } from "./pauses.js";

/** What was settled: a key, and the version that stands there; null when everything is to be looked at. */
type Settled = (key: string | null, entry: ClusterEntry | null) => void;

export class Settling {
  private readonly listeners = new Set<Settled>();

  constructor(
    private readonly clock: ClusterClock,
    private readonly pauses: Pauses,
  ) {}

  tell(key: string | null, entry: ClusterEntry | null): void {
    for (const listener of [...this.listeners]) listener(key, entry);
  }

  /** As soon as `holds`, asked whenever something was settled. False after `timeoutMs`, or when all is closed before. */
  until(timeoutMs: number, holds: (key: string | null, entry: ClusterEntry | null) => boolean): Promise<boolean> {
    if (holds(null, null)) return Promise.resolve(true);
    if (this.pauses.closed || timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (held: boolean): void => {
        this.listeners.delete(listener);
        cancel();
        resolve(held);
      };
      const listener: Settled = (key, entry) => {
        if (holds(key, entry)) end(true);
        else if (this.pauses.closed) end(false);
      };
      const cancel = Number.isFinite(timeoutMs) ? this.clock.after(timeoutMs, () => end(holds(null, null))) : () => {};
      this.listeners.add(listener);
    });
  }
}

/** The time of this machine. */
import type { ClusterClock } from "./engine.js";

export const systemClock: ClusterClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    if (ms <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, Math.min(ms, MOST_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Longer ones setTimeout would take for 1. */
const MOST_MS = 2 ** 31 - 1;

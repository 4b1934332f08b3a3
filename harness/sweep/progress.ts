import { SingleBar } from "cli-progress";
import type { SweepProgress } from "./sweep.js";

/** A bar on stderr, when that is a terminal; else silence. */
export interface ProgressBar {
  readonly show: ((progress: SweepProgress) => void) | undefined;
  /** Until it is shown again. */
  stop(): void;
}

export function createProgressBar(isTerminal: boolean): ProgressBar {
  if (!isTerminal) return { show: undefined, stop() {} };
  const bar = new SingleBar({
    format: "{trace} [{bar}] {percentage} %, {eta_formatted} left{note}",
    stream: process.stderr,
    clearOnComplete: true,
    // The command handles interrupts itself.
    gracefulExit: false,
  });
  let current: string | undefined;
  return {
    show({ trace, done, total, note }) {
      const payload = { trace, note: note === undefined ? "" : `; ${note}` };
      if (trace !== current) {
        bar.stop();
        bar.start(total, done, payload);
        current = trace;
      }
      bar.update(done, payload);
    },
    stop() {
      bar.stop();
      current = undefined;
    },
  };
}

import { SingleBar } from "cli-progress";
import type { SweepProgress } from "./sweep.js";

/** A bar on stderr, when that is a terminal; else silence. */
export interface ProgressBar {
  readonly show: ((progress: SweepProgress) => void) | undefined;
  stop(): void;
}

export function createProgressBar(isTerminal: boolean): ProgressBar {
  if (!isTerminal) return { show: undefined, stop() {} };
  const bar = new SingleBar({
    format: "{trace} [{bar}] {percentage} %, {eta_formatted} left",
    stream: process.stderr,
    clearOnComplete: true,
    // The command handles interrupts itself.
    gracefulExit: false,
  });
  let current: string | undefined;
  return {
    show({ trace, done, total }) {
      if (trace !== current) {
        bar.stop();
        bar.start(total, done, { trace });
        current = trace;
      }
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

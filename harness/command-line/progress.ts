import { SingleBar } from "cli-progress";

/** A bar with the remaining time on stderr when that is a terminal; else nothing at all. */
export interface Progress {
  /** `share` of the whole is done, 0 to 1. */
  show(share: number, label: string): void;
  stop(): void;
}

/** The bar counts in thousandths. */
const STEPS = 1000;

export function createProgress(isTerminal = process.stderr.isTTY === true): Progress {
  if (!isTerminal) return { show() {}, stop() {} };
  const bar = new SingleBar({
    format: "[{bar}] {percentage} %, {eta_formatted} left  {label}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Long enough to average over passes that take no time at all.
    etaBuffer: 50,
    // The command handles interrupts itself.
    gracefulExit: false,
  });
  let started = false;
  return {
    show(share, label) {
      if (!started) bar.start(STEPS, 0, { label });
      started = true;
      bar.update(Math.min(STEPS - 1, Math.round(share * STEPS)), { label });
    },
    stop: () => bar.stop(),
  };
}

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
    format: "[{bar}] {percentage} %, {left}  {label}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // The command handles interrupts itself.
    gracefulExit: false,
  });
  let startedAt: number | null = null;
  return {
    show(share, label) {
      const now = performance.now();
      if (startedAt === null) bar.start(STEPS, 0, { label, left: remaining(0, 0) });
      startedAt ??= now;
      const left = remaining(share, now - startedAt);
      bar.update(Math.min(STEPS - 1, Math.round(share * STEPS)), { label, left });
    },
    stop: () => bar.stop(),
  };
}

/** Below this share of the whole the time taken so far says nothing about the rest. */
const TELLING_SHARE = 0.01;

/** What is left of the whole at the speed so far, for a reader: `40 s left`, `2 min 5 s left`. */
export function remaining(share: number, elapsedMs: number): string {
  if (share < TELLING_SHARE) return "starting";
  const seconds = Math.max(0, Math.round((elapsedMs * (1 - share)) / share / 1000));
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s left` : `${minutes} min ${seconds % 60} s left`;
}

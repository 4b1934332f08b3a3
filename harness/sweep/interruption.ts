import { constants } from "node:os";
import { EngramError } from "../../src/store/errors.js";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The user or the system asked the command to stop. The exit code is the shell's convention: 128 + the signal's number. */
export class InterruptedError extends EngramError {
  readonly exitCode: number;

  constructor(signal: (typeof SIGNALS)[number]) {
    super("INTERRUPTED", `interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Runs `work` with a signal that aborts when the process is interrupted, so that it can end its threads. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const listen = (signal: (typeof SIGNALS)[number]): void => controller.abort(new InterruptedError(signal));
  for (const signal of SIGNALS) process.once(signal, listen);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, listen);
  }
}

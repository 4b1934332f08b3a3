/** Ctrl-C and polite kills, turned into an abort that lets every step clean up behind itself. */
import { InterruptedError } from "./errors.js";

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs `work` with a signal that aborts on the first interrupt; later ones are ignored, for cleaning up takes a moment. */
export async function withInterruption<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => controller.abort(new InterruptedError(signal));
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  try {
    return await work(controller.signal);
  } finally {
    for (const remove of listeners) remove();
  }
}

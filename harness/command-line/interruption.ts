/** Ctrl-C and polite kills: the first lets a command hand over what it has, or clean up behind itself. */
import { InterruptedError } from "./errors.js";
import { EXIT } from "./exit-codes.js";

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export interface InterruptionOptions {
  /** What a second interrupt does: it ends the process at once, or nothing, where cleaning up must not be cut short. */
  readonly again?: "exit" | "nothing";
  /** The message of the abort's reason. */
  message?(signal: NodeJS.Signals): string;
}

/** Runs `work` with a signal that aborts on the first interrupt; its reason is an InterruptedError, for works that throw it. */
export async function withInterruption<T>(
  work: (interrupt: AbortSignal) => Promise<T>,
  options: InterruptionOptions = {},
): Promise<T> {
  const { again = "exit", message = (signal) => `interrupted by ${signal}` } = options;
  const controller = new AbortController();
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      if (controller.signal.aborted && again === "exit") process.exit(EXIT.interrupted);
      controller.abort(new InterruptedError(message(signal)));
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  try {
    return await work(controller.signal);
  } finally {
    for (const remove of listeners) remove();
  }
}

/** An interrupt aborts the gate; later ones are ignored, for taking the worktree away takes a moment. */
import { withInterruption as withSignals } from "../command-line/interruption.js";

/** Runs `work` with a signal that aborts on the first interrupt, so that every step cleans up behind itself. */
export function withInterruption<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withSignals(work, { again: "nothing", message: (signal) => `stopped by ${signal}; nothing was judged` });
}

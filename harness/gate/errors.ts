import { EngramError } from "../../src/store/errors.js";

/** Exit codes of `engram gate`, as a CI job reads them. */
export const EXIT = {
  /** Pass or improved. */
  ok: 0,
  regression: 1,
  /** Bad option, revision or baseline; thrown as InvalidArgumentError. */
  usage: 2,
  /** A build or run failed, or an invariant broke: there is no figure to judge. */
  runFailed: 3,
  inconclusive: 4,
  interrupted: 130,
} as const;

/** A build or a measured run failed, so the gate has nothing to judge. On the command line: exit code 3. */
export class RunFailedError extends EngramError {
  readonly exitCode = EXIT.runFailed;

  constructor(message: string, options?: ErrorOptions) {
    super("RUN_FAILED", message, options);
  }
}

/** Ctrl-C or a polite kill; children and the worktree are gone by the time this is thrown. Exit code 130. */
export class InterruptedError extends EngramError {
  readonly exitCode = EXIT.interrupted;

  constructor(signal: string) {
    super("INTERRUPTED", `stopped by ${signal}; nothing was judged`);
  }
}

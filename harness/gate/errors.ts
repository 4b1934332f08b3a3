import { EXIT as COMMAND } from "../command-line/exit-codes.js";

export { InterruptedError, RunFailedError } from "../command-line/errors.js";

/** Exit codes of `engram gate`, as a CI job reads them: every command's, by the gate's own words. */
export const EXIT = {
  /** Pass or improved. */
  ok: COMMAND.ok,
  regression: COMMAND.negative,
  /** Bad option, revision or baseline; thrown as InvalidArgumentError. */
  usage: COMMAND.usage,
  /** A build or run failed, or an invariant broke: there is no figure to judge. */
  runFailed: COMMAND.failed,
  inconclusive: COMMAND.undecided,
  interrupted: COMMAND.interrupted,
} as const;

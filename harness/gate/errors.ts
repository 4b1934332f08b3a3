export { InterruptedError, RunFailedError } from "../command-line/errors.js";

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

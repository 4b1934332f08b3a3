import { EngramError } from "../../src/store/errors.js";

/** A run could not be finished: a process or thread died, or an invariant of the subject broke. */
export class RunFailedError extends EngramError {
  readonly exitCode = 3;

  constructor(message: string, options?: ErrorOptions) {
    super("RUN_FAILED", message, options);
  }
}

/** Ways in which a command ends early that are no fault of its input; each knows the exit code that tells of it. */
import { EngramError } from "../../src/errors.js";
import { EXIT } from "./exit-codes.js";

/** What was to be measured could not be: a process or thread died, a build failed, an invariant of the subject broke. */
export class RunFailedError extends EngramError {
  readonly exitCode = EXIT.failed;

  constructor(message: string, options?: ErrorOptions) {
    super("RUN_FAILED", message, options);
  }
}

/** The user or the system asked the command to stop; what it started is gone by the time this is thrown. */
export class InterruptedError extends EngramError {
  readonly exitCode = EXIT.interrupted;

  constructor(message: string) {
    super("INTERRUPTED", message);
  }
}

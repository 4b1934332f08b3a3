/** A run could not be finished: a process or thread died, or an invariant of the subject broke. Exit code 3. */
export class RunFailedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RunFailedError";
  }
}

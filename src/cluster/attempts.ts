/**
 * Attempts have ids, by which the log knows one that it has taken already: asking again with the same id cannot write twice. It remembers them for a
 * while only, so an id says when it was made, and one that is too old is refused rather than written again.
 *
 * A node that is started anew under its old name counts from the beginning; `incarnation` keeps its ids apart from those that the log still remembers.
 */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";

const ATTEMPT = /^[\w-]+\.[\w-]+\.\d+\.([0-9a-z]+)$/;

export class Attempts {
  private serial = 0;
  private readonly name: string;

  constructor(
    node: string,
    private readonly incarnation: string,
    private readonly nowMs: () => number,
  ) {
    this.name = Buffer.from(node).toString("base64url");
  }

  next(): string {
    return `${this.name}.${this.incarnation}.${++this.serial}.${Math.floor(this.nowMs()).toString(36)}`;
  }

  /** @throws InvalidArgumentError for what is no attempt's id, or one older than the log's memory of `windowMs` */
  check(attempt: unknown, windowMs: number): string {
    const match = typeof attempt === "string" ? ATTEMPT.exec(attempt) : null;
    if (match === null) {
      throw new InvalidArgumentError(
        `attempt is ${describe(attempt)}; expected that of an UnknownOutcomeError, to ask what became of it`,
      );
    }
    const ageMs = this.nowMs() - Number.parseInt(match[1], 36);
    if (ageMs <= windowMs * SAFE_SHARE) return attempt as string;
    throw new InvalidArgumentError(
      `attempt ${describe(attempt)} is ${Math.round(ageMs / 1000)} s old, and the log remembers attempts for ${windowMs / 1000} s: it could be written twice; read the key and compare`,
    );
  }
}

/** Of the log's memory: what is left pays for clocks that differ and for the way there. */
const SAFE_SHARE = 0.75;

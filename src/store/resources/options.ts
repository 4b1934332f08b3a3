/** What `store.track` takes. */
import { callback, describe, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Duration, durationIn } from "../../units.js";
import { NAME_LENGTH } from "./names.js";

/** How something that is tracked ends, and what it is called. */
export interface TrackOptions<T> {
  /** Ends it. What it returns is waited for. */
  end: (resource: T) => unknown;
  /** What tells it from others of its kind: a path, an address. Cut at 1,024 bytes where it is listed. Default: nothing. */
  label?: string;
  /** How long its end may take, ms or text such as "5s"; then it is no longer waited for, and counted as forced. Default 5 s; Infinity: for as long as it takes. */
  deadline?: Duration;
}

export interface CheckedTracking<T> {
  readonly end: (resource: T) => unknown;
  readonly label: string | null;
  readonly deadline: number;
}

const OPTIONS = new KnownOptions("track", ["end", "label", "deadline"]);
const DEADLINE_MS = 5000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws InvalidArgumentError */
export function checkKind(kind: string): void {
  if (typeof kind !== "string" || kind === "" || kind.length > NAME_LENGTH) {
    throw new InvalidArgumentError(
      `the kind of a resource is ${describe(kind)}; expected text of 1 to ${NAME_LENGTH} characters, such as "file"`,
    );
  }
}

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkTracking<T>(options: TrackOptions<T>): CheckedTracking<T> {
  const { end, label, deadline } = OPTIONS.check(options);
  if (callback("end", end) === undefined) throw new InvalidArgumentError("end is undefined; expected a function");
  if (label !== undefined && typeof label !== "string")
    throw new InvalidArgumentError(`option label is ${describe(label)}; expected text`);
  return { end, label: label === undefined || label === "" ? null : label, deadline: readDeadline(deadline) };
}

function readDeadline(deadline: Duration | undefined): number {
  if (deadline === undefined) return DEADLINE_MS;
  const ms = durationIn(deadline);
  if (ms === Number.POSITIVE_INFINITY) return ms;
  if (typeof ms === "number" && ms >= 0 && ms <= LONGEST_TIMER_MS) return ms;
  throw new InvalidArgumentError(
    `option deadline is ${describe(deadline)}; expected milliseconds from 0 to ${LONGEST_TIMER_MS}, text like "5s", or Infinity`,
  );
}

/** How long somebody waits, and who may end it: the options of everything that waits without blocking. */
import { describe, KnownOptions } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { type Duration, milliseconds } from "../units.js";
import { threadNow } from "./clock.js";

/** How long a thread blocks. */
export interface BlockOptions {
  /** At most: milliseconds, 0 or more, or text such as "5s". Default: no end. */
  timeout?: Duration;
}

/** How a task waits, without blocking its thread. */
export interface WaitOptions extends BlockOptions {
  /** Ends the wait when it aborts: the promise is rejected with the signal's reason, and nothing was taken or sent. Default: none. */
  signal?: AbortSignal;
}

/** The options as they were when the wait began. */
export interface Patience {
  /** On this thread's clock. */
  readonly end: number;
  readonly signal: AbortSignal | undefined;
}

const WAIT_OPTIONS = new KnownOptions("a wait", ["timeout", "signal"]);
const BLOCK_OPTIONS = new KnownOptions("a wait that blocks", ["timeout"]);

/** @throws InvalidArgumentError; the signal's reason when it has aborted already */
export function readPatience(wait: Duration | WaitOptions | undefined): Patience {
  if (typeof wait !== "object" || wait === null)
    return { end: deadline(wait as Duration | undefined), signal: undefined };
  const { timeout, signal } = WAIT_OPTIONS.check(wait);
  const patience = { end: deadline(timeout), signal: checkSignal(signal) };
  signal?.throwIfAborted();
  return patience;
}

/** The same for a thread that blocks: it would not hear a signal. @throws InvalidArgumentError */
export function readBlocking(wait: Duration | BlockOptions | undefined): number {
  if (typeof wait !== "object" || wait === null) return deadline(wait as Duration | undefined);
  return deadline(BLOCK_OPTIONS.check(wait).timeout);
}

/** @throws InvalidArgumentError for what is neither an AbortSignal nor undefined */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new InvalidArgumentError(`signal is ${describe(signal)}; expected an AbortSignal`);
}

function deadline(timeout: Duration | undefined): number {
  return threadNow() + milliseconds("timeout", timeout, Number.POSITIVE_INFINITY);
}

/** Resolves after `sleep` does, or as soon as the signal aborts; either way nothing listens to the signal any more. */
export async function untilAborted(sleep: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await sleep;
    return;
  }
  if (signal.aborted) return;
  let hear = () => {};
  const aborted = new Promise<void>((done) => {
    hear = done;
    signal.addEventListener("abort", hear, { once: true });
  });
  try {
    await Promise.race([sleep, aborted]);
  } finally {
    signal.removeEventListener("abort", hear);
  }
}

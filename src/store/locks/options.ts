/** How a lock is made, and how it is waited for. */
import { describe, flag, KnownOptions, wholeNumber } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Duration, milliseconds } from "../../units.js";
import { threadNow } from "../clock.js";
import { checkSignal } from "../waiting.js";

/** What a lock is made with. */
export interface LockDefinition {
  /**
   * Its rank, a whole number from 0 to 1,000,000: who has a lock with an order may only ask for one of a higher order. Default: none. A lock that is there
   * already must have this order, if given.
   */
  order?: number;
}

/** How a lock is taken, whether or not it is waited for. */
export interface TryLockOptions {
  /** Takes it also after a thread ended with it in its hands; who has it alone then has to put in order what it guards. Default false. */
  recover?: boolean;
}

/** How a thread waits that blocks for a lock. */
export interface LockOptions extends TryLockOptions {
  /** At most: milliseconds, 0 or more, or text such as "5s". Default: no end. */
  timeout?: Duration;
}

/** How a task waits for a lock, without blocking its thread. */
export interface LockWaitOptions extends LockOptions {
  /** Ends the wait when it aborts: the promise is rejected with the signal's reason, and the caller has nothing of the lock. Default: none. */
  signal?: AbortSignal;
}

/** The options as they were when the wait began. */
export interface LockWish {
  /** On this thread's clock. */
  readonly end: number;
  readonly recover: boolean;
  readonly signal: AbortSignal | undefined;
}

const FOR_EVER: LockWish = { end: Number.POSITIVE_INFINITY, recover: false, signal: undefined };
const TRY = new KnownOptions("a lock that is not waited for", ["recover"]);
const BLOCK = new KnownOptions("a lock that is waited for, blocking,", ["timeout", "recover"]);
const WAIT = new KnownOptions("a lock that is waited for", ["timeout", "recover", "signal"]);
const DEFINITION = new KnownOptions("lock", ["order"]);

const ORDER_MAX = 1_000_000;

/** @throws InvalidArgumentError. undefined: none was given */
export function readOrder(definition: LockDefinition | undefined): number | undefined {
  if (definition === undefined) return undefined;
  const { order } = DEFINITION.check(definition);
  if (order === undefined) return undefined;
  return wholeNumber("lock order", order, 0, 0, ORDER_MAX);
}

/** @throws InvalidArgumentError */
export function readTry(options: TryLockOptions | undefined): LockWish {
  if (options === undefined) return { ...FOR_EVER, end: 0 };
  return { end: 0, recover: flag("recover", TRY.check(options).recover, false), signal: undefined };
}

/** @throws InvalidArgumentError */
export function readBlockingLock(options: LockOptions | undefined): LockWish {
  if (options === undefined) return FOR_EVER;
  const { timeout, recover } = BLOCK.check(options);
  return { end: deadline(timeout), recover: flag("recover", recover, false), signal: undefined };
}

/** @throws InvalidArgumentError; the signal's reason when it has aborted already */
export function readWaitingLock(options: LockWaitOptions | undefined): LockWish {
  if (options === undefined) return FOR_EVER;
  const { timeout, recover, signal } = WAIT.check(options);
  const wish = { end: deadline(timeout), recover: flag("recover", recover, false), signal: checkSignal(signal) };
  signal?.throwIfAborted();
  return wish;
}

function deadline(timeout: Duration | undefined): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  return threadNow() + milliseconds("timeout", timeout, Number.POSITIVE_INFINITY);
}

/** @throws InvalidArgumentError */
export function checkUse(use: unknown, verb: string): void {
  if (typeof use !== "function")
    throw new InvalidArgumentError(`${verb} takes a function to call with the lock, not ${describe(use)}`);
}

/** What ran under the lock must be done when it returns. @throws InvalidArgumentError for a promise */
export function checkDone<T>(result: T, verb: string, instead: string): T {
  if (result !== null && typeof result === "object" && typeof (result as { then?: unknown }).then === "function") {
    throw new InvalidArgumentError(
      `what ${verb} was given returned a promise, and the lock is let go when it returns; use await ${instead}()`,
    );
  }
  return result;
}

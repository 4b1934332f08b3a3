/** The options of `update`, and what its function answers. */
import { describe, KnownOptions, wholeNumber } from "../../check.js";
import { ContentionError, InvalidArgumentError } from "../../errors.js";
import type { Duration } from "../../units.js";

/** How an entry is changed by what it holds. */
export interface UpdateOptions {
  /** Until the entry expires, milliseconds or text such as "5s", from this write on. Default: an entry that is there keeps its expiry, a new one stays. */
  ttl?: Duration;
  /**
   * How often it is tried at most, before a ContentionError. Each failed round means that another write of the entry succeeded, so all
   * writers together never stand still; but one with a slow function may lose to fast ones again and again, and a function that writes
   * the entry itself loses to itself. Default 10,000.
   */
  attempts?: number;
}

const OPTIONS = new KnownOptions("update", ["ttl", "attempts"]);
const ATTEMPTS = 10_000;
export const NO_UPDATE_OPTIONS = { ttl: undefined, attempts: ATTEMPTS };

/** @throws InvalidArgumentError */
export function readUpdateOptions(options: UpdateOptions): { ttl: Duration | undefined; attempts: number } {
  const { ttl, attempts } = OPTIONS.check(options);
  return { ttl, attempts: wholeNumber("attempts", attempts, ATTEMPTS, 1, Number.MAX_SAFE_INTEGER) };
}

/** @throws InvalidArgumentError for a promise: what it stands for may be long out of date when it comes */
export function checkChanged(value: unknown): void {
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== "function") return;
  Promise.resolve(value).catch(() => {});
  throw new InvalidArgumentError(
    "update's function answered with a promise; expected the new value at once, or undefined to leave the entry as it is",
  );
}

export function checkFunction(verb: string, value: unknown): void {
  if (typeof value !== "function") throw new InvalidArgumentError(`${verb} calls a function, not ${describe(value)}`);
}

export function contended(namespace: string, attempts: number): ContentionError {
  return new ContentionError(
    `update in namespace "${namespace}" found the entry changed by others ${attempts} times in a row; if its function writes the entry itself, let it return the value instead`,
  );
}

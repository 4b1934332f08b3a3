/** Calls into a manager: bounded in time, and whatever they throw or reject is handed to the caller, once. */
import { LONGEST_TIMER_MS } from "./options.js";

/** Whether it has to be waited for. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === "function";
}

export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "late" };

/**
 * Tells `ended` once how it came out: `late` when nothing has come after `limitMs`. What comes after that is told to `afterwards`.
 *
 * The timer keeps no process alive: whoever waits for the outcome has a timer of his own.
 */
export function within<T>(
  pending: PromiseLike<T>,
  limitMs: number,
  ended: (outcome: Outcome<T>) => void,
  afterwards?: (value: T) => void,
): void {
  let over = false;
  const end = (outcome: Outcome<T>): void => {
    over = true;
    if (timer !== null) clearTimeout(timer);
    ended(outcome);
  };
  const timer =
    limitMs <= LONGEST_TIMER_MS ? setTimeout(() => end({ kind: "late" }), Math.max(1, limitMs)).unref() : null;
  pending.then(
    (value) => (over ? afterwards?.(value) : end({ kind: "done", value })),
    (error) => {
      if (!over) end({ kind: "failed", error });
    },
  );
}

/** What tables, buffers and encoders are called with is looked at before anything is changed. */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";

export function wantWhole(value: number, least: number, most: number, what: string): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new InvalidArgumentError(`${what} must be a whole number from ${least} to ${most}, not ${String(value)}`);
}

/** What a call takes by name. @param of the call, and what is expected of it */
export function wantOptions<T>(options: T, of: string): T {
  if (typeof options === "object" && options !== null) return options;
  throw new InvalidArgumentError(`${of} takes an object of options, not ${describe(options)}`);
}

export function wantFinite(value: number, what: string): void {
  if (Number.isFinite(value)) return;
  throw new InvalidArgumentError(`${what} must be a finite number, not ${String(value)}`);
}

/** @param open whether `least` itself is refused */
export function wantShare(value: number, what: string, open = false): void {
  if ((open ? value > 0 : value >= 0) && value <= 1) return;
  throw new InvalidArgumentError(
    `${what} must be ${open ? "above 0 and at most 1" : "from 0 to 1"}, not ${String(value)}`,
  );
}

/** An array of the very type that is written to: numbers would be rounded or lost in another. */
export function wantArray<T extends Float32Array | Uint32Array>(
  value: unknown,
  kind: new (length: number) => T,
  what: string,
): asserts value is T {
  if (value instanceof kind) return;
  throw new InvalidArgumentError(`${what} must be a ${kind.name}, not ${describe(value)}`);
}

/** Uniform in [0, 1), as Math.random is; said to be from [0, 1), and asked. */
export function drawUnit(random: () => number): number {
  if (typeof random !== "function") {
    throw new InvalidArgumentError(`random must be a function, as Math.random is, not ${describe(random)}`);
  }
  const ticket = random();
  if (ticket >= 0 && ticket < 1) return ticket;
  throw new InvalidArgumentError(`random() must give numbers from 0 to below 1, not ${String(ticket)}`);
}

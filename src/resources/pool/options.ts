/** What pools take, checked before anything is opened; each option is read once. */
import { choice, describe, KnownOptions, wholeNumber } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Duration, durationIn } from "../../units.js";

export interface PoolOptions {
  /** What errors call it. Default "pool". */
  name?: string;
  /** Connections that are kept open, idle or not; opened with the pool. Default 0. */
  min?: number;
  /** Connections that are open at most, those that are being made and being closed among them. Default 10. */
  max?: number;
  /** How long a caller waits at most, ms or text like "5s". Default 5 s; Infinity: as long as it takes. */
  acquireTimeout?: Duration;
  /** How long `create` may take. Default 5 s. */
  createTimeout?: Duration;
  /** How long `isValid` and `recycle` may take; then the connection is closed. Default 1 s. */
  checkTimeout?: Duration;
  /** How long `destroy` may take; then the pool no longer counts the connection, and says so in `stats().forced`. Default 5 s. */
  destroyTimeout?: Duration;
  /** Connections idle for longer are closed, down to `min`. Default 30 s; Infinity: never. */
  idleTimeout?: Duration;
  /** Connections idle for longer are asked `isValid` before they are handed out. Default 1 s. */
  checkAfter?: Duration;
  /**
   * How often in a row making a connection may fail, with pauses that double from 10 ms to 1 s, before those who wait are told; they go on
   * waiting while anybody holds a connection that may come back. Default 4; Infinity: until their own time-out.
   */
  createAttempts?: number;
  /** "trace": a lease that was forgotten is told of, with the call that acquired it, and its connection closed. Default: not looked for. */
  leaks?: "trace" | "off";
}

export interface CheckedPool {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly acquireTimeout: number;
  readonly createTimeout: number;
  readonly checkTimeout: number;
  readonly destroyTimeout: number;
  readonly idleTimeout: number;
  readonly checkAfter: number;
  readonly createAttempts: number;
  readonly traceLeaks: boolean;
}

export interface AcquireOptions {
  /** Instead of the pool's `acquireTimeout`. */
  timeout?: Duration;
  /** Gives up waiting; the call rejects with its reason. */
  signal?: AbortSignal;
}

export interface ClosePoolOptions {
  /** How long those who hold a connection may keep it, and closing may take. Then they are closed by force. Default 5 s. */
  deadline?: Duration;
}

/** What a timer can be set to. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MOST_CONNECTIONS = 2 ** 20;

const NAMES = [
  "name",
  "min",
  "max",
  "acquireTimeout",
  "createTimeout",
  "checkTimeout",
  "destroyTimeout",
  "idleTimeout",
];
const OPTIONS = new KnownOptions("a pool", [...NAMES, "checkAfter", "createAttempts", "leaks"]);
const ACQUIRE_OPTIONS = new KnownOptions("acquire", ["timeout", "signal"]);
const CLOSE_OPTIONS = new KnownOptions("close", ["deadline"]);

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkPool(options: PoolOptions): CheckedPool {
  OPTIONS.check(options);
  const max = wholeNumber("option max", options.max, 10, 1, MOST_CONNECTIONS);
  const { name = "pool", createAttempts } = options;
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError(`option name is ${describe(name)}; expected text that is not empty`);
  }
  return {
    name,
    min: wholeNumber("option min", options.min, 0, 0, max),
    max,
    acquireTimeout: duration("option acquireTimeout", options.acquireTimeout, 5000),
    createTimeout: duration("option createTimeout", options.createTimeout, 5000),
    checkTimeout: duration("option checkTimeout", options.checkTimeout, 1000),
    destroyTimeout: duration("option destroyTimeout", options.destroyTimeout, 5000),
    idleTimeout: duration("option idleTimeout", options.idleTimeout, 30_000),
    checkAfter: duration("option checkAfter", options.checkAfter, 1000),
    createAttempts:
      createAttempts === Number.POSITIVE_INFINITY
        ? createAttempts
        : wholeNumber("option createAttempts", createAttempts, 4, 1, LONGEST_TIMER_MS),
    traceLeaks: choice("option leaks", options.leaks, ["trace", "off"], "off") === "trace",
  };
}

/** @throws InvalidArgumentError */
export function checkAcquire(options: AcquireOptions, standard: number): { timeout: number; signal?: AbortSignal } {
  const { timeout, signal } = ACQUIRE_OPTIONS.check(options);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError(`option signal is ${describe(signal)}; expected an AbortSignal`);
  }
  return { timeout: duration("option timeout", timeout, standard), signal };
}

/** ms. @throws InvalidArgumentError */
export function checkClose(options: ClosePoolOptions): number {
  return duration("option deadline", CLOSE_OPTIONS.check(options).deadline, 5000);
}

/** ms, Infinity among them. @throws InvalidArgumentError */
export function duration(name: string, value: unknown, standard: number): number {
  if (value === undefined) return standard;
  const ms = durationIn(value);
  if (ms === Number.POSITIVE_INFINITY) return ms;
  if (typeof ms === "number" && ms >= 0 && ms <= LONGEST_TIMER_MS) return ms;
  throw new InvalidArgumentError(
    `${name} is ${describe(value)}; expected milliseconds from 0 to ${LONGEST_TIMER_MS}, text like "5s", or Infinity`,
  );
}

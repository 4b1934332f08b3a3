/** What pools take, checked before anything is opened; each option is read once. */
import { describe, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import type { Duration } from "../../units.js";
import { CLOSING, POOL, type Setting } from "../settings.js";

/** What a pool is made with. What is out of bounds is an InvalidArgumentError that names the option. */
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
  /**
   * Of `store.pool`: "process" has all threads' pools of this name share `max`, however many of them there are; each has the same `max`. Default
   * "thread": each thread's pool has its own.
   */
  scope?: "thread" | "process";
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
  readonly overThreads: boolean;
  readonly traceLeaks: boolean;
}

/** How long a caller waits for a connection. */
export interface AcquireOptions {
  /** Instead of the pool's `acquireTimeout`. */
  timeout?: Duration;
  /** Gives up waiting; the call rejects with its reason. Default: none. */
  signal?: AbortSignal;
}

/** How long a pool may take to close. */
export interface ClosePoolOptions {
  /** How long those who hold a connection may keep it, and closing may take. Then they are closed by force. Default 5 s. */
  deadline?: Duration;
}

export { LONGEST_TIMER_MS } from "../settings.js";

const OPTIONS = new KnownOptions("a pool", ["name", ...Object.keys(POOL)]);
const ACQUIRE_OPTIONS = new KnownOptions("acquire", ["timeout", "signal"]);
const CLOSE_OPTIONS = new KnownOptions("close", ["deadline"]);

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkPool(options: PoolOptions): CheckedPool {
  OPTIONS.check(options);
  const { name = "pool" } = options;
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError(`option name is ${describe(name)}; expected text that is not empty`);
  }
  const setting = <K extends keyof typeof POOL>(option: K) =>
    (POOL[option] as Setting<(typeof POOL)[K]["standard"]>).check(`option ${option}`, options[option]);
  const max = setting("max");
  const min = setting("min");
  if (min > max) {
    throw new InvalidArgumentError(`option min is ${min}; expected a whole number from 0 to ${max}, the pool's max`);
  }
  return {
    ...{ name, min, max },
    acquireTimeout: setting("acquireTimeout"),
    createTimeout: setting("createTimeout"),
    checkTimeout: setting("checkTimeout"),
    destroyTimeout: setting("destroyTimeout"),
    idleTimeout: setting("idleTimeout"),
    checkAfter: setting("checkAfter"),
    createAttempts: setting("createAttempts"),
    overThreads: setting("scope") === "process",
    traceLeaks: setting("leaks") === "trace",
  };
}

/** @throws InvalidArgumentError */
export function checkAcquire(options: AcquireOptions, standard: number): { timeout: number; signal?: AbortSignal } {
  const { timeout, signal } = ACQUIRE_OPTIONS.check(options);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError(`option signal is ${describe(signal)}; expected an AbortSignal`);
  }
  return { timeout: timeout === undefined ? standard : POOL.acquireTimeout.check("option timeout", timeout), signal };
}

/** ms. @throws InvalidArgumentError */
export function checkClose(options: ClosePoolOptions): number {
  return CLOSING.deadline.check("option deadline", CLOSE_OPTIONS.check(options).deadline);
}

/** What goes wrong with pools and leases, each under EngramError with a code of its own. */
import { EngramError } from "../errors.js";

/** What a pool had in hand when somebody gave up waiting. */
export interface PoolSituation {
  /** Connections that somebody holds. */
  readonly inUse: number;
  /** Connections that are being made. */
  readonly creating: number;
  /** Callers that wait, the one that gave up among them. */
  readonly waiting: number;
  /** Connections at most. */
  readonly max: number;
}

/** No connection was free in time. When the last attempt to make one failed, `cause` is what it failed with. */
export class AcquireTimeoutError extends EngramError implements PoolSituation {
  readonly inUse: number;
  readonly creating: number;
  readonly waiting: number;
  /** Connections at most. */
  readonly max: number;

  constructor(pool: string, timeoutMs: number, situation: PoolSituation, cause?: unknown) {
    const { inUse, creating, waiting, max } = situation;
    const failed = cause === undefined ? "" : `; the last attempt to make one failed: ${messageOf(cause)}`;
    super(
      "ACQUIRE_TIMEOUT",
      `pool ${JSON.stringify(pool)}: no connection was free within ${timeoutMs} ms: ${inUse} in use, ${creating} being made, ${waiting} waiting, at most ${max}${failed}`,
      cause === undefined ? undefined : { cause },
    );
    this.inUse = inUse;
    this.creating = creating;
    this.waiting = waiting;
    this.max = max;
  }
}

/** The pool was closed: before the call, or while it waited. */
export class PoolClosedError extends EngramError {
  constructor(pool: string) {
    super("POOL_CLOSED", `pool ${JSON.stringify(pool)} is closed`);
  }
}

/** The pool has no connection and could not make one, as often as it may try. `cause` is what the last attempt failed with. */
export class ConnectionFailedError extends EngramError {
  /** How often in a row it was tried. */
  readonly attempts: number;

  constructor(pool: string, attempts: number, cause: unknown) {
    super(
      "CONNECTION_FAILED",
      `pool ${JSON.stringify(pool)}: no connection could be made, ${attempts} ${attempts === 1 ? "attempt" : "attempts in a row"} failed; the last one: ${messageOf(cause)}`,
      { cause },
    );
    this.attempts = attempts;
  }
}

/** A manager's function did not end in time. */
export class ManagerTimeoutError extends EngramError {
  constructor(pool: string, what: string, limitMs: number) {
    super("MANAGER_TIMEOUT", `pool ${JSON.stringify(pool)}: ${what} did not end within ${limitMs} ms`);
  }
}

/** A lease or a guard was used after its end: what it stood for may be somebody else's by now. */
export class LeaseEndedError extends EngramError {
  constructor(what: string) {
    super("LEASE_ENDED", `${what} has ended; acquire another`);
  }
}

/** Whatever was thrown, as a message may show it. */
function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

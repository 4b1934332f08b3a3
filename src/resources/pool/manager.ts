/** What a pool opens, checks and closes: the only part of a pool that knows what a connection is. */
import { callback, describe } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";

/** Only `create` is needed. Each is called as a method of the manager, and may throw as well as reject. */
export interface ConnectionManager<C> {
  /**
   * Opens one. `signal` is aborted at `createTimeout` and when the pool closes; what comes later all the same is closed at once and reaches
   * nobody.
   */
  create(signal: AbortSignal): Promise<C> | C;
  /** Whether it looks alive: asked whenever one is handed out that was used before, so at once and without asking its server. */
  isAlive?(connection: C): boolean;
  /** Whether it works: asked of one that lay idle for `checkAfter`, or whose last use threw, before it is handed out. */
  isValid?(connection: C): Promise<boolean> | boolean;
  /** Makes one that was given back fit for the next: a roll-back, a reset. One that it fails for is closed. */
  recycle?(connection: C): Promise<void> | void;
  /** Closes one. Until it has ended, the connection counts towards `max`. What it throws is counted, and is nobody's error. */
  destroy?(connection: C): Promise<void> | void;
}

/** @throws InvalidArgumentError */
export function checkManager<C>(manager: ConnectionManager<C>): ConnectionManager<C> {
  if (manager === null || typeof manager !== "object" || typeof manager.create !== "function") {
    throw new InvalidArgumentError(
      `a pool's manager is ${describe(manager)}; expected an object with a function create`,
    );
  }
  for (const name of ["isAlive", "isValid", "recycle", "destroy"] as const) callback(`manager.${name}`, manager[name]);
  return manager;
}

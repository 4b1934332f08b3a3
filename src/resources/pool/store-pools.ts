/** Pools that belong to a store, each to the thread that opened it: a name is one pool's there, and it is closed with the store. */
import { checkSameName, describe } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { beforeClose, identityOf, permitsOf, recordsOf, type Store } from "../../store/index.js";
import { type ConnectionManager, checkManager } from "./manager.js";
import { checkPool, type PoolOptions } from "./options.js";
import { LocalPermits } from "./permits.js";
import { Pool } from "./pool.js";

/** The kind by which `store.resources()` lists them. */
const CONNECTION = "connection";

const NAMES = new WeakMap<object, Set<string>>();

/** @throws InvalidArgumentError for options out of bounds, or a name that is another pool's in this thread; ClosedError */
export function openPool<C>(
  store: Store,
  name: string,
  manager: ConnectionManager<C>,
  options: PoolOptions = {},
): Pool<C> {
  const { worker } = identityOf(store);
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError(`a pool's name is ${describe(name)}; expected text that is not empty`);
  }
  if (isOptions(options)) checkSameName("pool", options, name);
  const names = NAMES.get(worker) ?? new Set();
  if (names.has(name)) {
    throw new InvalidArgumentError(
      `pool ${describe(name)} is open in this thread already; close it, or name this one otherwise`,
    );
  }
  let forget = (): void => {};
  const onClose = (): void => {
    names.delete(name);
    forget();
  };
  checkManager(manager);
  const all = isOptions(options) ? { ...options, name } : options;
  const { overThreads, max } = checkPool(all);
  const permits = (overThreads ? permitsOf(store, name, max) : null) ?? new LocalPermits(max);
  const pool = new Pool(manager, all, { permits, records: recordsOf(store, CONNECTION, name), onClose });
  names.add(name);
  NAMES.set(worker, names);
  forget = beforeClose(store, async () => {
    await pool.close();
  });
  return pool;
}

/** What is none goes on to be refused by name. */
function isOptions(options: unknown): options is PoolOptions {
  return options !== null && typeof options === "object";
}

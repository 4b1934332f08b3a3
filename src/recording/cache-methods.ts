/**
 * The methods by which caches are asked, one function for each that makes the recording one: Map and lru-cache, quick-lru, Keyv, node-cache,
 * cache-manager. Each calls the cache's own with the same `this` and arguments, hands back what that hands back, and logs what was asked
 * for once it did not throw. What a method calls of its own cache meanwhile is not logged: the program asked once.
 */
import type { CacheLog } from "./cache-log.js";

// biome-ignore lint/suspicious/noExplicitAny: methods of whatever cache there is
export type Method = (this: any, ...args: any[]) => any;

/** How a kind of cache is asked. */
export interface Habits {
  /** Whether a list in place of a key is a list of keys. */
  readonly lists: boolean;
  /** Milliseconds that an entry is to live, 0 = for ever, by what comes after the value. */
  ttl(given: unknown): number;
  /** Whether `has` counts as a request. */
  readonly countHas: boolean;
  /** The cache's own, which logs nothing; undefined: it has none. */
  readonly ownHas: Method | undefined;
  readonly ownKeys: Method | undefined;
}

type Make = (original: Method, log: CacheLog, habits: Habits) => Method;

/** Calls the cache's own method, and afterwards, if the program asked for it itself, logs. */
function logged(
  original: Method,
  log: CacheLog,
  add: (args: unknown[], result: unknown, cache: object) => void,
): Method {
  return function (this: object, ...args: unknown[]): unknown {
    if (!log.open || log.depth > 0) return original.apply(this, args);
    log.depth++;
    let result: unknown;
    try {
      result = original.apply(this, args);
    } finally {
      log.depth--;
    }
    add(args, result, this);
    return result;
  };
}

/** Asked the most: a call with a key alone is passed on without a list of its arguments. */
const get: Make = (original, log, { lists }) =>
  function (this: object, key: unknown, ...more: unknown[]): unknown {
    if (!log.open || log.depth > 0) return original.call(this, key, ...more);
    log.depth++;
    let result: unknown;
    try {
      result = more.length === 0 ? original.call(this, key) : original.call(this, key, ...more);
    } finally {
      log.depth--;
    }
    if (lists && Array.isArray(key)) {
      for (const one of key) log.get(one, undefined);
      return result;
    }
    if (!isPlainPromise(result)) {
      log.get(key, result);
      return result;
    }
    // The order is that of the calls; only the size comes later. Another promise, since a look at this one would hide that nobody handles its failure.
    const place = log.get(key, undefined);
    return result.then((value) => {
      log.found(place, key, value);
      return value;
    });
  };

function isPlainPromise(result: unknown): result is Promise<unknown> {
  return result instanceof Promise && result.constructor === Promise && Object.getOwnPropertyNames(result).length === 0;
}

/** A list is left to the cache: Keyv asks for its keys one by one. */
const has: Make = (original, log, { lists, countHas }) => {
  if (!countHas) return original;
  const one = logged(original, log, ([key]) => void log.get(key, undefined));
  return function (this: object, ...args: unknown[]): unknown {
    return (lists && Array.isArray(args[0]) ? original : one).apply(this, args);
  };
};

const set: Make = (original, log, { ttl, ownHas }) =>
  logged(original, log, ([key, value, given], _, cache) => {
    // lru-cache takes a set of undefined for a delete
    if (value === undefined && ownHas !== undefined && ownHas.call(cache, key) === false) log.delete(key);
    else log.set(key, value, sizeIn(given), ttl(given));
  });

const remove: Make = (original, log, { lists }) =>
  logged(original, log, ([key]) => {
    if (lists && Array.isArray(key)) for (const one of key) log.delete(one);
    else log.delete(key);
  });

const getMany: Make = (original, log) =>
  logged(original, log, ([keys], result) => {
    if (!Array.isArray(keys)) return;
    // a list of values, or an object of those that were found; a promise is neither
    const values = result as Record<PropertyKey, unknown> | undefined;
    const listed = Array.isArray(result);
    for (let i = 0; i < keys.length; i++) log.get(keys[i], values?.[listed ? i : keys[i]]);
  });

/** Entries as Keyv (`key`, `value`, `ttl`) and node-cache (`key`, `val`, `ttl`) write them. */
const setMany: Make = (original, log, { ttl }) =>
  logged(original, log, ([entries]) => {
    if (!Array.isArray(entries)) return;
    for (const entry of entries)
      log.set(entry.key, "val" in entry ? entry.val : entry.value, undefined, ttl(entry.ttl));
  });

const removeMany: Make = (original, log) =>
  logged(original, log, ([keys]) => {
    if (Array.isArray(keys)) for (const key of keys) log.delete(key);
  });

/** Map's getOrInsert and getOrInsertComputed: one look, and a write where there was nothing. */
const getOrInsert: Make = (original, log, { ownHas }) =>
  function (this: object, ...args: unknown[]): unknown {
    if (!log.open || log.depth > 0) return original.apply(this, args);
    const had = ownHas?.call(this, args[0]) === true;
    log.depth++;
    let result: unknown;
    try {
      result = original.apply(this, args);
    } finally {
      log.depth--;
    }
    log.get(args[0], had ? result : undefined);
    if (!had) log.set(args[0], result, undefined, 0);
    return result;
  };

/** Every key is deleted, so that nothing hits afterwards. A cache that cannot list its keys at once says so in the status. */
const clear: Make = (original, log, { ownKeys }) =>
  function (this: object, ...args: unknown[]): unknown {
    if (!log.open || log.depth > 0) return original.apply(this, args);
    log.depth++;
    let keys: unknown[] | null;
    let result: unknown;
    try {
      keys = listed(this, ownKeys);
      result = original.apply(this, args);
    } finally {
      log.depth--;
    }
    if (keys === null) log.unlogged();
    else for (const key of keys) log.delete(key);
    return result;
  };

function listed(cache: object, ownKeys: Method | undefined): unknown[] | null {
  try {
    const keys = ownKeys?.call(cache);
    return typeof keys?.[Symbol.iterator] === "function" ? [...keys] : null;
  } catch {
    return null;
  }
}

/** What lru-cache is told that an entry counts as; it takes 0 for nothing told, as its own `fetch` passes it on. */
function sizeIn(given: unknown): number | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { size } = given as { size?: unknown };
  return typeof size === "number" && size > 0 ? size : undefined;
}

export const METHODS: Readonly<Record<string, Make>> = {
  get,
  /** lru-cache: gets that may load. */
  fetch: get,
  memo: get,
  has,
  set,
  delete: remove,
  del: remove,
  getMany,
  mget: getMany,
  setMany,
  mset: setMany,
  deleteMany: removeMany,
  mdel: removeMany,
  getOrInsert,
  getOrInsertComputed: getOrInsert,
  clear,
  flushAll: clear,
};

/**
 * A cache's methods give way to ones that log, on the instance and nowhere else: its class, other caches, and what they inherit stay as they
 * are. No proxy stands before it, since a method that is called on one finds no private fields (decision 0048).
 */
import { classOf, describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import type { CacheLog } from "./cache-log.js";
import { type Habits, METHODS, type Method } from "./cache-methods.js";

/** What is read of caches of all kinds to learn how they are asked. */
interface AnyCache {
  readonly has?: unknown;
  readonly keys?: unknown;
  readonly getMany?: unknown;
  readonly mget?: unknown;
  /** Milliseconds: lru-cache, Keyv. */
  readonly ttl?: unknown;
  /** Milliseconds: quick-lru. */
  readonly maxAge?: unknown;
  /** Seconds: node-cache. */
  readonly options?: { readonly stdTTL?: unknown };
}

/**
 * @param countHas whether `has` is a request
 * @returns what gives the cache its own methods back
 * @throws InvalidArgumentError when it is none, or cannot be changed; then nothing was
 */
export function wrapCache(cache: object, log: CacheLog, countHas: boolean): () => void {
  const names = namesIn(cache);
  if (!names.includes("get") && !names.includes("set")) {
    throw new InvalidArgumentError(
      `wrap takes a cache, an object with get and set as a Map has them, not ${describe(cache)}`,
    );
  }
  for (const name of names) checkChangeable(cache, name);
  const habits = habitsOf(cache, countHas);
  const undo = names.map((name) => {
    const before = Object.getOwnPropertyDescriptor(cache, name);
    const original = (cache as Record<string, Method>)[name];
    const value = METHODS[name](original, log, habits);
    // what is not enumerable on a class stays so on the instance: whoever lists its members sees no new ones
    const { configurable = true, enumerable = false } = before ?? {};
    Object.defineProperty(cache, name, { value, configurable, enumerable, writable: true });
    return () => {
      // somebody else has wrapped it meanwhile, and calls what is here: it goes on as if it were not
      if (Object.getOwnPropertyDescriptor(cache, name)?.value !== value) return;
      if (before !== undefined) Object.defineProperty(cache, name, before);
      else delete (cache as Record<string, Method>)[name];
    };
  });
  return () => {
    for (const one of undo) one();
  };
}

function namesIn(cache: object): string[] {
  return Object.keys(METHODS).filter((name) => typeof (cache as Record<string, unknown>)[name] === "function");
}

function checkChangeable(cache: object, name: string): void {
  const own = Object.getOwnPropertyDescriptor(cache, name);
  if (own === undefined ? Object.isExtensible(cache) : own.configurable || own.writable) return;
  throw new InvalidArgumentError(
    `wrap: ${name} of this ${classOf(cache) ?? "object"} cannot be replaced, since it is frozen or sealed; wrap it before`,
  );
}

function habitsOf(cache: AnyCache, countHas: boolean): Habits {
  const lists = typeof cache.getMany === "function" || typeof cache.mget === "function";
  const inSeconds = cache.options?.stdTTL !== undefined;
  return {
    lists,
    countHas,
    ownHas: typeof cache.has === "function" ? (cache.has as Method) : undefined,
    ownKeys: typeof cache.keys === "function" ? (cache.keys as Method) : undefined,
    ttl: (given) => {
      if (inSeconds) return time(given) ?? time(cache.options?.stdTTL, 1000) ?? 0;
      return time(inOptions(given)) ?? time(cache.ttl) ?? time(cache.maxAge) ?? 0;
    },
  };

  function time(value: unknown, factor = inSeconds ? 1000 : 1): number | undefined {
    if (typeof value !== "number") return undefined;
    return value > 0 && value < Number.POSITIVE_INFINITY ? value * factor : 0;
  }
}

/** A time to live as lru-cache (`ttl`) and quick-lru (`maxAge`) are given it, or by itself. */
function inOptions(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return given;
  const { ttl, maxAge } = given as { ttl?: unknown; maxAge?: unknown };
  return ttl ?? maxAge;
}

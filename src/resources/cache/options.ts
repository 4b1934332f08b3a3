/** What caches take, checked; each option is read once. */
import { callback, describe, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { createPolicy, type Policy, type PolicyOptions } from "../../eviction/index.js";
import type { Duration, Size } from "../../units.js";
import { CACHE, CACHE_POLICIES, type CachePolicyName } from "../settings.js";

export type { CachePolicyName };

/** What a cache is made with. What is out of bounds is an InvalidArgumentError that names the option. */
export interface CacheOptions<K, V> {
  /**
   * Who has to go: a name, a function that makes a policy, or a policy of one's own whose ids may go up to three times `maxEntries`. Default "lru".
   */
  policy?: CachePolicyName | Policy | ((options: PolicyOptions) => Policy);
  /** Entries at most, a whole number or Infinity. Default: as many as `maxBytes` allows; one of the two is needed. */
  maxEntries?: number;
  /** What all values take at most, as `size` says: a number or text like "64MiB". Default: not counted; one of the two is needed. */
  maxBytes?: Size;
  /** What an entry takes, a positive number. Needed with `maxBytes`, unless all values are bytes. */
  size?: (value: V, key: K) => number;
  /** How long an entry lives, ms or text like "5m". Default: for ever. */
  ttl?: Duration;
}

/** How a value is kept. */
export interface CacheSetOptions {
  /** Instead of the cache's. */
  ttl?: Duration;
  /** What this entry takes, instead of what `size` would say. */
  size?: number;
}

/** How a loaded value is kept, and waited for. */
export interface CacheLoadOptions extends CacheSetOptions {
  /** Gives up waiting: the call rejects with its reason. When nobody waits any more, the loader's own signal is aborted. Default: none. */
  signal?: AbortSignal;
}

export interface CheckedCache<K, V> {
  /** For ids from 0 to distinct - 1. */
  readonly makePolicy: (distinct: number) => Policy;
  /** Whether it was handed over made, and so for as many ids as there will ever be. */
  readonly isMade: boolean;
  /** Evicted keys that are remembered for the policy's sake, for each that is held. */
  readonly history: number;
  /** Infinity: as many as fit. */
  readonly maxEntries: number;
  /** Infinity: bytes are not counted. */
  readonly maxBytes: number;
  readonly size: ((value: V, key: K) => number) | undefined;
  /** ms; Infinity: for ever. */
  readonly ttl: number;
}

export { MOST_ENTRIES } from "../settings.js";

/** They learn nothing from what they have evicted: its id can be anybody's at once. */
const WITHOUT_HISTORY: readonly string[] = ["lru", "fifo", "clock", "lfu", "ttl", "random", "sieve"];
/** None of the others remembers more than two victims for each entry. */
const HISTORY = 2;

const OPTIONS = new KnownOptions("a cache", ["policy", "maxEntries", "maxBytes", "size", "ttl"]);
const SET_OPTIONS = new KnownOptions("set", ["ttl", "size"]);
const LOAD_OPTIONS = new KnownOptions("getOrLoad", ["ttl", "size", "signal"]);

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkCache<K, V>(options: CacheOptions<K, V>): CheckedCache<K, V> {
  const { policy = CACHE.policy.standard, maxEntries, maxBytes, size, ttl } = OPTIONS.check(options);
  const entries = CACHE.maxEntries.check("option maxEntries", maxEntries);
  const bytes = CACHE.maxBytes.check("option maxBytes", maxBytes);
  const isByBytes = bytes !== Number.POSITIVE_INFINITY;
  if (!isByBytes && entries === Number.POSITIVE_INFINITY) {
    throw new InvalidArgumentError("a cache without maxEntries and maxBytes grows for ever; expected one of them");
  }
  const by = isByBytes ? "bytes" : "objects";
  const capacity = isByBytes ? bytes : entries;
  const limits = { maxEntries: entries, maxBytes: bytes, size: callback("option size", size), ttl: checkTtl(ttl) };
  if (typeof policy === "string") {
    const name = CACHE.policy.check("option policy", policy);
    const history = WITHOUT_HISTORY.includes(name) ? 0 : HISTORY;
    const makePolicy = (distinct: number): Policy => createPolicy(name, { capacity, distinct, by });
    return { ...limits, makePolicy, isMade: false, history };
  }
  if (typeof policy === "function") {
    const makePolicy = (distinct: number): Policy => checkPolicy(policy({ capacity, distinct, by }));
    return { ...limits, makePolicy, isMade: false, history: HISTORY };
  }
  const made = checkPolicy(policy);
  if (entries === Number.POSITIVE_INFINITY) {
    throw new InvalidArgumentError(
      "a cache with a policy that is made already needs maxEntries; or pass a function that makes one",
    );
  }
  return { ...limits, makePolicy: () => made, isMade: true, history: HISTORY };
}

/** @throws InvalidArgumentError */
function checkPolicy(policy: Policy): Policy {
  const isPolicy =
    policy !== null &&
    typeof policy === "object" &&
    (["has", "lookup", "insert", "evict", "remove"] as const).every((name) => typeof policy[name] === "function");
  if (isPolicy) return policy;
  throw new InvalidArgumentError(
    `option policy is ${describe(policy)}; expected one of ${CACHE_POLICIES.join(", ")}, or what has has, lookup, insert, evict and remove`,
  );
}

/** @throws InvalidArgumentError */
export function checkSet(options: CacheSetOptions): CacheSetOptions {
  return SET_OPTIONS.check(options);
}

/** @throws InvalidArgumentError */
export function checkLoad(options: CacheLoadOptions): CacheLoadOptions {
  const { signal } = LOAD_OPTIONS.check(options);
  if (signal === undefined || signal instanceof AbortSignal) return options;
  throw new InvalidArgumentError(`option signal is ${describe(signal)}; expected an AbortSignal`);
}

/** ms. @throws InvalidArgumentError */
export function checkTtl(ttl: unknown): number {
  return CACHE.ttl.check("option ttl", ttl);
}

/** @throws InvalidArgumentError */
export function checkSize(size: unknown): number {
  if (typeof size === "number" && size > 0 && Number.isFinite(size)) return size;
  throw new InvalidArgumentError(`the size of an entry is ${describe(size)}; expected a positive number`);
}

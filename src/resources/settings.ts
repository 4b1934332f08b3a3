/**
 * What pools, caches, guards, mapped files and shared data can be set to: every default and every limit, in one place. Each option is checked here, whether a
 * program hands it to a constructor or keeps it in one configuration for all of them (utilities.ts).
 */
import { choice, describe, flag, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { type PolicyName, policyNames } from "../eviction/index.js";
import { durationIn, parseBytes } from "../units.js";

/** One option: `check` gives what it comes to, the default for undefined. */
export interface Setting<T> {
  /** undefined: there is none, and nothing is limited or done. */
  readonly standard: T;
  /** @throws InvalidArgumentError naming the option, its value and what was expected */
  check(name: string, value: unknown): T;
}

/** What a timer can be set to. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Each takes some bytes of a cache's tables; beyond it they are no arrays any more. */
export const MOST_ENTRIES = 2 ** 26;
const MOST_CONNECTIONS = 2 ** 20;

/** Policies by name, all but the bound that needs the future. */
export type CachePolicyName = Exclude<PolicyName, "opt">;
export const CACHE_POLICIES = policyNames.filter((name): name is CachePolicyName => name !== "opt");

export const POOL = {
  /** Connections that are kept open. */
  min: whole(0, 0, MOST_CONNECTIONS),
  /** Connections that are open at most. */
  max: whole(10, 1, MOST_CONNECTIONS),
  acquireTimeout: timer(5000),
  createTimeout: timer(5000),
  checkTimeout: timer(1000),
  destroyTimeout: timer(5000),
  idleTimeout: timer(30_000),
  checkAfter: timer(1000),
  createAttempts: wholeOrNone(4, 1, LONGEST_TIMER_MS),
  /** "process": of `store.pool`, over all threads. */
  scope: oneOf<"thread" | "process">("thread", ["thread", "process"]),
  leaks: oneOf("off", ["trace", "off"]),
} as const;

/** Of `close`. */
export const CLOSING = { deadline: timer(5000) } as const;

export const GUARD = { leaks: oneOf("off", ["trace", "off"]) } as const;

export const CACHE = {
  policy: oneOf<CachePolicyName>("lru", CACHE_POLICIES),
  /** Infinity: as many as fit. */
  maxEntries: limited((name, value) => wholeNumber(name, value, 1, 1, MOST_ENTRIES)),
  /** Infinity: bytes are not counted. */
  maxBytes: limited((name, value) => parseBytes(value as number | string, name)),
  /** ms; Infinity: for ever. */
  ttl: limited(positiveMilliseconds),
} as const;

export const MAPPED_FILE = { writable: yesNo(false), mapped: yesNo(true) } as const;

export const SHARED = { checkReads: yesNo(false), attempts: whole(10_000, 1, Number.MAX_SAFE_INTEGER) } as const;

function whole(standard: number, min: number, max: number): Setting<number> {
  return { standard, check: (name, value) => wholeNumber(name, value, standard, min, max) };
}

function wholeOrNone(standard: number, min: number, max: number): Setting<number> {
  const check = (name: string, value: unknown): number =>
    value === Number.POSITIVE_INFINITY ? value : wholeNumber(name, value, standard, min, max);
  return { standard, check };
}

/** ms, Infinity among them. */
function timer(standard: number): Setting<number> {
  return { standard, check: (name, value) => (value === undefined ? standard : timerMilliseconds(name, value)) };
}

function timerMilliseconds(name: string, value: unknown): number {
  const ms = durationIn(value);
  if (ms === Number.POSITIVE_INFINITY) return ms;
  if (typeof ms === "number" && ms >= 0 && ms <= LONGEST_TIMER_MS) return ms;
  throw new InvalidArgumentError(
    `${name} is ${describe(value)}; expected milliseconds from 0 to ${LONGEST_TIMER_MS}, text like "5s", or Infinity`,
  );
}

function positiveMilliseconds(name: string, value: unknown): number {
  const ms = durationIn(value);
  if (typeof ms === "number" && ms > 0) return ms;
  throw new InvalidArgumentError(`${name} is ${describe(value)}; expected milliseconds above 0 or text like "5m"`);
}

function limited(check: (name: string, value: unknown) => number): Setting<number> {
  const standard = Number.POSITIVE_INFINITY;
  // what was checked is accepted again
  return {
    standard,
    check: (name, value) => (value === undefined || value === standard ? standard : check(name, value)),
  };
}

function oneOf<T extends string>(standard: NoInfer<T>, names: readonly T[]): Setting<T> {
  return { standard, check: (name, value) => choice(name, value, names, standard) };
}

function yesNo(standard: boolean): Setting<boolean> {
  return { standard, check: (name, value) => flag(name, value, standard) };
}

/**
 * One configuration for all that an agent holds: Patinox's `UtilityConfig`. A Standard Schema, so that `store.config("utilities", utilities, { initial: {} })` has
 * every thread see the same, and what is out of bounds changes nothing. Defaults and limits are those of the options themselves (settings.ts).
 */
import { describe, nearest } from "../check.js";
import { InvalidArgumentError, type ValueIssue } from "../errors.js";
import type { SchemaResult, StandardSchema } from "../store/index.js";
import { CACHE, GUARD, MAPPED_FILE, POOL, type Setting, SHARED } from "./settings.js";

const PARTS = { pool: POOL, guard: GUARD, cache: CACHE, mappedFile: MAPPED_FILE, shared: SHARED } as const;

/** Settings with their defaults filled in. */
export type Settled<S> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** All of it, with defaults filled in; durations in ms, sizes in bytes, Infinity where nothing is limited. Each part is what its constructor takes. */
export type Utilities = { readonly [P in keyof typeof PARTS]: Settled<(typeof PARTS)[P]> };

/** What may be written: any part of it, durations and sizes as text as well. */
export type UtilityConfig = {
  readonly [P in keyof typeof PARTS]?: { readonly [K in keyof (typeof PARTS)[P]]?: Utilities[P][K] | string };
};

/** Of which something is to be said beside a single option. */
const BETWEEN: readonly ((utilities: Utilities) => ValueIssue | undefined)[] = [
  ({ pool: { min, max } }) =>
    min > max
      ? { path: ["pool", "min"], message: `pool.min is ${min}; expected a whole number from 0 to pool.max, ${max}` }
      : undefined,
];

/**
 * The defaults and limits of pools, guards, caches, mapped files and shared data as one schema: what it makes of a configuration can be handed
 * to them.
 */
export const utilities: StandardSchema<Utilities> = {
  "~standard": { version: 1, vendor: "engram", validate: checkUtilities },
};

/**
 * The whole configuration, checked.
 *
 * @returns every issue there is: its path, and a message with path, value and what was expected
 */
function checkUtilities(value: unknown): SchemaResult<Utilities> {
  const issues: ValueIssue[] = [];
  const whole = partsOf(value, [], Object.keys(PARTS), issues);
  const checked: Record<string, Record<string, unknown>> = {};
  for (const [part, settings] of Object.entries(PARTS)) {
    const given = whole[part] === undefined ? {} : partsOf(whole[part], [part], Object.keys(settings), issues);
    checked[part] = {};
    for (const [option, setting] of Object.entries<Setting<unknown>>(settings)) {
      try {
        checked[part][option] = setting.check(`${part}.${option}`, given[option]);
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        issues.push({ path: [part, option], message: error.message });
      }
    }
  }
  if (issues.length > 0) return { issues };
  const utilities = checked as unknown as Utilities;
  const between = BETWEEN.flatMap((check) => check(utilities) ?? []);
  return between.length > 0 ? { issues: between } : { value: utilities };
}

/** Its members, each read once; none where it is no object. */
function partsOf(
  value: unknown,
  path: readonly string[],
  known: readonly string[],
  issues: ValueIssue[],
): Record<string, unknown> {
  const at = path.length === 0 ? "the configuration" : path.join(".");
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    issues.push({ path, message: `${at} is ${describe(value)}; expected an object with ${known.join(", ")}` });
    return {};
  }
  const members = { ...(value as Record<string, unknown>) };
  for (const name of Object.keys(members)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    issues.push({
      path: [...path, name],
      message: `${at} has no ${describe(name)}; expected ${known.join(", ")}${meant}`,
    });
  }
  return members;
}

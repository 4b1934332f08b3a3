/** Under which condition a write takes place: options in, the engine's words out. */

import { describe, flag, KnownOptions } from "../../check.js";
import { layout } from "../../core/index.js";
import { InvalidArgumentError } from "../../errors.js";
import type { Duration } from "../../units.js";

/** The version of an entry: equal only for the very same write. Opaque. */
export type Version = bigint;

/** How an entry is written, and under which condition. */
export interface SetOptions {
  /** Until the entry expires: milliseconds, or text such as "5s"; above 0, 200 days at most. Default: it stays. */
  ttl?: Duration;
  /** Write only if the key is absent (or expired). Default false. */
  ifAbsent?: boolean;
  /** Write only if the key's entry still has this version. Default: whatever is there is replaced. Undefined is refused. */
  ifVersion?: Version;
}

export interface Condition {
  mode: number;
  entry: number;
  version: number;
}

export const NO_CONDITION: Condition = { mode: layout.MODE_SET, entry: 0, version: 0 };
export const IF_ABSENT: Condition = { mode: layout.MODE_IF_ABSENT, entry: 0, version: 0 };

const OPTIONS = new KnownOptions("set", ["ttl", "ifAbsent", "ifVersion"]);
const DELETE_OPTIONS = new KnownOptions("delete", ["ifVersion"]);

/** Under which condition an entry is removed. */
export interface DeleteOptions {
  /** Remove only if the key's entry still has this version. Default: whatever is there goes. */
  ifVersion?: Version;
}

/**
 * The condition that the options of a write ask for. Reading it may run the caller's code, so it comes before anything is asked of the store.
 *
 * `ttl` and `ifAbsent` may be undefined, as if they were left out. `ifVersion` may not: it is undefined when the version that somebody read
 * was that of no entry, and a write that was meant to depend on it would depend on nothing.
 *
 * @throws InvalidArgumentError
 */
export function checkCondition(options: SetOptions): Condition {
  if (options === null || typeof options !== "object") OPTIONS.check(options);
  let version = false;
  // spelt out, because the names of a set's options are looked at with every write that has some
  for (const name in options) {
    if (name === "ifVersion") version = true;
    else if (name !== "ttl" && name !== "ifAbsent") OPTIONS.check(options);
  }
  const ifAbsent = flag("ifAbsent", options.ifAbsent, false);
  if (!version) return ifAbsent ? IF_ABSENT : NO_CONDITION;
  const { ifVersion } = options;
  if (ifVersion === undefined) throw noVersion(", or ifAbsent: true for a key that had no entry");
  if (ifAbsent) throw new InvalidArgumentError("set was given both ifAbsent and ifVersion; expected one of them");
  return versionIs(ifVersion);
}

/** As `checkCondition`, for a delete. @throws InvalidArgumentError */
export function checkDeletion(options: DeleteOptions): Condition {
  if (!("ifVersion" in DELETE_OPTIONS.check(options))) return NO_CONDITION;
  const { ifVersion } = options;
  if (ifVersion === undefined) throw noVersion("; a key that had no entry needs no delete");
  return versionIs(ifVersion);
}

function noVersion(instead: string): InvalidArgumentError {
  return new InvalidArgumentError(`ifVersion is undefined; expected a version from getEntry()${instead}`);
}

/** @throws InvalidArgumentError */
export function versionIs(version: Version): Condition {
  if (typeof version !== "bigint" || version < 0n || version > 0xffffffffffffffffn) {
    throw new InvalidArgumentError(`ifVersion is ${describe(version)}; expected a version from getEntry()`);
  }
  return {
    mode: layout.MODE_IF_VERSION,
    entry: Number(version & 0xffffffffn),
    version: Number(version >> 32n),
  };
}

/** An entry's address and the version that is there: no other write of this store ever has both. */
export function makeVersion(entry: number, version: number): Version {
  return (BigInt(version) << 32n) | BigInt(entry);
}

/** Under which condition a write takes place: options in, the engine's words out. */
import { layout } from "../../core/index.js";
import { InvalidArgumentError } from "../errors.js";
import { describe } from "../sizes.js";

/** The version of an entry: equal only for the very same write. Opaque. */
export type Version = bigint;

export interface SetOptions {
  /** Milliseconds until the entry expires, above 0, 200 days at most. Default: it stays. */
  ttl?: number;
  /** Write only if the key is absent (or expired). */
  ifAbsent?: boolean;
  /** Write only if the key's entry still has this version. */
  ifVersion?: Version;
}

export interface Condition {
  mode: number;
  entry: number;
  version: number;
}

export const NO_CONDITION: Condition = { mode: layout.MODE_SET, entry: 0, version: 0 };
export const IF_ABSENT: Condition = { mode: layout.MODE_IF_ABSENT, entry: 0, version: 0 };

/** @throws InvalidArgumentError */
export function checkCondition(options: SetOptions): Condition {
  if (options === null || typeof options !== "object") {
    throw new InvalidArgumentError(`set takes an object of options, not ${describe(options)}`);
  }
  const { ifAbsent, ifVersion } = options;
  if (ifVersion !== undefined) {
    if (ifAbsent) throw new InvalidArgumentError("set was given both ifAbsent and ifVersion; expected one of them");
    if (typeof ifVersion !== "bigint" || ifVersion < 0n || ifVersion > 0xffffffffffffffffn) {
      throw new InvalidArgumentError(`ifVersion is ${describe(ifVersion)}; expected a version from getEntry()`);
    }
    return {
      mode: layout.MODE_IF_VERSION,
      entry: Number(ifVersion & 0xffffffffn),
      version: Number(ifVersion >> 32n),
    };
  }
  return ifAbsent ? IF_ABSENT : NO_CONDITION;
}

/** An entry's address and the version that is there: no other write of this store ever has both. */
export function makeVersion(entry: number, version: number): Version {
  return (BigInt(version) << 32n) | BigInt(entry);
}

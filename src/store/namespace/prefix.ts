/** Which keys of a namespace are meant: those that begin with a prefix. */
import { describe, type KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import type { WorkerConnection } from "../worker.js";

/** Which keys are listed or counted. */
export interface PrefixOptions {
  /** Text, or bytes for keys that are not text, 1,024 at most. Keys begin with it byte by byte. Default: all keys. */
  prefix?: string | Uint8Array;
}

/** For what removes: there the prefix must be said, and not be empty. */
export interface RequiredPrefix {
  /** Text or bytes, and not empty. */
  prefix: string | Uint8Array;
}

/** The prefix of a listing as bytes; undefined when all keys are meant. @throws InvalidArgumentError, KeyTooLongError */
export function readPrefix(
  worker: WorkerConnection,
  known: KnownOptions,
  options: PrefixOptions | undefined,
): Uint8Array | undefined {
  if (options === undefined) return undefined;
  const { prefix } = known.check(options);
  return prefix === undefined || prefix === "" || (prefix instanceof Uint8Array && prefix.length === 0)
    ? undefined
    : encodePrefix(worker, known, prefix);
}

/**
 * The same for a removal. A prefix that came out undefined or empty is refused: it would take everything, and there is `clear()` for that.
 *
 * @throws InvalidArgumentError, KeyTooLongError
 */
export function requirePrefix(worker: WorkerConnection, known: KnownOptions, options: RequiredPrefix): Uint8Array {
  const { prefix } = known.check(options);
  if (prefix === undefined || prefix === "" || (prefix instanceof Uint8Array && prefix.length === 0)) {
    throw new InvalidArgumentError(
      `${known.of}: prefix is ${prefix === undefined ? "undefined" : "empty"}; expected one of at least a byte, or clear() for all`,
    );
  }
  return encodePrefix(worker, known, prefix);
}

function encodePrefix(worker: WorkerConnection, known: KnownOptions, prefix: string | Uint8Array): Uint8Array {
  if (typeof prefix !== "string" && !(prefix instanceof Uint8Array)) {
    throw new InvalidArgumentError(`${known.of}: prefix is ${describe(prefix)}; expected a string or a Uint8Array`);
  }
  return worker.keyCopy(worker.putKey(prefix)); // what is no key begins none
}

/** Whether what `deleteMany` was given names a prefix rather than keys. */
export function isPrefix(keys: unknown): keys is RequiredPrefix {
  return typeof keys === "object" && keys !== null && !(Symbol.iterator in keys);
}

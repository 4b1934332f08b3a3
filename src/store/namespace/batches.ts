/** What callers hand in as a batch. */

import { describe } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import type { Key } from "../key.js";

/** @throws InvalidArgumentError */
export function checkPair<V>(pair: unknown): readonly [Key, V] {
  if (Array.isArray(pair)) return pair as unknown as readonly [Key, V];
  throw new InvalidArgumentError(`setMany takes [key, value] pairs; one is ${describe(pair)}`);
}

/** @throws InvalidArgumentError */
export function checkIterable<T>(items: Iterable<T>, verb: string, of: string): Iterable<T> {
  if (typeof items === "object" && items !== null && Symbol.iterator in items) return items;
  throw new InvalidArgumentError(`${verb} takes an iterable of ${of}, not ${describe(items)}`);
}

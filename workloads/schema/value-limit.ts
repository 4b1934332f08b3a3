/** How large a value may be that a scenario writes: what the store cannot hold would only be refused, thousands of times. */

import type { z } from "zod";
import type { StreamOperation } from "../operations.js";
import type { role } from "./role.js";

/** Bytes of a key, zero-padded to 16, and its value together, at most: the store's own limit (src/store/key.ts), which a test holds it to. */
export const ENTRY_ROOM = 16_352;
/** `user` and twelve digits. */
const KEY_BYTES = 16;
/** Their sizes are those of messages, which have no key. */
const SEND: readonly StreamOperation[] = ["send", "handOff"];
const WRITE: readonly StreamOperation[] = ["set", "insert", "readModifyWrite", "getOrSet", "append"];
/** Whose keys are set beforehand when the scenario has a preload. */
const READ: readonly StreamOperation[] = ["get", "borrow", "scan", "watch", "delete"];

/** @param prefixBytes what stands in front of the key where there are several namespaces */
export function largestValue(prefixBytes: number): number {
  return ENTRY_ROOM - Math.ceil((prefixBytes + KEY_BYTES) / 16) * 16;
}

type Written = Pick<z.output<typeof role>, "mix" | "values">;

/**
 * The sizes of a role that are too large, each with the path to it.
 *
 * @param preloaded whether the role's keys are set beforehand
 */
export function valuesTooLarge(
  { mix = {}, values }: Written,
  prefixBytes: number,
  preloaded: boolean,
): Array<{ path: Array<string | number>; limit: number }> {
  const does = (names: readonly StreamOperation[]) => names.some((name) => name !== "other" && (mix[name] ?? 0) > 0);
  const limits = [
    ...(does(WRITE) || (preloaded && does(READ)) ? [largestValue(prefixBytes)] : []),
    ...(does(SEND) ? [ENTRY_ROOM] : []),
  ];
  if (limits.length === 0) return [];
  const limit = Math.min(...limits);
  return sizesOf(values).flatMap(({ size, path }) => (size > limit ? [{ path: ["values", ...path], limit }] : []));
}

function sizesOf(values: Written["values"]): Array<{ size: number; path: Array<string | number> }> {
  switch (values.distribution) {
    case "constant":
      return [{ size: values.size, path: ["size"] }];
    case "list":
      return values.sizes.map(({ size }, index) => ({ size, path: ["sizes", index, "size"] }));
    case "trace":
      return values.max === undefined ? [] : [{ size: values.max, path: ["max"] }];
    default:
      return [{ size: values.max, path: ["max"] }];
  }
}

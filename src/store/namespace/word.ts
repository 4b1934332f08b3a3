/** What a namespace was made with, besides its limits, in one word of its directory entry: N_ENCODING. The engine only keeps it. */

import { choice } from "../../check.js";
import type { EncodingName } from "../encoding.js";

/** What a write does that would break a namespace's limit: throw NamespaceLimitError, or evict in the namespace until it fits. */
export type WhenFull = "refuse" | "evict";

const ENCODING_BITS = 0xff;

/** Written into directory entries and backups: never change a number, only add. */
export const ENCODING_NUMBERS = { binary: 0, string: 1, json: 2, msgpack: 3 } as const satisfies Record<
  EncodingName,
  number
>;
export const WHEN_FULL_NUMBERS = { refuse: 0, evict: 0x100 } as const satisfies Record<WhenFull, number>;

const ENCODING_NAMES = new Map(
  Object.entries(ENCODING_NUMBERS).map(([name, number]) => [number as number, name as EncodingName]),
);
const WHEN_FULL_NAMES = new Map(
  Object.entries(WHEN_FULL_NUMBERS).map(([name, number]) => [number as number, name as WhenFull]),
);

export function namespaceWord(encoding: EncodingName, whenFull: WhenFull): number {
  return ENCODING_NUMBERS[encoding] | WHEN_FULL_NUMBERS[whenFull];
}

/** Undefined for a word that this version does not know. */
export function encodingOf(word: number): EncodingName | undefined {
  return ENCODING_NAMES.get(word & ENCODING_BITS);
}

/** Undefined for a word that this version does not know. */
export function whenFullOf(word: number): WhenFull | undefined {
  return WHEN_FULL_NAMES.get(word & ~ENCODING_BITS);
}

/** @throws InvalidArgumentError */
export function checkWhenFull(value: unknown): WhenFull {
  return choice("whenFull", value, ["refuse", "evict"], "refuse");
}

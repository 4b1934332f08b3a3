/** What a namespace was made with, besides its limits, in one word of its directory entry: N_ENCODING. The engine only keeps it. */

import { choice } from "../../check.js";
import { ENCODINGS, type EncodingName } from "../encoding.js";

/** What a write does that would break a namespace's limit: throw NamespaceLimitError, or evict in the namespace until it fits. */
export type WhenFull = "refuse" | "evict";

const ENCODING_BITS = 0xff;
const EVICTS = 0x100;

export function namespaceWord(encoding: EncodingName, whenFull: WhenFull): number {
  return ENCODINGS.indexOf(encoding) | (whenFull === "evict" ? EVICTS : 0);
}

/** Undefined for a word that no version has written. */
export function encodingOf(word: number): EncodingName | undefined {
  return ENCODINGS[word & ENCODING_BITS];
}

export function whenFullOf(word: number): WhenFull {
  return (word & EVICTS) === 0 ? "refuse" : "evict";
}

/** @throws InvalidArgumentError */
export function checkWhenFull(value: unknown): WhenFull {
  return choice("whenFull", value, ["refuse", "evict"], "refuse");
}

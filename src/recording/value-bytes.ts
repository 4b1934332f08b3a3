/** How many bytes a program's value has, where that is known without walking it. */
import { Buffer } from "node:buffer";
import { types } from "node:util";

const LARGEST = 0xffffffff;
const BYTES_OF_A_NUMBER = 8;

/** The size of whatever has none that could be told. */
export const UNKNOWN_BYTES = -1;

/** Of bytes, texts (in UTF-8) and numbers. */
export function bytesKnownOf(value: unknown): number {
  if (typeof value === "string") return atMost(Buffer.byteLength(value, "utf8"));
  if (typeof value === "number" || typeof value === "bigint") return BYTES_OF_A_NUMBER;
  if (typeof value !== "object" || value === null) return UNKNOWN_BYTES;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return atMost(value.byteLength);
  return UNKNOWN_BYTES;
}

/** What a program says of a value's size. */
export function asBytes(said: unknown): number {
  return typeof said === "number" && said >= 0 ? atMost(Math.ceil(said)) : UNKNOWN_BYTES;
}

function atMost(bytes: number): number {
  return bytes > LARGEST ? LARGEST : bytes;
}

/**
 * MessagePack's extension types as this store uses them. The numbers are in every value that was ever written and never change; those that
 * msgpackr has for the same mean the same here.
 */
import { type KeptKind, TYPED_ARRAYS } from "./kinds.js";

export const EXT_UNDEFINED = 0x00;
/** A bigint beyond 64 bits: two's complement, big-endian. */
export const EXT_BIGINT = 0x42;
/** A Map: a MessagePack map, whose keys may be anything. */
export const EXT_MAP = 0x4d;
/** An object without a prototype: a MessagePack map. */
export const EXT_NO_PROTOTYPE = 0x4e;
/** A Set: a MessagePack array. */
export const EXT_SET = 0x53;
/** Text with lone surrogates: UTF-16, little-endian. */
export const EXT_UTF16 = 0x57;
/** A RegExp: an array of source, flags and lastIndex. */
export const EXT_REGEXP = 0x58;
/** Bytes of another kind than Uint8Array: a byte that says which, then the bytes. */
export const EXT_ARRAY = 0x74;
/** The specification's timestamp, -1. */
export const EXT_TIME = 0xff;

const ARRAY_BUFFER = 16;
const DATA_VIEW = 17;
const FLOAT16_ARRAY = 18;
const BUFFER = 32;

/** The byte that says what kind of bytes they are. */
export function arrayCode(kind: KeptKind): number {
  if (kind === "ArrayBuffer") return ARRAY_BUFFER;
  if (kind === "DataView") return DATA_VIEW;
  if (kind === "Float16Array") return FLOAT16_ARRAY;
  return kind === "Buffer" ? BUFFER : (TYPED_ARRAYS as readonly string[]).indexOf(kind);
}

type ArrayClass = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): unknown };

/** The bytes as the kind they are of. They are the caller's own from then on. Undefined for a code that no version has written */
export function arrayOf(code: number, bytes: ArrayBuffer): unknown {
  if (code === ARRAY_BUFFER) return bytes;
  if (code === DATA_VIEW) return new DataView(bytes);
  if (code === BUFFER) return Buffer.from(bytes);
  const name = code === FLOAT16_ARRAY ? "Float16Array" : TYPED_ARRAYS[code];
  const made = (globalThis as unknown as Record<string, ArrayClass | undefined>)[name];
  return made === undefined || bytes.byteLength % made.BYTES_PER_ELEMENT !== 0 ? undefined : new made(bytes);
}

/**
 * Bytes that callers hand in, taken by what the engine of the language knows of them: an own property `length` or `buffer`, a subclass, a proxy or
 * an object with the right prototype may claim anything, and whoever believed it would read or write shared memory that is none of it.
 */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { typedArrayName } from "./values/kinds.js";

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);

function getter<T>(name: string): (bytes: Uint8Array) => T {
  const { get } = Object.getOwnPropertyDescriptor(typedArray, name) as { get: () => T };
  return Function.prototype.call.bind(get) as (bytes: Uint8Array) => T;
}

const lengthOf = getter<number>("length");
export const bufferOf = getter<ArrayBufferLike>("buffer");
export const offsetOf = getter<number>("byteOffset");

/** Whether it is a Uint8Array, or of a subclass as Buffer is. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayName(value) === "Uint8Array";
}

/** How many bytes there are. @throws InvalidArgumentError for an impostor, and for bytes that were handed over to another thread */
export function byteCount(bytes: Uint8Array): number {
  const length = isBytes(bytes) ? lengthOf(bytes) : 0;
  if (length === 0) checkBytes(bytes);
  return length;
}

/** @throws InvalidArgumentError unless they are bytes, if none */
function checkBytes(bytes: Uint8Array): void {
  if (!isBytes(bytes)) throw new InvalidArgumentError(`${describe(bytes)} has no bytes; expected a Uint8Array`);
  try {
    new Uint8Array(bufferOf(bytes));
  } catch {
    throw new InvalidArgumentError("a Uint8Array is detached: its bytes were handed over to another thread");
  }
}

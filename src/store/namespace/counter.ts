/** Counters that are values of their namespace's encoding: text, a JSON number, a MessagePack number. */

import { describe, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import type { Duration } from "../../units.js";
import type { EncodingName } from "../encoding.js";

/** How a counter is made by its first increment. */
export interface IncrementOptions {
  /** Of a counter that is made by this: until it expires, milliseconds or text such as "5s"; above 0, 200 days at most. Default: it stays. */
  ttl?: Duration;
}

const OPTIONS = new KnownOptions("increment", ["ttl"]);
const COUNTER_BYTES = 8;

/** @throws InvalidArgumentError */
export function readIncrement(options: IncrementOptions): Duration | undefined {
  return OPTIONS.check(options).ttl;
}

/** @param what the operation, for the message. @throws InvalidArgumentError for anything but a whole number */
export function checkWhole(what: string, number: bigint | number): bigint {
  if (typeof number !== "bigint" && !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError(`${what} ${describe(number)}; expected a whole number or a bigint`);
  }
  return BigInt(number);
}

/** What a counter's value stands for, whatever the encoding. @throws InvalidArgumentError when it is none */
export function counterIn(value: unknown, binary: boolean): bigint {
  if (!binary) return toCounter(value, "a counter is");
  const bytes = value as Uint8Array;
  if (bytes.length !== COUNTER_BYTES) {
    throw new InvalidArgumentError(`a counter is a value of ${bytes.length} bytes; expected ${COUNTER_BYTES}`);
  }
  return new DataView(bytes.buffer, bytes.byteOffset, COUNTER_BYTES).getBigInt64(0, true);
}

/** The value of a counter, whatever the encoding. @throws InvalidArgumentError when the encoding has none that is exact */
export function makeCounter(count: bigint, encoding: EncodingName): Uint8Array | string | number | bigint {
  if (encoding !== "binary") return fromCounter(count, encoding);
  if (BigInt.asIntN(64, count) !== count) {
    throw new InvalidArgumentError(`the count ${count} is beyond what the 8 bytes of a binary counter hold`);
  }
  const bytes = new Uint8Array(COUNTER_BYTES);
  new DataView(bytes.buffer).setBigInt64(0, count, true);
  return bytes;
}

/** The number that a value stands for. @throws InvalidArgumentError when it stands for none */
export function toCounter(value: unknown, what = "increment of"): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d+$/.test(value)) return BigInt(value);
  throw new InvalidArgumentError(`${what} ${describe(value)}, which is no whole number`);
}

/** The value that stands for a sum. @throws InvalidArgumentError when the encoding has none that is exact */
export function fromCounter(sum: bigint, encoding: EncodingName): string | number | bigint {
  if (encoding === "string") return String(sum);
  if (sum >= BigInt(Number.MIN_SAFE_INTEGER) && sum <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(sum);
  if (encoding === "msgpack" && BigInt.asIntN(64, sum) === sum) return sum;
  throw new InvalidArgumentError(
    `the sum ${sum} is beyond what a ${encoding} number holds exactly; use a binary or string namespace`,
  );
}

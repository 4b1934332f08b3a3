/** Counters that are values of their namespace's encoding: text, a JSON number, a MessagePack number. */

import { describe } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import type { EncodingName } from "../encoding.js";

/** @throws InvalidArgumentError for anything but a whole number */
export function checkStep(by: bigint | number): bigint {
  if (typeof by !== "bigint" && !Number.isSafeInteger(by)) {
    throw new InvalidArgumentError(`increment by ${describe(by)}; expected a whole number or a bigint`);
  }
  return BigInt(by);
}

/** The number that a value stands for. @throws InvalidArgumentError when it stands for none */
export function toCounter(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d+$/.test(value)) return BigInt(value);
  throw new InvalidArgumentError(`increment of ${describe(value)}, which is no whole number`);
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

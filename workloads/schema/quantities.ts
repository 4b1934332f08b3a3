/** Quantities of scenario files, written with their units: they come out as milliseconds, bytes and shares from 0 to 1. */
import { z } from "zod";
import { DURATION_TEXT, SIZE_TEXT } from "../../src/units.js";
import { parseBytes, parseDuration, parseShare, SHARE_PATTERN } from "../units.js";

/** Largest value a scenario may name, bytes; what it writes has a lower limit (../value-limit.ts). */
const MAX_VALUE_BYTES = 64 * 1024 * 1024;
/** Keys stay dense 32-bit numbers, with room for inserts. */
export const MAX_KEYS = 1_000_000_000;

export const count = (most: number) => wholeNumber(1, most);

export function wholeNumber(least: number, most: number) {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

const DURATION = "expected a duration such as 5s, 200ms or 2m";
const SIZE = "expected a size such as 64MiB, 4KiB or 512B";
const SHARE = "expected a share such as 10%";

export const duration = z
  .string(DURATION)
  .regex(DURATION_TEXT, DURATION)
  .transform(parseDuration)
  .meta({ description: "A duration: 5s, 200ms, 2m" });

export const bytes = z
  .union(
    [z.number().int(SIZE).nonnegative(SIZE), z.string().regex(SIZE_TEXT, SIZE).transform(parseBytes)],
    `${SIZE}, or a number of bytes`,
  )
  .refine((size) => size <= Number.MAX_SAFE_INTEGER, "too many bytes")
  .meta({ description: "A size: 64MiB, 4KiB, 512B, or a number of bytes" });

export const valueBytes = bytes.refine((size) => size <= MAX_VALUE_BYTES, `expected at most ${MAX_VALUE_BYTES} bytes`);

export const share = z
  .string(SHARE)
  .regex(SHARE_PATTERN, SHARE)
  .transform(parseShare)
  .refine((part) => part <= 1, "expected a share from 0% to 100%")
  .meta({ description: "A share: 10%" });

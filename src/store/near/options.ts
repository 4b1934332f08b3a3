/** How much a namespace's handle may keep near: `near` of `store.namespace()`. */
import { describe, KnownOptions, wholeNumber } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Size, sizeIn } from "../../units.js";

/** How much a handle keeps near. */
export interface NearOptions {
  /** Values at most. Default 10,000. */
  entries?: number;
  /** Bytes of their keys and of the values as they are stored, at most, or text such as "16MiB". Default 64 MiB. */
  bytes?: Size;
}

/** The same, checked. */
export type NearLimits = Required<{ readonly entries: number; readonly bytes: number }>;

const ENTRIES = 10_000;
/** As many as a Map holds. */
const ENTRIES_MAX = 2 ** 24 - 1;
const BYTES = 64 * 2 ** 20;
const BYTES_MAX = 2 ** 40;

const OPTIONS = new KnownOptions("near", ["entries", "bytes"]);

/** Undefined for undefined: nothing is kept near. @throws InvalidArgumentError */
export function readNear(near: unknown): NearLimits | undefined {
  if (near === undefined) return undefined;
  if (typeof near === "number") return { entries: wholeNumber("near", near, ENTRIES, 1, ENTRIES_MAX), bytes: BYTES };
  if (near === null || typeof near !== "object" || Array.isArray(near)) {
    throw new InvalidArgumentError(`near is ${describe(near)}; expected a number of values, or { entries, bytes }`);
  }
  const { entries, bytes } = OPTIONS.check<NearOptions>(near);
  return { entries: wholeNumber("near.entries", entries, ENTRIES, 1, ENTRIES_MAX), bytes: bytesIn(bytes) };
}

function bytesIn(given: unknown): number {
  if (given === undefined) return BYTES;
  const bytes = sizeIn(given);
  if (typeof bytes === "number" && Number.isInteger(bytes) && bytes >= 1 && bytes <= BYTES_MAX) return bytes;
  throw new InvalidArgumentError(
    `near.bytes is ${describe(given)}; expected a whole number of bytes from 1 to ${BYTES_MAX}, or text such as "16MiB"`,
  );
}

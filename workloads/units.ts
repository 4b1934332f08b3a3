/** Quantities as people write them (`5s`, `64MiB`, `10%`), for scenario files and command-line flags. */
import { InvalidArgumentError } from "../src/errors.js";
import { durationIn, SIZE_TEXT, sizeIn } from "../src/units.js";

const NUMBER = "([0-9]+(?:\\.[0-9]+)?)";
export const SHARE_PATTERN = new RegExp(`^${NUMBER} ?%$`);
export const RATE_PATTERN = new RegExp(`^${NUMBER} ?/ ?s$`);

/** `5s`, `200ms`, `1.5m`: milliseconds. Throws InvalidArgumentError. */
export function parseDuration(text: string): number {
  const milliseconds = durationIn(text);
  if (typeof milliseconds !== "number") throw refused(text, "a duration such as 5s, 200ms or 2m");
  return milliseconds;
}

/** `64MiB`, `512B`, `10KB`, never without a unit: whole bytes. Throws InvalidArgumentError. */
export function parseBytes(text: string): number {
  const bytes = SIZE_TEXT.test(text) ? sizeIn(text) : undefined;
  if (typeof bytes !== "number") throw refused(text, "a size such as 64MiB, 4KiB or 512B");
  return bytes;
}

/** `10%`: 0.1. Throws InvalidArgumentError. */
export function parseShare(text: string): number {
  const [number] = parts(text, SHARE_PATTERN, "a share such as 10%");
  return number / 100;
}

/** `10000/s`: operations a second. Throws InvalidArgumentError. */
export function parseRate(text: string): number {
  const [number] = parts(text, RATE_PATTERN, "a rate such as 10000/s");
  return number;
}

function parts(text: string, pattern: RegExp, expected: string): [number, string] {
  const match = pattern.exec(text.trim());
  if (match === null) throw refused(text, expected);
  return [Number(match[1]), match[2]];
}

function refused(text: string, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`${JSON.stringify(text.slice(0, 60))}: expected ${expected}`);
}

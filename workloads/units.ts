/** Quantities as people write them (`5s`, `64MiB`, `10%`), for scenario files and command-line flags. */
import { InvalidArgumentError } from "../src/errors.js";
import { unitBytes } from "../src/units.js";

const NUMBER = "([0-9]+(?:\\.[0-9]+)?)";
const MILLISECONDS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

export const DURATION_PATTERN = new RegExp(`^${NUMBER} ?(us|ms|s|m|min|h)$`);
export const BYTES_PATTERN = new RegExp(`^${NUMBER} ?(B|KB|MB|GB|KiB|MiB|GiB)$`);
export const SHARE_PATTERN = new RegExp(`^${NUMBER} ?%$`);
export const RATE_PATTERN = new RegExp(`^${NUMBER} ?/ ?s$`);

/** `5s`, `200ms`, `1.5m`: milliseconds. Throws InvalidArgumentError. */
export function parseDuration(text: string): number {
  const [number, unit] = parts(text, DURATION_PATTERN, "a duration such as 5s, 200ms or 2m");
  return number * MILLISECONDS[unit];
}

/** `64MiB`, `512B`, `10KB`: whole bytes. Throws InvalidArgumentError. */
export function parseBytes(text: string): number {
  // The pattern's units are all known.
  const [number, unit] = parts(text, BYTES_PATTERN, "a size such as 64MiB, 4KiB or 512B");
  return Math.round(number * (unitBytes(unit) as number));
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
  if (match === null) throw new InvalidArgumentError(`${JSON.stringify(text.slice(0, 60))}: expected ${expected}`);
  return [Number(match[1]), match[2]];
}

/**
 * Sizes and durations as people write them: 67108864, "64MiB", "10 kB"; 5000, "5s", "200ms". What a unit is worth is said here, for all options
 * that are one or the other.
 */
import { describe } from "./check.js";
import { InvalidArgumentError } from "./errors.js";

const UNITS: Record<string, number> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
};

/** What one of a unit is worth, bytes: "KiB" 1,024, "kB" 1,000, "" 1; in capitals or not. Undefined: no such unit. */
export function unitBytes(unit: string): number | undefined {
  const name = unit.toLowerCase();
  return Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
}

/**
 * @param what named in the error
 * @throws InvalidArgumentError unless it is a positive, finite number of bytes, with or without a unit
 */
export function parseBytes(size: number | string, what: string): number {
  const bytes = sizeIn(size);
  if (typeof bytes !== "number" || !Number.isFinite(bytes) || bytes < 1) {
    throw new InvalidArgumentError(`${what} is ${describe(size)}; expected bytes as a positive number or like "64MiB"`);
  }
  return Math.floor(bytes);
}

/** Bytes: a number, or text with a unit such as "64MiB". */
export type Size = number | string;

/** Time: a number of milliseconds, or text with a unit such as "200ms", "5s", "2m", "1h", "7d". */
export type Duration = number | string;

const MILLISECONDS: Record<string, number> = { us: 1e-3, ms: 1, s: 1e3, m: 6e4, min: 6e4, h: 36e5, d: 864e5 };

const QUANTITY = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i;

/** A number and its unit, in small letters; null for any other text. What is written in every option, scenario and command line. */
function quantityIn(text: string): { readonly number: number; readonly unit: string } | null {
  const match = QUANTITY.exec(text);
  return match && { number: Number(match[1]), unit: match[2].toLowerCase() };
}

/** Bytes of a text with a unit; anything else as it is, for the option's own check. */
export function sizeIn(size: unknown): unknown {
  if (typeof size !== "string") return size;
  const quantity = quantityIn(size);
  const worth = quantity === null ? undefined : unitBytes(quantity.unit);
  return quantity === null || worth === undefined ? size : Math.floor(quantity.number * worth);
}

/** Milliseconds of a text with a unit; anything else as it is, for the option's own check. A number alone is no text of a duration. */
export function durationIn(duration: unknown): unknown {
  if (typeof duration !== "string") return duration;
  const quantity = quantityIn(duration);
  if (quantity === null || !Object.hasOwn(MILLISECONDS, quantity.unit)) return duration;
  return quantity.number * MILLISECONDS[quantity.unit];
}

/** Texts with a unit, for schemas: what `sizeIn` and `durationIn` take. Spelt without flags, which JSON Schema has none of. */
export const SIZE_TEXT = textOf(UNITS);
export const DURATION_TEXT = textOf(MILLISECONDS);

function textOf(units: Readonly<Record<string, number>>): RegExp {
  const names = Object.keys(units).filter((unit) => unit !== "");
  const anyCase = names.map((unit) => unit.replace(/./g, (letter) => `[${letter}${letter.toUpperCase()}]`));
  return new RegExp(`^\\s*\\d+(?:\\.\\d+)?\\s*(?:${anyCase.join("|")})\\s*$`);
}

/** Milliseconds. @throws InvalidArgumentError; undefined is the standard */
export function milliseconds(
  name: string,
  value: unknown,
  standard: number,
  min = 0,
  max = Number.POSITIVE_INFINITY,
): number {
  if (value === undefined) return standard;
  const ms = durationIn(value);
  if (typeof ms === "number" && ms >= min && ms <= max) return ms;
  const bounds = max === Number.POSITIVE_INFINITY ? `${min} or more` : `from ${min} to ${max}`;
  throw new InvalidArgumentError(
    `${name} is ${describe(value)}; expected milliseconds, ${bounds}, or text such as "5s" or "200ms"`,
  );
}

/** 67108864 -> "64 MiB". */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toFixed(1))} ${unit}`;
  }
  return `${bytes} bytes`;
}

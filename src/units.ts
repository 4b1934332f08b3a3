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
  const match = typeof size === "string" ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(size) : null;
  const unit = match ? unitBytes(match[2]) : undefined;
  const bytes = typeof size === "number" ? size : match && unit ? Math.floor(Number(match[1]) * unit) : Number.NaN;
  if (!Number.isFinite(bytes) || bytes < 1) {
    throw new InvalidArgumentError(`${what} is ${describe(size)}; expected bytes as a positive number or like "64MiB"`);
  }
  return Math.floor(bytes);
}

/** Bytes: a number, or text with a unit such as "64MiB". */
export type Size = number | string;

/** Time: a number of milliseconds, or text with a unit such as "200ms", "5s", "2m", "1h", "7d". */
export type Duration = number | string;

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, min: 6e4, h: 36e5, d: 864e5 };

/** Bytes of a text with a unit; anything else as it is, for the option's own check. */
export function sizeIn(size: unknown): unknown {
  if (typeof size !== "string") return size;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(size);
  const unit = match ? unitBytes(match[2]) : undefined;
  return match && unit !== undefined ? Math.floor(Number(match[1]) * unit) : size;
}

/** Milliseconds of a text with a unit; anything else as it is, for the option's own check. A number alone is no text of a duration. */
export function durationIn(duration: unknown): unknown {
  if (typeof duration !== "string") return duration;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(duration);
  const unit = match ? match[2].toLowerCase() : "";
  return match && Object.hasOwn(MILLISECONDS, unit) ? Number(match[1]) * MILLISECONDS[unit] : duration;
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

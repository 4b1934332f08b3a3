/** Byte sizes as people write them: 67108864, "64MiB", "10 kB". What a unit is worth is said here, for all that read sizes. */
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

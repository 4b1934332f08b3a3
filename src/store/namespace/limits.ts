/** What a namespace may take, and what it takes. */

import { describe, KnownOptions } from "../../check.js";
import { IdLine } from "../../core/index.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Size, sizeIn } from "../../units.js";
import { type PressureLevel, pressureLevels, pressureOf } from "../eviction/pressure.js";
import type { WorkerConnection } from "../worker.js";
import type { NamespaceRecord } from "./record.js";
import type { WhenFull } from "./word.js";

/** What a namespace may take of the store. */
export interface NamespaceLimits {
  /** Entries at most, a whole number; 0 = no limit. Default 0. */
  maxEntries?: number;
  /** Bytes of chunks at most (keys, values and 32 bytes an entry, rounded up to the size class), or text such as "1MiB"; 0 = no limit. Default 0. */
  maxBytes?: Size;
}

/** Limits as they are kept: in bytes. */
export interface CheckedLimits {
  maxEntries?: number;
  maxBytes?: number;
}

/** What a namespace holds, and what it may. */
export interface NamespaceUsage extends Required<CheckedLimits> {
  /** Living entries, as `size`. */
  entries: number;
  /** Bytes of chunks, counted as for `maxBytes`. */
  bytes: number;
  /** Unix time, ms, when it was made or cleared or last inserted into, to the second or so. */
  lastUsed: number;
  /** What a write does that would break the limits. */
  whenFull: WhenFull;
  /** How full it is, of the limit that is nearer, in the levels of the store's own pressure; low without limits. */
  pressure: PressureLevel;
}

/** As counted now, under the limits of the record. */
export function usageOf(worker: WorkerConnection, record: NamespaceRecord): NamespaceUsage {
  const { id, maxEntries, maxBytes, whenFull } = record;
  const { entries, bytes, lastUsed } = new IdLine(worker.currentBuffer(), worker.header, id);
  const filled = Math.max(maxEntries === 0 ? 0 : entries / maxEntries, maxBytes === 0 ? 0 : bytes / maxBytes);
  return {
    entries,
    bytes,
    maxEntries,
    maxBytes,
    lastUsed: worker.timeOf(lastUsed),
    whenFull,
    pressure: pressureLevels[pressureOf(filled)],
  };
}

/** Of a namespace that was dropped: nothing, and no limits. */
export function usageOfNone(worker: WorkerConnection, { whenFull }: NamespaceRecord): NamespaceUsage {
  const lastUsed = worker.timeOf(0);
  return { entries: 0, bytes: 0, maxEntries: 0, maxBytes: 0, lastUsed, whenFull, pressure: pressureLevels[0] };
}

const LIMITS = new KnownOptions("limit", ["maxEntries", "maxBytes"]);

/** The limits that are given, read once. @throws InvalidArgumentError */
export function checkLimits(limits: NamespaceLimits): CheckedLimits {
  LIMITS.check(limits);
  return readLimits(limits);
}

/** As checkLimits, of an object that may have other options as well. */
export function readLimits({ maxEntries, maxBytes }: NamespaceLimits): CheckedLimits {
  return {
    maxEntries: limitOf("maxEntries", maxEntries, 2 ** 31 - 1),
    maxBytes: limitOf("maxBytes", maxBytes, 2 ** 32, sizeIn(maxBytes), ', or text such as "1MiB"'),
  };
}

function limitOf(name: string, given: unknown, max: number, value = given, or = ""): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new InvalidArgumentError(
    `${name} is ${describe(given)}; expected a whole number from 0 (no limit) to ${max}${or}`,
  );
}

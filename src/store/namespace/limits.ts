/** What a namespace may take, and what it takes. */
import { layout } from "../../core/index.js";
import { InvalidArgumentError } from "../errors.js";
import { type PressureLevel, pressureLevels, pressureOf } from "../eviction/pressure.js";
import { describe } from "../sizes.js";
import type { WorkerConnection } from "../worker.js";
import { idWord, type Record } from "./record.js";
import type { WhenFull } from "./word.js";

export interface NamespaceLimits {
  /** Entries at most; 0 = no limit. */
  maxEntries?: number;
  /** Bytes of chunks at most (keys, values and 32 bytes an entry, rounded up to the size class); 0 = no limit. */
  maxBytes?: number;
}

export interface NamespaceUsage extends Required<NamespaceLimits> {
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
export function usageOf(worker: WorkerConnection, record: Record): NamespaceUsage {
  const { id, maxEntries, maxBytes, whenFull } = record;
  const entries = idWord(worker, id, layout.I_ENTRIES);
  const bytes = idWord(worker, id, layout.I_BYTES) + idWord(worker, id, layout.I_BYTES + 4) * 2 ** 32;
  const filled = Math.max(maxEntries === 0 ? 0 : entries / maxEntries, maxBytes === 0 ? 0 : bytes / maxBytes);
  return {
    entries,
    bytes,
    maxEntries,
    maxBytes,
    lastUsed: worker.timeOf(idWord(worker, id, layout.I_LAST_USED)),
    whenFull,
    pressure: pressureLevels[pressureOf(filled)],
  };
}

/** Of a namespace that was dropped: nothing, and no limits. */
export function usageOfNone(worker: WorkerConnection, { whenFull }: Record): NamespaceUsage {
  const lastUsed = worker.timeOf(0);
  return { entries: 0, bytes: 0, maxEntries: 0, maxBytes: 0, lastUsed, whenFull, pressure: pressureLevels[0] };
}

/** @throws InvalidArgumentError */
export function checkLimits(limits: NamespaceLimits, standard: Required<NamespaceLimits>): Required<NamespaceLimits> {
  if (limits === null || typeof limits !== "object") {
    throw new InvalidArgumentError(`limits are ${describe(limits)}; expected an object with maxEntries or maxBytes`);
  }
  const check = (name: "maxEntries" | "maxBytes", max: number): number => {
    const value = limits[name];
    if (value === undefined) return standard[name];
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new InvalidArgumentError(
        `${name} is ${describe(value)}; expected a whole number from 0 (no limit) to ${max}`,
      );
    }
    return value;
  };
  return { maxEntries: check("maxEntries", 2 ** 31 - 1), maxBytes: check("maxBytes", 2 ** 32) };
}

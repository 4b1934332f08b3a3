/** What a store is created with, checked before anything is made. */

import { choice, flag, KnownOptions, numberWithin, wholeNumber } from "../check.js";
import {
  type Geometry,
  type GeometryRequest,
  hasRoom,
  layout,
  minimumCapacity,
  planGeometry,
  powerOfTwo,
} from "../core/index.js";
import { InvalidArgumentError } from "../errors.js";
import { formatBytes, parseBytes } from "../units.js";
import { type EvictionName, evictionNames, evictionWord, isEvictionName } from "./eviction/live-policies.js";
import { DEFAULT_SAMPLING } from "./sampling/sampler.js";

/** How keys are hashed; "adaptive" chooses by their length. */
export type HashName = "xxhash32" | "fnv1a" | "murmur3" | "adaptive";

/** What a store is made with. What is out of bounds is an InvalidArgumentError that names the option, before anything is made. */
export interface StoreOptions {
  /** Bytes of shared memory in all, number or like "64MiB". Default 64 MiB. */
  capacity?: number | string;
  /** The store may grow up to this; address space is taken at once, memory as it is used. Default: it does not grow. At most 4 GiB. */
  maxCapacity?: number | string;
  /** Threads that may be attached at once besides the creating one. Default 8, at most 62. */
  maxWorkers?: number;
  /** How the store makes room: "none", "clock" or the name of a policy. Default "clock". */
  eviction?: EvictionName;
  /**
   * Entries at most, over all namespaces, for a policy to keep: it may be exceeded by what is written until maintenance comes
   * by (5 ms or less, or the next `maintain()`). Default: as many as fit.
   */
  maxEntries?: number;
  /** Share of the memory that holds entries, 0.1 to 0.9. Default 0.6 (M-006). */
  poolShare?: number;
  /**
   * Bytes of a value at most, number or like "4MiB", 16 KiB or more; a quarter of the pool in any case. Default 16 MiB. What does not fit a
   * chunk (16,352 bytes with the key) takes whole slabs of 64 KiB, side by side. A part of the pool, a sixteenth, is kept for those where
   * small values have taken the rest; as much as one value of this size has, when this is given.
   */
  maxValue?: number | string;
  /** Entries to expect at most; sizes the bucket table. Default: right for any number of entries. */
  expectedEntries?: number;
  /** Namespaces at once, at most 65,534. Default: one per KiB of capacity. */
  maxNamespaces?: number;
  /**
   * Bytes that each thread keeps for its latest changes while somebody watches, number or like "64KiB": rounded up to a power of two, 4 KiB to
   * 16 MiB. A change takes 32 and its key. Who watches and is behind by more is told of a gap. Default 64 KiB, 8 KiB in a store below 16 MiB.
   */
  changeLog?: number | string;
  /** Default "xxhash32" (M-004). */
  hash?: HashName;
  /** false: private memory, this thread only, where shared memory is not to be had. Default true. */
  shared?: boolean;
  /**
   * Run the maintenance thread (sweep, eviction policy), which sleeps when there is nothing to do. Default true; false leaves them to
   * writes that find no room, and to programs that call `store.maintain()` themselves. What has expired is never read, either way.
   */
  maintenance?: boolean;
  /**
   * The share of operations that are timed, for `latencies()`, 0 to 1; 0 = none. Default 1/1,024. The documented 1 % costs up to 5 % of the
   * fastest reads, since a look at the clock takes longer than one of those.
   */
  sampling?: number;
}

export interface CheckedOptions {
  readonly geometry: Geometry;
  readonly hashKind: number;
  readonly evict: boolean;
  /** Bytes of a value at most. */
  readonly valueMax: number;
  /** Slabs that are not cut into chunks while anything else is left. */
  readonly keptForSpans: number;
  /** What H_EVICTION holds. */
  readonly eviction: number;
  /** 0 = no limit. */
  readonly maxEntries: number;
  readonly shared: boolean;
  readonly maintenance: boolean;
  readonly sampling: number;
  readonly maxWorkers: number;
}

const FOUR_GIB = 2 ** 32;
/** Bytes of a value at most, where no `maxValue` is given and the pool has four times as many. */
export const DEFAULT_VALUE_MAX = 16 * 2 ** 20;
/** Of the pool, what one value may take at most, and what is kept for large values. */
const VALUE_SHARE = 1 / 4;
const KEPT_SHARE = 1 / 16;
const DEFAULT_CAPACITY = 64 * 2 ** 20;
/** Records of a worker's access log, 16 bytes each: 64 KiB a worker, 16 KiB in a small store. */
const LOG_RECORDS = 4096;
const LOG_RECORDS_SMALL = 1024;
const LARGE = 16 * 2 ** 20;
/** Bytes of a worker's change log. */
const CHANGE_LOG = 64 * 1024;
const CHANGE_LOG_SMALL = 8 * 1024;
const CHANGE_LOG_LEAST = 4 * 1024;
const CHANGE_LOG_MOST = 16 * 2 ** 20;
/** Written into headers and backups: never change a number, only add. The engine has the same ones (HASH_XX and so on). */
export const HASH_NUMBERS = { xxhash32: 0, fnv1a: 1, murmur3: 2, adaptive: 3 } as const satisfies Record<
  HashName,
  number
>;

/** Undefined for a number that this version does not know. */
export function hashOf(number: number): HashName | undefined {
  return (Object.keys(HASH_NUMBERS) as HashName[]).find((name) => HASH_NUMBERS[name] === number);
}

const OPTIONS = new KnownOptions("Store.create", [
  "capacity",
  "maxCapacity",
  "maxWorkers",
  "eviction",
  "maxEntries",
  "poolShare",
  "maxValue",
  "expectedEntries",
  "maxNamespaces",
  "changeLog",
  "hash",
  "shared",
  "maintenance",
  "sampling",
]);

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkOptions(options: StoreOptions): CheckedOptions {
  OPTIONS.check(options);
  const shared = flag("option shared", options.shared, true);
  const maxWorkers = wholeNumber("option maxWorkers", options.maxWorkers, 8, 0, layout.SLOT_MAX - layout.EXTRA_SLOTS);
  const slotCount = (shared ? maxWorkers : 0) + layout.EXTRA_SLOTS;
  const capacity = parseBytes(options.capacity ?? DEFAULT_CAPACITY, "option capacity");
  const maxCapacity = parseBytes(options.maxCapacity ?? capacity, "option maxCapacity");
  if (maxCapacity > FOUR_GIB) {
    throw new InvalidArgumentError(
      `option ${options.maxCapacity === undefined ? "capacity" : "maxCapacity"} is ${formatBytes(maxCapacity)}; addresses end at 4 GiB`,
    );
  }
  if (maxCapacity < capacity) {
    throw new InvalidArgumentError(
      `option maxCapacity is ${formatBytes(maxCapacity)}, less than capacity ${formatBytes(capacity)}`,
    );
  }
  const eviction = checkEviction(options.eviction);
  const request: GeometryRequest = {
    // private memory moves when it grows, and every view of it goes stale: it has all its pages from the start
    capacity: shared ? capacity : maxCapacity,
    maxCapacity,
    slotCount,
    poolShare: numberWithin("option poolShare", options.poolShare, 0.6, 0.1, 0.9),
    expectedEntries:
      options.expectedEntries === undefined
        ? null
        : wholeNumber("option expectedEntries", options.expectedEntries, 0, 1, 2 ** 28),
    maxNamespaces:
      options.maxNamespaces === undefined
        ? null
        : wholeNumber("option maxNamespaces", options.maxNamespaces, 0, 1, 65534) + layout.FIRST_ID,
    logRecords: isPolicy(eviction) ? (maxCapacity < LARGE ? LOG_RECORDS_SMALL : LOG_RECORDS) : 0,
    changeBytes: checkChangeLog(options.changeLog, capacity),
  };
  const geometry = planGeometry(request);
  if (!hasRoom(geometry)) {
    throw new InvalidArgumentError(
      `option capacity is ${formatBytes(capacity)}; with ${maxWorkers} workers at least ${minimumCapacity(request) / 1024} KiB are needed`,
    );
  }
  const values = valuesFor(options.maxValue, geometry.slabMax);
  const hash = choice("option hash", options.hash, Object.keys(HASH_NUMBERS) as HashName[], "xxhash32");
  const maxEntries = wholeNumber("option maxEntries", options.maxEntries, 0, 1, 2 ** 30);
  if (maxEntries > 0 && !isPolicy(eviction)) {
    throw new InvalidArgumentError(
      `option maxEntries is ${maxEntries}, which eviction "${eviction}" cannot keep; choose a policy, such as "lru"`,
    );
  }
  return {
    geometry,
    hashKind: HASH_NUMBERS[hash],
    evict: eviction !== "none",
    ...values,
    eviction: evictionWord(eviction),
    maxEntries,
    shared,
    maintenance: shared && flag("option maintenance", options.maintenance, true),
    sampling: numberWithin("option sampling", options.sampling, DEFAULT_SAMPLING, 0, 1),
    maxWorkers,
  };
}

function checkChangeLog(asked: number | string | undefined, capacity: number): number {
  if (asked === undefined) return capacity < LARGE ? CHANGE_LOG_SMALL : CHANGE_LOG;
  const bytes = parseBytes(asked, "option changeLog");
  if (bytes < CHANGE_LOG_LEAST || bytes > CHANGE_LOG_MOST) {
    throw new InvalidArgumentError(`option changeLog is ${formatBytes(bytes)}; expected 4 KiB to 16 MiB`);
  }
  return powerOfTwo(bytes);
}

function checkValueMax(asked: number | string | undefined): number {
  if (asked === undefined) return DEFAULT_VALUE_MAX;
  const bytes = parseBytes(asked, "option maxValue");
  if (bytes >= layout.CHUNK_MAX) return bytes;
  throw new InvalidArgumentError(
    `option maxValue is ${formatBytes(bytes)}; expected 16 KiB or more, what a chunk holds`,
  );
}

function valuesFor(
  asked: number | string | undefined,
  slabMax: number,
): Pick<CheckedOptions, "valueMax" | "keptForSpans"> {
  const valueMax = Math.min(checkValueMax(asked), Math.floor(slabMax * layout.SLAB_SIZE * VALUE_SHARE));
  // and a slab for each class that has none yet when the pool is full, which takes one wherever there is one
  const one = Math.ceil(valueMax / layout.SLAB_SIZE) + layout.CLASS_COUNT;
  const kept = asked === undefined || valueMax <= layout.CHUNK_MAX ? 0 : Math.min(one, Math.floor(slabMax / 2));
  return { valueMax, keptForSpans: Math.max(Math.floor(slabMax * KEPT_SHARE), kept) };
}

/** What a store of so many slabs has when it is not told. */
export function defaultValues(slabMax: number): Pick<CheckedOptions, "valueMax" | "keptForSpans"> {
  return valuesFor(undefined, slabMax);
}

/** Whether it needs access logs. */
function isPolicy(eviction: EvictionName): boolean {
  return eviction !== "none" && eviction !== "clock";
}

function checkEviction(value: unknown): EvictionName {
  if (value === undefined) return "clock";
  if (isEvictionName(value)) return value;
  if (value === "opt") {
    throw new InvalidArgumentError(
      'option eviction is "opt", which evicts what is used again last: it has to know the future, so only the simulator can run it (engram evict)',
    );
  }
  return choice("option eviction", value, evictionNames(), "clock");
}

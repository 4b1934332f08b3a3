/**
 * What cache-line padding costs a store (M-003: at most 20 % of its memory), from its layout: the bytes of each part as it
 * lies there, against the bytes of its fields side by side. Gaps that are there for other reasons, such as round addresses
 * of the windows, are counted as padding too, so the figure is an upper bound.
 */
import { layout, planGeometry } from "../../../src/core/index.js";

export interface PaddingPart {
  readonly name: string;
  /** Bytes as laid out, and with all gaps taken out. */
  readonly padded: number;
  readonly packed: number;
}

export interface StorePadding {
  /** Bytes of the whole store. */
  readonly capacity: number;
  readonly slots: number;
  readonly ids: number;
  readonly parts: readonly PaddingPart[];
  readonly padded: number;
  readonly packed: number;
}

/** A default store: 64 MiB, eight workers, the creator and the maintenance thread. */
const DEFAULT_CAPACITY = 64 * 2 ** 20;
const DEFAULT_SLOTS = 10;
const DEFAULT_POOL_SHARE = 0.6;

/** [offset, bytes] of every field; a run of fields without a gap is one. */
type Fields = ReadonlyArray<readonly [number, number]>;

const HEADER: Fields = [
  [layout.H_MAGIC, 64],
  [layout.H_CREATED_MS, 8],
  [layout.H_RETIRE_LIMIT, 24],
  [layout.H_CREATED_MONOTONIC, 8],
  [layout.H_TICK, 4],
  [layout.H_EPOCH, 4],
  [layout.H_SNAPSHOT, 4],
  [layout.H_PRESSURE, 4],
  [layout.H_SLAB_LIMIT, 4],
  [layout.H_SLAB_NEXT, 4],
  [layout.H_ACL_GENERATION, 4],
  [layout.H_NEXT_ID, 4],
  [layout.H_SWEEP, 4],
  [layout.H_CLOSED, 4],
  [layout.H_HOLD, 4],
  [layout.H_HELD, 4],
  [layout.H_MAINTAINED, 4],
  // one tagged head a size class, a line each
  ...Array.from({ length: layout.CLASS_COUNT }, (_, n) => [layout.H_CLASSES + n * layout.LINE, 8] as const),
];

const CACHE_WORDS = 1 + layout.CACHE_CAPACITY;
/** Own hazards of the largest possible store: three and the pins, of 64 workers. */
const SCRATCH_BYTES = layout.SLOT_MAX * (3 + layout.PIN_COUNT) * 4;
const KEY_WINDOW_BYTES = layout.KEY_MAX + 16;

const SLOT: Fields = [
  [layout.S_STATE, 16],
  [layout.S_HAZARD_CURRENT, 12],
  [layout.S_PINS, layout.PIN_COUNT * 4],
  [layout.S_WRITE_EPOCH, 4],
  [layout.S_HAND_CHUNK, 64],
  [layout.S_COUNTERS, layout.COUNTER_COUNT * 8],
  [layout.S_ACKS, layout.CLASS_COUNT * 4],
  ...Array.from({ length: layout.CLASS_COUNT }, (_, n) => layout.S_CACHES + n * layout.CACHE_STRIDE).flatMap(
    (cache) =>
      [
        [cache, CACHE_WORDS * 4],
        [cache + layout.K_TAKEN, 16],
      ] as const,
  ),
  [layout.S_RETIRED_COUNT, 12],
  [layout.S_RETIRED, layout.RETIRED_CAPACITY * 4],
  [layout.S_KEY, KEY_WINDOW_BYTES],
  [layout.S_VICTIM_KEY, KEY_WINDOW_BYTES],
  [layout.S_OUT, 64],
  [layout.S_SCRATCH, SCRATCH_BYTES],
  [layout.S_VALUE, layout.CHUNK_MAX],
  [layout.S_MANY, layout.S_MANY_SIZE],
];

const ID_LINE: Fields = [
  [layout.I_STATE, 4],
  [layout.I_ENTRIES, 4],
  [layout.I_BYTES, 8],
  [layout.I_LAST_USED, 4],
  [layout.I_INEXACT, 4],
];

/** Padding of a store with default options. */
export function storePadding(): StorePadding {
  const geometry = planGeometry({
    capacity: DEFAULT_CAPACITY,
    maxCapacity: DEFAULT_CAPACITY,
    slotCount: DEFAULT_SLOTS,
    poolShare: DEFAULT_POOL_SHARE,
    expectedEntries: null,
    maxNamespaces: null,
  });
  const { slotCount, idCount, capacity } = geometry;
  const parts = [
    { name: "the header", padded: layout.HEADER_SIZE, packed: packedBytes(HEADER, layout.HEADER_SIZE) },
    {
      name: "the worker slots",
      padded: slotCount * layout.SLOT_SIZE,
      packed: slotCount * packedBytes(SLOT, layout.SLOT_SIZE),
    },
    {
      name: "the namespace id lines",
      padded: idCount * layout.ID_STRIDE,
      packed: idCount * packedBytes(ID_LINE, layout.ID_STRIDE),
    },
  ];
  return {
    capacity,
    slots: slotCount,
    ids: idCount,
    parts,
    padded: parts.reduce((sum, { padded }) => sum + padded, 0),
    packed: parts.reduce((sum, { packed }) => sum + packed, 0),
  };
}

/** @throws Error when fields overlap or leave their part: this table is then not that of the layout any more */
function packedBytes(fields: Fields, size: number): number {
  let end = 0;
  let packed = 0;
  for (const [offset, bytes] of [...fields].sort(([a], [b]) => a - b)) {
    if (offset < end || offset + bytes > size) throw new Error(`the field at ${offset} overlaps what is around it`);
    end = offset + bytes;
    packed += bytes;
  }
  return packed;
}

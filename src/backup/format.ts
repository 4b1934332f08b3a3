/**
 * The backup file (M-009), one whole generation of a store. Little-endian.
 *
 *   0           header, 1 KB in a page of its own: identity, sizes, epoch, checksums; its own CRC32 at byte 1020
 *   4 KiB       slab table: one byte a slab, its size class + 1, 65 = part of a large value's span (since version 2), 0 = neither; padded
 *               to a page
 *   …           regions: 4 KiB of the store's pool each, room for `slabCapacity` slabs of 16
 *   …           checksum table: a u32 a region, its CRC32; padded to a page
 *
 * Only the regions of the first `slabCount` slabs mean anything; the room behind them is zero and lets the store grow
 * without moving the table. A file is committed by its header, which is zero until all else has reached the file and holds the
 * CRC32 of the slab table and of the checksum table, which holds those of the regions. So a file that was being written
 * when its process died is never taken for a whole one, whatever of it had got through.
 */
import { crc32 } from "node:zlib";
import { layout, leastPool, REGIONS_PER_SLAB } from "../core/index.js";
import { evictionOf, hashOf } from "../store/index.js";

export const MAGIC = "ENGRAMBK";
/** 2: large values, in spans. Files of version 1 are read as well. */
export const FORMAT_VERSION = 2;
const OLDEST_VERSION = 1;
export const PAGE = 4096;
export const REGION = 1 << layout.REGION_SHIFT;
export { REGIONS_PER_SLAB };
export const HEADER_BYTES = 1024;
export const HEADER_CHECKSUM = HEADER_BYTES - 4;
export const ZERO_REGION_CHECKSUM = crc32(new Uint8Array(REGION));
/** More slabs than 4 GiB holds cannot be meant. */
export const MOST_SLABS = 65536;

/** In the slab table: part of the span of a large value. */
export const SPAN_CLASS = layout.SLAB_SPAN;

/** Whether a slab is cut into chunks, by its byte in the slab table. */
export function isCut(slabClass: number): boolean {
  return slabClass !== 0 && slabClass <= layout.CLASS_COUNT;
}

/** Whether a backup writes all regions, or those that have changed since the file's last one. */
export type BackupKind = "incremental" | "full";
/** Written into headers: never change a number, only add. */
const KIND_NUMBERS = { incremental: 0, full: 1 } as const satisfies Record<BackupKind, number>;

function kindOf(number: number): BackupKind | undefined {
  return (Object.keys(KIND_NUMBERS) as BackupKind[]).find((kind) => KIND_NUMBERS[kind] === number);
}

export interface BackupHeader {
  /** How this generation was written; either kind is complete in itself. */
  readonly kind: BackupKind;
  readonly slabCount: number;
  readonly slabCapacity: number;
  /** Snapshot epoch, and the store's time at the cut (10 ms ticks since `createdMs`, modulo 2^32): what expiries are compared with. */
  readonly epoch: number;
  readonly tick: number;
  /** Unix time of the cut, ms. */
  readonly takenMs: number;
  /** Unix time of tick 0, ms. */
  readonly createdMs: number;
  /** Counts the generations committed in one directory. */
  readonly generation: number;
  readonly storeId: number;
  /** Id of the first store of the line: a store restored from a backup goes on in its line. */
  readonly lineage: number;
  readonly hashKind: number;
  readonly hashSeed: number;
  readonly eviction: number;
  /** Entries at most that its policy keeps; 0 = no limit, also in files written before there was this field. */
  readonly maxEntries: number;
  readonly capacity: number;
  readonly slotCount: number;
  readonly idCount: number;
  readonly bucketCount: number;
  readonly slabMax: number;
  readonly pool: number;
  readonly slabTableChecksum: number;
  readonly checksumTableChecksum: number;
  /** Entries of the cut, the store's own among them, and one; 0 in files written before they were counted. */
  readonly entriesAndOne: number;
  /** Bytes of a value at most, and slabs at the pool's end that are kept for spans; 0 in files of version 1. */
  readonly valueMax: number;
  readonly keptForSpans: number;
}

/** Where the parts of a file with room for `slabCapacity` slabs lie, in bytes. */
export interface FileLayout {
  readonly slabTable: number;
  readonly slabTableBytes: number;
  readonly regions: number;
  readonly checksums: number;
  readonly checksumBytes: number;
  readonly length: number;
}

export function layoutOf(slabCapacity: number): FileLayout {
  const slabTable = PAGE;
  const slabTableBytes = toPage(slabCapacity);
  const regions = slabTable + slabTableBytes;
  const checksums = regions + slabCapacity * layout.SLAB_SIZE;
  const checksumBytes = toPage(slabCapacity * REGIONS_PER_SLAB * 4);
  return { slabTable, slabTableBytes, regions, checksums, checksumBytes, length: checksums + checksumBytes };
}

function toPage(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}

/** Field, byte offset, type: the whole header but magic and checksum. */
const FIELDS = [
  ["layoutVersion", 12, "u32"],
  ["regionCount", 16, "u32"],
  ["slabCount", 20, "u32"],
  ["slabCapacity", 24, "u32"],
  ["lineage", 28, "u32"],
  ["takenMs", 32, "f64"],
  ["epoch", 40, "u32"],
  ["tick", 44, "u32"],
  ["generation", 48, "f64"],
  ["createdMs", 56, "f64"],
  ["hashKind", 64, "u32"],
  ["hashSeed", 68, "u32"],
  ["eviction", 72, "u32"],
  ["storeId", 76, "u32"],
  ["capacity", 80, "f64"],
  ["slotCount", 88, "u32"],
  ["idCount", 92, "u32"],
  ["bucketCount", 96, "u32"],
  ["slabMax", 100, "u32"],
  ["pool", 104, "u32"],
  ["kind", 108, "u32"],
  ["slabTableChecksum", 112, "u32"],
  ["checksumTableChecksum", 116, "u32"],
  ["maxEntries", 120, "u32"],
  ["entriesAndOne", 124, "u32"],
  ["valueMax", 128, "u32"],
  ["keptForSpans", 132, "u32"],
] as const;

export type FieldName = (typeof FIELDS)[number][0];

/** Byte offset of a header field, for messages. */
export function offsetOf(field: FieldName): number {
  return FIELDS.find(([name]) => name === field)?.[1] ?? 0;
}

/** The header as it goes into the file, its checksum included. */
export function encodeHeader(header: BackupHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(MAGIC, 0, "latin1");
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  const values: Record<FieldName, number> = {
    ...header,
    layoutVersion: layout.LAYOUT_VERSION,
    regionCount: header.slabCount * REGIONS_PER_SLAB,
    kind: KIND_NUMBERS[header.kind],
  };
  for (const [name, at, type] of FIELDS) {
    if (type === "u32") bytes.writeUInt32LE(values[name] >>> 0, at);
    else bytes.writeDoubleLE(values[name], at);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_CHECKSUM)), HEADER_CHECKSUM);
  return bytes;
}

/** A fault of a file: at which byte, and what is there against what was expected. */
export interface Fault {
  readonly byte: number;
  readonly what: string;
}

/** Reads and checks a header. What it returns describes a file that can exist; whether this is that file comes next. */
export function decodeHeader(bytes: Buffer): BackupHeader | Fault {
  if (bytes.length < HEADER_BYTES) {
    return { byte: bytes.length, what: `the file ends within its header; expected at least ${HEADER_BYTES} bytes` };
  }
  const magic = bytes.toString("latin1", 0, 8);
  if (magic === "\0".repeat(8)) {
    return { byte: 0, what: `the header is empty: the backup was never finished; expected "${MAGIC}"` };
  }
  if (magic !== MAGIC) {
    return {
      byte: 0,
      what: `it starts with ${JSON.stringify(magic)}; expected "${MAGIC}": this is no backup of a store`,
    };
  }
  const version = bytes.readUInt32LE(8);
  if (version < OLDEST_VERSION || version > FORMAT_VERSION) {
    return {
      byte: 8,
      what: `format version ${version}; this engram reads versions ${OLDEST_VERSION} to ${FORMAT_VERSION}`,
    };
  }
  const stored = bytes.readUInt32LE(HEADER_CHECKSUM);
  const computed = crc32(bytes.subarray(0, HEADER_CHECKSUM));
  if (stored !== computed) {
    return { byte: HEADER_CHECKSUM, what: `header checksum ${hex(stored)}; its bytes have ${hex(computed)}` };
  }
  const values = Object.fromEntries(
    FIELDS.map(([name, at, type]) => [name, type === "u32" ? bytes.readUInt32LE(at) : bytes.readDoubleLE(at)]),
  ) as Record<FieldName, number>;
  return findFault(values) ?? { ...values, kind: kindOf(values.kind) as BackupKind };
}

/** Latest time that a Date can be, ms. */
const LAST_MS = 8.64e15;

/** Whole numbers, and where they may lie: what a store of any size can have. */
const BOUNDS: readonly (readonly [FieldName, least: number, most: number])[] = [
  ["slabCapacity", 0, MOST_SLABS],
  ["epoch", 1, 2 ** 26 - 1],
  ["takenMs", 0, LAST_MS],
  ["createdMs", 0, LAST_MS],
  ["generation", 1, Number.MAX_SAFE_INTEGER],
  ["capacity", 1, 2 ** 32],
  ["slotCount", 2, layout.SLOT_MAX],
  ["idCount", layout.FIRST_ID + 1, 65536],
  ["bucketCount", 1, 2 ** 30],
  ["slabMax", 1, MOST_SLABS],
  ["maxEntries", 0, 2 ** 30],
];

/** A header whose checksum holds may still be of another engram, or made by hand. */
function findFault(values: Record<FieldName, number>): Fault | null {
  const fault = (field: FieldName, expected: string) => ({
    byte: offsetOf(field),
    what: `${field} is ${values[field]}; expected ${expected}`,
  });
  const unknown = (field: FieldName) => fault(field, `one that format version ${FORMAT_VERSION} knows`);
  if (!(values.layoutVersion >= 1 && values.layoutVersion <= layout.LAYOUT_VERSION))
    return fault("layoutVersion", `1 to ${layout.LAYOUT_VERSION}`);
  for (const [field, least, most] of BOUNDS) {
    const value = values[field];
    const isTime = field === "takenMs" || field === "createdMs";
    if (!(value >= least && value <= most)) return fault(field, isTime ? "a time" : `${least} to ${most}`);
    if (!isTime && !Number.isInteger(value)) return fault(field, "a whole number");
  }
  if (values.slabCount > values.slabCapacity) return fault("slabCount", `at most the capacity, ${values.slabCapacity}`);
  if (values.slabCount > values.slabMax) return fault("slabCount", `at most the store's ${values.slabMax}`);
  if (values.regionCount !== values.slabCount * REGIONS_PER_SLAB) {
    return fault("regionCount", `${values.slabCount * REGIONS_PER_SLAB} for ${values.slabCount} slabs`);
  }
  const chunks = values.slabCount * (layout.SLAB_SIZE >> layout.CLASS_MIN_SHIFT);
  if (values.entriesAndOne > chunks + 1)
    return fault("entriesAndOne", `at most ${chunks + 1} in ${values.slabCount} slabs`);
  if (values.bucketCount & (values.bucketCount - 1)) return fault("bucketCount", "a power of two");
  const before = leastPool(values);
  if (values.pool < before) return fault("pool", `at least ${before}, where slots, ids and buckets end`);
  if (values.pool + values.slabMax * layout.SLAB_SIZE > 2 ** 32) return fault("pool", "a pool that ends within 4 GiB");
  if (kindOf(values.kind) === undefined) return unknown("kind");
  if (hashOf(values.hashKind) === undefined) return unknown("hashKind");
  if (evictionOf(values.eviction) === undefined) return unknown("eviction");
  return null;
}

export function isFault(result: object): result is Fault {
  return "what" in result;
}

export function hex(checksum: number): string {
  return `0x${(checksum >>> 0).toString(16).padStart(8, "0")}`;
}

/**
 * Chunks, slabs and regions of the pool as the host reads them, in the memory or in a copy of it.
 *
 * `chunk` counts words, `entry` bytes, both from the beginning of the array.
 */
import type { Header } from "./header.js";
import * as L from "./layout.js";

/** Regions, the unit of the dirty bitmap, of a slab. */
export const REGIONS_PER_SLAB = L.SLAB_SIZE >> L.REGION_SHIFT;
/** Bytes of the longest key and value together: the longest chunk less its header. */
export const ENTRY_ROOM = L.CHUNK_MAX - L.E_KEY;
/** Of a span, what a region has for itself before its bytes begin. */
export const REGION_HEADER = L.G_DATA;
/** The last epoch that a death stamp has room for, and one before it for the writes after its snapshot. */
export const LAST_EPOCH = 2 ** (32 - L.DEATH_SLOT_BITS) - 2;

/** Bytes of a chunk of a size class, 0 to CLASS_COUNT - 1. */
export function chunkSize(sizeClass: number): number {
  return (1 << L.CLASS_MIN_SHIFT) << sizeClass;
}

/** Bytes of the chunk that so many bytes of key (padded) and value, or of a buffer, take. */
export function chunkSizeFor(bytes: number): number {
  return Math.max(chunkSize(0), 2 ** Math.ceil(Math.log2(L.E_KEY + bytes)));
}

/** Slabs of the span that a region of so many bytes takes. */
export function spanSlabs(bytes: number): number {
  return Math.ceil((bytes + REGION_HEADER) / L.SLAB_SIZE);
}

/** Slabs of the span that a large value of so many bytes takes. */
export function slabsFor(bytes: number): number {
  return Math.ceil(bytes / L.SLAB_SIZE);
}

/** What lies in an entry's chunk in place of a large value. */
export const DESCRIPTOR_BYTES = L.D_SIZE;

/** Where a large value lies: slabs, and bytes of them from the first on. */
export interface Span {
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
}

/** Whether the entry has its value in a span. */
export function isLargeEntry(words: Uint32Array, chunk: number): boolean {
  return (words[chunk + L.E_VALUE_LENGTH / 4] & (L.FLAG_LARGE << 16)) !== 0;
}

/** What its descriptor says then. */
export function spanOf(words: Uint32Array, chunk: number): Span {
  const at = valueStart(chunk * 4, keyLengthOf(words, chunk)) / 4;
  return { first: words[at + L.D_FIRST / 4], count: words[at + L.D_COUNT / 4], bytes: words[at + L.D_BYTES / 4] };
}

/** Where the key of an entry, or the bytes of a buffer, begin. */
export function keyStart(entry: number): number {
  return entry + L.E_KEY;
}

/** Where the value of an entry begins: its key is padded to 16 bytes. */
export function valueStart(entry: number, keyLength: number): number {
  return entry + L.E_KEY + ((keyLength + 15) & ~15);
}

/** Epoch the entry was published in, 0 = not an entry now. */
export function birthOf(words: Uint32Array, chunk: number): number {
  return words[chunk + L.E_BIRTH / 4];
}

/** Makes it no entry, in a copy. */
export function clearBirth(words: Uint32Array, chunk: number): void {
  words[chunk + L.E_BIRTH / 4] = 0;
}

/** 0 = alive. */
export function deathStampOf(words: Uint32Array, chunk: number): number {
  return words[chunk + L.E_DEATH / 4];
}

/** Epoch the entry died in, 0 = alive. */
export function deathEpochOf(words: Uint32Array, chunk: number): number {
  return deathStampOf(words, chunk) >>> L.DEATH_SLOT_BITS;
}

/** Bumped when the chunk is freed, never reset. */
export function versionOf(words: Uint32Array, chunk: number): number {
  return words[chunk + L.E_VERSION / 4];
}

export function namespaceIdOf(words: Uint32Array, chunk: number): number {
  return words[chunk + L.E_META / 4] & 0xffff;
}

export function keyLengthOf(words: Uint32Array, chunk: number): number {
  return words[chunk + L.E_META / 4] >>> 16;
}

export function valueLengthOf(words: Uint32Array, chunk: number): number {
  return words[chunk + L.E_VALUE_LENGTH / 4] & 0xffff;
}

/** Tick, 0 = never. */
export function expiresOf(words: Uint32Array, chunk: number): number {
  return words[chunk + L.E_EXPIRES / 4];
}

/** How often the entry was read of late, 0 to ACCESS_MAX. */
export function accessesOf(bytes: Uint8Array, entry: number): number {
  return bytes[entry + L.E_ACCESS];
}

/** Racy, as the engine's own: a hint that gets lost does no harm. */
export function setAccesses(bytes: Uint8Array, entry: number, accesses: number): void {
  bytes[entry + L.E_ACCESS] = accesses;
}

/** Where a slab begins in the pool, or the first byte after `slab` slabs. */
export function slabStart(slab: number): number {
  return slab * L.SLAB_SIZE;
}

/** The slab that a byte of the pool lies in. */
export function slabOf(byte: number): number {
  return Math.floor(byte / L.SLAB_SIZE);
}

/** The region that a byte of the pool lies in. */
export function regionOf(byte: number): number {
  return byte >>> L.REGION_SHIFT;
}

/** The state words of the first `count` slabs; default, of all. */
export function slabStates(buffer: ArrayBufferLike, header: Header, count = header.slabMax): Uint32Array {
  return new Uint32Array(buffer, header.slabs, count);
}

/** Of the first `count` slabs, the entry whose large value each is of; 0 = none. */
export function slabHolders(buffer: ArrayBufferLike, header: Header, count = header.slabMax): Uint32Array {
  return new Uint32Array(buffer, header.slabs + header.slabMax * 4, count);
}

/** How many of the first `count` slabs are of spans. */
export function countSpanSlabs(states: Uint32Array, count: number): number {
  let spans = 0;
  for (let i = 0; i < count; i++) if ((states[i] & L.SLAB_KIND_MASK) === L.SLAB_SPAN) spans++;
  return spans;
}

/** Some slabs of the pool. */
export function slabBytes(buffer: ArrayBufferLike, header: Header, first: number, count: number): Uint8Array {
  return new Uint8Array(buffer, header.pool + slabStart(first), slabStart(count));
}

/** A bit for each region: it was changed. */
export function dirtyBitmap(buffer: ArrayBufferLike, header: Header): Int32Array {
  return new Int32Array(buffer, header.dirty, Math.ceil(header.regionMax / 32));
}

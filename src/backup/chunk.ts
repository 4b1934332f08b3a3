/** A chunk of the pool, in a copy or a file: whether it is an entry of a snapshot, and how many of a slab are. */
import {
  birthOf,
  chunkSize,
  deathEpochOf,
  isLargeEntry,
  layout,
  namespaceIdOf,
  type Span,
  slabsFor,
} from "../core/index.js";
import { isCut, SPAN_CLASS } from "./format.js";

/** The predicate of a snapshot: born, in its epoch or before, and not dead by then. `chunk` counts words. */
export function belongs(words: Uint32Array, chunk: number, epoch: number): boolean {
  const birth = birthOf(words, chunk);
  if (birth === 0 || birth > epoch) return false;
  const death = deathEpochOf(words, chunk);
  return death === 0 || death > epoch;
}

/** Bytes of a chunk, from the byte that the slab table has of its slab: size class + 1. */
export function chunkBytes(slabClass: number): number {
  return chunkSize(slabClass - 1);
}

export interface SlabCount {
  /** Chunks that belong to the snapshot. */
  readonly entries: number;
  /** Of those, the store's own: namespaces, grants, channels. */
  readonly own: number;
  /** Where in the slab those of them begin that have a large value. */
  readonly large: readonly number[];
}

/** Counts what belongs to a snapshot in one slab; `slabClass` as in the slab table. */
export function countSlab(slab: Uint8Array, slabClass: number, epoch: number): SlabCount {
  if (!isCut(slabClass)) return { entries: 0, own: 0, large: [] };
  const words = new Uint32Array(slab.buffer, slab.byteOffset, slab.length >>> 2);
  const step = chunkBytes(slabClass) / 4;
  let entries = 0;
  let own = 0;
  const large: number[] = [];
  for (let chunk = 0; chunk < words.length; chunk += step) {
    if (!belongs(words, chunk, epoch)) continue;
    entries++;
    if (namespaceIdOf(words, chunk) < layout.FIRST_ID) own++;
    if (isLargeEntry(words, chunk)) large.push(chunk * 4);
  }
  return { entries, own, large };
}

/** Why a span cannot be, by the slab table; null when it can. */
export function spanFault({ first, count, bytes }: Span, slabClasses: Uint8Array, slabCount: number): string | null {
  if (count === 0 || first + count > slabCount) return `a value in ${count} slabs from ${first} on, of ${slabCount}`;
  if (slabsFor(bytes) !== count) return `a value of ${bytes} bytes in ${count} slabs`;
  for (let slab = first; slab < Math.min(first + count, slabClasses.length); slab++) {
    if (slabClasses[slab] !== SPAN_CLASS) return `a value in slab ${slab}, which the slab table says is no span's`;
  }
  return null;
}

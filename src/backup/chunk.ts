/** A chunk of the pool, in a copy or a file: whether it is an entry of a snapshot, and how many of a slab are. */
import { layout } from "../core/index.js";

const BIRTH = layout.E_BIRTH / 4;
const DEATH = layout.E_DEATH / 4;
const META = layout.E_META / 4;

/** The predicate of a snapshot: born, in its epoch or before, and not dead by then. `chunk` counts words. */
export function belongs(words: Uint32Array, chunk: number, epoch: number): boolean {
  const birth = words[chunk + BIRTH];
  if (birth === 0 || birth > epoch) return false;
  const death = words[chunk + DEATH] >>> layout.DEATH_SLOT_BITS;
  return death === 0 || death > epoch;
}

/** Bytes of a chunk, from the byte that the slab table has of its slab: size class + 1. */
export function chunkBytes(slabClass: number): number {
  return (1 << layout.CLASS_MIN_SHIFT) << (slabClass - 1);
}

export interface SlabCount {
  /** Chunks that belong to the snapshot. */
  readonly entries: number;
  /** Of those, the store's own: namespaces, grants, channels. */
  readonly own: number;
}

/** Counts what belongs to a snapshot in one slab; `slabClass` as in the slab table. */
export function countSlab(slab: Uint8Array, slabClass: number, epoch: number): SlabCount {
  if (slabClass === 0) return { entries: 0, own: 0 };
  const words = new Uint32Array(slab.buffer, slab.byteOffset, layout.SLAB_SIZE / 4);
  const step = chunkBytes(slabClass) / 4;
  let entries = 0;
  let own = 0;
  for (let chunk = 0; chunk < words.length; chunk += step) {
    if (!belongs(words, chunk, epoch)) continue;
    entries++;
    if ((words[chunk + META] & 0xffff) < layout.FIRST_ID) own++;
  }
  return { entries, own };
}

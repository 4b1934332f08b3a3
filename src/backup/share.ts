/** What one thread does of the loading of a whole backup (whole.ts): it reads slabs to their places, and makes entries of them. */
import { layout } from "../core/index.js";
import type { Cut, Loaded, Loader } from "../store/index.js";
import type { BackupReader } from "./read.js";

/** A slab of the file, and its place in the new store; null when it has none there and is only looked at. */
export interface Seat {
  readonly slab: number;
  readonly place: number | null;
}

/**
 * What a slab turned out to be: `old` and `young` stay where they are, the latter with entries of the cut's own epoch; of `sparse`
 * and `own` what belongs to the snapshot is copied, `own` having entries of the store's (namespaces, grants); `free` has none.
 */
export type Fate = "old" | "young" | "sparse" | "own" | "free";

export interface Brought extends Seat {
  readonly fate: Fate;
  /** A copy of an `own` slab. */
  readonly bytes: Uint8Array | null;
}

/** Of the chunks of a slab, at least this share belongs to the snapshot, or it is sparse. */
const WORTH_ITS_PLACE = 0.5;

const META = layout.E_META / 4;
const BIRTH = layout.E_BIRTH / 4;
const DEATH = layout.E_DEATH / 4;

/** Reads slabs into the pool of an empty store. @throws CorruptBackupError naming file and byte of a checksum that does not hold */
export function bring(reader: BackupReader, loader: Loader, seats: readonly Seat[]): Brought[] {
  return seats.map((seat) => {
    const bytes = seat.place === null ? reader.slab : loader.slab(seat.place);
    reader.read(seat.slab, bytes);
    const fate = fateOf(bytes, reader.slabClasses[seat.slab], reader.header.epoch);
    return { ...seat, fate, bytes: fate === "own" ? Uint8Array.from(bytes) : null };
  });
}

function fateOf(bytes: Buffer, slabClass: number, epoch: number): Fate {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, layout.SLAB_SIZE / 4);
  const step = ((1 << layout.CLASS_MIN_SHIFT) << (slabClass - 1)) / 4;
  let live = 0;
  let young = 0;
  for (let chunk = 0; chunk < words.length; chunk += step) {
    const birth = words[chunk + BIRTH];
    if (birth === 0 || birth > epoch) continue;
    const death = words[chunk + DEATH] >>> layout.DEATH_SLOT_BITS;
    if (death !== 0 && death <= epoch) continue;
    if ((words[chunk + META] & 0xffff) < layout.FIRST_ID) return "own";
    live++;
    if (birth === epoch) young++;
  }
  if (live === 0) return "free";
  if (live < (words.length / step) * WORTH_ITS_PLACE) return "sparse";
  return young > 0 ? "young" : "old";
}

/** Makes entries of slabs that were brought, all old or all young. @throws CorruptBackupError when one contradicts itself */
export function adopt(reader: BackupReader, loader: Loader, seats: readonly Brought[], cut: Cut): Loaded {
  return sum(
    seats.map(({ slab, place, fate }) =>
      loader.adopt(place as number, reader.slabClasses[slab] - 1, cut, fate === "old", () => reader.where(slab)),
    ),
  );
}

export function sum(parts: readonly Loaded[]): Loaded {
  let entries = 0;
  let expired = 0;
  for (const part of parts) {
    entries += part.entries;
    expired += part.expired;
  }
  return { entries, expired };
}

/** What one thread does of the loading of a whole backup (whole.ts): it reads slabs to their places, and makes entries of them. */
import {
  DESCRIPTOR_BYTES,
  expiresOf,
  keyLengthOf,
  keyStart,
  layout,
  namespaceIdOf,
  type Span,
  spanOf,
  valueStart,
} from "../core/index.js";
import { CorruptBackupError } from "../errors.js";
import { type BackupCut, isKeptKey, type Loaded, type Loader } from "../store/index.js";
import { chunkBytes, countSlab, spanFault } from "./chunk.js";
import type { BackupReader } from "./read.js";

/** A slab of the file, and its place in the new store; null when it has none there and is only looked at. */
export interface Placement {
  readonly slab: number;
  readonly place: number | null;
}

/**
 * What a slab turned out to be: a `full` one stays where it is; of a `sparse` and an `own` one what belongs to the snapshot is copied,
 * the latter having entries of the store's own (namespaces, grants); a `free` one has none.
 */
export type SlabKind = "full" | "sparse" | "own" | "free";

export interface LoadedSlab extends Placement {
  readonly kind: SlabKind;
  /** Chunks of it that belong to the snapshot. */
  readonly entries: number;
  /** A copy of an `own` slab. */
  readonly bytes: Uint8Array | null;
  /** Entries with large values, which are loaded when all else is (whole.ts). */
  readonly large: readonly LargeEntry[];
}

/** An entry whose value lies in a span of the file. */
export interface LargeEntry extends Span {
  readonly namespaceId: number;
  readonly key: Uint8Array;
  /** Tick of the old store at which it expires, 0 = never. */
  readonly expires: number;
}

/** Slabs read at once (1 MiB), and how many such runs are on their way: as many as the pool has threads. */
const RUN = 16;
const AHEAD = 4;

/** Of the chunks of a slab, at least this share belongs to the snapshot, or it is sparse. */
const WORTH_ITS_PLACE = 0.5;

/**
 * Reads slabs into the pool of an empty store. Reading, which is mostly the first touch of the pool's pages, runs ahead in other
 * threads while this one checks what has come.
 *
 * @throws CorruptBackupError naming file and byte of a checksum that does not hold
 */
export async function readSlabs(
  reader: BackupReader,
  loader: Loader,
  placements: readonly Placement[],
): Promise<LoadedSlab[]> {
  const runs = runsOf(placements);
  const ahead = placements.some(({ place }) => place === null) ? 1 : AHEAD; // without places all are read to the same one
  const fetched: Promise<void>[] = [];
  const slabs: LoadedSlab[] = [];
  try {
    for (const [i, run] of runs.entries()) {
      for (let next = fetched.length; next < runs.length && next < i + ahead; next++) {
        fetched.push(reader.fetch(runs[next][0].slab, bytesOf(runs[next], reader, loader)));
      }
      await fetched[i];
      for (const placement of run) slabs.push(look(placement, bytesOf([placement], reader, loader), reader));
    }
    return slabs;
  } finally {
    await Promise.allSettled(fetched); // none may write when the store and the file are gone
  }
}

function look(placement: Placement, bytes: Buffer, reader: BackupReader): LoadedSlab {
  reader.check(placement.slab, bytes);
  const slabClass = reader.slabClasses[placement.slab];
  const { entries, own, large } = countSlab(bytes, slabClass, reader.header.epoch);
  const chunks = layout.SLAB_SIZE / chunkBytes(slabClass);
  const kind = own > 0 ? "own" : entries === 0 ? "free" : entries < chunks * WORTH_ITS_PLACE ? "sparse" : "full";
  return {
    ...placement,
    kind,
    entries,
    bytes: kind === "own" ? Uint8Array.from(bytes) : null,
    large: large.flatMap((at) => largeEntry(bytes, at, placement.slab, reader)),
  };
}

/** @throws CorruptBackupError when it contradicts itself */
function largeEntry(slab: Buffer, at: number, number: number, reader: BackupReader): LargeEntry[] {
  const words = new Uint32Array(slab.buffer, slab.byteOffset, slab.length >>> 2);
  const chunk = at / 4;
  const keyLength = keyLengthOf(words, chunk);
  const namespaceId = namespaceIdOf(words, chunk);
  const size = chunkBytes(reader.slabClasses[number]);
  const fits = keyLength !== 0 && keyLength <= layout.KEY_MAX && valueStart(0, keyLength) + DESCRIPTOR_BYTES <= size;
  const span = spanOf(words, chunk);
  const fault = fits
    ? spanFault(span, reader.slabClasses, reader.slabClasses.length)
    : `a key of ${keyLength} bytes and a large value in a chunk of ${size}`;
  if (fault !== null) throw new CorruptBackupError(`${reader.where(number, at)}: an entry has ${fault}`);
  const key = Uint8Array.from(slab.subarray(keyStart(at), keyStart(at) + keyLength));
  // of the store's own, what is no shared value is of this run of it
  if (namespaceId < layout.FIRST_ID && !isKeptKey(key)) return [];
  return [{ ...span, namespaceId, key, expires: expiresOf(words, chunk) }];
}

/** Slabs that are neighbours both in the file and in the store, so many at most; one at a time where there is no place for them. */
function runsOf(placements: readonly Placement[]): Placement[][] {
  const runs: Placement[][] = [];
  for (const placement of placements) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const follows =
      last !== undefined &&
      last.place !== null &&
      placement.slab === last.slab + 1 &&
      placement.place === last.place + 1;
    if (run !== undefined && follows && run.length < RUN) run.push(placement);
    else runs.push([placement]);
  }
  return runs;
}

/** Where a run lies once it is read. */
function bytesOf(run: readonly Placement[], reader: BackupReader, loader: Loader): Buffer {
  return run[0].place === null ? reader.slab : loader.slabsFrom(run[0].place, run.length);
}

/** Makes entries of slabs that were slabs and stay. @throws CorruptBackupError when one contradicts itself */
export function adoptSlabs(
  reader: BackupReader,
  loader: Loader,
  placements: readonly LoadedSlab[],
  cut: BackupCut,
): Loaded {
  return sum(
    placements.map(({ slab, place }) =>
      loader.adoptSlab(place as number, reader.slabClasses[slab] - 1, cut, () => reader.where(slab)),
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

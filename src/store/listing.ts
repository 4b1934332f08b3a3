/** The living entries of some buckets, as the engine lists them: where each lies and its version then. */
import { layout } from "../core/index.js";
import type { WorkerConnection } from "./worker.js";

/** Entries of one listing at most. */
export const LISTED = 1024;
/** What fits the window. */
export const MOST_LISTED = layout.LISTING_MAX;

export interface Listing {
  readonly count: number;
  /** The bucket to go on from; the one asked for, when its entries have no room. */
  readonly next: number;
  /** Address and version of each, in turns. */
  readonly words: Uint32Array;
}

/** A namespace's directory entry: what proves that a listing is of it. */
export interface ListedRecord {
  readonly entry: number;
  readonly version: number;
}

/**
 * Entries of a namespace in the buckets from `bucket` to `end` - 1, whole buckets, `room` at most; null when the directory entry is not
 * current any more. Those listed are the namespace's, and known by address and version from here on: they may change or go at
 * once (`readListed` tells), but no other's can be taken for them, whoever has the namespace's id by then.
 */
export function listEntries(
  worker: WorkerConnection,
  { entry, version }: ListedRecord,
  bucket: number,
  end: number,
  room: number,
): Listing | null {
  const result = worker.engine.listOf(entry, version, bucket, end, worker.manyAddress, room);
  return result === -1n ? null : toListing(worker, result);
}

/**
 * The entries of one of the store's own ids, which nobody else is ever given, by address and version. A bucket of more than
 * `room` is listed by itself, with all the room there is, and passed over if that is too little: it always comes to the end.
 */
export function* ownEntries(worker: WorkerConnection, id: number, room = LISTED): Generator<[number, number]> {
  const { engine, manyAddress, bucketCount } = worker;
  for (let bucket = 0; bucket < bucketCount; ) {
    let listing = toListing(worker, engine.list(id, bucket, bucketCount, manyAddress, room));
    if (listing.next === bucket) {
      listing = toListing(worker, engine.list(id, bucket, bucket + 1, manyAddress, MOST_LISTED));
    }
    const { count, next, words } = listing;
    bucket = Math.max(next, bucket + 1);
    for (let i = 0; i < count; i++) yield [words[i * 2], words[i * 2 + 1]];
  }
}

/** What follows the prefix in the store's own keys that begin with it, in no order: names of channels, of regions. */
export function ownNames(worker: WorkerConnection, prefix: string): string[] {
  const names: string[] = [];
  for (const [entry, version] of ownEntries(worker, layout.SYSTEM_ID)) {
    const lengths = worker.engine.readListed(entry, version) >>> 0;
    if (lengths === 0) continue;
    const key = Buffer.from(worker.keyCopy(lengths >>> 16)).toString("utf8");
    if (key.startsWith(prefix)) names.push(key.slice(prefix.length));
  }
  return names;
}

function toListing(worker: WorkerConnection, result: bigint): Listing {
  const count = Number((result >> 32n) & 0xffffffffn);
  return { count, next: Number(result & 0xffffffffn), words: new Uint32Array(worker.manyWords.subarray(0, count * 2)) };
}

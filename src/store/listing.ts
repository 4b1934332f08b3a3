/** The living entries of some buckets, as the engine lists them: where each lies and its version then. */
import { layout } from "../core/index.js";
import type { WorkerConnection } from "./worker.js";

/** Entries of one listing at most. */
export const LISTED = 1024;

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
  const result = worker.engine.listOf(entry, version, bucket, end, worker.slot + layout.S_MANY, room);
  return result === -1n ? null : toListing(worker, result);
}

/** The same for one of the store's own ids, which nobody else is ever given. */
export function listOwnEntries(worker: WorkerConnection, id: number, bucket: number): Listing {
  const { engine, slot, bucketCount } = worker;
  return toListing(worker, engine.list(id, bucket, bucketCount, slot + layout.S_MANY, LISTED));
}

/** What follows the prefix in the store's own keys that begin with it, in no order: names of channels, of regions. */
export function ownNames(worker: WorkerConnection, prefix: string): string[] {
  const names: string[] = [];
  for (let bucket = 0; bucket < worker.bucketCount; ) {
    const { count, next, words } = listOwnEntries(worker, layout.SYSTEM_ID, bucket);
    bucket = next;
    for (let i = 0; i < count; i++) {
      const lengths = worker.engine.readListed(words[i * 2], words[i * 2 + 1]) >>> 0;
      if (lengths === 0) continue;
      const key = Buffer.from(worker.keyCopy(lengths >>> 16)).toString("utf8");
      if (key.startsWith(prefix)) names.push(key.slice(prefix.length));
    }
  }
  return names;
}

function toListing(worker: WorkerConnection, result: bigint): Listing {
  const count = Number((result >> 32n) & 0xffffffffn);
  return { count, next: Number(result & 0xffffffffn), words: new Uint32Array(worker.manyWords.subarray(0, count * 2)) };
}

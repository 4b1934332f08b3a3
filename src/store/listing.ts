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

/** Entries of a namespace from `bucket` on, whole buckets, `room` at most. They may change or go at once: `readListed` tells. */
export function listEntries(worker: WorkerConnection, id: number, bucket: number, room: number): Listing {
  const result = worker.engine.list(id, bucket, worker.slot + layout.S_MANY, room);
  const count = Number(result >> 32n);
  return { count, next: Number(result & 0xffffffffn), words: new Uint32Array(worker.manyWords.subarray(0, count * 2)) };
}

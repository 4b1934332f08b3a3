/**
 * Iteration over a namespace, weakly consistent: what is there all along comes exactly once, what comes or goes meanwhile may.
 *
 * Some buckets at a time: the engine lists their living entries, then each is copied out if it is still the same. One that was
 * replaced meanwhile makes us list again, fewer entries than before, so that a busy table does not have us copy the same ones
 * for ever; in the end single buckets, skipping the keys that already came from them.
 */
import type { Codec } from "../encoding.js";
import { LISTED, listEntries } from "../listing.js";
import type { WorkerConnection } from "../worker.js";

/** Room for the entries of one bucket: the list stops soon after it, instead of going on through the table. */
const LISTED_OF_ONE = 8;

/** @param isStillOn whether the iteration may go on; asked before each listing */
export function* walk<V>(
  worker: WorkerConnection,
  codec: Codec,
  id: number,
  isStillOn: () => boolean,
): IterableIterator<Listed<V>> {
  let bucket = 0;
  let room = LISTED;
  while (bucket < worker.bucketCount) {
    if (!isStillOn()) return;
    const { count, next, words } = listEntries(worker, id, bucket, room);
    const batch: Listed<V>[] = [];
    let torn = false;
    for (let i = 0; i < count && !torn; i++) {
      const entry = copyListed<V>(worker, codec, words[i * 2], words[i * 2 + 1]);
      if (entry === null) torn = true;
      else batch.push(entry);
    }
    if (next === bucket || (torn && room === LISTED_OF_ONE)) {
      const end = Math.max(next, bucket + 1);
      for (; bucket < end; bucket++) yield* walkBucket<V>(worker, codec, id, bucket, isStillOn);
    } else if (torn) {
      room /= 2;
    } else {
      yield* living(worker, batch);
      bucket = next;
      room = Math.min(room * 2, LISTED);
    }
  }
}

function* walkBucket<V>(
  worker: WorkerConnection,
  codec: Codec,
  id: number,
  bucket: number,
  isStillOn: () => boolean,
): IterableIterator<Listed<V>> {
  const mask = worker.bucketCount - 1;
  const seen = new Set<string>();
  let room = LISTED_OF_ONE;
  for (let again = true; again; ) {
    again = false;
    if (!isStillOn()) return;
    const { count, next, words } = listEntries(worker, id, bucket, room);
    if (next === bucket) {
      room *= 8; // a bucket is listed whole or not at all
      again = true;
      continue;
    }
    const batch: Listed<V>[] = [];
    for (let i = 0; i < count; i++) {
      const itsBucket = worker.bucketOf(words[i * 2], mask);
      const entry = copyListed<V>(worker, codec, words[i * 2], words[i * 2 + 1]);
      if (entry === null) again = true;
      else if (itsBucket !== bucket)
        break; // still the entry that was listed: the list went on into later buckets
      else if (!seen.has(entry.identity)) {
        seen.add(entry.identity);
        batch.push(entry);
      }
    }
    yield* living(worker, batch);
  }
}

/** Of a batch that was copied out, what has not expired by the time that it is asked for. */
function* living<V>(worker: WorkerConnection, batch: readonly Listed<V>[]): IterableIterator<Listed<V>> {
  for (const listed of batch) if (listed.expires === 0 || !worker.hasCome(listed.expires)) yield listed;
}

function copyListed<V>(worker: WorkerConnection, codec: Codec, entry: number, version: number): Listed<V> | null {
  const lengths = worker.engine.readListed(entry, version) >>> 0;
  if (lengths === 0) return null;
  const keyBytes = worker.keyCopy(lengths >>> 16);
  const expires = worker.out[2];
  return new Listed(keyBytes, codec.decode(worker.window, 0, lengths & 0xffff) as V, expires);
}

/** An entry as it was copied out. Its key becomes text only when asked for. */
export class Listed<V> {
  readonly keyBytes: Uint8Array;
  readonly value: V;
  /** Tick at which it expires, 0 = never. */
  readonly expires: number;

  constructor(keyBytes: Uint8Array, value: V, expires: number) {
    this.keyBytes = keyBytes;
    this.value = value;
    this.expires = expires;
  }

  get key(): string {
    return this.text("utf8");
  }

  /** The key's bytes as a string that no other key has, text or not. */
  get identity(): string {
    return this.text("latin1");
  }

  private text(encoding: BufferEncoding): string {
    return Buffer.from(this.keyBytes.buffer, this.keyBytes.byteOffset, this.keyBytes.length).toString(encoding);
  }
}

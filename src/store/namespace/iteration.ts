/**
 * Iteration over a namespace, weakly consistent: what is there all along comes exactly once, what comes or goes meanwhile may.
 *
 * Some buckets at a time: the engine lists their living entries, then each is copied out if it is still the same. One that was
 * replaced meanwhile makes us list again, fewer entries than before, so that a busy table does not have us copy the same ones
 * for ever; in the end single buckets, skipping the keys that already came from them.
 *
 * What is listed is proven to be the namespace's own (listing.ts) and copied by address and version, so nothing of another namespace is
 * ever handed out, though that has the id by then. The iteration ends where the namespace was cleared or dropped.
 *
 * What is asked of each entry decides what is copied: a prefix is held against the key before anything is, and keys alone need no value.
 */
import { layout, result } from "../../core/index.js";
import type { Codec } from "../encoding.js";
import { readHeld } from "../large.js";
import { LISTED, listEntries, MOST_LISTED } from "../listing.js";
import type { WorkerConnection } from "../worker.js";
import type { NamespaceRecord } from "./record.js";

/** Room for the entries of one bucket, as chains usually are. */
const LISTED_OF_ONE = 8;

/** @param current the directory entry by which the iteration may go on, null when it may not; asked before each listing */
export function* walk<V>(
  worker: WorkerConnection,
  copy: CopyListed<V>,
  current: () => NamespaceRecord | null,
): IterableIterator<Listed<V>> {
  let bucket = 0;
  let room = LISTED;
  while (bucket < worker.bucketCount) {
    const record = current();
    if (record === null) return;
    const listing = listEntries(worker, record, bucket, worker.bucketCount, room);
    if (listing === null) continue;
    const { count, next, words } = listing;
    const batch: Listed<V>[] = [];
    let torn = false;
    for (let i = 0; i < count && !torn; i++) {
      const entry = copy(words[i * 2], words[i * 2 + 1]);
      if (entry === null) torn = true;
      else if (entry !== undefined) batch.push(entry);
    }
    if (next === bucket || (torn && room === LISTED_OF_ONE)) {
      const end = Math.max(next, bucket + 1);
      yield* walkEach<V>(worker, copy, bucket, end, current);
      bucket = end;
    } else if (torn) {
      room /= 2;
    } else {
      yield* living(worker, batch);
      bucket = next;
      room = Math.min(room * 2, LISTED);
    }
  }
}

/** Bucket by bucket. */
function* walkEach<V>(
  worker: WorkerConnection,
  copy: CopyListed<V>,
  from: number,
  to: number,
  current: () => NamespaceRecord | null,
): IterableIterator<Listed<V>> {
  for (let bucket = from; bucket < to; ) {
    const record = current();
    if (record === null) return;
    // without any room a listing ends at the first bucket that has an entry
    const found = listEntries(worker, record, bucket, to, 0);
    if (found === null) continue;
    bucket = found.next;
    if (bucket < to) yield* walkBucket<V>(worker, copy, bucket++, current);
  }
}

function* walkBucket<V>(
  worker: WorkerConnection,
  copy: CopyListed<V>,
  bucket: number,
  current: () => NamespaceRecord | null,
): IterableIterator<Listed<V>> {
  const seen = new Set<string>();
  let room = LISTED_OF_ONE;
  for (let again = true; again; ) {
    const record = current();
    if (record === null) return;
    const listing = listEntries(worker, record, bucket, bucket + 1, room);
    if (listing === null) continue;
    const { count, next, words } = listing;
    if (next === bucket && room < MOST_LISTED) {
      room *= 8; // a bucket is listed whole or not at all
      continue;
    }
    again = false;
    const batch: Listed<V>[] = [];
    for (let i = 0; i < count; i++) {
      const entry = copy(words[i * 2], words[i * 2 + 1]);
      if (entry === null) {
        again = true;
      } else if (entry !== undefined && !seen.has(entry.identity)) {
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

/** Length that the engine gives for a listed value that is large. */
const LARGE_LISTED = 0xffff;

/**
 * A listed entry with its value, when it is handed out. A large one is read only then, so that a batch is not as many of them in memory at
 * once; by then its entry may have been replaced: `now` gives what the key has instead. Null when it is gone.
 */
export function withValue<V>(
  worker: WorkerConnection,
  codec: Codec,
  listed: Listed<V>,
  now: (key: Uint8Array) => V | undefined,
): Listed<V> | null {
  if (listed.large === null) return listed;
  const { keyBytes, expires, large } = listed;
  const address = worker.engine.holdListed(large.entry, large.version) >>> 0;
  const value =
    address === layout.NOWHERE
      ? now(keyBytes)
      : readHeld(worker, address, (window, length) => codec.decode(window, 0, length) as V);
  return value === undefined ? null : new Listed(keyBytes, value, expires); // no value is undefined
}

/** An entry as listed, copied out: null when it has changed since, undefined when it is none of those asked for. */
type CopyListed<V> = (entry: number, version: number) => Listed<V> | null | undefined;

/** Whole entries: those alone whose keys begin with the prefix, if there is one. */
export function wholeEntries<V>(worker: WorkerConnection, codec: Codec, prefix: Uint8Array | undefined): CopyListed<V> {
  return (entry, version) => {
    if (prefix !== undefined) {
      const keyLength = worker.engine.readListedKey(entry, version);
      if (keyLength === 0) return null;
      if (!worker.keyBegins(keyLength, prefix)) return undefined;
    }
    const lengths = worker.engine.readListed(entry, version) >>> 0;
    if (lengths === 0) return null;
    const keyBytes = worker.keyCopy(lengths >>> 16);
    const expires = worker.out[result.EXPIRES];
    const length = lengths & 0xffff;
    if (length === LARGE_LISTED) return new Listed<V>(keyBytes, undefined as V, expires, { entry, version });
    return new Listed(keyBytes, codec.decode(worker.window, 0, length) as V, expires);
  };
}

/** Keys alone: no value is copied or decoded. */
export function keysAlone(worker: WorkerConnection, prefix: Uint8Array | undefined): CopyListed<undefined> {
  return (entry, version) => {
    const keyLength = worker.engine.readListedKey(entry, version);
    if (keyLength === 0) return null;
    if (prefix !== undefined && !worker.keyBegins(keyLength, prefix)) return undefined;
    return new Listed(worker.keyCopy(keyLength), undefined, worker.out[result.EXPIRES]);
  };
}

export function* mapped<V, T>(listed: Iterable<Listed<V>>, to: (listed: Listed<V>) => T): IterableIterator<T> {
  for (const one of listed) yield to(one);
}

/** An entry as it was copied out. Its key becomes text only when asked for. */
export class Listed<V> {
  readonly keyBytes: Uint8Array;
  /** Not there yet of one that is large: see `withValue`. */
  readonly value: V;
  /** Tick at which it expires, 0 = never. */
  readonly expires: number;
  /** Address and version of an entry whose value is large. */
  readonly large: { readonly entry: number; readonly version: number } | null;

  constructor(keyBytes: Uint8Array, value: V, expires: number, large: Listed<V>["large"] = null) {
    this.keyBytes = keyBytes;
    this.value = value;
    this.expires = expires;
    this.large = large;
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

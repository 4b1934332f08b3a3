/** Why a write found no place, with the figures that a reader of the error needs to help it; and what makes some room. */
import { chunkSizeFor, DESCRIPTOR_BYTES, slabStart, slabsFor } from "../../core/index.js";
import { NamespaceLimitError, OutOfMemoryError } from "../../errors.js";
import { formatBytes } from "../../units.js";
import { describeHeld } from "../buffers.js";
import { ENTRY_ROOM, padded } from "../key.js";
import { noRoomForLarge } from "../large.js";
import { LISTED, listEntries } from "../listing.js";
import { collectStats } from "../stats.js";
import type { WorkerConnection } from "../worker.js";
import type { NamespaceRecord } from "./record.js";

/** Whether a value needs a span, for a chunk does not hold it with its key. */
export function isLarge(keyLength: number, length: number): boolean {
  return padded(keyLength) + length > ENTRY_ROOM;
}

/** Bytes of the pool that an entry takes: its chunk, and the slabs of a large value. */
export function footprint(keyLength: number, length: number): number {
  const large = isLarge(keyLength, length);
  const chunk = chunkSizeFor(padded(keyLength) + (large ? DESCRIPTOR_BYTES : length));
  return large ? chunk + slabStart(slabsFor(length)) : chunk;
}

export function atItsLimit(name: string, { maxEntries, maxBytes }: NamespaceRecord): NamespaceLimitError {
  const limits = [maxEntries && `${maxEntries} entries`, maxBytes && `${maxBytes} bytes`].filter(Boolean).join(", ");
  return new NamespaceLimitError(
    `namespace "${name}" is at its limit of ${limits}; delete entries or raise it with limit()`,
  );
}

export function outOfMemory(worker: WorkerConnection, keyLength: number, length: number): OutOfMemoryError {
  if (isLarge(keyLength, length)) return noRoomForLarge(worker, length, "value");
  const size = footprint(keyLength, length);
  const { memory, eviction } = collectStats(worker);
  const own = memory.bySizeClass.find((sizeClass) => sizeClass.size === size);
  const [tried, remedy] = eviction.policy === "none" ? ["", " or with eviction"] : [" and none could be evicted", ""];
  const held = describeHeld(memory.buffers);
  return new OutOfMemoryError(
    `no chunk of ${size} bytes is free${tried}: ${own?.used} of ${own?.chunks} of that size are in use, and all ${formatBytes(memory.poolBytes)} of the pool are cut into chunks. Delete entries, or create the store larger${remedy}${held === "" ? "" : `; ${held}`}`,
  );
}

/** Deletes some living entries of a namespace. False when it has none; true also when it is not what it was. */
export function deleteSome(worker: WorkerConnection, record: NamespaceRecord): boolean {
  let deleted = 0;
  for (let bucket = 0; bucket < worker.bucketCount && deleted === 0; ) {
    const listing = listEntries(worker, record, bucket, worker.bucketCount, LISTED);
    if (listing === null) return true;
    const { count, next, words } = listing;
    bucket = next === bucket ? next + 1 : next;
    for (let i = 0; i < count; i++) deleted += worker.engine.removeVictim(words[i * 2], words[i * 2 + 1]);
  }
  return deleted > 0;
}

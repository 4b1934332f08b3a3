/** Why a write found no place, with the figures that a reader of the error needs to help it; and what makes some room. */
import { chunkSizeFor } from "../../core/index.js";
import { NamespaceLimitError, OutOfMemoryError, ValueTooLargeError } from "../../errors.js";
import { formatBytes } from "../../units.js";
import { describeHeld } from "../buffers.js";
import { ENTRY_ROOM, padded } from "../key.js";
import { LISTED, listEntries } from "../listing.js";
import { collectStats } from "../stats.js";
import type { WorkerConnection } from "../worker.js";
import type { Record } from "./record.js";

/** Bytes of the chunk that an entry takes. */
export function chunkSize(keyLength: number, length: number): number {
  return chunkSizeFor(padded(keyLength) + length);
}

export function tooLarge(length: number, keyLength: number): ValueTooLargeError {
  const limit = ENTRY_ROOM - padded(keyLength);
  return new ValueTooLargeError(`a value has ${length} bytes; with this key the limit is ${limit}`);
}

export function atItsLimit(name: string, { maxEntries, maxBytes }: Record): NamespaceLimitError {
  const limits = [maxEntries && `${maxEntries} entries`, maxBytes && `${maxBytes} bytes`].filter(Boolean).join(", ");
  return new NamespaceLimitError(
    `namespace "${name}" is at its limit of ${limits}; delete entries or raise it with limit()`,
  );
}

export function outOfMemory(worker: WorkerConnection, keyLength: number, length: number): OutOfMemoryError {
  const size = chunkSize(keyLength, length);
  const { memory, eviction } = collectStats(worker);
  const own = memory.bySizeClass.find((sizeClass) => sizeClass.size === size);
  const [tried, remedy] = eviction.policy === "none" ? ["", " or with eviction"] : [" and none could be evicted", ""];
  const held = describeHeld(memory.buffers);
  return new OutOfMemoryError(
    `no chunk of ${size} bytes is free${tried}: ${own?.used} of ${own?.chunks} of that size are in use, and all ${formatBytes(memory.poolBytes)} of the pool are cut into chunks. Delete entries, or create the store larger${remedy}${held === "" ? "" : `; ${held}`}`,
  );
}

/** Deletes some living entries of a namespace. False when it has none; true also when it is not what it was. */
export function deleteSome(worker: WorkerConnection, record: Record): boolean {
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

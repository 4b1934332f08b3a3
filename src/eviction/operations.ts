/**
 * What a request of a trace does to a cache:
 *
 * - a read is looked up and counted; a miss fetches the entry and inserts it (cache-aside);
 * - a write inserts or updates the entry, as an access of its own, and is not counted as a lookup;
 * - an update reads and then writes: counted, and it gives the entry its new size and expiry on a hit too;
 * - a removal deletes the entry, if it is resident;
 * - what is none of these changes nothing.
 */
export const READ = 0;
/** Inserts or updates; no look-up is counted. */
export const WRITE = 1;
/** Reads and then writes; a look-up is counted. */
export const UPDATE = 2;
/** Deletes what is there. */
export const REMOVE = 3;
/** Changes nothing, and counts nowhere. */
export const NOTHING = 4;

/** Requests that are more than reads, as a struct of arrays: one element a request in each. */
export interface Operations {
  /** What is asked for, 0 up. */
  readonly ids: Uint32Array;
  /** `READ` to `NOTHING`; null: all are reads. */
  readonly kinds: Uint8Array | null;
  /** Bytes; null: not counted. */
  readonly sizes: Uint32Array | Float64Array | null;
  /** When the request was made, in the unit of `ttls`; null: no entry ever expires. */
  readonly times: Float64Array | null;
  /** For how long what the request writes (or inserts on a miss) lives, 0 = for ever; null: all for ever. */
  readonly ttls: Uint32Array | Float64Array | null;
}

import { NOTHING, REMOVE, WRITE } from "./operations.js";

/** In `Future.nextUse`: the id is never requested again. */
export const NEVER = 0xffff_ffff;

/** A request stream known in advance: what Belady's policy looks ahead in. */
export interface Future {
  /** The id of each request. */
  readonly ids: Uint32Array;
  /** For each request, the position of the next request of the same id, or `NEVER`. */
  readonly nextUse: Uint32Array;
}

/**
 * Finds every request's next use in one pass from the end. O(requests) time, 4 bytes a request and 4 an id.
 *
 * @param ids the id of each request, all below `distinct`
 * @param nextUse where the answer goes; a new array unless given (of the length of `ids`, in shared memory for instance)
 */
export function lookAhead(
  ids: Uint32Array,
  distinct: number,
  nextUse: Uint32Array = new Uint32Array(ids.length),
): Future {
  const upcoming = new Uint32Array(distinct).fill(NEVER);
  for (let position = ids.length - 1; position >= 0; position--) {
    const id = ids[position];
    nextUse[position] = upcoming[id];
    upcoming[id] = position;
  }
  return { ids, nextUse };
}

/**
 * The same for requests that write and delete: the future of those that look an id up (reads, writes, updates), in order. An entry that is
 * written or deleted before it is read again is worth nothing until then, so its next use counts as `NEVER`.
 *
 * O(requests) time, 9 bytes a request and 4 an id.
 */
export function lookAheadOperations(ids: Uint32Array, kinds: Uint8Array, distinct: number): Future {
  let lookups = 0;
  for (const kind of kinds) if (kind !== REMOVE && kind !== NOTHING) lookups++;
  const looked = new Uint32Array(lookups);
  const nextUse = new Uint32Array(lookups);
  const upcoming = new Uint32Array(distinct).fill(NEVER);
  let position = lookups;
  for (let request = ids.length - 1; request >= 0; request--) {
    const kind = kinds[request];
    if (kind === NOTHING) continue;
    const id = ids[request];
    if (kind === REMOVE) {
      upcoming[id] = NEVER;
      continue;
    }
    position--;
    looked[position] = id;
    nextUse[position] = upcoming[id];
    upcoming[id] = kind === WRITE ? NEVER : position;
  }
  return { ids: looked, nextUse };
}

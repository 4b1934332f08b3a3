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

/**
 * An operation log, and a trace of CacheLib, knows the size of what was written or found, and not of what was looked for in vain. A request of unknown size (0) gets the
 * size its key had last, or, before any is known, the first one it will have; 0 stays where a key never has one.
 *
 * O(requests), 8 bytes a key.
 */
export function fillUnknownSizes(ids: Uint32Array, sizes: Uint32Array | Float64Array, distinct: number): void {
  const known = new Float64Array(distinct);
  for (let i = ids.length - 1; i >= 0; i--) if (sizes[i] !== 0) known[ids[i]] = sizes[i];
  for (let i = 0; i < ids.length; i++) {
    if (sizes[i] === 0) sizes[i] = known[ids[i]];
    else known[ids[i]] = sizes[i];
  }
}

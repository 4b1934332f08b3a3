/** Sizes up to which the table has a place for each. */
const DENSE = 65_536;

/**
 * Value bytes by size for every size that is written. No byte is 0: a subject that keeps strings may take that for the
 * end. The slices overlap; no subject changes them.
 */
export function valuesFor(valueSizes: Uint32Array, maxValueBytes: number): Array<Uint8Array | undefined> {
  const bytes = new Uint8Array(maxValueBytes);
  for (let i = 0; i < bytes.length; i++) bytes[i] = 1 + ((i * 31) % 251);
  // One place for every size up to a large one would be many times the bytes themselves: then only the sizes that are written have one.
  const dense = maxValueBytes < DENSE;
  const values: Array<Uint8Array | undefined> = dense ? new Array(maxValueBytes + 1).fill(undefined) : [];
  for (const size of valueSizes) values[size] = bytes.subarray(0, size);
  return values;
}

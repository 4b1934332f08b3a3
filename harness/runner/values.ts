/**
 * Value bytes by size for every size that is written. No byte is 0: a subject that keeps strings may take that for the
 * end. The slices overlap; no subject changes them.
 */
export function valuesFor(valueSizes: Uint32Array, maxValueBytes: number): Array<Uint8Array | undefined> {
  const bytes = new Uint8Array(maxValueBytes);
  for (let i = 0; i < bytes.length; i++) bytes[i] = 1 + ((i * 31) % 251);
  const values = new Array<Uint8Array | undefined>(maxValueBytes + 1).fill(undefined);
  for (const size of valueSizes) values[size] = bytes.subarray(0, size);
  return values;
}

/** Typed arrays for a number of keys that is not known before the trace has been read. */
type Numbers = Uint32Array | Int32Array | Float64Array;

/** The same numbers with room for `index`, at least twice as many as before; `rest` fills what is new. The array itself when it has room. */
export function withRoomFor<T extends Numbers>(numbers: T, index: number, rest = 0): T {
  if (index < numbers.length) return numbers;
  const Grown = numbers.constructor as new (length: number) => T;
  const grown = new Grown(Math.max(1024, numbers.length * 2, index + 1));
  grown.set(numbers);
  if (rest !== 0) grown.fill(rest, numbers.length);
  return grown;
}

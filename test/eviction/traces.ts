import fc from "fast-check";

export interface TestTrace {
  /** Below `distinct`. */
  ids: number[];
  distinct: number;
}

/** Request streams of the shapes that tell policies apart: uniform, skewed, loops, and scans through a hot set. */
export function traceOf({ maxLength = 200, maxDistinct = 24 } = {}): fc.Arbitrary<TestTrace> {
  return fc.integer({ min: 1, max: maxDistinct }).chain((distinct) => {
    const uniform = fc.integer({ min: 0, max: distinct - 1 });
    const skewed = fc.tuple(uniform, uniform, uniform).map((draws) => Math.min(...draws));
    const loop = fc
      .tuple(uniform, fc.integer({ min: 1, max: 2 * distinct }))
      .map(([start, length]) => Array.from({ length }, (_, i) => (start + i) % distinct));
    const piece = fc.oneof(
      { weight: 3, arbitrary: fc.array(skewed, { minLength: 1, maxLength: 40 }) },
      { weight: 1, arbitrary: fc.array(uniform, { minLength: 1, maxLength: 20 }) },
      { weight: 1, arbitrary: loop },
    );
    return fc
      .array(piece, { minLength: 1, maxLength: Math.ceil(maxLength / 10), size: "max" })
      .map((pieces) => ({ ids: pieces.flat().slice(0, maxLength), distinct }));
  });
}

/** Capacities from 1, with weight on the ends: one entry, all but one, all, one more than all. */
export function capacityFor(distinct: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: 1, max: distinct + 2 }),
    fc.constantFrom(1, 2, Math.max(1, distinct - 1), distinct, distinct + 1),
  );
}

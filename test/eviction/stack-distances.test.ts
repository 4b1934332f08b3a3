import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPolicy, SimulatedCache, StackDistances } from "#dist/src/eviction/index.js";
import { traceOf } from "./traces.js";

function observed(ids: readonly number[], distinct: number): StackDistances {
  const distances = new StackDistances(distinct);
  for (const id of ids) distances.observe(id);
  return distances;
}

describe("StackDistances", () => {
  it("counts the other ids requested since the same id was last", () => {
    fc.assert(
      fc.property(traceOf(), ({ ids, distinct }) => {
        const distances = new StackDistances(distinct);
        ids.forEach((id, i) => {
          const last = ids.lastIndexOf(id, i - 1);
          const expected = i === 0 || last < 0 ? -1 : new Set(ids.slice(last + 1, i)).size;
          expect(distances.observe(id)).toBe(expected);
        });
      }),
    );
  });

  it("gives the misses of LRU at every capacity, over more requests than there are positions", () => {
    const shape = { maxLength: 6000, maxDistinct: 60 };
    fc.assert(
      fc.property(traceOf(shape), ({ ids, distinct }) => {
        const capacities = Array.from({ length: distinct + 2 }, (_, i) => i + 1);
        const expected = capacities.map((capacity) => {
          const cache = new SimulatedCache(createPolicy("lru", { capacity, distinct }), capacity, "objects", distinct);
          cache.replay(Uint32Array.from(ids), null, 0, ids.length);
          return cache.misses;
        });
        expect(observed(ids, distinct).missesAt(capacities)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("tells quantiles of the distances, and none where no id is requested twice", () => {
    const distances = observed([0, 0, 1, 2, 0, 1, 1, 3], 4);
    // Distances: 0, 2, 2, 0.
    expect([0, 0.5, 0.51, 1].map((share) => distances.quantile(share))).toEqual([0, 0, 2, 2]);
    expect(observed([0, 1, 2], 3).quantile(0.5)).toBeNaN();
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPolicy } from "#dist/src/eviction/index.js";
import { traceOf } from "./traces.js";

function victims(seed: number, ids: number[], distinct: number, capacity: number): number[] {
  const policy = createPolicy("random", { capacity, distinct, seed });
  return ids.map((id) => {
    if (policy.lookup(id)) return -1;
    const victim = policy.size === capacity ? policy.evict() : -2;
    policy.insert(id);
    return victim;
  });
}

describe("random", () => {
  it("only ever evicts residents, hits exactly the residents, and repeats itself for a seed", () => {
    fc.assert(
      fc.property(traceOf(), fc.integer({ min: 1, max: 26 }), fc.integer(), ({ ids, distinct }, capacity, seed) => {
        const outcome = victims(seed, ids, distinct, capacity);
        const resident = new Set<number>();
        outcome.forEach((victim, i) => {
          expect(victim === -1).toBe(resident.has(ids[i]));
          if (victim >= 0) expect(resident.delete(victim)).toBe(true);
          resident.add(ids[i]);
        });
        expect(victims(seed, ids, distinct, capacity)).toEqual(outcome);
      }),
    );
  });

  it("chooses every resident equally often", () => {
    const residents = 16;
    const rounds = 32_000;
    const policy = createPolicy("random", { capacity: residents, distinct: residents, seed: 7 });
    for (let id = 0; id < residents; id++) policy.insert(id);
    const counts = new Array<number>(residents).fill(0);
    for (let round = 0; round < rounds; round++) {
      const victim = policy.evict();
      counts[victim]++;
      policy.insert(victim);
    }
    // Chi squared with 15 degrees of freedom exceeds 44.3 with a chance of 1 in 10,000; the seed is fixed.
    const mean = rounds / residents;
    const chiSquared = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(chiSquared).toBeLessThan(44.3);
  });

  it("chooses otherwise for another seed", () => {
    const ids = Array.from({ length: 200 }, (_, i) => i);
    expect(victims(1, ids, 200, 50)).not.toEqual(victims(2, ids, 200, 50));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPolicy, lookAhead, NEVER, policyNames, SimulatedCache } from "#dist/src/eviction/index.js";
import { PositionSet } from "#dist/src/eviction/position-set.js";
import { naiveOptMisses } from "./naive/opt.js";
import { capacityFor, type TestTrace, traceOf } from "./traces.js";

const traceAndCapacity = traceOf().chain((trace) => fc.tuple(fc.constant(trace), capacityFor(trace.distinct)));

function misses(name: (typeof policyNames)[number], { ids, distinct }: TestTrace, capacity: number): number {
  const requests = Uint32Array.from(ids);
  const policy = createPolicy(name, { capacity, distinct, future: lookAhead(requests, distinct) });
  const cache = new SimulatedCache(policy, capacity, "objects", distinct);
  cache.replay(requests, null, 0, requests.length);
  return cache.misses;
}

describe("opt", () => {
  it("misses exactly as often as the naive search for the farthest next use", () => {
    fc.assert(
      fc.property(traceAndCapacity, ([trace, capacity]) => {
        expect(misses("opt", trace, capacity)).toBe(naiveOptMisses(trace.ids, capacity));
      }),
      { numRuns: 300 },
    );
  });

  it("is a lower bound for every other policy", () => {
    fc.assert(
      fc.property(traceAndCapacity, ([trace, capacity]) => {
        const bound = misses("opt", trace, capacity);
        for (const name of policyNames) expect(misses(name, trace, capacity), name).toBeGreaterThanOrEqual(bound);
      }),
      { numRuns: 200 },
    );
  });

  it("lets its owner delete entries, those never used again included", () => {
    // Requests: 0 1 2 0 1; 2 is never used again.
    const future = lookAhead(Uint32Array.of(0, 1, 2, 0, 1), 3);
    const policy = createPolicy("opt", { capacity: 3, distinct: 3, future });
    for (const id of [0, 1, 2]) {
      expect(policy.lookup(id)).toBe(false);
      policy.insert(id);
    }
    expect(policy.remove(2)).toBe(true);
    expect(policy.remove(2)).toBe(false);
    expect(policy.remove(1)).toBe(true);
    expect(policy.size).toBe(1);
    expect(policy.evict()).toBe(0);
    expect(policy.evict()).toBe(-1);
  });

  it("cannot be built without a future", () => {
    expect(() => createPolicy("opt", { capacity: 1, distinct: 1 })).toThrow(/opt needs the future/);
  });
});

describe("lookAhead", () => {
  it("finds each request's next use", () => {
    fc.assert(
      fc.property(traceOf(), ({ ids, distinct }) => {
        const next = ids.map((id, i) => (ids.indexOf(id, i + 1) < 0 ? NEVER : ids.indexOf(id, i + 1)));
        expect([...lookAhead(Uint32Array.from(ids), distinct).nextUse]).toEqual(next);
      }),
    );
  });
});

describe("PositionSet", () => {
  it("gives up its greatest member through additions and deletions, at every width", () => {
    const bound = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(1, 31, 32, 33, 1024, 1025, 40_000));
    const scenario = bound.chain((bound) =>
      fc.tuple(
        fc.constant(bound),
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: bound - 1 })), { maxLength: 200 }),
      ),
    );
    fc.assert(
      fc.property(scenario, ([bound, steps]) => {
        const set = new PositionSet(bound);
        const model = new Set<number>();
        for (const [adds, position] of steps) {
          if (adds) {
            set.add(position);
            model.add(position);
          } else {
            set.delete(position);
            model.delete(position);
          }
          expect(set.max()).toBe(model.size === 0 ? -1 : Math.max(...model));
        }
      }),
      { numRuns: 300 },
    );
  });
});

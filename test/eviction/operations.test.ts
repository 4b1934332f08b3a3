import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createPolicy,
  lookAheadOperations,
  NEVER,
  NOTHING,
  type Operations,
  policyNames,
  READ,
  REMOVE,
  SimulatedCache,
  UPDATE,
  WRITE,
} from "#dist/src/eviction/index.js";
import { type NaivePolicy, naive, naiveNames } from "./naive/index.js";
import { traceOf } from "./traces.js";

/** Requests of all kinds, with sizes, times that mostly grow, and expiries. */
const scenario = traceOf({ maxLength: 150 }).chain(({ ids, distinct }) => {
  const column = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.array(arbitrary, { minLength: ids.length, maxLength: ids.length });
  return fc.record({
    distinct: fc.constant(distinct),
    by: fc.constantFrom("objects" as const, "bytes" as const),
    capacity: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 30, max: 300 })),
    operations: fc.record({
      ids: fc.constant(Uint32Array.from(ids)),
      kinds: column(fc.constantFrom(READ, READ, READ, READ, WRITE, WRITE, UPDATE, REMOVE, NOTHING)).map((kinds) =>
        Uint8Array.from(kinds),
      ),
      sizes: column(fc.integer({ min: 0, max: 40 })).map((sizes) => Uint32Array.from(sizes)),
      times: column(fc.integer({ min: -1, max: 3 })).map((steps) => {
        let time = 0;
        return Float64Array.from(steps, (step) => (time += step));
      }),
      ttls: column(fc.constantFrom(0, 0, 1, 2, 5, 20, 1000)).map((ttls) => Uint32Array.from(ttls)),
    }),
  });
});

/** The account by the definition: a Map of residents, gone through from end to end for those that have expired. */
function naiveRun(policy: NaivePolicy, operations: Operations, by: "objects" | "bytes", capacity: number) {
  const resident = new Map<number, { size: number; expiresAt: number }>();
  const used = () => [...resident.values()].reduce((sum, { size }) => sum + size, 0);
  const account = { hits: 0, misses: 0, evictions: 0, expirations: 0, removals: 0 };
  let now = Number.NEGATIVE_INFINITY;
  operations.ids.forEach((id, i) => {
    now = Math.max(now, operations.times![i]);
    const expired = [...resident].filter(([, { expiresAt }]) => expiresAt <= now);
    // In the order of expiry: ghosts aside, no policy can tell.
    for (const [other] of expired.sort(([, a], [, b]) => a.expiresAt - b.expiresAt)) {
      resident.delete(other);
      policy.remove(other);
      account.expirations++;
    }
    const kind = operations.kinds![i];
    if (kind === NOTHING) return;
    if (kind === REMOVE) {
      if (policy.remove(id)) account.removals++;
      resident.delete(id);
      return;
    }
    const size = by === "bytes" ? operations.sizes![i] : 1;
    const ttl = operations.ttls![i];
    const expiresAt = ttl === 0 ? Number.POSITIVE_INFINITY : now + ttl;
    const hit = policy.lookup(id);
    if (kind !== WRITE) account[hit ? "hits" : "misses"]++;
    const before = resident.get(id);
    if (before !== undefined) {
      if (before.size !== size) policy.resize?.(id, size);
      if (kind !== READ) policy.renew?.(id, expiresAt);
      resident.set(id, { size, expiresAt: kind === READ ? before.expiresAt : expiresAt });
      return;
    }
    if (size > capacity) return;
    while (used() + size > capacity) {
      resident.delete(policy.evict()!);
      account.evictions++;
    }
    policy.insert(id, size, expiresAt);
    resident.set(id, { size, expiresAt });
  });
  return { ...account, used: used() };
}

function run(cache: SimulatedCache, operations: Operations) {
  cache.replayOperations(operations, 0, operations.ids.length);
  const { hits, misses, evictions, expirations, removals, used } = cache;
  return { hits, misses, evictions, expirations, removals, used };
}

describe("requests that write, delete and expire", () => {
  it.each(naiveNames)("are accounted for under %s as by the definition", (name) => {
    fc.assert(
      fc.property(scenario, ({ operations, distinct, by, capacity }) => {
        const policy = createPolicy(name, { capacity, distinct, by });
        const theirs = naiveRun(naive[name]!(capacity, distinct, by), operations, by, capacity);
        expect(run(new SimulatedCache(policy, capacity, by, distinct), operations)).toEqual(theirs);
      }),
      { numRuns: 150 },
    );
  });

  it.each(policyNames)("leave %s with exactly what the account says", (name) => {
    fc.assert(
      fc.property(scenario, ({ operations, distinct, capacity }) => {
        const future = lookAheadOperations(operations.ids, operations.kinds!, distinct);
        const policy = createPolicy(name, { capacity, distinct, future });
        const cache = new SimulatedCache(policy, capacity, "objects", distinct);
        run(cache, operations);
        expect(policy.size).toBe(cache.used);
        expect(policy.size).toBeLessThanOrEqual(capacity);
      }),
    );
  });

  it("that are all reads give what a plain replay gives, whatever the policy", () => {
    fc.assert(
      fc.property(
        traceOf(),
        fc.integer({ min: 1, max: 26 }),
        fc.constantFrom(...policyNames),
        ({ ids: list, distinct }, capacity, name) => {
          const ids = Uint32Array.from(list);
          const kinds = new Uint8Array(ids.length);
          const build = () => {
            const future = lookAheadOperations(ids, kinds, distinct);
            return new SimulatedCache(
              createPolicy(name, { capacity, distinct, future }),
              capacity,
              "objects",
              distinct,
            );
          };
          const plain = build();
          plain.replay(ids, null, 0, ids.length);
          const told = run(build(), { ids, kinds: null, sizes: null, times: null, ttls: null });
          expect([told.hits, told.misses, told.evictions]).toEqual([plain.hits, plain.misses, plain.evictions]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("miss an entry from the moment it expires, and free its place", () => {
    const cache = new SimulatedCache(createPolicy("lru", { capacity: 1, distinct: 2 }), 1, "objects", 2);
    const told = run(cache, {
      ids: Uint32Array.of(0, 0, 0, 1),
      kinds: Uint8Array.of(WRITE, READ, READ, WRITE),
      sizes: null,
      times: Float64Array.of(10, 14, 15, 16),
      ttls: Uint32Array.of(5, 0, 1, 0),
    });
    // Alive at 14, gone at 15 and read in again for 1, gone at 16: nothing is left to evict.
    expect(told).toEqual({ hits: 1, misses: 1, evictions: 0, expirations: 2, removals: 0, used: 1 });
  });
});

describe("ttl", () => {
  it("evicts what expires soonest, ties and entries without expiry in order of insertion", () => {
    const policy = createPolicy("ttl", { capacity: 6, distinct: 6 });
    policy.insert(0);
    policy.insert(1, 1, 30);
    policy.insert(2, 1, 20);
    policy.insert(3, 1, 20);
    policy.insert(4);
    policy.insert(5, 1, 10);
    policy.renew?.(5, 40);
    expect([0, 1, 2, 3, 4, 5].map(() => policy.evict())).toEqual([2, 3, 1, 5, 0, 4]);
  });
});

describe("lookAheadOperations", () => {
  it("finds the next read of what a lookup touches, and none when a write or a deletion comes first", () => {
    fc.assert(
      fc.property(scenario, ({ operations, distinct }) => {
        const { ids, kinds } = operations;
        const lookups = [...ids.keys()].filter((i) => kinds![i] !== REMOVE && kinds![i] !== NOTHING);
        const expected = lookups.map((request) => {
          const next = ids.findIndex((id, i) => i > request && id === ids[request] && kinds![i] !== NOTHING);
          if (next < 0 || kinds![next] === WRITE || kinds![next] === REMOVE) return NEVER;
          return lookups.indexOf(next);
        });
        const future = lookAheadOperations(ids, kinds!, distinct);
        expect([...future.ids]).toEqual(lookups.map((request) => ids[request]));
        expect([...future.nextUse]).toEqual(expected);
      }),
    );
  });
});

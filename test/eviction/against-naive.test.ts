import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPolicy } from "#dist/src/eviction/index.js";
import { naive, naiveNames } from "./naive/index.js";
import { capacityFor, traceOf } from "./traces.js";

/** What an owner does to a policy: mostly requests, sometimes a deletion, seldom an eviction under pressure. */
const operations = traceOf().chain(({ ids, distinct }) =>
  fc.record({
    distinct: fc.constant(distinct),
    capacity: capacityFor(distinct),
    steps: fc
      .array(fc.constantFrom("request", "request", "request", "request", "request", "request", "remove", "evict"), {
        minLength: ids.length,
        maxLength: ids.length,
      })
      .map((kinds) => kinds.map((kind, i) => ({ kind, id: ids[i] }))),
  }),
);

describe.each(naiveNames)("%s", (name) => {
  it("hits, misses and chooses victims as the naive implementation, with deletions and pressure in between", () => {
    fc.assert(
      fc.property(operations, ({ distinct, capacity, steps }) => {
        const policy = createPolicy(name, { capacity, distinct });
        const model = naive[name]!(capacity, distinct, "objects");
        const ids = Array.from({ length: distinct }, (_, id) => id);
        steps.forEach(({ kind, id }, step) => {
          const ours: unknown[] = [];
          const theirs: unknown[] = [];
          if (kind === "remove") {
            ours.push(policy.remove(id));
            theirs.push(model.remove(id));
          } else if (kind === "evict") {
            ours.push(policy.evict());
            theirs.push(model.evict() ?? -1);
          } else {
            const hit = model.lookup(id);
            ours.push(policy.lookup(id));
            theirs.push(hit);
            if (!hit) {
              if (model.residents().length >= capacity) {
                ours.push(policy.evict());
                theirs.push(model.evict());
              }
              policy.insert(id);
              model.insert(id);
            }
          }
          const residents = model.residents().sort((a, b) => a - b);
          ours.push(policy.size, ...ids.filter((other) => policy.has(other)));
          theirs.push(residents.length, ...residents);
          if (`${ours}` !== `${theirs}`) expect(ours, `step ${step}: ${kind} ${id}`).toEqual(theirs);
        });
      }),
      { numRuns: 600 },
    );
  });

  it("agrees with the naive implementation over long request streams", () => {
    fc.assert(
      fc.property(
        traceOf({ maxLength: 1500, maxDistinct: 120 }),
        fc.integer({ min: 1, max: 125 }),
        ({ ids, distinct }, capacity) => {
          const policy = createPolicy(name, { capacity, distinct });
          const model = naive[name]!(capacity, distinct, "objects");
          /** For each request: -1 for a hit, -2 for a miss with room left, else the victim. */
          const ours = ids.map((id) => {
            if (policy.lookup(id)) return -1;
            const victim = policy.size === capacity ? policy.evict() : -2;
            policy.insert(id);
            return victim;
          });
          const theirs = ids.map((id) => {
            if (model.lookup(id)) return -1;
            const victim = model.residents().length === capacity ? model.evict() : -2;
            model.insert(id);
            return victim;
          });
          expect(ours).toEqual(theirs);
        },
      ),
      { numRuns: 100 },
    );
  });
});

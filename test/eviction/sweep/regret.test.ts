import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FixedPolicy, regretOf, SWITCHES } from "#dist/harness/sweep/index.js";
import type { PolicyName } from "#dist/src/eviction/index.js";

const names = ["lru", "lirs", "sieve", "arc"] as const satisfies readonly PolicyName[];

function policies(hits: readonly (readonly number[])[]): FixedPolicy[] {
  return hits.map((row, i) => ({ policy: names[i], windows: row.map((hit) => ({ hits: hit, lookups: 10 })) }));
}

/** Every assignment of policies to windows, by how often it changes: the most hits for at most k changes. */
function byTrying(hits: readonly (readonly number[])[], most: number): number {
  const windows = hits[0].length;
  let best = 0;
  const go = (window: number, policy: number, changes: number, sum: number): void => {
    if (changes > most) return;
    if (window === windows) {
      best = Math.max(best, sum);
      return;
    }
    for (let next = 0; next < hits.length; next++) {
      go(window + 1, next, changes + (window > 0 && next !== policy ? 1 : 0), sum + hits[next][window]);
    }
  };
  go(0, 0, 0, 0);
  return best;
}

describe("the regret", () => {
  it("is measured against the best schedule there is of at most so many changes, as trying all of them finds it", () => {
    const table = fc
      .record({ policies: fc.integer({ min: 1, max: 3 }), windows: fc.integer({ min: 1, max: 6 }) })
      .chain((shape) =>
        fc.array(fc.array(fc.nat(10), { minLength: shape.windows, maxLength: shape.windows }), {
          minLength: shape.policies,
          maxLength: shape.policies,
        }),
      );
    fc.assert(
      fc.property(table, fc.nat(10), (hits, own) => {
        const lookups = 10 * hits[0].length;
        const ownHits = own * hits[0].length;
        const regret = regretOf(
          hits[0].map(() => ({ hits: own, lookups: 10 })),
          policies(hits),
        )!;
        const totals = hits.map((row) => row.reduce((a, b) => a + b));
        expect(regret.regret).toBeCloseTo((Math.max(...totals) - ownHits) / lookups, 12);
        expect(totals[names.indexOf(regret.best as never)]).toBe(Math.max(...totals));
        for (const { switches, hitRatio, schedule } of regret.switching) {
          expect(hitRatio * lookups).toBeCloseTo(byTrying(hits, switches), 9);
          // the schedule it names is one that comes to that
          expect(schedule.length).toBeLessThanOrEqual(switches + 1);
          const running = hits[0].map((_, window) => schedule.findLast(({ from }) => from <= window)!.policy);
          const sum = running.reduce(
            (total, policy, window) => total + hits[names.indexOf(policy as never)][window],
            0,
          );
          expect(sum / lookups).toBeCloseTo(hitRatio, 12);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("names the schedule: who runs from which window on", () => {
    const regret = regretOf(
      [1, 1, 1, 1].map((hits) => ({ hits, lookups: 10 })),
      policies([
        [9, 9, 0, 0],
        [0, 0, 8, 8],
      ]),
    )!;
    expect(regret).toMatchObject({ best: "lru", hitRatio: 18 / 40, regret: 14 / 40 });
    expect(regret.switching.map(({ switches }) => switches)).toEqual([...SWITCHES]);
    for (const { schedule, hitRatio } of regret.switching) {
      expect(schedule).toEqual([
        { from: 0, policy: "lru" },
        { from: 2, policy: "lirs" },
      ]);
      expect(hitRatio).toBe(34 / 40);
    }
  });

  it("is none where there is nothing to compare with, or nothing was looked up", () => {
    expect(regretOf([{ hits: 1, lookups: 2 }], [])).toBeNull();
    expect(regretOf([{ hits: 0, lookups: 0 }], [{ policy: "lru", windows: [{ hits: 0, lookups: 0 }] }])).toBeNull();
  });
});

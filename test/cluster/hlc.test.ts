import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareStamps, HybridClock, type Stamp } from "#dist/src/cluster/index.js";

const MAX_DRIFT = 1000;

describe("a hybrid clock", () => {
  it("stamps in the order of what it does and hears, whatever its wall clock does", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("issue" as const), wall: fc.integer({ min: 5000, max: 6000 }) }),
      fc.record({
        kind: fc.constant("witness" as const),
        wall: fc.integer({ min: 5000, max: 6000 }),
        ahead: fc.integer({ min: -3000, max: 3000 }),
        counter: fc.constantFrom(0, 1, 65_535),
      }),
      fc.record({
        kind: fc.constant("above" as const),
        wall: fc.integer({ min: 5000, max: 6000 }),
        ahead: fc.integer({ min: -3000, max: 3000 }),
        counter: fc.constantFrom(0, 1, 65_535),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let wall = 0;
        const clock = new HybridClock(() => wall, MAX_DRIFT);
        let floor: Stamp = { ms: 0, counter: 0 };
        let refused = 0;
        for (const one of steps) {
          wall = one.wall;
          if (one.kind === "witness") {
            const stamp = { ms: wall + one.ahead, counter: one.counter };
            const followed = clock.witness(stamp);
            expect(followed).toBe(one.ahead <= MAX_DRIFT);
            if (followed && compareStamps(stamp, floor) > 0) floor = stamp;
            if (!followed) refused++;
          } else {
            const above = one.kind === "above" ? { ms: wall + one.ahead, counter: one.counter } : undefined;
            const issued = clock.issue(above);
            expect(compareStamps(issued, floor)).toBeGreaterThan(0);
            if (above !== undefined) expect(compareStamps(issued, above)).toBeGreaterThan(0);
            expect(issued.counter).toBeLessThanOrEqual(65_535);
            // what is too far ahead is stamped above, and not followed
            if (one.kind === "issue" || one.ahead <= MAX_DRIFT) floor = issued;
          }
        }
        expect(clock.refused).toBe(refused);
      }),
      { numRuns: 500 },
    );
  });

  it("is not dragged along by a node whose clock is ten minutes fast, and still writes over what that one wrote", () => {
    const wall = 1_000_000;
    const clock = new HybridClock(() => wall);
    const fast = { ms: wall + 600_000, counter: 7 };
    expect(clock.witness(fast)).toBe(false);
    expect(clock.refused).toBe(1);
    expect(clock.refusedByMs).toBe(600_000);
    expect(clock.nowMs()).toBe(wall);
    expect(clock.issue(fast)).toEqual({ ms: wall + 600_000, counter: 8 });
    expect(clock.issue().ms).toBe(wall);
  });

  it("goes on when one millisecond has no counter left", () => {
    const clock = new HybridClock(() => 1000);
    expect(clock.issue({ ms: 1000, counter: 65_535 })).toEqual({ ms: 1001, counter: 0 });
  });
});

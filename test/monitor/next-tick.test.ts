import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { untilNextTick } from "#dist/src/monitor/next-tick.js";

describe("the next look", () => {
  it("is in step with the clock", () => {
    expect(untilNextTick(10_000, 1000)).toBe(1000);
    expect(untilNextTick(10_004, 1000)).toBe(996);
    expect(untilNextTick(10_600, 1000)).toBe(400);
  });

  it("is a whole step away from one whose timer fired early", () => {
    expect(untilNextTick(10_996, 1000)).toBe(1004);
    expect(untilNextTick(99, 100)).toBe(101);
  });

  it("is never due at once, and always at a step", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 100, max: 3_600_000 }), (now, every) => {
        const wait = untilNextTick(now, every);
        expect(wait).toBeGreaterThanOrEqual(every / 4);
        expect(wait).toBeLessThan(1.25 * every + 1);
        expect((now + wait) % every).toBe(0);
      }),
    );
  });
});

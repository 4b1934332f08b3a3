import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrivalsBy, arrivalTime, lowestRate, type Rate } from "#dist/workloads/index.js";

const perSecond = fc.double({ min: 0.5, max: 1e6, noNaN: true });
const rate: fc.Arbitrary<Rate> = fc.oneof(
  perSecond.map((one): Rate => ({ shape: "constant", rate: one })),
  fc.tuple(perSecond, perSecond).map(([from, to]): Rate => ({ shape: "ramp", from, to })),
  fc
    .tuple(perSecond, perSecond, fc.integer({ min: 2, max: 5000 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }))
    .map(([base, burst, every, share]): Rate => ({ shape: "bursts", base, burst, every, length: every * share })),
);
const PHASE_MS = 2000;

describe("when an open loop's operations are meant to start", () => {
  it("the first at once, the others in order, never further apart than the lowest rate says", () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 1e6 }), (one, index) => {
        expect(arrivalTime(one, 0, PHASE_MS)).toBe(0);
        const gap = arrivalTime(one, index, PHASE_MS) - arrivalTime(one, index - 1, PHASE_MS);
        expect(gap).toBeGreaterThan(0);
        expect(gap).toBeLessThanOrEqual((1000 / lowestRate(one)) * (1 + 1e-6));
      }),
    );
  });

  it("when so many were meant to have started before", () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 1e6 }), (one, index) => {
        const time = arrivalTime(one, index, PHASE_MS);
        expect(arrivalsBy(one, time, PHASE_MS) / index).toBeCloseTo(1, 6);
        expect(arrivalsBy(one, 0, PHASE_MS)).toBe(0);
      }),
    );
  });

  it("a ramp reaches a quarter of its operations where the line's integral does, up and down", () => {
    // From 0+ to 2,000/s over 2 s: n(t) = t^2 / 2 000 of 2,000; a quarter after half of the time.
    expect(arrivalTime({ shape: "ramp", from: 1e-9, to: 2000 }, 500, 2000)).toBeCloseTo(1000, 3);
    expect(arrivalTime({ shape: "ramp", from: 2000, to: 1e-9 }, 1500, 2000)).toBeCloseTo(1000, 3);
    expect(arrivalTime({ shape: "ramp", from: 500, to: 500 }, 7, 2000)).toBe(14);
  });

  it("a burst is ten times as dense for as long as it lasts", () => {
    const bursts: Rate = { shape: "bursts", base: 1000, burst: 10_000, every: 1000, length: 100 };
    const times = Array.from({ length: 3800 }, (_, i) => arrivalTime(bursts, i, PHASE_MS));
    const within = (from: number, to: number) => times.filter((t) => t >= from - 1e-6 && t < to - 1e-6).length;
    expect([within(0, 900), within(900, 1000), within(1000, 1900), within(1900, 2000)]).toEqual([900, 1000, 900, 1000]);
  });
});

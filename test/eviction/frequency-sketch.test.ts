import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrequencySketch } from "#dist/src/eviction/frequency-sketch.js";

describe("FrequencySketch", () => {
  it("never estimates below the true count (up to 15) before it first halves", () => {
    const scenario = fc
      .integer({ min: 1, max: 300 })
      .chain((capacity) =>
        fc.tuple(
          fc.constant(capacity),
          fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 10 * capacity - 1, size: "max" }),
        ),
      );
    fc.assert(
      fc.property(scenario, ([capacity, ids]) => {
        const sketch = new FrequencySketch(capacity);
        const counts = new Map<number, number>();
        for (const id of ids) {
          sketch.increment(id);
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
        for (const [id, count] of counts) expect(sketch.estimate(id)).toBeGreaterThanOrEqual(Math.min(15, count));
      }),
    );
  });

  it("overestimates seldom: among as many ids as its capacity, fewer than 1 in 50", () => {
    const capacity = 4096;
    const sketch = new FrequencySketch(capacity);
    for (let id = 0; id < capacity; id++) sketch.increment(id);
    let over = 0;
    for (let id = 0; id < capacity; id++) if (sketch.estimate(id) > 1) over++;
    expect(over).toBeLessThan(capacity / 50);
  });

  it("halves every count once ten additions an entry of capacity have come in", () => {
    const capacity = 8;
    const sketch = new FrequencySketch(capacity);
    for (let i = 0; i < 12; i++) sketch.increment(0);
    expect(sketch.estimate(0)).toBe(12);
    for (let i = 0; i < 10 * capacity - 12; i++) sketch.increment(1 + (i % 6));
    expect(sketch.estimate(0)).toBeLessThan(12);
    expect(sketch.estimate(0)).toBeGreaterThanOrEqual(6);
  });
});

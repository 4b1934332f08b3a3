import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EntryTable } from "#dist/src/store/eviction/entry-table.js";

type Step = { hash: number; action: "settle" | "leave" };

/** Few hashes, so that they collide, leave and come back; some that are neighbours in the table. */
const step: fc.Arbitrary<Step> = fc.record({
  hash: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0xffffffe0, max: 0xffffffff })),
  action: fc.constantFrom("settle", "settle", "leave"),
});

/** Takes the steps in a table of `ids` ids and in a Map; the resident hashes by recency, oldest first. */
function run(steps: Step[], ids: number): { table: EntryTable; residents: Map<number, number> } {
  const table = new EntryTable(ids);
  const residents = new Map<number, number>();
  steps.forEach(({ hash, action }, i) => {
    let id = table.find(hash);
    if (action === "leave") {
      if (id >= 0 && table.isResident(id)) table.vacate(id);
      residents.delete(hash);
      return;
    }
    if (id < 0) id = table.give(hash);
    if (id < 0) {
      expect(residents.size).toBe(ids); // only when every id is resident
      return;
    }
    table.makeResident(id, 32 * (i + 1), i);
    residents.delete(hash);
    residents.set(hash, 32 * (i + 1));
  });
  return { table, residents };
}

describe("the table of ids", () => {
  it("finds every resident by its hash, however often ids change hands", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), fc.integer({ min: 1, max: 24 }), (steps, ids) => {
        const { table, residents } = run(steps, ids);
        expect(table.residents).toBe(residents.size);
        for (const [hash, address] of residents) {
          const id = table.find(hash);
          expect(id).toBeGreaterThanOrEqual(0);
          expect(table.addresses[id]).toBe(address);
        }
      }),
    );
  });

  it("lists residents by when they were last seen", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
        const { table, residents } = run(steps, 100);
        expect([...table.byRecency()].map((id) => table.hashes[id])).toEqual([...residents.keys()]);
      }),
    );
  });

  it("takes an id from a key that left long ago, not from one that left just now", () => {
    const table = new EntryTable(12);
    for (let hash = 0; hash < 12; hash++) table.makeResident(table.give(hash), 32, 0);
    for (let hash = 8; hash >= 0; hash--) table.vacate(table.find(hash));
    table.give(100);
    for (const recent of [0, 1, 2]) expect(table.find(recent)).toBeGreaterThanOrEqual(0);
    expect([3, 4, 5, 6, 7, 8].filter((hash) => table.find(hash) < 0)).toHaveLength(1);
  });

  it("has no id to give when all are resident", () => {
    const table = new EntryTable(2);
    table.makeResident(table.give(1), 32, 0);
    table.makeResident(table.give(2), 64, 0);
    expect(table.give(3)).toBe(-1);
  });
});

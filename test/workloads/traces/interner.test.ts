import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumberInterner, StringInterner } from "#dist/workloads/index.js";

const halves = (id: bigint): [number, number] => [Number(id & 0xffffffffn), Number((id >> 32n) & 0xffffffffn)];

describe("interning 64-bit ids", () => {
  it("agrees with a Map of BigInts, through growth", () => {
    const id = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 0n, max: 30n }),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 53n + 20n }),
    );
    fc.assert(
      fc.property(fc.array(id, { maxLength: 400 }), (ids) => {
        const interner = new NumberInterner(false, 1);
        const model = new Map<bigint, number>();
        for (const each of ids) {
          if (!model.has(each)) model.set(each, model.size);
          expect(interner.intern(...halves(each))).toBe(model.get(each));
        }
        expect(interner.size).toBe(model.size);
        for (const [each, dense] of model) expect(interner.idOf(dense)).toBe(each);
      }),
    );
  });

  it("keeps runs of consecutive ids apart from those 2^32 further on", () => {
    const interner = new NumberInterner();
    for (let hi = 0; hi < 4; hi++)
      for (let lo = 0; lo < 20_000; lo++) expect(interner.intern(lo, hi)).toBe(hi * 20_000 + lo);
    expect(interner.size).toBe(80_000);
    expect(interner.keyOf(79_999)).toBe(String(3n * 2n ** 32n + 19_999n));
  });

  it("prints signed ids signed", () => {
    const interner = new NumberInterner(true);
    interner.intern(0xffffffff, 0xffffffff);
    expect(interner.keyOf(0)).toBe("-1");
  });
});

describe("interning strings", () => {
  it("numbers by first appearance, names of Object's own included", () => {
    const interner = new StringInterner();
    const keys = ["b", "__proto__", "a", "b", "constructor", "__proto__"];
    expect(keys.map((key) => interner.intern(key))).toEqual([0, 1, 2, 0, 3, 1]);
    expect(interner.keyOf(1)).toBe("__proto__");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capacityOf, footprintOf, parseSizes } from "#dist/harness/sweep/index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";

const footprint = { objects: 4897, bytes: 3_000_000 };
const capacities = (list: string, by?: "objects" | "bytes", print = footprint) =>
  parseSizes(list, by).map((size) => [capacityOf(size, "t", print), size.by]);

describe("parseSizes", () => {
  it("reads objects, shares and bytes", () => {
    expect(capacities("1000,10%")).toEqual([
      [1000, "objects"],
      [489, "objects"],
    ]);
    expect(capacities("64MiB, 2kB ,1.5KiB,7B,1GB,1TiB")).toEqual([
      [64 * 2 ** 20, "bytes"],
      [2000, "bytes"],
      [1536, "bytes"],
      [7, "bytes"],
      [1e9, "bytes"],
      [2 ** 40, "bytes"],
    ]);
  });

  it("counts objects in shares and plain numbers, whatever stands beside them", () => {
    expect(capacities("1000,1%,64MiB")).toEqual([
      [1000, "objects"],
      [48, "objects"],
      [2 ** 26, "bytes"],
    ]);
  });

  it("takes everything as bytes when told to count bytes", () => {
    expect(capacities("1000,1%", "bytes")).toEqual([
      [1000, "bytes"],
      [30_000, "bytes"],
    ]);
  });

  it("makes 1 of a share that rounds to nothing, and takes sizes beyond the working set", () => {
    expect(capacities("0.001%,100%,999999")).toEqual([
      [1, "objects"],
      [4897, "objects"],
      [999_999, "objects"],
    ]);
  });

  it("rounds shares down exactly, whatever the decimals", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 2 ** 31 }),
        (thousandths, objects) => {
          const exact = (BigInt(objects) * BigInt(thousandths)) / 100_000n;
          const text = `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, "0")}%`;
          const [size] = parseSizes(text);
          expect(capacityOf(size, "t", { objects, bytes: null })).toBe(Math.max(1, Number(exact)));
        },
      ),
    );
  });

  it.each([
    ["0", "--size 0: a cache holds at least 1"],
    ["-1", "--size -1: expected a number of objects"],
    ["1e99", "--size 1e99: expected a number of objects"],
    ["200%", "--size 200%: expected a share above 0% and up to 100%"],
    ["0%", "--size 0%: expected a share above 0%"],
    ["abc", "--size abc: expected a number of objects"],
    ["", "an item is empty"],
    ["10,,20", "an item is empty"],
    ["10,", "an item is empty"],
    ["1.5", "--size 1.5: expected"],
    ["64 miles", "--size 64 miles: expected"],
    ["1iB", "--size 1iB: expected"],
    ["0.5B", "--size 0.5B: a cache holds at least 1"],
    ["99999999999999999999", "too large"],
    ["9999999TiB", "too large"],
    ["NaN", "--size NaN: expected"],
    ["Infinity", "--size Infinity: expected"],
    ["10 20", "--size 10 20: expected"],
  ])("refuses %j in one line that names it", (list, message) => {
    expect(() => parseSizes(list)).toThrow(InvalidArgumentError);
    expect(() => parseSizes(list)).toThrow(message);
    try {
      parseSizes(list);
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });

  it("refuses bytes next to --by objects, and for a trace without sizes", () => {
    expect(() => parseSizes("64MiB", "objects")).toThrow("--size 64MiB: bytes do not go with --by objects");
    expect(() => capacities("1%", "bytes", { objects: 5, bytes: null as never })).toThrow("t: no object sizes");
  });
});

describe("footprintOf", () => {
  it("adds the bytes of each id at its first request", () => {
    const ids = Uint32Array.of(0, 0, 1, 0, 2, 1);
    const sizes = Uint32Array.of(10, 99, 20, 99, 30, 99);
    expect(footprintOf({ distinct: 3, ids, sizes })).toEqual({ objects: 3, bytes: 60 });
    expect(footprintOf({ distinct: 3, ids, sizes: null })).toEqual({ objects: 3, bytes: null });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClusterEntry, CorruptEntryError, decodeEntry, encodeEntry, valueIn } from "#dist/src/cluster/index.js";

const names = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });

const entries: fc.Arbitrary<ClusterEntry> = fc.record({
  stamp: fc.record({ ms: u48, counter: fc.integer({ min: 0, max: 65_535 }) }),
  node: names,
  count: u48,
  clock: fc.array(fc.tuple(names, u48), { maxLength: 5 }).map((pairs) => new Map(pairs)),
  expiresAt: u48,
  tags: fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 4 }),
  value: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: null }),
});

const plain = (entry: ClusterEntry) => ({
  ...entry,
  clock: [...entry.clock],
  value: entry.value === null ? null : [...entry.value],
});

describe("a version's bytes", () => {
  it("give back what went in, wherever in a buffer they lie", () => {
    fc.assert(
      fc.property(entries, fc.nat({ max: 9 }), (entry, before) => {
        const bytes = encodeEntry(entry);
        const moved = new Uint8Array(before + bytes.length + 5);
        moved.set(bytes, before);
        expect(plain(decodeEntry(moved.subarray(before, before + bytes.length)))).toEqual(plain(entry));
        const gone = entry.value === null || (entry.expiresAt !== 0 && entry.expiresAt <= 1000);
        expect(valueIn(bytes, 1000)).toEqual(gone ? null : entry.value);
      }),
    );
  });

  it("are refused whenever they are cut, longer than they were, or one bit of them is another", () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const bytes = encodeEntry(entry);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decodeEntry(bytes.subarray(0, length))).toThrow(CorruptEntryError);
        }
        expect(() => decodeEntry(new Uint8Array([...bytes, 0]))).toThrow(CorruptEntryError);
        const damaged = bytes.slice();
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          damaged[bit >> 3] ^= 1 << (bit & 7);
          expect(() => decodeEntry(damaged)).toThrow(CorruptEntryError);
          damaged[bit >> 3] ^= 1 << (bit & 7);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("are refused, or read as something, when anything at all is made of them with a right checksum", async () => {
    const { crc32 } = await import("node:zlib");
    fc.assert(
      fc.property(
        entries,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 }),
        (entry, edits) => {
          const bytes = Buffer.from(encodeEntry(entry));
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          bytes.writeUInt32LE(crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4))), 4);
          try {
            expect(decodeEntry(bytes).node.length).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptEntryError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("say of a format to come that it is one", () => {
    const bytes = encodeEntry({
      ...{ stamp: { ms: 1, counter: 0 }, node: "a", count: 1, clock: new Map([["a", 1]]) },
      ...{ expiresAt: 0, tags: [], value: new Uint8Array(1) },
    });
    bytes[1] = 2;
    expect(() => decodeEntry(bytes)).toThrow("byte 1: format 2; this engram reads format 1");
  });
});

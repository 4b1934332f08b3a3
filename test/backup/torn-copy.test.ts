import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countSlab } from "#dist/src/backup/chunk.js";
import { SnapshotEntries } from "#dist/src/backup/index.js";
import type { BackupImage } from "#dist/src/backup/read.js";
import { RegionCounts } from "#dist/src/backup/region-counts.js";
import { RegionSet } from "#dist/src/backup/region-set.js";
import { LiveMemory } from "#dist/src/backup/snapshot.js";
import { layout } from "#dist/src/core/index.js";
import { Store } from "#dist/src/index.js";
import { seedOr } from "../given.js";

const seed = seedOr(20_240_929);

/** A value that says its key in every byte but the first two, which are its length. */
function valueFor(key: number, length: number): Buffer {
  const value = Buffer.alloc(length, key & 0xff);
  value.writeUInt16LE(length, 0);
  return value;
}

describe("a copy under which victims were freed and their chunks filled anew", () => {
  it("drops what was freed while it was read, wherever the reading stood, and keeps the rest", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(0xffff),
        fc.integer({ min: 8, max: 7000 }),
        fc.integer({ min: 1, max: 3000 }),
        async (where, length, writes) => {
          const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, eviction: "clock", maintenance: false });
          const ns = store.namespace("n");
          let key = 0;
          while (store.stats().operations.evictions < 20) ns.set(`key-${key}`, valueFor(key++, length));
          const memory = new LiveMemory(store.handle.memory as WebAssembly.Memory);
          const cut = memory.beginSnapshot(50);
          const classes = memory.slabClasses(cut.slabCount);
          const live = memory.poolBytes(cut.slabCount);
          const copy = new Uint8Array(live);
          const before = new Uint8Array(live);
          // the reader stood here, within a chunk or not, when the writers came: the rest of the copy is read after them
          const at = Math.floor(((where / 0x10000) * live.length) / 4) * 4;
          for (let i = 0; i < writes; i++) ns.set(`key-${key}`, valueFor(key++, length));
          copy.set(live.subarray(at), at);
          const words = new Uint32Array(copy.buffer);
          const regions = live.length >>> layout.REGION_SHIFT;
          const counts = new RegionCounts(regions);
          memory.settle(words, 0, regions, classes, cut.epoch, counts);
          expect(memory.endSnapshot(cut.epoch)).toBe(true);
          const contents = entriesOf(copy, classes, cut.epoch);
          const atCut = entriesOf(before, classes, cut.epoch);
          const wrong = [...contents].filter(
            ([name, value]) => !atCut.has(name) || !value.equals(valueFor(Number(name.slice(4)), length)),
          );
          expect(wrong, `read up to ${at} before the writes`).toEqual([]);
          expect(counts.sum(regions)).toBe(contents.size + own(copy, classes, cut.epoch));
          // nothing but victims is missing
          expect([...atCut.keys()].filter((name) => !contents.has(name) && ns.has(name))).toEqual([]);
          await store.close();
        },
      ),
      { seed, numRuns: 40 },
    );
  });
});

function entriesOf(pool: Uint8Array, slabClasses: Uint8Array, epoch: number): Map<string, Buffer> {
  const header = { epoch, slabCapacity: slabClasses.length, createdMs: 0 } as BackupImage["header"];
  const image = {
    path: "memory",
    header,
    slabClasses,
    pool: Buffer.from(pool.buffer),
    damaged: new Set<number>(),
    missing: 0,
  };
  const entries = new Map<string, Buffer>();
  for (const { key, value } of new SnapshotEntries(image)) entries.set(Buffer.from(key).toString(), Buffer.from(value));
  return entries;
}

/** The store's own entries. */
function own(pool: Uint8Array, slabClasses: Uint8Array, epoch: number): number {
  let n = 0;
  for (const [slab, slabClass] of slabClasses.entries()) {
    n += countSlab(pool.subarray(slab * layout.SLAB_SIZE, (slab + 1) * layout.SLAB_SIZE), slabClass, epoch).own;
  }
  return n;
}

describe("a set of regions", () => {
  it("agrees with a set of numbers, in its runs, its counts and its groups", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 256 }),
        fc.constantFrom(1, 2, 4),
        (members, end, group) => {
          const set = new RegionSet(256);
          const model = new Set<number>();
          for (const member of members) {
            set.addWord(member >>> 5, 1 << (member & 31));
            model.add(member);
          }
          set.roundUp(64, 192, group);
          for (const member of [...model].filter((m) => m >= 64 && m < 192)) {
            for (let i = 0; i < group; i++) model.add(member - (member % group) + i);
          }
          const listed = [...set.runs(end)].flatMap(([from, to]) =>
            Array.from({ length: to - from }, (_, i) => from + i),
          );
          expect(listed).toEqual([...model].filter((member) => member < end).sort((a, b) => a - b));
          expect(set.countBelow(end)).toBe(listed.length);
          for (const [from] of set.runs(end)) expect(model.has(from - 1)).toBe(false);
          set.addBelow(end);
          expect(set.countBelow(256)).toBe(new Set([...model, ...Array.from({ length: end }, (_, i) => i)]).size);
          set.clearBelow(end);
          expect(set.countBelow(256)).toBe([...model].filter((member) => member >= end).length);
        },
      ),
      { seed },
    );
  });
});

/** What has expired fills no limit, is counted by nothing, and goes before anything that lives. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layout } from "#dist/src/core/index.js";
import { NamespaceEvictor } from "#dist/src/store/eviction/within-namespace.js";
import { type EvictionName, NamespaceLimitError, OutOfMemoryError } from "#dist/src/store/index.js";
import { SEED } from "../core/seeded-random.js";
import { HandClock, openStore } from "./fixture.js";

const VALUE = new Uint8Array(16);
const CHUNK = 64;
const configurations = ([true, false] as const).flatMap((shared) =>
  (["none", "clock", "lru", "s3-fifo"] as EvictionName[]).map((eviction) => ({ shared, eviction })),
);

describe.each(configurations)("in a store with %o", (options) => {
  it.each(["refuse", "evict"] as const)(
    "a namespace with whenFull %s is full of the living alone",
    async (whenFull) => {
      const store = await openStore(options);
      for (const limit of [{ maxEntries: 10 }, { maxBytes: 10 * CHUNK }]) {
        const ns = store.namespace(`n ${Object.keys(limit)[0]}`, { ...limit, whenFull });
        const clock = new HandClock(store);
        for (let dead = 1; dead <= 10; dead++) {
          ns.clear();
          for (let i = 0; i < 10 - dead; i++) ns.set(`lives${i}`, VALUE);
          for (let i = 0; i < dead; i++) ns.set(`dies${i}`, VALUE, { ttl: 50 });
          clock.now += 60;
          for (let i = 0; i < dead; i++) expect(ns.set(`new${i}`, VALUE)).toBe(true);
          const keys = [...ns.keys()];
          expect(keys.filter((key) => key.startsWith("lives"))).toHaveLength(10 - dead);
          expect([keys.length, ns.size, ns.usage().entries, ns.usage().bytes]).toEqual([10, 10, 10, 10 * CHUNK]);
          if (whenFull === "refuse") expect(() => ns.set("one more", VALUE)).toThrow(NamespaceLimitError);
        }
      }
    },
  );

  it("size, keys() and usage() mean the same thing, at every moment", async () => {
    const store = await openStore(options);
    const ns = store.namespace("n");
    const clock = new HandClock(store);
    for (let i = 0; i < 200; i++) ns.set(`k${i}`, VALUE, { ttl: 10 * (1 + (i % 20)) });
    for (let left = 200; left > 0; left -= 10) {
      expect([ns.size, [...ns.keys()].length, ns.usage().entries, ns.usage().bytes]).toEqual([
        left,
        left,
        left,
        left * CHUNK,
      ]);
      clock.now += 10;
    }
    expect([ns.size, [...ns.keys()].length, ns.usage().entries, ns.usage().bytes]).toEqual([0, 0, 0, 0]);
  });
});

describe.each([true, false])("memory that is full of what has expired (shared: %s)", (shared) => {
  it("takes every write, and nothing that lives is evicted for it", async () => {
    for (const eviction of ["none", "clock"] as const) {
      const store = await openStore({ shared, eviction, capacity: "2MiB" });
      const ns = store.namespace("n");
      const clock = new HandClock(store);
      for (let i = 0; i < 100; i++) ns.set(`lives${i}`, VALUE);
      let written = 0;
      try {
        for (; written < 100_000 && store.stats().operations.evictions === 0; written++)
          ns.set(`dies${written}`, VALUE, { ttl: 50 });
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
      }
      const living = () => Array.from({ length: 100 }, (_, i) => ns.has(`lives${i}`)).filter(Boolean).length;
      const before = living();
      const { evictions } = store.stats().operations;
      clock.now += 60;
      for (let i = 0; i < written - 100; i++) expect(ns.set(`new${i}`, VALUE)).toBe(true);
      expect([living(), store.stats().operations.evictions]).toEqual([before, evictions]);
    }
  });
});

describe("a policy with maxEntries", () => {
  it.each(["lru", "fifo", "lfu", "s3-fifo", "sieve", "arc"] as const)(
    "%s evicts nothing that lives while something has expired, whichever thread wrote and swept it",
    async (eviction) => {
      for (const shared of [true, false]) {
        const store = await openStore({ shared, eviction, maxEntries: 20 });
        const ns = store.namespace("n");
        const clock = new HandClock(store);
        for (let i = 0; i < 5; i++) ns.set(`lives${i}`, VALUE);
        for (let i = 0; i < 15; i++) ns.set(`dies${i}`, VALUE, { ttl: 50 });
        store.maintain();
        for (let i = 0; i < 15; i++) ns.has(`dies${i}`);
        clock.now += 60;
        expect(ns.size).toBe(5); // this thread sweeps, after it wrote nothing yet
        for (let i = 0; i < 15; i++) ns.set(`new${i}`, VALUE);
        store.maintain();
        expect([...ns.keys()].filter((key) => key.startsWith("lives"))).toHaveLength(5);
        expect([ns.size, store.stats().operations.evictions]).toEqual([20, 0]);
      }
    },
  );
});

describe("the search for a victim in a namespace", () => {
  it(`ends where a whole table has none, wherever it begins (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.array(fc.nat(3000), { maxLength: 5 }),
        (bucketCount, starts) => {
          let listings = 0;
          const worker = {
            bucketCount,
            header: { buffer: new ArrayBuffer(layout.SLOT_SIZE), slots: 0 },
            slotNumber: 0,
            manyWords: new Int32Array(4096),
            currentBuffer: () => new ArrayBuffer(64),
            engine: {
              listOf: (_entry: number, _version: number, _from: number, to: number) => {
                if (++listings > 1000) throw new Error("it goes on and on");
                return BigInt(to); // through to the end, as where nobody is met
              },
              removeVictim: () => 0,
              isCurrentRecord: () => 1,
            },
          };
          const evictor = new NamespaceEvictor(worker as never);
          for (const start of [0, ...starts]) {
            (evictor as unknown as { hand: number }).hand = start % bucketCount;
            expect(evictor.evict({ entry: 0, version: 0 } as never)).toBe(false);
          }
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });

  it("finds nobody in a namespace all of whose entries have expired, and the write returns", async () => {
    for (const shared of [true, false]) {
      const store = await openStore({ shared });
      const ns = store.namespace("n", { maxEntries: 10, whenFull: "evict" });
      const clock = new HandClock(store);
      for (let round = 0; round < 50; round++) {
        for (let i = 0; i < 10; i++) ns.set(`k${i}`, VALUE, { ttl: 30 });
        clock.now += 40;
        expect(ns.set("new", VALUE)).toBe(true);
        expect([...ns.keys()]).toEqual(["new"]);
        ns.delete("new");
      }
    }
  });
});

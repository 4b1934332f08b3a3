import { describe, expect, it } from "vitest";
import { InvalidArgumentError, OutOfMemoryError, Store } from "#dist/src/index.js";
import { makeRandom, SEED } from "../core/seeded-random.js";
import { bytesOf, HandClock, inside, openStore } from "./fixture.js";

const MIB = 2 ** 20;
const KEY = 16; // bytes a short key takes, padded
const SIZES = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
/** The longest value that still goes into a chunk of this size. */
const fits = (size: number) => size - 32 - KEY;

describe("size classes", () => {
  it.each(SIZES)(
    "a value that just fits a chunk of %d bytes takes one, and one byte more takes the next",
    async (size) => {
      const store = await openStore();
      const ns = store.namespace("n");
      ns.set("k", new Uint8Array(fits(size)));
      expect(ns.usage().bytes).toBe(size);
      if (size === SIZES.at(-1)) return;
      ns.set("k", new Uint8Array(fits(size) + 1));
      expect(ns.usage()).toMatchObject({ bytes: size * 2, entries: 1 });
    },
  );

  it("count what they hold, in use and cut", async () => {
    const store = await openStore();
    const ns = store.namespace("n");
    for (let i = 0; i < 1000; i++) ns.set(`k${i}`, new Uint8Array(fits(512)));
    const { bySizeClass, slabBytes, usedBytes, entryBytes, fragmentation, utilisation, poolBytes } =
      store.stats().memory;
    const own = bySizeClass.find(({ size }) => size === 512)!;
    expect(own).toEqual({ size: 512, chunks: 8 * 128, used: 1000 });
    expect(entryBytes).toBe(1000 * 512);
    expect(usedBytes).toBe(bySizeClass.reduce((sum, { size, used }) => sum + size * used, 0));
    expect(slabBytes).toBe(bySizeClass.reduce((sum, { size, chunks }) => sum + size * chunks, 0));
    expect(fragmentation).toBeCloseTo(1 - usedBytes / slabBytes, 10);
    expect(utilisation).toBeCloseTo(usedBytes / poolBytes, 10);
  });
});

describe("a chunk that became free", () => {
  it("is used again by its own thread, and by any other once it went back in a batch", async () => {
    const store = await openStore({ capacity: "4MiB", eviction: "none" });
    const other = await Store.attach(store.handle);
    const [mine, theirs] = [store.namespace("n"), other.namespace("n")];
    const fill = (ns: typeof mine) => {
      let n = 0;
      try {
        for (; ; n++) ns.set(`k${n}`, new Uint8Array(fits(1024)));
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
      }
      return n;
    };
    const all = fill(mine);
    expect(all).toBeGreaterThan(1500);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < all; i++) expect(mine.delete(`k${i}`)).toBe(true);
      inside(store).engine.relinquish();
      expect(fill(theirs)).toBe(all);
      for (let i = 0; i < all; i++) expect(theirs.delete(`k${i}`)).toBe(true);
      // without asking for it: at most a cache and what waits for a scan stay with the other thread
      expect(all - fill(mine)).toBeLessThanOrEqual(48 + 64);
      for (let i = 0; i < all; i++) mine.delete(`k${i}`);
      inside(other).engine.relinquish();
      expect(fill(mine)).toBe(all);
    }
    await other.close();
    expect(store.stats().memory.slabBytes).toBeLessThanOrEqual(store.stats().memory.poolBytes);
  });

  it("keeps the memory flat under churn of one size, and of many", async () => {
    const store = await openStore({ eviction: "none" });
    const ns = store.namespace("n");
    const random = makeRandom(SEED);
    const churn = () => {
      for (let i = 0; i < 20_000; i++) {
        const key = `k${random.below(300)}`;
        if (random.below(4) === 0) ns.delete(key);
        else ns.set(key, new Uint8Array(random.below(4000)));
      }
      return store.stats().memory.slabBytes;
    };
    churn();
    const warm = churn();
    for (let round = 0; round < 4; round++) expect(churn() - warm).toBeLessThanOrEqual(2 * 65_536);
  });
});

describe("growth", () => {
  it("takes the memory to its declared maximum and no further, and old views stay good", async () => {
    const store = await openStore({ capacity: "4MiB", maxCapacity: "24MiB", eviction: "none", expectedEntries: 1000 });
    const ns = store.namespace("n");
    const buffer = store.buffer(5000).fill(7);
    ns.set("first", bytesOf("first"));
    const start = store.stats().memory.capacityBytes;
    expect(start).toBe(4 * MIB);
    let written = 0;
    expect(() => {
      for (; ; written++) ns.set(`k${written}`, new Uint8Array(4000).fill(written));
    }).toThrow(OutOfMemoryError);
    const { capacityBytes, poolBytes, usedBytes } = store.stats().memory;
    expect(capacityBytes).toBeGreaterThan(16 * MIB); // the pool's 60 %, and what lies before it
    expect(capacityBytes).toBeLessThanOrEqual(24 * MIB);
    expect(usedBytes).toBeGreaterThan(poolBytes * 0.98);
    expect(written * 4096).toBeGreaterThan(13 * MIB);
    for (let i = 0; i < written; i += 97) expect(ns.get(`k${i}`)?.every((byte) => byte === (i & 255))).toBe(true);
    expect(ns.get("first")).toEqual(bytesOf("first"));
    expect(buffer.every((byte) => byte === 7)).toBe(true);
    ns.set("last", buffer.subarray(0, 10)); // replaces nothing: the 64-byte class has room
    expect(ns.getInto("last", buffer)).toBe(10);
  });

  it("is seen by threads that attached before it", async () => {
    const store = await openStore({ capacity: "4MiB", maxCapacity: "16MiB" });
    const other = await Store.attach(store.handle);
    const [mine, theirs] = [store.namespace("n"), other.namespace("n")];
    for (let i = 0; i < 2000; i++) {
      mine.set(`k${i}`, new Uint8Array(4000).fill(i));
      expect(theirs.borrow(`k${i}`, (view) => view[3999])).toBe(i & 255);
      expect(theirs.getInto(`k${i}`, other.buffer(4000))).toBe(4000);
    }
    await other.close();
  });

  it("makes private memory as large as it may get at once", async () => {
    const store = await openStore({ capacity: "4MiB", maxCapacity: "16MiB", shared: false, eviction: "none" });
    const ns = store.namespace("n");
    const buffer = store.buffer(10).fill(3);
    for (let i = 0; i < 2000; i++) ns.set(`k${i}`, new Uint8Array(4000).fill(i));
    expect(ns.get("k1999")).toEqual(new Uint8Array(4000).fill(1999));
    expect([...buffer]).toEqual(new Array(10).fill(3));
  });
});

describe("a full store that may not evict", () => {
  async function full(size = 1024) {
    const store = await openStore({ capacity: "4MiB", eviction: "none" });
    const ns = store.namespace("n");
    let n = 0;
    try {
      for (; ; n++) ns.set(`k${n}`, new Uint8Array(fits(size)).fill(n));
    } catch (error) {
      return { store, ns, n, error: error as OutOfMemoryError };
    }
  }

  it("refuses with the size class and how full it is", async () => {
    const { store, error } = await full();
    const own = store.stats().memory.bySizeClass.find(({ size }) => size === 1024)!;
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect(error.code).toBe("OUT_OF_MEMORY");
    expect(error.message).toContain("chunk of 1024 bytes");
    expect(error.message).toContain(`${own.used} of ${own.chunks}`);
    expect(own.chunks - own.used).toBeLessThanOrEqual(64);
    expect(store.stats().operations.outOfMemory).toBeGreaterThan(0);
  });

  it("still has every old value, also of the key that could not be replaced", async () => {
    const { ns, n } = await full();
    const old = () => Array.from({ length: n }, (_, i) => ns.get(`k${i}`)?.[0]);
    const before = old();
    expect(before).toEqual(Array.from({ length: n }, (_, i) => i & 255));
    expect(() => ns.set("k5", new Uint8Array(fits(2048)))).toThrow(OutOfMemoryError);
    expect(() => ns.set("k5", new Uint8Array(fits(1024)).fill(99))).toThrow(OutOfMemoryError);
    expect(() => ns.set("new", new Uint8Array(fits(1024)), { ifAbsent: true })).toThrow(OutOfMemoryError);
    expect(old()).toEqual(before);
    expect([ns.has("new"), ns.size]).toEqual([false, n]);
  });

  it("writes again as soon as something was deleted, has expired, or was cleared", async () => {
    const { store, ns, n } = await full();
    const value = new Uint8Array(fits(1024));
    ns.delete("k7");
    expect(ns.set("again", value)).toBe(true);

    const clock = new HandClock(store);
    for (let i = 0; i < 100; i++) ns.delete(`k${10 + i}`);
    for (let i = 0; i < 90; i++) ns.set(`short${i}`, value, { ttl: 20 });
    expect(() => {
      for (let i = 0; i <= n; i++) ns.set(`more${i}`, value);
    }).toThrow(OutOfMemoryError);
    clock.advance(40);
    for (let i = 0; i < 90; i++) ns.set(`after${i}`, value); // nobody swept but the writer itself

    ns.clear();
    expect(ns.size).toBe(0);
    for (let i = 0; i < n - 64; i++) ns.set(`k${i}`, value);
  });

  it("can be cleared even when not a single chunk is left for it", async () => {
    const { store, ns } = await full(64);
    expect(() => store.namespace("one more")).toThrow(OutOfMemoryError);
    ns.clear();
    expect([ns.size, [...ns].length]).toEqual([0, 0]);
    ns.set("k", bytesOf("again"));
    expect(ns.size).toBe(1);
  });

  it("uses larger chunks for small values when only those are left", async () => {
    const { store, ns, n } = await full(4096);
    for (let i = 0; i < 10; i++) ns.delete(`k${i}`);
    for (let i = 0; i < 8; i++) ns.set(`small${i}`, bytesOf(`value ${i}`));
    for (let i = 0; i < 8; i++) expect(ns.get(`small${i}`)).toEqual(bytesOf(`value ${i}`));
    // one slab is cut into chunks of 128: the directory's entry is in one of them
    expect(ns.usage().bytes).toBe((n - 10) * 4096 + 8 * 128);
    for (let i = 8; i < 515; i++) ns.set(`small${i}`, bytesOf(`value ${i}`));
    for (let i = 0; i < 515; i++) expect(ns.get(`small${i}`)).toEqual(bytesOf(`value ${i}`));
    expect(ns.usage().bytes).toBe((n - 10 + 4) * 4096 + 511 * 128);
    expect(store.stats().memory.bySizeClass[1]).toEqual({ size: 64, chunks: 0, used: 0 });
  });
});

describe("a full store that evicts", () => {
  it("takes every write, and stays within its memory", async () => {
    const store = await openStore({ capacity: "4MiB" });
    const ns = store.namespace("n");
    const random = makeRandom(SEED);
    for (let i = 0; i < 40_000; i++) {
      const value = random.bytes(random.below(500));
      ns.set(`k${i}`, value);
      expect(Buffer.compare(ns.get(`k${i}`)!, value)).toBe(0);
    }
    const { operations, memory, entries } = store.stats();
    expect(operations.evictions).toBeGreaterThan(20_000);
    expect(operations.outOfMemory).toBe(0);
    expect(entries).toBe(ns.size);
    expect(memory.usedBytes).toBeLessThanOrEqual(memory.poolBytes);
  });

  it.each([
    ["64-byte chunks, in hundreds of slabs", 16 * MIB, fits(64)],
    ["16-KiB chunks, four a slab", 8 * MIB, fits(16_384)],
  ])("takes new entries even when all of them are hot: %s", async (_, capacity, length) => {
    const store = await openStore({ capacity });
    const ns = store.namespace("n");
    let n = 0;
    while (store.stats().operations.evictions === 0)
      for (let i = 0; i < 100; i++) ns.set(`k${n++}`, new Uint8Array(length));
    for (let round = 0; round < 4; round++) for (let i = 0; i < n; i++) ns.has(`k${i}`);
    for (let i = 0; i < 1000; i++) expect(ns.set(`new${i}`, new Uint8Array(length))).toBe(true);
    expect(store.stats().operations.outOfMemory).toBe(0);
  });

  it(`keeps what is read again and again rather than what is not (seed ${SEED})`, async () => {
    const store = await openStore({ capacity: "8MiB" });
    const ns = store.namespace("n");
    const value = new Uint8Array(200);
    const hot = Array.from({ length: 2000 }, (_, i) => `hot${i}`);
    for (const key of hot) ns.set(key, value);
    for (let cold = 0; cold < 60_000; cold++) {
      ns.set(`cold${cold}`, value);
      if (cold % 15 === 0) for (let i = 0; i < 15; i++) ns.has(hot[(cold + i) % hot.length]);
    }
    const kept = hot.filter((key) => ns.has(key)).length / hot.length;
    const coldKept = Array.from({ length: 20_000 }, (_, i) => `cold${i}`).filter((key) => ns.has(key)).length / 20_000;
    expect(store.stats().operations.evictions).toBeGreaterThan(30_000);
    expect(kept).toBeGreaterThan(0.9);
    expect(coldKept).toBeLessThan(0.3);
  });

  it("never evicts the directory, grants or channels", async () => {
    const store = await openStore({ capacity: "4MiB" });
    const ns = store.namespace("n");
    const names = Array.from({ length: 200 }, (_, i) => `namespace-${i}`);
    for (const name of names) store.namespace(name, { encoding: "json" });
    for (const name of names) store.grant("7", name, ["read"]);
    const channel = store.channel("c");
    channel.send(bytesOf("kept"));
    for (let i = 0; i < 60_000; i++) ns.set(`k${i}`, new Uint8Array(60));
    expect(store.namespaces().sort()).toEqual([...names, "n"].sort());
    for (const name of names) expect(store.as("7").namespace(name).get("absent")).toBeUndefined();
    expect(channel.receive()).toEqual(bytesOf("kept"));
  });

  it("evicts expired entries before it would evict a living one", async () => {
    const store = await openStore({ capacity: "4MiB" });
    const ns = store.namespace("n");
    const clock = new HandClock(store);
    // a few living entries that were read now and then, and many that have expired
    for (let i = 0; i < 4; i++) ns.set(`stays${i}`, new Uint8Array(fits(16_384)));
    for (let i = 0; i < 12; i++) ns.has(`stays${i % 4}`);
    let n = 0;
    while (store.stats().operations.evictions === 0) ns.set(`gone${n++}`, new Uint8Array(fits(16_384)), { ttl: 50 });
    clock.advance(100);
    const before = store.stats().operations.evictions;
    for (let i = 0; i < 20; i++) ns.set(`new${i}`, new Uint8Array(fits(16_384)));
    // each eviction took one of what had expired, apart from a few: samples are small
    expect(store.stats().operations.evictions - before).toBeLessThanOrEqual(25);
    expect(Array.from({ length: 20 }, (_, i) => ns.has(`new${i}`)).filter(Boolean).length).toBeGreaterThan(15);
    expect(Array.from({ length: 4 }, (_, i) => ns.has(`stays${i}`)).filter(Boolean).length).toBeGreaterThan(2);
  });
});

describe("buffers in the shared memory", () => {
  it("hold what was written to them while entries come and go, as target and as value", async () => {
    const store = await openStore({ capacity: "4MiB" });
    const ns = store.namespace("n");
    const buffers = Array.from({ length: 50 }, (_, i) => store.buffer(100 + i).fill(i));
    for (let i = 0; i < 30_000; i++) ns.set(`k${i}`, new Uint8Array(120));
    buffers.forEach((buffer, i) => {
      expect(buffer).toHaveLength(100 + i);
      expect(buffer.every((byte) => byte === i)).toBe(true);
      ns.set("b", buffer);
      expect(ns.get("b")).toEqual(Uint8Array.from(buffer));
      ns.set("b", buffer.subarray(10, 20));
      buffer.fill(0);
      expect(ns.getInto("b", buffer.subarray(3))).toBe(10);
      expect([...buffer.subarray(0, 14)]).toEqual([0, 0, 0, ...new Array(10).fill(i), 0]);
    });
  });

  it("are given back by hand, once", async () => {
    const store = await openStore({ capacity: "4MiB", eviction: "none" });
    for (let i = 0; i < 5000; i++) {
      const buffer = store.buffer(16_000).fill(i);
      if (i % 1000 === 0) expect(store.stats().memory.usedBytes).toBe(16_384);
      store.returnBuffer(buffer);
      if (i > 0) continue;
      expect(() => store.returnBuffer(buffer)).toThrow(InvalidArgumentError);
      expect(() => store.returnBuffer(new Uint8Array(8))).toThrow(InvalidArgumentError);
      expect(() => store.returnBuffer(undefined as never)).toThrow(InvalidArgumentError);
    }
    expect(store.stats().memory.usedBytes).toBe(0);
  });

  it("of a thread that detaches go back to the store", async () => {
    const store = await openStore({ capacity: "4MiB", eviction: "none" });
    for (let round = 0; round < 20; round++) {
      const other = await Store.attach(store.handle);
      for (let i = 0; i < 20; i++) other.buffer(16_000);
      await other.close();
    }
    expect(store.stats().memory.usedBytes).toBe(0);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, NamespaceLimitError, restore, Store } from "#dist/src/index.js";
import { openStore, settle } from "./live-store.js";

const VALUE = new Uint8Array(16);

describe("a namespace with whenFull evict", () => {
  it.each(["none", "clock", "lru"] as const)(
    "keeps its maxEntries in a store with eviction %s, and takes every write",
    async (eviction) => {
      const store = await openStore({ eviction });
      const other = store.namespace("other");
      for (let i = 0; i < 200; i++) other.set(`key:${i}`, VALUE);
      const ns = store.namespace("n", { maxEntries: 50, whenFull: "evict" });
      for (let i = 0; i < 2000; i++) {
        expect(ns.set(`key:${i}`, VALUE)).toBe(true);
        expect(ns.size).toBeLessThanOrEqual(50);
        expect(ns.has(`key:${i}`)).toBe(true);
        if (i % 100 === 0) store.maintain();
      }
      expect([ns.size, other.size]).toEqual([50, 200]);
      expect(store.stats().operations.evictions).toBe(1950);
      if (eviction !== "lru") return;
      settle(store);
      expect(store.stats().eviction.residents).toBe(250); // the policy has heard of those that went
    },
  );

  it("keeps those that are read and lets go of those that are not", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { maxEntries: 100, whenFull: "evict" });
    for (let i = 0; i < 20; i++) ns.set(`hot:${i}`, VALUE);
    let lost = 0;
    for (let i = 0; i < 5000; i++) {
      const hot = `hot:${i % 20}`;
      if (ns.get(hot) === undefined) {
        lost++;
        ns.set(hot, VALUE);
      }
      ns.set(`cold:${i}`, VALUE);
    }
    console.log(`${lost} of 5000 reads of a fifth of the namespace's entries found nothing`);
    expect(lost).toBeLessThan(50);
  });

  it("keeps its maxBytes, whatever the sizes, and evicts nothing for a value that is larger than all of it", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { maxBytes: 8192, whenFull: "evict" });
    const step = fc.record({ key: fc.nat(40), bytes: fc.integer({ min: 0, max: 3000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        for (const { key, bytes } of steps) {
          ns.set(`key:${key}`, new Uint8Array(bytes));
          expect(ns.usage().bytes).toBeLessThanOrEqual(8192);
          expect(ns.get(`key:${key}`)?.length).toBe(bytes);
        }
      }),
      { numRuns: 20 },
    );
    const { entries } = ns.usage();
    expect(() => ns.set("huge", new Uint8Array(9000))).toThrow(NamespaceLimitError);
    expect(ns.usage().entries).toBe(entries);
  });

  it("evicts for every kind of write, of every handle, and after a clear", async () => {
    const store = await openStore();
    store.namespace("n", { maxEntries: 10, whenFull: "evict" });
    const ns = store.namespace("n"); // the way another thread comes by it
    const prepared = ns.key("prepared");
    const write = [
      () => ns.setMany(Array.from({ length: 30 }, (_, i) => [`many:${i}`, VALUE] as const)),
      () => ns.set(prepared, VALUE),
      () => ns.increment("counter"),
      () => ns.set("conditional", VALUE, { ifAbsent: true }),
      () => ns.clear(),
      () => ns.setMany(new Map(Array.from({ length: 30 }, (_, i) => [`more:${i}`, VALUE]))),
    ];
    for (const act of write) {
      act();
      expect(ns.size).toBeLessThanOrEqual(10);
    }
    expect(ns.size).toBe(10);
    ns.limit({ maxEntries: 3 });
    expect(ns.size).toBe(10); // those that are there stay, until the next write
    ns.set("one more", VALUE);
    expect(ns.size).toBe(3);
  });

  it("finds its few entries among many of others", async () => {
    const store = await openStore();
    const other = store.namespace("other");
    for (let i = 0; i < 5000; i++) other.set(`key:${i}`, VALUE);
    const ns = store.namespace("n", { maxEntries: 2, whenFull: "evict" });
    for (let i = 0; i < 100; i++) ns.set(`key:${i}`, VALUE);
    expect([ns.size, other.size]).toEqual([2, 5000]);
  });

  it("keeps its limit while several threads write, and no thread is refused", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { maxEntries: 20, whenFull: "evict" });
    const writers = [0, 1].map((writer) => {
      const thread = store.spawn(new URL("./threads/write-limited.mjs", import.meta.url), { workerData: { writer } });
      return new Promise((resolve, reject) => thread.once("exit", resolve).once("error", reject));
    });
    let most = 0;
    for (let i = 0; i < 3000; i++) {
      ns.set(`main:${i}`, VALUE);
      most = Math.max(most, ns.size);
    }
    expect(await Promise.all(writers)).toEqual([0, 0]);
    // the count includes what others have reserved and are about to give back
    expect(most).toBeLessThanOrEqual(20 + 2);
    expect(ns.size).toBeLessThanOrEqual(20);
    expect([...ns.keys()].length).toBe(ns.size);
  });

  it("says how full it is in the levels of the store's pressure, and what it does", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { maxEntries: 100, whenFull: "evict" });
    const levels: string[] = [];
    for (let i = 1; i <= 100; i++) {
      ns.set(`key:${i}`, VALUE);
      if ([59, 60, 80, 90, 91].includes(i)) levels.push(ns.usage().pressure);
    }
    expect(levels).toEqual(["low", "medium", "high", "high", "critical"]);
    expect(ns.usage()).toMatchObject({ entries: 100, maxEntries: 100, whenFull: "evict" });
    expect(store.namespace("free").usage()).toMatchObject({ pressure: "low", whenFull: "refuse" });
  });

  it("stays one in a backup", async () => {
    const directory = mkdtempSync(join(tmpdir(), "engram-limits-"));
    try {
      const store = await Store.create({ capacity: "8MiB", eviction: "none" });
      store.namespace("n", { maxEntries: 5, whenFull: "evict", encoding: "string" }).set("k", "v");
      const backups = await store.backup({ directory });
      await backups.now();
      await store.close();
      const { store: again } = await restore(directory);
      expect(again.namespace("n").usage()).toMatchObject({ maxEntries: 5, whenFull: "evict", entries: 1 });
      expect(again.namespace("n").get("k")).toBe("v");
      await again.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe("a namespace without it", () => {
  it("refuses as ever what would break its limits", async () => {
    const store = await openStore({ eviction: "clock" });
    for (const options of [{ maxEntries: 2 }, { maxEntries: 2, whenFull: "refuse" as const }]) {
      const ns = store.namespace(`n${Object.keys(options).length}`, options);
      ns.set("a", VALUE);
      ns.set("b", VALUE);
      expect(() => ns.set("c", VALUE)).toThrow(NamespaceLimitError);
      expect(ns.size).toBe(2);
    }
  });

  it("cannot be asked for as another than it was made, nor as something else", async () => {
    const store = await openStore();
    store.namespace("refusing", { maxEntries: 2 });
    expect(() => store.namespace("refusing", { whenFull: "evict" })).toThrow(
      /namespace "refusing" was made with whenFull "refuse", not "evict"/,
    );
    expect(() => store.namespace("n", { whenFull: "throw" as never })).toThrow(InvalidArgumentError);
    expect(store.namespaces()).toEqual(["refusing"]);
  });
});

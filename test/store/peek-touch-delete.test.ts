/** Looks that leave no trace, expiries that are changed, deletes of one version, counters that are read and set: what a Map has no word for. */
import { describe, expect, it } from "vitest";
import { AccessDeniedError, InvalidArgumentError, InvalidValueError, OutOfMemoryError } from "#dist/src/index.js";
import { type Tap, tapStore } from "#dist/src/store/index.js";
import { bytesOf, HandClock, openStore } from "./fixture.js";

const ENCODINGS = ["binary", "string", "json", "msgpack"] as const;

class Heard implements Tap {
  readonly lines: string[] = [];
  operation(_: string, operation: string, key: unknown, bytes: number, ttl: number): void {
    this.lines.push(`${operation} ${String(key)} ${bytes}${ttl === 0 ? "" : ` ttl ${ttl}`}`);
  }
}

describe.each([true, false])("peek, with shared: %s", (shared) => {
  it("reads what get reads, and counts in no statistics", async () => {
    const store = await openStore({ shared });
    const clock = new HandClock(store);
    const ns = store.namespace("n", { encoding: "json" });
    ns.set("k", { a: 1 }, { ttl: 100 });
    const prepared = ns.key("k");
    const before = store.stats().operations;
    for (const key of ["k", bytesOf("k"), prepared]) expect(ns.peek(key)).toEqual({ a: 1 });
    expect(ns.peek("absent")).toBeUndefined();
    const { gets, misses } = store.stats().operations;
    expect({ gets, misses }).toEqual({ gets: before.gets, misses: before.misses });
    clock.advance(120);
    expect(ns.peek("k")).toBeUndefined();
    ns.set("k", { a: 2 });
    ns.clear();
    expect(ns.peek("k")).toBeUndefined();
    store.dropNamespace("n");
    expect(ns.peek("k")).toBeUndefined();
    expect(store.namespaces()).toEqual([]);
  });

  it("does not keep an entry from being evicted, as a get does", async () => {
    const store = await openStore({ shared });
    const ns = store.namespace("n", { encoding: "string", maxEntries: 64, whenFull: "evict" });
    const survivors = (look: (key: string) => unknown) => {
      let left = 0;
      for (let time = 0; time < 20; time++) {
        ns.clear();
        // each time other keys: where they lie is the store's own draw, and one place for all times would be luck for all of them
        for (let i = 0; i < 64; i++) ns.set(`k${time}.${i}`, "v");
        for (let round = 0; round < 3; round++) for (let i = 0; i < 16; i++) look(`k${time}.${i}`);
        for (let i = 0; i < 32; i++) ns.set(`new${time}.${i}`, "v");
        for (let i = 0; i < 16; i++) if (ns.has(`k${time}.${i}`)) left++;
      }
      return left; // of 320
    };
    const [unread, read, peeked] = [
      survivors(() => {}),
      survivors((key) => ns.get(key)),
      survivors((key) => ns.peek(key)),
    ];
    expect(read - unread).toBeGreaterThan(60);
    expect(peeked).toBeLessThan((read + unread) / 2);
  });
});

describe.each([true, false])("touch, with shared: %s", (shared) => {
  it("gives an entry another expiry or none, and leaves its value", async () => {
    const store = await openStore({ shared });
    const clock = new HandClock(store);
    const ns = store.namespace("n", { encoding: "string" });
    ns.set("k", "v".repeat(3000), { ttl: 100 });
    const before = ns.getEntry("k");
    clock.advance(50);
    expect(ns.touch("k", 100)).toBe(true);
    clock.advance(80);
    expect(ns.get("k")).toBe(before?.value);
    expect(ns.getEntry("k")?.version).not.toBe(before?.version); // a write, as others who look by version have to know
    expect(ns.set("k", "w", { ifVersion: before?.version })).toBe(false);
    expect(ns.touch("k", "1h")).toBe(true);
    clock.advance(3_000_000);
    expect(ns.touch("k")).toBe(true);
    expect(ns.getEntry("k")?.expiresAt).toBeUndefined();
    clock.advance(10_000_000);
    expect(ns.get("k")).toBe(before?.value);
    expect(ns.touch("k", 10)).toBe(true);
    clock.advance(20);
    expect(ns.has("k")).toBe(false);
    expect(ns.usage()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it("brings nothing back that has expired, was deleted, cleared or dropped", async () => {
    const store = await openStore({ shared });
    const clock = new HandClock(store);
    const ns = store.namespace("n");
    expect(ns.touch("k", 1000)).toBe(false);
    ns.set("k", bytesOf("v"), { ttl: 100 });
    clock.advance(120);
    expect(ns.touch("k", 1000)).toBe(false);
    ns.set("k", bytesOf("v"));
    ns.delete("k");
    expect(ns.touch(ns.key("k"))).toBe(false);
    ns.set("k", bytesOf("v"));
    ns.clear();
    expect(ns.touch("k")).toBe(false);
    ns.set("k", bytesOf("v"));
    store.dropNamespace("n");
    expect(ns.touch("k", 1000)).toBe(false);
    expect(store.namespaces()).toEqual([]);
  });
});

describe("touch", () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, null, "0s", "soon", "5", {}, 201 * 864e5])(
    "refuses %j as a ttl, whether the key is there or not, and changes nothing",
    async (ttl) => {
      const ns = (await openStore()).namespace("n", { encoding: "string" });
      ns.set("k", "v", { ttl: 60_000 });
      const before = ns.getEntry("k");
      for (const key of ["k", "absent"])
        expect(() => ns.touch(key, ttl as number)).toThrow(/ttl is .*expected milliseconds above 0/);
      expect(ns.getEntry("k")).toEqual(before);
      expect(() => ns.touch("", 5)).toThrow(InvalidArgumentError);
    },
  );

  it("leaves the entry as it was when there is no memory for another", async () => {
    const store = await openStore({ eviction: "none", capacity: "2MiB" });
    const ns = store.namespace("n");
    const value = new Uint8Array(15_000).fill(7);
    let n = 0;
    expect(() => {
      for (; ; n++) ns.set(`k${n}`, value);
    }).toThrow(OutOfMemoryError);
    const before = ns.getEntry("k0");
    expect(() => ns.touch("k0", 1000)).toThrow(/no chunk of 16384 bytes is free/);
    expect(ns.getEntry("k0")).toEqual(before);
    ns.delete(`k${n - 1}`);
    expect(ns.touch("k0", 1000)).toBe(true);
  });

  it("stays within a namespace that is full", async () => {
    const ns = (await openStore()).namespace("n", { encoding: "string", maxEntries: 1 });
    ns.set("k", "v");
    expect(ns.touch("k", 5000)).toBe(true);
    expect(ns.size).toBe(1);
  });
});

describe.each([true, false])("a delete of one version, with shared: %s", (shared) => {
  it("removes that version and no other", async () => {
    const store = await openStore({ shared });
    const clock = new HandClock(store);
    const ns = store.namespace("n", { encoding: "string" });
    ns.set("k", "old");
    const old = ns.getEntry("k")!.version;
    ns.set("k", "new", { ttl: 100 });
    expect(ns.delete("k", { ifVersion: old })).toBe(false);
    expect(ns.get("k")).toBe("new");
    expect(ns.delete("other", { ifVersion: old })).toBe(false);
    const { version } = ns.getEntry("k")!;
    expect(ns.delete(ns.key("k"), { ifVersion: version })).toBe(true);
    expect(ns.delete("k", { ifVersion: version })).toBe(false);
    ns.set("k", "third", { ttl: 100 });
    const third = ns.getEntry("k")!.version;
    clock.advance(120);
    expect(ns.delete("k", { ifVersion: third })).toBe(false); // it was gone by itself
    ns.set("k", "fourth");
    const fourth = ns.getEntry("k")!.version;
    ns.clear();
    expect(ns.delete("k", { ifVersion: fourth })).toBe(false);
    store.dropNamespace("n");
    expect(ns.delete("k", { ifVersion: fourth })).toBe(false);
    expect(ns.delete("k", {})).toBe(false); // asks for nothing
  });
});

describe("a delete", () => {
  it.each([undefined, null, 1, -1n, 2n ** 64n, "1"])(
    "refuses %s as a version, and removes nothing",
    async (version) => {
      const ns = (await openStore()).namespace("n", { encoding: "string" });
      ns.set("k", "v");
      expect(() => ns.delete("k", { ifVersion: version as bigint })).toThrow(/ifVersion is .*expected a version/);
      expect(ns.get("k")).toBe("v");
    },
  );
});

describe.each(ENCODINGS)("a counter in %s", (encoding) => {
  it("is read, set back and set, and keeps its expiry", async () => {
    const store = await openStore();
    const clock = new HandClock(store);
    const ns = store.namespace<unknown>("n", { encoding });
    expect(ns.readCounter("c")).toBeUndefined();
    expect(ns.has("c")).toBe(false); // a look makes none
    ns.increment("c", 41);
    expect(ns.increment("c")).toBe(ns.readCounter("c"));
    expect(ns.resetCounter("c")).toBe(42n);
    expect(ns.readCounter("c")).toBe(0n);
    expect(ns.resetCounter("c", -7)).toBe(0n);
    expect(ns.increment("c", 2)).toBe(-5n);
    expect(ns.resetCounter("new", 3n)).toBeUndefined();
    expect(ns.increment("new")).toBe(4n);
    ns.touch("new", 100);
    ns.resetCounter("new", 9);
    clock.advance(120);
    expect(ns.readCounter("new")).toBeUndefined();
  });

  it("expires by the ttl it was made with, whatever later increments say", async () => {
    const store = await openStore();
    const clock = new HandClock(store);
    const ns = store.namespace<unknown>("n", { encoding });
    expect(ns.increment("c", 1, { ttl: 100 })).toBe(1n);
    clock.advance(60);
    expect(ns.increment("c", 1, { ttl: "1h" })).toBe(2n);
    clock.advance(60);
    expect(ns.increment("c", 1, { ttl: 100 })).toBe(1n); // the next window
    clock.advance(120);
    expect(ns.increment("c")).toBe(1n);
    ns.increment("c", 1, { ttl: 100 });
    expect(ns.getEntry("c")?.expiresAt).toBeUndefined(); // made without
  });

  it("refuses what is none, and changes nothing", async () => {
    const ns = (await openStore()).namespace<unknown>("n", { encoding });
    ns.set("k", encoding === "binary" ? bytesOf("seven b") : "seven b");
    const before = ns.getEntry("k");
    expect(() => ns.readCounter("k")).toThrow(/a counter is/);
    expect(() => ns.resetCounter("k")).toThrow(/a counter is/);
    for (const to of [1.5, Number.NaN, "1", null, {}])
      expect(() => ns.resetCounter("k", to as number)).toThrow(/resetCounter to .*expected a whole number/);
    if (encoding !== "string") expect(() => ns.resetCounter("c", 2n ** 70n)).toThrow(InvalidArgumentError);
    for (const ttl of [0, -1, "soon"]) expect(() => ns.increment("c", 1, { ttl })).toThrow(/ttl is/);
    expect(() => ns.increment("c", 1, { tll: 5 } as never)).toThrow(/did you mean "ttl"/);
    expect(ns.getEntry("k")).toEqual(before);
    expect(ns.size).toBe(1);
  });
});

describe("forEach", () => {
  it("calls with value, key and namespace, as a Map does, and stops where it throws", async () => {
    const ns = (await openStore()).namespace<number>("n", { encoding: "json" });
    for (let i = 0; i < 5; i++) ns.set(`k${i}`, i);
    const map = new Map<string, number>();
    const own = {};
    ns.forEach(function (this: unknown, value, key, namespace) {
      expect([this, namespace]).toEqual([own, ns]);
      map.set(key, value);
    }, own);
    expect(map).toEqual(new Map(ns));
    let seen = 0;
    const stop = () => {
      seen++;
      throw new Error("enough");
    };
    expect(() => ns.forEach(stop)).toThrow("enough");
    expect(seen).toBe(1);
    expect(() => ns.forEach("no" as never)).toThrow(/forEach calls a function/);
  });
});

describe("who may", () => {
  it("peeks and reads counters with read, touches with write, sets counters with both", async () => {
    const store = await openStore();
    const ns = store.namespace("board", { encoding: "json" });
    ns.set("k", 1);
    store.grant("reader", "board", ["read"]);
    store.grant("writer", "board", ["write"]);
    const reader = store.as("reader").namespace("board", { encoding: "json" });
    const writer = store.as("writer").namespace("board", { encoding: "json" });
    expect(reader.peek("k")).toBe(1);
    expect(reader.readCounter("k")).toBe(1n);
    expect(writer.touch("k", 60_000)).toBe(true);
    const { version } = ns.getEntry("k")!;
    const refused = [
      () => reader.touch("k", 5),
      () => reader.resetCounter("k"),
      () => reader.delete("k", { ifVersion: version }),
      () => writer.peek("k"),
      () => writer.readCounter("k"),
      () => writer.resetCounter("k"),
      () => writer.delete("k", { ifVersion: version }),
      () => writer.forEach(() => {}),
    ];
    for (const use of refused) expect(use).toThrow(AccessDeniedError);
    expect(ns.getEntry("k")?.version).toBe(version);
  });
});

describe("who listens", () => {
  it("hears of a touch as the set that it is, of a refused delete as a look, and of a peek nothing", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    ns.set("k", "four");
    const { version } = ns.getEntry("k")!;
    const tap = new Heard();
    const stop = tapStore(store, tap);
    ns.peek("k");
    ns.touch("k", "5s");
    ns.touch("k");
    ns.touch("absent", 5);
    ns.delete("k", { ifVersion: version });
    ns.delete("k", { ifVersion: ns.getEntry("k")?.version });
    ns.delete("k");
    ns.increment("c", 1, { ttl: 1000 });
    ns.readCounter("c");
    ns.resetCounter("c", 10);
    stop();
    expect(tap.lines).toEqual([
      ...["set k 4 ttl 5000", "set k 4", "get absent 0", "get k 0", "get k 4", "delete k 0", "delete k 0"],
      ...["increment c 8 ttl 1000", "get c 1", "get c 1", "set c 2"],
    ]);
  });

  it("a schema sees what is peeked where it sees reads, and counters that are set", async () => {
    const store = await openStore();
    const small = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => ((value as number) < 10 ? { value } : { issues: [{ message: "too large" }] }),
      },
    };
    store.namespace("n", { encoding: "json" }).set("large", 100);
    const ns = store.namespace("n", { encoding: "json", schema: small, checkReads: true });
    expect(() => ns.peek("large")).toThrow(InvalidValueError);
    expect(() => ns.resetCounter("c", 11)).toThrow(InvalidValueError);
    expect(ns.resetCounter("c", 9)).toBeUndefined();
    expect(ns.peek("c")).toBe(9);
  });
});

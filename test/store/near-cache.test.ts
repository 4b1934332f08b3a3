/** Values kept near: never a stale one, whoever changed what; shared, frozen and bounded. */
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  AccessDeniedError,
  ClosedError,
  InvalidArgumentError,
  InvalidValueError,
  type Namespace,
  type NamespaceOptions,
  type Store,
  type StoreOptions,
} from "#dist/src/index.js";
import { tapStore } from "#dist/src/store/index.js";
import "../seeded-properties.js";
import { bytesOf, HandClock, inside, openStore } from "./fixture.js";

// biome-ignore lint/suspicious/noExplicitAny: the point is to pass what the types forbid
const wrong = (value: unknown) => value as any;
const JSON_NEAR = { encoding: "json", near: 100 } as const;

/** Whether the next `get` of the key is answered with what is kept. */
function isKept(store: Store, ns: Namespace<unknown>, key: string): boolean {
  const { hits } = store.stats().near;
  ns.get(key);
  return store.stats().near.hits > hits;
}

describe("a value kept near", () => {
  it("is given again, the very same one, until it is another", async () => {
    const store = await openStore();
    const ns = store.namespace<{ step: number }>("plans", JSON_NEAR);
    ns.set("a", { step: 1 });
    const before = store.stats().operations;
    const first = ns.get("a");
    expect(first).toEqual({ step: 1 });
    expect(ns.get("a")).toBe(first);
    ns.set("a", { step: 2 });
    expect(ns.get("a")).toEqual({ step: 2 });
    expect(ns.get("a")).toBe(ns.get("a"));
    expect(store.stats().near).toEqual({ hits: 3, stale: 1, drops: 0 });
    const { gets, hits, misses } = store.stats().operations;
    expect([gets - before.gets, hits - before.hits, misses - before.misses]).toEqual([5, 5, 0]);
  });

  const CHANGES: [string, (ns: Namespace<unknown>, store: Store) => void, unknown][] = [
    ["a set", (ns) => ns.set("a", ["new"]), ["new"]],
    ["a set of the same value", (ns) => ns.set("a", ["old"]), ["old"]],
    ["a delete", (ns) => ns.delete("a"), undefined],
    ["a touch", (ns) => ns.touch("a", "1h"), ["old"]],
    ["an update", (ns) => ns.update("a", () => ["new"]), ["new"]],
    ["a clear", (ns) => ns.clear(), undefined],
    ["a clear of its prefix", (ns) => ns.clear({ prefix: "a" }), undefined],
    ["a drop of the namespace", (_, store) => store.dropNamespace("n"), undefined],
    [
      "a drop of the namespace, and one made anew",
      (_, store) => {
        store.dropNamespace("n");
        store.namespace("n", { encoding: "json" });
      },
      undefined,
    ],
    [
      "a clear, after which the key is there again",
      (ns) => {
        ns.clear();
        ns.set("a", ["new"]);
      },
      ["new"],
    ],
  ];

  it.each(CHANGES)("is not given after %s, by this handle or another", async (_, change, expected) => {
    for (const own of [true, false]) {
      const store = await openStore();
      const near = store.namespace<unknown>("n", JSON_NEAR);
      near.set("a", ["old"]);
      near.get("a");
      change(own ? near : store.namespace<unknown>("n", { encoding: "json" }), store);
      expect(near.get("a")).toEqual(expected);
      expect(near.get("a")).toEqual(expected);
    }
  });

  it("is not given when its handle has learnt of a clear in another way, though its entry is still there", async () => {
    const store = await openStore();
    const near = store.namespace<unknown>("n", JSON_NEAR);
    near.set("a", ["old"]);
    near.get("a");
    store.namespace("n", { encoding: "json" }).clear();
    expect(near.size).toBe(0);
    expect(near.get("a")).toBeUndefined();
  });

  it("stays the present one when the namespace's limits change", async () => {
    const store = await openStore();
    const near = store.namespace<unknown>("n", JSON_NEAR);
    near.set("a", ["old"]);
    near.get("a");
    near.limit({ maxEntries: 10 });
    expect(near.get("a")).toEqual(["old"]);
    expect(isKept(store, near, "a")).toBe(true);
  });

  it("is not given a tick after its time, with nobody there to take it out", async () => {
    const store = await openStore();
    const clock = new HandClock(store);
    const near = store.namespace<unknown>("n", JSON_NEAR);
    near.set("a", 1, { ttl: 100 });
    near.get("a");
    clock.advance(90);
    expect(isKept(store, near, "a")).toBe(true);
    clock.advance(20);
    expect(near.get("a")).toBeUndefined();
    expect(store.stats().near.stale).toBe(1);
  });

  it("is not given by a clock that has gone on unnoticed", async () => {
    const store = await openStore();
    const clock = new HandClock(store);
    const near = store.namespace<unknown>("n", JSON_NEAR);
    near.set("a", 1, { ttl: 100 });
    near.get("a");
    clock.now += 60_000; // as after the process stood still: nobody has told of it
    expect(near.get("a")).toBeUndefined();
  });

  it("is not given once it was evicted", async () => {
    const store = await openStore({ capacity: "2MiB", eviction: "clock" });
    const near = store.namespace("n", { near: 10 });
    const plain = store.namespace("n");
    const filler = new Uint8Array(8000); // of one size class: there the writer looks for its victims
    near.set("a", filler);
    near.get("a");
    for (let i = 0; i < 5000 && plain.peek("a") !== undefined; i++) plain.set(`filler ${i}`, filler);
    expect(plain.peek("a")).toBeUndefined();
    expect(near.get("a")).toBeUndefined();
  });

  it("is kept from eviction by its readers, as it is without", async () => {
    for (const eviction of ["clock", "lru"] as const) {
      const store = await openStore({ capacity: "2MiB", eviction });
      const near = store.namespace("n", { near: 10 });
      const filler = new Uint8Array(8000);
      near.set("hot", filler);
      near.set("cold", filler);
      for (let i = 0; i < 400; i++) {
        near.set(`filler ${i}`, filler);
        for (let n = 0; n < 3; n++) expect(near.get("hot")).toBeDefined();
        store.maintain();
      }
      expect(near.peek("cold")).toBeUndefined();
      expect(store.stats().operations.evictions).toBeGreaterThan(100);
      expect(store.stats().near.hits).toBeGreaterThan(1000);
      if (eviction === "lru") expect(store.stats().eviction.logged).toBeGreaterThan(1000);
    }
  });

  it("is this handle's own, and each key's: text and prepared keys, while bytes are always read", async () => {
    const store = await openStore();
    const near = store.namespace<unknown>("n", JSON_NEAR);
    const prepared = near.key("a");
    near.set("a", [1]);
    const byText = near.get("a");
    const byKey = near.get(prepared);
    expect(near.get(prepared)).toBe(byKey);
    expect(near.get("a")).toBe(byText);
    expect(store.namespace<unknown>("n", JSON_NEAR).get("a")).not.toBe(byText);
    const { hits } = store.stats().near;
    const key = bytesOf("a");
    expect(near.get(key)).toEqual([1]);
    key[0]++;
    expect(near.get(key)).toBeUndefined();
    expect(store.stats().near.hits).toBe(hits);
  });

  it("is given by get alone: what else reads gives values of their own", async () => {
    const store = await openStore();
    const near = store.namespace<{ n: number }>("n", JSON_NEAR);
    near.set("a", { n: 1 });
    near.get("a");
    const others = [near.getEntry("a")?.value, near.peek("a"), near.getMany(["a"])[0], [...near.values()][0]];
    for (const value of others) {
      expect(value).toEqual({ n: 1 });
      expect(Object.isFrozen(value)).toBe(false);
    }
    near.update("a", (value) => Object.assign(value!, { n: 2 }));
    expect(near.get("a")).toEqual({ n: 2 });
  });

  it("is given to getOrSet as well", async () => {
    const store = await openStore();
    const near = store.namespace<{ n: number }>("n", JSON_NEAR);
    const loaded = await near.getOrSet("a", () => ({ n: 1 }));
    expect(loaded).toEqual({ n: 1 });
    expect(await near.getOrSet("a", () => ({ n: 2 }))).toBe(near.get("a"));
  });

  it("lasts no longer than the permission to read it, and the store", async () => {
    const store = await openStore();
    store.namespace("shared", { encoding: "json" }).set("a", [1]);
    store.grant("x", "shared", ["read"]);
    const view = store.as("x");
    const near = view.namespace<unknown>("shared", JSON_NEAR);
    near.get("a");
    expect(isKept(store, near, "a")).toBe(true);
    store.revoke("x", "shared");
    expect(() => near.get("a")).toThrow(AccessDeniedError);
    store.grant("x", "shared", ["read"]);
    expect(near.get("a")).toEqual([1]);
    await view.close();
    expect(() => near.get("a")).toThrow(ClosedError);
    const own = store.namespace<unknown>("shared", JSON_NEAR);
    own.get("a");
    await store.close();
    expect(() => own.get("a")).toThrow(ClosedError);
  });

  it("works in a store of one thread", async () => {
    const store = await openStore({ shared: false });
    const near = store.namespace<unknown>("n", JSON_NEAR);
    near.set("a", [1]);
    expect(near.get("a")).toBe(near.get("a"));
    near.delete("a");
    expect(near.get("a")).toBeUndefined();
  });

  it("is told of to taps, as any get, with the bytes it is stored in", async () => {
    const store = await openStore();
    const near = store.namespace<unknown>("n", JSON_NEAR);
    near.set("a", "text");
    near.get("a");
    const told: unknown[][] = [];
    const stop = tapStore(store, { operation: (...all) => told.push(all) });
    near.get("a");
    near.get("a");
    stop();
    near.get("a");
    expect(store.stats().near.hits).toBe(3);
    const get = ["n", "get", "a", 6, 0];
    expect(told).toEqual([get, get]);
  });

  it("is sampled, one operation a hit", async () => {
    const store = await openStore({ sampling: 1 });
    const near = store.namespace<unknown>("n", JSON_NEAR);
    near.set("a", "text");
    for (let i = 0; i < 50; i++) near.get("a");
    expect(store.stats().near.hits).toBe(49);
    const gets = store.samples().filter(({ operation }) => operation === "get");
    expect(gets).toHaveLength(50);
    expect(new Set(gets.map(({ keyHash, valueBytes }) => `${keyHash} ${valueBytes}`)).size).toBe(1);
  });
});

describe("a value kept near is read-only", () => {
  const near = async (encoding: "json" | "msgpack" | "string" | "binary") =>
    (await openStore()).namespace<unknown>("n", { encoding, near: 10 } as NamespaceOptions<unknown>);

  it.each(["json", "msgpack"] as const)("as deep as it goes, in %s", async (encoding) => {
    const ns = await near(encoding);
    ns.set("a", { list: [1, { deep: [true] }], text: "x" });
    for (let i = 0; i < 2; i++) {
      const value = ns.get("a") as { list: [number, { deep: boolean[] }]; text?: string };
      expect(() => value.list.push(1)).toThrow(TypeError);
      expect(() => value.list[1].deep.pop()).toThrow(TypeError);
      expect(() => {
        value.list[1].deep = [];
      }).toThrow(TypeError);
      expect(() => {
        delete value.text;
      }).toThrow(TypeError);
      expect(value).toEqual({ list: [1, { deep: [true] }], text: "x" });
    }
  });

  it("also when it is not kept, because it is too large or its key is bytes", async () => {
    const store = await openStore();
    const ns = store.namespace<unknown>("n", { encoding: "json", near: { bytes: 20 } });
    ns.set("long key", ["a value that is too long"]);
    ns.set("b", [1]);
    expect(Object.isFrozen(ns.get("long key"))).toBe(true);
    expect(Object.isFrozen(ns.get(bytesOf("b")))).toBe(true);
    expect(store.stats().near).toEqual({ hits: 0, stale: 0, drops: 0 });
    expect(isKept(store, ns, "long key")).toBe(false);
  });

  it("with what freezing does not reach: maps, sets, dates", async () => {
    const ns = await near("msgpack");
    const date = new Date(5);
    ns.set("a", { map: new Map([["k", [1]]]), set: new Set([1]), date, re: /x/g });
    const value = ns.get("a") as { map: Map<string, number[]>; set: Set<number>; date: Date; re: RegExp };
    expect(() => value.map.set("other", [])).toThrow(/read-only/);
    expect(() => value.map.get("k")?.push(2)).toThrow(TypeError);
    expect(() => value.set.add(2)).toThrow(/read-only/);
    expect(() => value.set.clear()).toThrow(/read-only/);
    expect(() => value.date.setTime(6)).toThrow(/read-only/);
    expect(() => value.re.exec("x")).toThrow(TypeError);
    expect(value.map).toEqual(new Map([["k", [1]]]));
    expect(value.date).toEqual(date);
    expect(ns.get("a")).toBe(value);
  });

  it("however deep it is", async () => {
    const ns = await near("json");
    const depth = 7000;
    inside((await openStore()) as Store);
    ns.set("a", 0);
    (ns as unknown as { setEncoded(key: Uint8Array, bytes: Uint8Array): void }).setEncoded(
      bytesOf("a"),
      bytesOf("[".repeat(depth) + "]".repeat(depth)),
    );
    let value = ns.get("a") as unknown[];
    for (let i = 1; i < depth; i++) {
      expect(Object.isFrozen(value)).toBe(true);
      value = value[0] as unknown[];
    }
    expect(Object.isFrozen(value)).toBe(true);
  });

  it("save for bytes, which are its own: no other value shares their buffer", async () => {
    const ns = (await openStore()).namespace("n", { near: 10 });
    for (const length of [0, 1, 64, 65, 1000, 5000]) {
      ns.set("a", new Uint8Array(length).fill(7));
      const value = ns.get("a")!;
      expect(value).toEqual(new Uint8Array(length).fill(7));
      expect(value.buffer.byteLength).toBe(length);
      expect(value.buffer).toBeInstanceOf(ArrayBuffer);
      expect(ns.get("a")).toBe(value);
    }
  });

  it.each([
    ["binary", Uint8Array.of(1, 2)],
    ["msgpack", { inside: Uint8Array.of(1, 2) }],
  ] as const)("and with the debug build whoever changes bytes is told so, in %s", async (encoding, value) => {
    const store = await openStore();
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv("ENGRAM_ENGINE", "debug"); // asked for by the handle as it is made
    const ns = store.namespace<unknown>("n", { encoding, near: 10 } as NamespaceOptions<unknown>);
    vi.unstubAllEnvs();
    ns.set("a", value);
    const read = ns.get("a") as { inside?: Uint8Array };
    expect(ns.get("a")).toBe(read);
    (read.inside ?? (read as Uint8Array))[1]++;
    expect(() => ns.get("a")).toThrow(
      expect.objectContaining({
        code: "NEAR_VALUE_CHANGED",
        message: expect.stringMatching(/the bytes of "a" in namespace "n", which is kept near/),
      }),
    );
    ns.set("a", value);
    expect(ns.get("a")).toEqual(value);
  });

  it("as text it is what it is", async () => {
    const ns = await near("string");
    ns.set("a", "text");
    expect([ns.get("a"), ns.get("a")]).toEqual(["text", "text"]);
  });
});

describe("what is kept near is bounded", () => {
  it("by entries: those go that were not asked for lately", async () => {
    const store = await openStore();
    const ns = store.namespace<unknown>("n", { encoding: "json", near: 3 });
    for (const key of ["a", "b", "c", "d", "e"]) ns.set(key, key);
    for (const key of ["a", "b", "c"]) ns.get(key);
    ns.get("a"); // a is asked for again: it stays
    ns.get("d");
    expect(store.stats().near.drops).toBe(1);
    expect(["a", "c", "d"].map((key) => isKept(store, ns, key))).toEqual([true, true, true]);
    expect(isKept(store, ns, "b")).toBe(false);
    expect(store.stats().near.drops).toBe(2);
  });

  it("by bytes, of keys and of values as they are stored", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { near: { entries: 100, bytes: "1 KiB" } });
    for (const key of ["a", "b", "c", "d"]) ns.set(key, new Uint8Array(300));
    for (const key of ["a", "b", "c"]) ns.get(key);
    expect(store.stats().near.drops).toBe(0);
    ns.get("d");
    expect(store.stats().near.drops).toBe(1);
    ns.set("d", new Uint8Array(1000));
    ns.get("d"); // grown in its place: the others go
    expect(store.stats().near.drops).toBe(3);
    expect(isKept(store, ns, "d")).toBe(true);
    ns.set("d", new Uint8Array(2000));
    ns.get("d");
    expect(isKept(store, ns, "d")).toBe(false);
    expect(store.stats().near.drops).toBe(3);
  });

  it.each(["binary", "json"] as const)(
    "by the bytes of large values, which are kept like any other, in %s",
    async (encoding) => {
      const store = await openStore();
      const ns = store.namespace<unknown>("n", { encoding, near: { bytes: "100KiB" } } as NamespaceOptions<unknown>);
      const large = (fill: number) =>
        encoding === "json" ? { text: "x".repeat(40_000), fill } : new Uint8Array(40_000).fill(fill);
      for (const key of ["a", "b", "c"]) ns.set(key, large(1));
      const [a, b] = [ns.get("a"), ns.get("b")];
      expect([ns.get("a"), ns.get("b")]).toEqual([large(1), large(1)]);
      expect([ns.get("a") === a, ns.get("b") === b]).toEqual([true, true]);
      ns.get("c");
      expect(store.stats().near.drops).toBe(1);
      ns.set("c", large(2));
      expect(ns.get("c")).toEqual(large(2));
      ns.set("c", encoding === "json" ? 3 : new Uint8Array(3));
      expect(ns.get("c")).toEqual(encoding === "json" ? 3 : new Uint8Array(3));
      ns.delete("a");
      expect(ns.get("a")).toBeUndefined();
    },
  );

  it("and makes room for as many as it is asked to, in whatever order they are asked for", () => {
    const key = fc.integer({ min: 0, max: 9 }).map(String);
    return fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), async (keys, entries) => {
        const store = await openStore();
        const ns = store.namespace<unknown>("n", { encoding: "string", near: { entries, bytes: 1000 } });
        for (const key of new Set(keys)) ns.set(key, `value of ${key}`);
        for (const key of keys) expect(ns.get(key)).toBe(`value of ${key}`);
        const { hits, drops } = store.stats().near;
        expect(keys.length - hits - drops).toBe(Math.min(entries, new Set(keys).size));
        const kept = (ns as unknown as { near: { size: number; byteSize: number } }).near;
        expect(kept.size).toBeLessThanOrEqual(entries);
        expect(kept.byteSize).toBe(kept.size * 11);
      }),
      { numRuns: 15 },
    );
  });
});

describe("a namespace with near and a schema", () => {
  const schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) => (typeof value === "number" ? { value } : { issues: [{ message: "no number" }] }),
    },
  } as const;

  it("checks what is written, by every way in", async () => {
    const store = await openStore();
    const ns = store.namespace<number>("n", { encoding: "json", schema, near: 10 });
    ns.set("a", 1);
    for (const write of [() => ns.set("a", wrong("x")), () => ns.setMany([["a", wrong("x")]])]) {
      expect(write).toThrow(InvalidValueError);
    }
    expect(() => ns.update("a", () => wrong("x"))).toThrow(InvalidValueError);
    expect(ns.get("a")).toBe(1);
    expect(isKept(store, ns, "a")).toBe(true);
  });

  it("cannot check what is read: it would be checked once", async () => {
    const store = await openStore();
    const ask = () => store.namespace<number>("n", { encoding: "json", schema, checkReads: true, near: 10 });
    expect(ask).toThrow(InvalidArgumentError);
    expect(ask).toThrow(/near and checkReads/);
    expect(store.namespaces()).toEqual([]);
  });
});

describe("near options", () => {
  it.each([
    ["a negative number", -1, /near is -1; expected a whole number from 1/],
    ["nought", 0, /near is 0/],
    ["a fraction", 1.5, /near is 1.5/],
    ["no number", Number.NaN, /near is NaN/],
    ["more than a Map holds", 2 ** 24, /near is 16777216/],
    ["true", true, /near is true; expected a number of values, or \{ entries, bytes \}/],
    ["null", null, /near is null/],
    ["text", "10", /near is "10"/],
    ["an array", [10], /near is an array of 1/],
    ["an unknown option", { entrys: 5 }, /near: unknown option "entrys"; did you mean "entries"\?/],
    ["negative entries", { entries: -5 }, /near.entries is -5/],
    ["entries as text", { entries: "5" }, /near.entries is "5"/],
    ["negative bytes", { bytes: -5 }, /near.bytes is -5/],
    ["no bytes", { bytes: 0 }, /near.bytes is 0/],
    ["bytes of no unit", { bytes: "5 cows" }, /near.bytes is "5 cows"; expected a whole number of bytes/],
  ])("refuse %s, and nothing is made", async (_, near, message) => {
    const store = await openStore();
    const ask = () => store.namespace("n", { near: wrong(near) });
    expect(ask).toThrow(InvalidArgumentError);
    expect(ask).toThrow(message);
    expect(store.namespaces()).toEqual([]);
  });

  it("are read once, take sizes as text, and each may be left out", async () => {
    const store = await openStore();
    for (const near of [{}, { entries: 5 }, { bytes: "16 MiB" }, undefined]) {
      const ns = store.namespace("n", { near });
      ns.set("a", bytesOf("a"));
      ns.get("a");
      expect(isKept(store, ns, "a")).toBe(near !== undefined);
    }
  });

  it("are no options of channels, queues and regions", async () => {
    const store = await openStore();
    for (const ask of [
      () => store.channel("c", wrong({ capacity: 4, near: 5 })),
      () => store.queue("q", wrong({ capacity: 4, near: 5 })),
      () => store.region("r", wrong({ bytes: 64, near: 5 })),
    ]) {
      expect(ask).toThrow(/unknown option "near"/);
    }
  });
});

/** What may happen to a namespace, by other handles than the one that keeps its values near. */
type Step =
  | { kind: "set" | "ownSet" | "delete" | "ownDelete" | "touch" | "expire"; key: string; n: number }
  | { kind: "clear" | "ownClear" | "drop" | "limit" | "size" | "sweep" | "pass"; key: string; n: number };

const KINDS: Step["kind"][] = [
  ...(["set", "ownSet", "delete", "ownDelete", "touch", "expire"] as const),
  ...(["clear", "ownClear", "drop", "limit", "size", "sweep", "pass"] as const),
];

const STEPS = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), key: fc.constantFrom("a", "b", "c"), n: fc.nat(1000) }),
  { maxLength: 40 },
) as fc.Arbitrary<Step[]>;

describe("whatever happens to the values that are kept near", () => {
  it.each([
    ["with a policy", { eviction: "lru" }],
    ["without", {}],
  ] as [string, StoreOptions][])("get gives the present ones: %s", (_, options) =>
    fc.assert(
      fc.asyncProperty(STEPS, fc.integer({ min: 1, max: 4 }), async (steps, entries) => {
        const store = await openStore({ capacity: "2MiB", ...options });
        const clock = new HandClock(store);
        const near = store.namespace<unknown>("n", { encoding: "json", near: entries });
        const other = store.namespace<unknown>("n", { encoding: "json" });
        const model = new Map<string, { value: unknown; until: number }>();
        const alive = (key: string) => {
          const found = model.get(key);
          return found === undefined || found.until <= clock.now ? undefined : found;
        };
        for (const { kind, key, n } of steps) {
          const forever = Number.POSITIVE_INFINITY;
          if (kind === "set" || kind === "ownSet") {
            (kind === "set" ? other : near).set(key, { n });
            model.set(key, { value: { n }, until: forever });
          } else if (kind === "expire") {
            other.set(key, [n], { ttl: 50 });
            model.set(key, { value: [n], until: clock.now + 50 });
          } else if (kind === "delete" || kind === "ownDelete") {
            expect((kind === "delete" ? other : near).delete(key)).toBe(alive(key) !== undefined);
            model.delete(key);
          } else if (kind === "touch") {
            if (other.touch(key, 100)) model.set(key, { value: alive(key)!.value, until: clock.now + 100 });
          } else if (kind === "clear" || kind === "ownClear") {
            (kind === "clear" ? other : near).clear();
            model.clear();
          } else if (kind === "drop") {
            store.dropNamespace("n");
            if (n % 2 === 0) store.namespace("n", { encoding: "json" });
            model.clear();
          } else if (kind === "limit") near.limit({ maxEntries: 1000 + n });
          else if (kind === "size") void near.size;
          else if (kind === "sweep") store.maintain();
          else clock.now += 10 * (n % 8);
          for (const each of ["a", "b", "c"]) {
            expect(near.get(each)).toEqual(alive(each)?.value);
            expect(near.get(each)).toEqual(alive(each)?.value);
          }
        }
      }),
      { numRuns: 40 },
    ),
  );
});

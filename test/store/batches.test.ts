import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, type Namespace, NamespaceLimitError, Store } from "#dist/src/index.js";
import { bytesOf, openStore } from "./fixture.js";

const SEED = 20261121;

/** Keys of every kind that a batch packs differently: short and long, with characters beyond ASCII, bytes, prepared. */
const spelling = fc.tuple(
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom("ascii", "text", "bytes", "prepared", "long"),
);

function spell([n, kind]: [number, string], ns: Namespace) {
  if (kind === "text") return `schlüssel ${n}`;
  if (kind === "bytes") return bytesOf(`bytes ${n}`);
  if (kind === "prepared") return ns.key(`key ${n}`);
  return kind === "long" ? `${"a".repeat(1000)}${n}` : `key ${n}`;
}

const nameOf = ([n, kind]: [number, string]) => `${kind === "prepared" ? "ascii" : kind} ${n}`;

describe("setMany and getMany", () => {
  it(`do what as many sets and gets would, whatever fits into one call of the engine (seed ${SEED})`, async () => {
    const store = await openStore({ capacity: "16MiB" });
    const ns = store.namespace("n");
    const length = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 4000, max: 15_000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(spelling, length), { maxLength: 120 }), fc.boolean(), (entries, ifAbsent) => {
        ns.clear();
        const model = new Map<string, Uint8Array>();
        const pairs = entries.map(([key, size], i) => {
          const value = new Uint8Array(size).fill(i);
          if (!(ifAbsent && model.has(nameOf(key)))) model.set(nameOf(key), value);
          return [spell(key, ns), value] as const;
        });
        ns.setMany(pairs, { ifAbsent });
        const expected = entries.map(([key]) => model.get(nameOf(key)));
        expect(ns.getMany(pairs.map(([key]) => key))).toEqual(expected);
        expect(pairs.map(([key]) => ns.get(key))).toEqual(expected);
        expect(ns.size).toBe(model.size);
      }),
      { seed: SEED, numRuns: 60 },
    );
    expect(await store.verify()).toMatchObject({ ok: true });
  });

  it("take more entries than go into one call", async () => {
    const ns = (await openStore()).namespace("n", { encoding: "json" });
    const pairs = Array.from({ length: 3000 }, (_, i) => [`key ${i}`, { i }] as const);
    ns.setMany(new Map(pairs));
    expect(ns.getMany([...pairs.map(([key]) => key), "absent"])).toEqual([
      ...pairs.map(([, value]) => value),
      undefined,
    ]);
  });

  it("set the very bytes a generator yields, though it fills the same array again", async () => {
    const ns = (await openStore()).namespace("n");
    const bytes = new Uint8Array(4);
    ns.setMany(
      (function* () {
        for (let i = 0; i < 10; i++) yield [`key ${i}`, bytes.fill(i)] as const;
      })(),
    );
    expect([...ns.getMany(["key 0", "key 9"])]).toEqual([new Uint8Array(4).fill(0), new Uint8Array(4).fill(9)]);
  });

  it("copy one namespace into another while its iteration uses the same window", async () => {
    const store = await openStore();
    const from = store.namespace("from");
    for (let i = 0; i < 2000; i++) from.set(`key ${i}`, bytesOf(`value ${i}`));
    const to = store.namespace("to");
    to.setMany(from.entries());
    expect(new Map(to.entries())).toEqual(new Map(from.entries()));
  });

  it("give values that do not change when the next batch is read", async () => {
    const ns = (await openStore()).namespace("n");
    ns.setMany([
      ["a", bytesOf("first")],
      ["b", bytesOf("second")],
    ]);
    const [first] = ns.getMany(["a"]);
    ns.getMany(["b"]);
    ns.set("a", bytesOf("third"));
    expect(first).toEqual(bytesOf("first"));
  });

  it("leave what came before a failure written, and nothing after it", async () => {
    const store = await openStore();
    const other = store.namespace("other");
    const one = Uint8Array.of(1);
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
    const wrong: [string, any, any, any][] = [
      ["a key of a wrong type", 5, one, InvalidArgumentError],
      ["an empty key", "", one, InvalidArgumentError],
      ["a lone surrogate", "\ud800", one, InvalidArgumentError],
      ["another namespace's key", other.key("k"), one, InvalidArgumentError],
      ["a value of a wrong type", "k", 5, InvalidArgumentError],
      ["a value too large", "k", new Uint8Array(20_000_000), /a value has 20000000 bytes/],
    ];
    for (const [what, key, value, error] of wrong) {
      const ns = store.namespace(`after ${what}`);
      const pairs = [["before", one] as const, ["too", one] as const, [key, value] as const, ["after", one] as const];
      expect(() => ns.setMany(pairs), what).toThrow(error);
      expect([...ns.keys()].sort(), what).toEqual(["before", "too"]);
    }
    const full = store.namespace("full", { maxEntries: 2 });
    const pairs = ["a", "b", "c", "d"].map((key) => [key, one] as const);
    expect(() => full.setMany(pairs)).toThrow(NamespaceLimitError);
    expect([...full.keys()].sort()).toEqual(["a", "b"]);
  });

  it("find their way after another thread cleared the namespace", async () => {
    const store = await openStore();
    const other = await Store.attach(store.handle);
    const ns = store.namespace("n");
    ns.set("old", Uint8Array.of(1));
    other.namespace("n").clear();
    ns.setMany([["new", Uint8Array.of(2)]]);
    other.namespace("n").clear();
    expect(ns.getMany(["old", "new"])).toEqual([undefined, undefined]);
    await other.close();
  });
});

/** Keys by their prefix: listed, counted, removed, against a Map of their bytes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AccessDeniedError,
  ClosedError,
  InvalidArgumentError,
  KeyTooLongError,
  type PrefixOptions,
} from "#dist/src/index.js";
import { tapStore } from "#dist/src/store/index.js";
import { SEED } from "../core/seeded-random.js";
import { runsOr } from "../given.js";
import { HandClock, openStore } from "./fixture.js";

const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Short keys over few bytes, so that many begin alike; beside text a byte that is none, and the padding's zero. */
const byte = fc.constantFrom(0, 0x61, 0x62, 0xc3, 0xff);
const key = fc.array(byte, { minLength: 1, maxLength: 4 }).map((bytes) => Uint8Array.from(bytes));
const prefix = fc.array(byte, { minLength: 1, maxLength: 3 }).map((bytes) => Uint8Array.from(bytes));
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("set" as const), key, ttl: fc.constantFrom(undefined, undefined, 20) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("keys", "values", "binary", "count" as const), prefix }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("clear", "deleteMany" as const), prefix }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("deleteKeys" as const), keys: fc.array(key, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("advance" as const) }) },
);

interface Kept {
  key: Uint8Array;
  value: string;
  expires: number;
}

describe("keys that begin with a prefix", () => {
  it(`are those of a Map's that do (seed ${SEED})`, async () => {
    const store = await openStore();
    const clock = new HandClock(store);
    const spaces = ["first", "second"].map((name) => store.namespace(name, { encoding: "string" }));
    let written = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), step), { maxLength: 40, size: "max" }), (steps) => {
        for (const ns of spaces) ns.clear();
        const models = spaces.map(() => new Map<string, Kept>());
        for (const [space, what] of steps) {
          const ns = spaces[space];
          const model = models[space];
          const living = [...model.values()].filter(({ expires }) => expires > clock.now);
          const meant = (begin: Uint8Array) => living.filter(({ key }) => latin(key).startsWith(latin(begin)));
          if (what.do === "set") {
            const value = `v${written++}`;
            ns.set(what.key, value, { ttl: what.ttl });
            model.set(latin(what.key), {
              key: what.key,
              value,
              expires: what.ttl === undefined ? Number.POSITIVE_INFINITY : clock.now + what.ttl,
            });
          } else if (what.do === "delete") {
            ns.delete(what.key);
            model.delete(latin(what.key));
          } else if (what.do === "advance") {
            clock.advance(10);
          } else if (what.do === "deleteKeys") {
            const there = new Set(what.keys.map(latin).filter((k) => living.some(({ key }) => latin(key) === k)));
            expect(ns.deleteMany(what.keys)).toBe(there.size);
            for (const k of what.keys) model.delete(latin(k));
          } else if (what.do === "keys") {
            const texts = meant(what.prefix).map(({ key }) => Buffer.from(key).toString());
            expect([...ns.keys({ prefix: what.prefix })].sort()).toEqual(texts.sort());
          } else if (what.do === "values") {
            expect([...ns.values({ prefix: what.prefix })].sort()).toEqual(
              meant(what.prefix)
                .map(({ value }) => value)
                .sort(),
            );
          } else if (what.do === "binary") {
            const found = [...ns.binaryEntries({ prefix: what.prefix })].map(([k, v]) => `${latin(k)} ${v}`);
            expect(found.sort()).toEqual(
              meant(what.prefix)
                .map(({ key, value }) => `${latin(key)} ${value}`)
                .sort(),
            );
          } else if (what.do === "count") {
            expect(ns.count({ prefix: what.prefix })).toBe(meant(what.prefix).length);
            expect(ns.count()).toBe(living.length);
          } else {
            const gone = meant(what.prefix);
            if (what.do === "clear") ns.clear({ prefix: what.prefix });
            else expect(ns.deleteMany({ prefix: what.prefix })).toBe(gone.length);
            for (const { key } of gone) model.delete(latin(key));
          }
        }
        spaces.forEach((ns, i) => {
          const living = [...models[i].values()].filter(({ expires }) => expires > clock.now);
          expect([...ns.entries()].length).toBe(living.length);
          expect([...ns.keys({ prefix: "" })].length).toBe(living.length);
        });
      }),
      { numRuns: runsOr(150), seed: SEED },
    );
  });

  it("come exactly once if they are there all along, whatever else is written while they are listed", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    for (let i = 0; i < 3000; i++) ns.set(`stay/${i}`, "s");
    let n = 0;
    const found: string[] = [];
    for (const key of ns.keys({ prefix: "stay/" })) {
      found.push(key);
      ns.set(`other/${n}`, "o");
      ns.set(`stay/${(n * 7919) % 3000}`, "again");
      ns.delete(`other/${n++ - 5}`);
    }
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBe(3000);
  });

  it("may be given as text beyond ASCII, and begin byte by byte", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "json" });
    ns.setMany([
      ["über/1", 1],
      ["über/2", 2],
      ["uber/3", 3],
      ["ü", 4],
    ] as [string, number][]);
    expect([...ns.entries({ prefix: "über/" })].sort()).toEqual([
      ["über/1", 1],
      ["über/2", 2],
    ]);
    expect(ns.count({ prefix: "ü" })).toBe(3);
    expect(ns.count({ prefix: Uint8Array.of(0xc3) })).toBe(3);
    expect(ns.count({ prefix: "über/12" })).toBe(0);
  });

  it("are refused where the prefix is none, and nothing is removed then", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    ns.set("a", "1");
    const wrong: unknown[] = [1, null, ["a"], { prefix: 5 }, { prefix: null }, { prefx: "a" }, { prefix: ns.key("a") }];
    for (const options of wrong as PrefixOptions[]) {
      for (const verb of ["keys", "values", "entries", "binaryEntries", "count"] as const) {
        expect(() => ns[verb](options), `${verb}(${JSON.stringify(options)})`).toThrow(InvalidArgumentError);
      }
    }
    for (const options of [
      {},
      { prefix: undefined },
      { prefix: "" },
      { prefix: new Uint8Array(0) },
      { prefx: "a" },
      { prefix: 5 },
    ] as never[]) {
      expect(() => ns.clear(options)).toThrow(InvalidArgumentError);
      expect(() => ns.deleteMany(options)).toThrow(InvalidArgumentError);
    }
    for (const options of [null, 5, "a"] as never[]) expect(() => ns.deleteMany(options)).toThrow(InvalidArgumentError);
    expect(() => ns.keys({ prefix: "\ud800" })).toThrow(InvalidArgumentError);
    expect(() => ns.keys({ prefix: "x".repeat(1025) })).toThrow(KeyTooLongError);
    expect(() => ns.clear({ prefix: "" })).toThrow("clear: prefix is empty");
    expect(ns.get("a")).toBe("1");
  });

  it("are removed by who may delete, and listed by who may read", async () => {
    const store = await openStore();
    const ns = store.namespace("agent_1_notes", { encoding: "string" });
    ns.setMany([
      ["a/1", "x"],
      ["a/2", "x"],
      ["b/1", "x"],
    ]);
    store.grant(2, "agent_1_notes", ["read"]);
    store.grant(3, "agent_1_notes", ["delete"]);
    const reader = store.as(2).namespace<string>("agent_1_notes", { encoding: "string" });
    const deleter = store.as(3).namespace<string>("agent_1_notes", { encoding: "string" });
    expect([...reader.keys({ prefix: "a/" })].length).toBe(2);
    expect(() => reader.deleteMany({ prefix: "a/" })).toThrow(AccessDeniedError);
    expect(() => [...deleter.keys({ prefix: "a/" })]).toThrow(AccessDeniedError);
    expect(deleter.deleteMany({ prefix: "a/" })).toBe(2);
    expect([...reader.keys()]).toEqual(["b/1"]);
  });

  it("are told of when they are removed, one by one", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    ns.setMany([
      ["a/1", "x"],
      ["a/2", "x"],
      ["b/1", "x"],
    ]);
    const heard: string[] = [];
    const end = tapStore(store as never, {
      operation: (_, operation, key) => void heard.push(`${operation} ${Buffer.from(key as Uint8Array)}`),
    });
    ns.deleteMany({ prefix: "a/" });
    end();
    expect(heard.sort()).toEqual(["delete a/1", "delete a/2"]);
  });

  it("are not listed in a closed store", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    await store.close();
    expect(() => ns.deleteMany({ prefix: "a" })).toThrow(ClosedError);
    expect(() => ns.count({ prefix: "a" })).toThrow(ClosedError);
    expect(() => [...ns.keys({ prefix: "a" })]).toThrow(ClosedError);
  });
});

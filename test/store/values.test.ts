/**
 * What comes back is what went in, or it is refused by name before anything is written: over values of every kind that the language has,
 * in every encoding, through namespaces (set, setMany, getMany, iteration) and channels.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { Packr, pack } from "msgpackr";
import { describe, expect, it } from "vitest";
import { type EncodingName, InvalidArgumentError, type Namespace, ValueTooLargeError } from "#dist/src/index.js";
import { json, msgpack, readMsgpack } from "#dist/src/store/index.js";
import { SEED } from "../core/seeded-random.js";
import { runsOr } from "../given.js";
import { openStore } from "./fixture.js";

type Any = Namespace<unknown>;

const RUNS = runsOr(300);
const ENCODINGS = ["binary", "string", "json", "msgpack"] as const;

class Point {
  constructor(readonly x: number) {}
}
class OwnArray extends Array {}
class OwnBytes extends Uint8Array {}

const wellFormed = fc.string({ unit: "grapheme", maxLength: 60 });
const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 }).map((u) => String.fromCharCode(...u));
const texts = fc.oneof(
  wellFormed,
  units,
  fc.nat(300).map((n) => "é".repeat(n)),
  fc.nat(300).map((n) => "x".repeat(n)),
);
const keys = fc.oneof(fc.constantFrom("__proto__", "constructor", "toString", "a", "0", "length", ""), texts);
const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -32,
    -33,
  ),
);
const bigints = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.constantFrom(
    0n,
    -1n,
    2n ** 63n,
    -(2n ** 63n),
    2n ** 64n,
    2n ** 64n - 1n,
    -(2n ** 63n) - 1n,
    2n ** 200n,
    -(2n ** 200n),
  ),
);
const bytes = fc.uint8Array({ maxLength: 40 });
const viewOf = (b: Uint8Array) => new Uint8Array(Uint8Array.of(9, 9, 9, ...b).buffer, 3, b.length);
const binary = fc.oneof(
  bytes.map(viewOf),
  bytes.map((b) => Buffer.from(b)),
  bytes.map((b) => b.slice().buffer),
  bytes.map((b) => new DataView(Uint8Array.of(1, 2, ...b).buffer, 2)),
  bytes.map((b) => new Uint8ClampedArray(b)),
  fc.int8Array({ maxLength: 9 }),
  fc.int16Array({ maxLength: 9 }),
  fc.uint16Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.uint32Array({ maxLength: 9 }),
  fc.float32Array({ maxLength: 9 }),
  fc.float64Array({ maxLength: 9 }),
  fc.bigInt64Array({ maxLength: 9 }),
  fc.bigUint64Array({ maxLength: 9 }),
);
const dates = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc
    .constantFrom(-1, 0, 8.64e15, -8.64e15, 2 ** 32 * 1000, 2 ** 34 * 1000, -1500, 1.5e12 + 7)
    .map((ms) => new Date(ms)),
);
const patterns = fc.constantFrom(/a\/b+/giu, /(?<x>.)/y, /(?:)/).map((r) => new RegExp(r.source, r.flags));

/** What msgpack keeps, all of it. */
const kept = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.oneof(texts, numbers, bigints, fc.boolean(), fc.constant(null), binary, dates, patterns),
    fc.array(fc.oneof(tie("value"), fc.constant(undefined)), { maxLength: 5 }),
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 }),
    fc.dictionary(keys, fc.oneof(tie("value"), fc.constant(undefined)), { maxKeys: 5, noNullPrototype: false }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie("value"), { maxLength: 3 }).map((elements) => new Set(elements)),
  ),
})).value;

function argumentsOf(..._: unknown[]): unknown {
  // biome-ignore lint/complexity/noArguments: it is what is tried
  return arguments;
}

/** What no encoding keeps. */
const odd: [string, () => unknown][] = [
  ["a function", () => () => 1],
  ["a symbol", () => Symbol("s")],
  ["Error", () => new TypeError("t")],
  ["an instance of Point", () => new Point(1)],
  ["Array of class OwnArray", () => OwnArray.from([1])],
  ["Uint8Array of class OwnBytes", () => OwnBytes.of(1)],
  ["SharedArrayBuffer", () => new SharedArrayBuffer(4)],
  ["Promise", () => Promise.resolve()],
  ["WeakMap", () => new WeakMap()],
  ["boxed primitive", () => new String("s")],
  ["an object with a symbol for a key", () => ({ a: 1, [Symbol("s")]: 2 })],
  ["a hole in an array", () => Object.assign(new Array(3), { 0: 1, 2: 3 })],
  ["an array with properties besides its elements", () => Object.assign([1, 2], { index: 0 })],
  ["an array with properties besides its elements", () => /b/.exec("abc")],
  ["an arguments object", () => argumentsOf(1)],
  ["an instance of URL", () => new URL("http://a.b")],
  ["an object with a toStringTag of its own", () => Math],
  ["Map with properties of its own", () => Object.assign(new Map(), { a: 1 })],
  ["an object of no class", () => Object.create(Object.create(null))],
  [
    "part of a circle",
    () => {
      const o: Record<string, unknown> = { a: [1] };
      o.a = [o];
      return o;
    },
  ],
  [
    "nested deeper than 1000 levels",
    () => {
      let v: unknown = 1;
      for (let i = 0; i < 1001; i++) v = [v];
      return v;
    },
  ],
];

const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: kept },
    { weight: 1, arbitrary: fc.constantFrom(...odd).map(([, make]) => make()) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(keys, tie("value"), { maxKeys: 3 }) },
  ),
})).value;

/** Deep equality does not look at lastIndex, nor at where shared bytes lie. */
function same(back: unknown, value: unknown): boolean {
  return isDeepStrictEqual(back, value) && (value === null || typeof value !== "object" || back !== value);
}

describe("a value comes back as it was, or is refused and nothing is written", () => {
  it.each(ENCODINGS)(`in %s (seed ${SEED})`, async (encoding) => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding }) as Any;
    const channel = store.channel("c", { encoding, capacity: 2 });
    fc.assert(
      fc.property(anything, (value) => {
        ns.clear();
        const refusal = attempt(() => ns.set("k", value as never));
        if (refusal !== undefined) {
          expect(refusal).toSatisfy((e) => e instanceof InvalidArgumentError || e instanceof ValueTooLargeError);
          expect((refusal as Error).message).not.toContain("\n");
          expect(ns.size).toBe(0);
          expect(attempt(() => channel.send(value as never))).toBeDefined();
          return;
        }
        expect(same(plain(ns.get("k"), encoding), plain(value, encoding))).toBe(true);
        ns.setMany([
          ["m", value as never],
          ["o", value as never],
        ]);
        for (const back of [...ns.getMany(["m", "o"]), ...ns.values(), ns.getEntry("k")?.value]) {
          expect(same(plain(back, encoding), plain(value, encoding))).toBe(true);
        }
        if (attempt(() => channel.send(value as never)) === undefined) {
          expect(same(plain(channel.receive(), encoding), plain(value, encoding))).toBe(true);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it(`and msgpack keeps all data that the language has (seed ${SEED})`, () => {
    fc.assert(
      fc.property(kept, (value) => {
        fc.pre(value !== undefined);
        const back = readMsgpack(Buffer.from(msgpack(value)));
        expect(isDeepStrictEqual(back, value)).toBe(true);
        expect(Object.is(back, value) || typeof value === "object").toBe(true);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it(`and json keeps all that JSON has, in the very bytes of JSON.stringify (seed ${SEED})`, () => {
    const data = fc.oneof(
      fc.jsonValue({ noUnicodeString: false }),
      fc.array(
        fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
          fc.constant(null),
        ),
        { maxLength: 30 },
      ),
      fc.dictionary(texts, texts, { noNullPrototype: true }),
    );
    fc.assert(
      fc.property(
        data.filter((v) => !holdsMinusZero(v)),
        (value) => {
          expect(Buffer.from(json(value)).toString()).toBe(JSON.stringify(value));
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

/** A binary namespace gives a Uint8Array for a Buffer. */
function plain(value: unknown, encoding: EncodingName): unknown {
  return encoding === "binary" ? Buffer.from(value as Uint8Array).toString("hex") : value;
}

function holdsMinusZero(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(holdsMinusZero);
  return Object.is(value, -0);
}

function attempt(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(["json", "msgpack"] as const)("in a %s namespace", (encoding) => {
  it.each(odd)("%s is refused with the path to it", async (name, make) => {
    const ns = (await openStore()).namespace("n", { encoding });
    const value = { list: [1, { "odd key": make() }] };
    const error = attempt(() => ns.set("k", value)) as InvalidArgumentError;
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error.message).toContain(`the value's .list[1]["odd key"]`);
    expect(error.message).toContain(encoding === "json" && name.startsWith("Map") ? "Map" : name);
    expect(ns.size).toBe(0);
  });
});

describe("a json namespace", () => {
  it.each([
    ["undefined", { a: undefined }, /\.a is undefined.*leave it out or use null/],
    ["undefined in an array", [undefined], /\[0\] is undefined/],
    ["NaN", [1.5, 2, 3, 4, 5, 6, 7, 8, Number.NaN], /\[8\] is NaN/],
    ["-0", { a: { b: -0 } }, /\.a\.b is -0/],
    ["a Date", { at: new Date(0) }, /\.at is Date.*a msgpack namespace keeps it/],
    ["a Map", new Map(), /the value is Map/],
    ["bytes", { v: new Float32Array(2) }, /\.v is Float32Array/],
    ["a bigint", { n: 5n }, /\.n is 5n/],
    ["an object without a prototype", Object.create(null), /without a prototype/],
    ["a hole at the front", Object.assign(new Array(9), { 8: 1 }), /\[0\] is a hole/],
  ])("refuses %s rather than alter it", async (_, value, message) => {
    const ns = (await openStore()).namespace("n", { encoding: "json" });
    expect(() => ns.set("k", value)).toThrow(message);
    expect(() => ns.set("k", value)).toThrow(InvalidArgumentError);
  });

  it("keeps lone surrogates and a key __proto__", async () => {
    const ns = (await openStore()).namespace("n", { encoding: "json" });
    const value = JSON.parse('{"__proto__":{"a":"\\ud800"},"\\udfff":1}');
    ns.set("k", value);
    expect(isDeepStrictEqual(ns.get("k"), value)).toBe(true);
  });
});

describe.each(["json", "msgpack"] as const)("what a value does while it is written, in %s", (encoding) => {
  it("is asked once: a getter that answers differently each time is written as it answered first", async () => {
    const ns = (await openStore()).namespace("n", { encoding });
    for (const second of [undefined, Number.NaN, () => 1, new Float32Array([1.5])]) {
      let asked = 0;
      const value = {
        get a() {
          return asked++ === 0 ? 1 : second;
        },
      };
      ns.set("k", value);
      expect([asked, ns.get("k")]).toEqual([1, { a: 1 }]);
      const list = new Proxy([0.5, 1, 2, 3, 4, 5, 6, 7, 8], {
        get: (target, key) => (key === "0" && asked++ > 1 ? second : Reflect.get(target, key)),
      });
      asked = 1;
      ns.set("k", list);
      expect(ns.get("k")).toEqual([0.5, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });

  it("takes toJSON for the form that the value asks for, once", async () => {
    const ns = (await openStore()).namespace("n", { encoding });
    class Money {
      cents = 5;
      toJSON() {
        return { cents: this.cents };
      }
    }
    ns.set("k", { price: new Money(), at: { toJSON: (key: string) => `form of ${key}` } });
    expect(ns.get("k")).toEqual({ price: { cents: 5 }, at: "form of at" });
    ns.set("k", {
      a: 1,
      toJSON() {
        return { ...this, b: 2 };
      },
    });
    expect(ns.get("k")).toEqual({ a: 1, b: 2 });
    expect(() => ns.set("k", { x: { toJSON: () => Number.isNaN } })).toThrow(/\.x is a function/);
  });

  it("ends for a structure that shares its parts without end", async () => {
    const ns = (await openStore()).namespace("n", { encoding });
    let shared: unknown = ["x".repeat(1000)];
    for (let i = 0; i < 60; i++) shared = [shared, shared];
    expect(() => ns.set("k", shared)).toThrow(ValueTooLargeError);
    expect(ns.set("k", [shared === null])).toBe(true);
  });

  it("leaves the codec whole when it throws", async () => {
    const ns = (await openStore()).namespace("n", { encoding });
    const throws = {
      a: "before",
      get b(): never {
        throw new Error("mine\nand more");
      },
    };
    expect(() => ns.set("k", throws)).toThrow(/mine$/);
    expect(() => ns.set("k", throws)).toThrow(InvalidArgumentError);
    ns.set("k", { a: "after" });
    expect([ns.get("k"), ns.size]).toEqual([{ a: "after" }, 1]);
  });
});

describe("bytes of every kind in msgpack", () => {
  it("never bring anything along, and share nothing with the store", async () => {
    const ns = (await openStore()).namespace("n", { encoding: "msgpack" });
    ns.set("other", { note: "a private text that was written before ".repeat(3) });
    for (const v of [
      new Float32Array([1.5, -2, 0.25]),
      new BigInt64Array([-1n]),
      new DataView(new ArrayBuffer(5)),
      Buffer.from("abc"),
    ]) {
      ns.set("v", { v });
      const back = (ns.get("v") as { v: ArrayBufferView }).v;
      expect(back.constructor).toBe(v.constructor);
      expect(hex(back)).toBe(hex(v));
      expect(back.buffer).toBeInstanceOf(ArrayBuffer);
      if (!(back instanceof Buffer)) expect(back.buffer.byteLength).toBe(v.byteLength);
      new Uint8Array(back.buffer, back.byteOffset, back.byteLength).fill(99);
      expect(hex((ns.get("v") as { v: ArrayBufferView }).v)).toBe(hex(v));
    }
  });

  it("are taken out of shared memory as they are", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "msgpack" });
    const own = store.buffer(8).fill(3);
    ns.set("k", { own, view: new Uint16Array(new SharedArrayBuffer(4)).fill(7) });
    own.fill(4);
    expect(ns.get("k")).toEqual({ own: new Uint8Array(8).fill(3), view: new Uint16Array([7, 7]) });
  });

  it("are refused when they were handed over to another thread", async () => {
    const store = await openStore();
    const packed = store.namespace("m", { encoding: "msgpack" });
    const raw = store.namespace("b");
    for (const v of [new Uint8Array(8), new Float32Array(2)]) {
      structuredClone(v, { transfer: [v.buffer] });
      expect(() => packed.set("k", { v })).toThrow(/\.v is detached/);
    }
    const gone = new Uint8Array(8);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(() => raw.set("k", gone)).toThrow(/detached/);
    expect(() => raw.setMany([["k", gone]])).toThrow(/detached/);
    expect(raw.size + packed.size).toBe(0);
  });
});

function hex(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("hex");
}

describe("bytes that lie about themselves", () => {
  const lies: [string, () => Uint8Array][] = [
    ["a length of its own", () => Object.defineProperty(new Uint8Array([1, 2]), "length", { value: 1000 })],
    [
      "a subclass with another length",
      () =>
        new (class extends Uint8Array {
          override get length() {
            return 1000;
          }
        })([1, 2]),
    ],
  ];
  it.each(lies)("by %s are written and keyed as what they are", async (_, make) => {
    const ns = (await openStore()).namespace("n");
    ns.set("secret", new Uint8Array(900).fill(115));
    ns.set("k", make());
    ns.set(ns.key("p"), make());
    ns.setMany([["m", make()]]);
    for (const key of ["k", "p", "m"]) expect(ns.get(key)).toEqual(Uint8Array.of(1, 2));
    ns.set(make(), Uint8Array.of(5));
    expect(ns.get(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(5));
    expect(() => ns.getInto("secret", make())).toThrow(/900 bytes does not fit the target of 2/);
  });

  it("by a prototype or a proxy are refused", async () => {
    const ns = (await openStore()).namespace("n");
    for (const fake of [Object.create(Uint8Array.prototype), new Proxy(new Uint8Array(4), {})]) {
      for (const use of [
        () => ns.set("k", fake),
        () => ns.setMany([["k", fake]]),
        () => ns.set(fake, new Uint8Array(1)),
        () => ns.get(fake),
      ]) {
        expect(use).toThrow(InvalidArgumentError);
      }
    }
    expect(ns.size).toBe(0);
  });
});

describe("values written by earlier versions", () => {
  it("are read as they were before", () => {
    const before = new Packr({ useRecords: false, moreTypes: false });
    const values = [
      5,
      -5,
      1e300,
      2 ** 40,
      "text",
      "é".repeat(200),
      null,
      true,
      [1, [2]],
      { a: { b: "c".repeat(40) } },
      2n ** 63n,
      -5n,
      new Date(1.5e12 + 7),
      new Date(0),
      new Date(-1),
      new Date(Number.NaN),
      Buffer.from([0, 255]),
      { a: undefined },
    ];
    for (const value of values) {
      const bytes = Buffer.from(before.pack(value));
      expect(readMsgpack(bytes)).toEqual(value instanceof Buffer ? Uint8Array.from(value) : value);
    }
    expect(readMsgpack(Buffer.from(before.pack(new Map([["a", 1]]))))).toEqual({ a: 1 });
    expect(readMsgpack(Buffer.from(before.pack(new Set([1, 2]))))).toEqual([1, 2]);
  });

  it("and other readers of MessagePack understand what is plain", () => {
    const reader = new Packr({ useRecords: false });
    const value = {
      a: [1, -1, 1.5, "x", null, true],
      é: { deep: ["y".repeat(300)] },
      big: 2n ** 63n,
      raw: Uint8Array.of(1),
    };
    expect(reader.unpack(msgpack(value))).toEqual({ ...value, raw: Buffer.from([1]) });
    expect(reader.unpack(msgpack({ v: new Float32Array([1.5]) }))).toEqual({ v: new Float32Array([1.5]) });
  });

  it("are refused when they are none, whatever they claim", () => {
    const whole = pack({ a: [1, 2, 3], b: "text" });
    for (let end = 0; end < whole.length; end++) {
      expect(() => readMsgpack(Buffer.from(whole.subarray(0, end)))).toThrow(/msgpack value/);
    }
    for (const bytes of [
      [0xdd, 255, 255, 255, 255],
      [0xdf, 255, 255, 255, 255],
      [0xc9, 255, 255, 255, 255, 1],
      [0xc1],
      [0xd4, 0x74, 99],
      [1, 1],
      [0xc7, 2, 0x74, 3, 1],
    ]) {
      expect(() => readMsgpack(Buffer.from(bytes))).toThrow(/msgpack value/);
    }
  });
});

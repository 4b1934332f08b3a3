/** Bad input of every kind: a typed error that says what was wrong, and a store that is as it was. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { layout } from "#dist/src/core/index.js";
import {
  ClosedError,
  EngramError,
  InvalidArgumentError,
  type Key,
  KeyTooLongError,
  type Namespace,
  Store,
  type StoreHandle,
  ValueTooLargeError,
  WorkerLimitError,
} from "#dist/src/index.js";
import { bytesOf, openStore } from "./fixture.js";

type Any = Namespace;
// biome-ignore lint/suspicious/noExplicitAny: the point is to pass what the types forbid
const wrong = (value: unknown) => value as any;
const one = Uint8Array.of(1);

const KEYS: [string, unknown, new (...args: never[]) => EngramError, RegExp][] = [
  ["the empty string", "", InvalidArgumentError, /empty string/],
  ["no bytes", new Uint8Array(0), InvalidArgumentError, /empty Uint8Array/],
  ["1,025 ASCII characters", "k".repeat(1025), KeyTooLongError, /1025 bytes.*1024/],
  ["few characters of more than 1,024 bytes", "🔑".repeat(257), KeyTooLongError, /1028 bytes/],
  ["1,025 bytes", new Uint8Array(1025), KeyTooLongError, /1025/],
  ["a megabyte of text", "k".repeat(2 ** 20), KeyTooLongError, /1048576/],
  ["a lone surrogate", "a\ud800b", InvalidArgumentError, /surrogate/],
  ["undefined", undefined, InvalidArgumentError, /undefined/],
  ["null", null, InvalidArgumentError, /null/],
  ["a number", 5, InvalidArgumentError, /5/],
  ["an object", {}, InvalidArgumentError, /object/],
  ["an array of bytes", [1, 2], InvalidArgumentError, /array/],
  ["an ArrayBuffer", new ArrayBuffer(8), InvalidArgumentError, /ArrayBuffer/],
  ["a wider array", new Uint16Array(4), InvalidArgumentError, /Uint16Array/],
  ["a symbol", Symbol("k"), InvalidArgumentError, /symbol/],
];

const USES: [string, (ns: Any, key: Key) => unknown][] = [
  ["set", (ns, key) => ns.set(key, one)],
  ["set with options", (ns, key) => ns.set(key, one, { ttl: 5 })],
  ["get", (ns, key) => ns.get(key)],
  ["getEntry", (ns, key) => ns.getEntry(key)],
  ["getInto", (ns, key) => ns.getInto(key, new Uint8Array(8))],
  ["borrow", (ns, key) => ns.borrow(key, () => 1)],
  ["has", (ns, key) => ns.has(key)],
  ["delete", (ns, key) => ns.delete(key)],
  ["increment", (ns, key) => ns.increment(key)],
  ["getMany", (ns, key) => ns.getMany(["there", key])],
  ["setMany", (ns, key) => ns.setMany([[key, one]])],
  ["key", (ns, key) => ns.key(key as string)],
];

async function filled() {
  const store = await openStore();
  const ns = store.namespace("n") as Any;
  ns.set("there", bytesOf("before"));
  ns.set("count", new Uint8Array(8));
  const state = () => JSON.stringify([...ns.entries()].sort()) + ns.size + JSON.stringify(store.namespaces().sort());
  return { store, ns, state };
}

describe.each(KEYS)("a key that is %s", (_, key, error, message) => {
  it.each(USES)("is refused by %s, and nothing has changed", async (_verb, use) => {
    const { ns, state } = await filled();
    const before = state();
    expect(() => use(ns, wrong(key))).toThrow(error);
    expect(() => use(ns, wrong(key))).toThrow(message);
    expect(state()).toBe(before);
  });
});

describe("a prepared key", () => {
  it("is refused in another namespace, and in another store", async () => {
    const { store, ns } = await filled();
    const other = await openStore();
    expect(() => ns.get(store.namespace("m").key("there"))).toThrow(/"m".*"n"/);
    expect(() => ns.set(other.namespace("n").key("there"), one)).toThrow(/another store/);
    expect(ns.get(ns.key("there"))).toEqual(bytesOf("before"));
  });
});

describe("keys of equal bytes", () => {
  it("are one key, whatever they were spelt as; those that differ only in trailing zeros are not", async () => {
    const { ns } = await filled();
    for (const [i, key] of ["é", bytesOf("é"), Buffer.from("é"), ns.key("é"), ns.key(bytesOf("é"))].entries()) {
      ns.set(key, Uint8Array.of(i));
      expect([ns.get("é"), ns.size]).toEqual([Uint8Array.of(i), 3]);
    }
    ns.set("é\0", Uint8Array.of(99));
    expect([ns.get("é"), ns.get("é\0"), ns.size]).toEqual([Uint8Array.of(4), Uint8Array.of(99), 4]);
    ns.set("e\u0301", Uint8Array.of(7)); // looks the same, is other bytes
    expect(ns.get("é")).toEqual(Uint8Array.of(4));
  });
});

const circular: Record<string, unknown> = {};
circular.self = circular;
const VALUES: [string, string, unknown, RegExp][] = [
  ["binary", "a string", "text", /binary namespace takes a Uint8Array/],
  ["binary", "undefined", undefined, /undefined/],
  ["binary", "an array", [1], /array/],
  ["binary", "an ArrayBuffer", new ArrayBuffer(4), /ArrayBuffer/],
  ["binary", "a wider array", new Float64Array(1), /Float64Array/],
  ["string", "bytes", one, /string namespace takes strings/],
  ["string", "a number", 5, /5/],
  ["string", "a lone surrogate", "\udfff", /surrogate/],
  ["json", "undefined", undefined, /no JSON form/],
  ["json", "a function", () => 1, /no JSON form/],
  ["json", "a symbol", Symbol("s"), /no JSON form/],
  ["json", "a bigint", 5n, /no JSON form/],
  ["json", "a circle", circular, /no JSON form/],
  [
    "json",
    "an object that throws",
    {
      toJSON() {
        throw new Error("mine");
      },
    },
    /mine/,
  ],
  ["msgpack", "undefined", undefined, /no MessagePack form/],
  ["msgpack", "a function", () => 1, /no MessagePack form/],
  ["msgpack", "a symbol inside", { a: Symbol("s") }, /no MessagePack form/],
  ["msgpack", "a circle", circular, /no MessagePack form/],
  ["msgpack", "an error", new Error("e"), /no MessagePack form/],
];

describe.each(VALUES)("in a %s namespace, a value that is %s", (encoding, _, value, message) => {
  it.each([
    ["set", (ns: Any, v: Uint8Array) => ns.set("k", v)],
    ["set with options", (ns: Any, v: Uint8Array) => ns.set("k", v, { ttl: 1000, ifAbsent: true })],
    ["set with a prepared key", (ns: Any, v: Uint8Array) => ns.set(ns.key("k"), v)],
    ["setMany", (ns: Any, v: Uint8Array) => ns.setMany([["k", v]])],
  ] as const)("is refused by %s before anything is written", async (_verb, use) => {
    const store = await openStore();
    const ns = store.namespace("v", { encoding: encoding as "binary" }) as Any;
    expect(() => use(ns, wrong(value))).toThrow(InvalidArgumentError);
    expect(() => use(ns, wrong(value))).toThrow(message);
    expect([ns.has("k"), ns.size]).toEqual([false, 0]);
  });
});

describe("the size of a value", () => {
  it.each([1, 16, 17, 1024])(
    "may be anything from nothing to the store's limit, about what fits a chunk with a key of %d bytes too",
    async (length) => {
      const { store, ns } = await filled();
      const key = new Uint8Array(length).fill(107);
      const limit = 16_384 - 32 - Math.ceil(length / 16) * 16;
      const most = Math.floor(store.stats().memory.poolBytes / 4);
      for (const size of [0, 1, limit, limit + 1, most]) {
        const value = new Uint8Array(size).fill(size);
        for (const k of [key, ns.key(key)]) {
          ns.set(k, value);
          for (const read of [ns.get(k), ...ns.getMany([k])]) expect(Buffer.compare(read!, value)).toBe(0);
        }
      }
      for (const k of [key, ns.key(key)]) {
        expect(() => ns.set(k, new Uint8Array(most + 1))).toThrow(ValueTooLargeError);
        expect(() => ns.set(k, new Uint8Array(most + 1))).toThrow(String(most));
        expect(() => ns.set(k, new Uint8Array(10 ** 8))).toThrow(ValueTooLargeError);
      }
      expect(ns.get(key)).toHaveLength(most);
    },
  );
});

describe("options of set", () => {
  it.each([Number.NaN, -1, 0, -0, Number.POSITIVE_INFINITY, 2 ** 53, 18e9, "5", null, {}, 5n])(
    "refuse a ttl of %s",
    async (ttl) => {
      const { ns, state } = await filled();
      const before = state();
      expect(() => ns.set("there", one, { ttl: wrong(ttl) })).toThrow(InvalidArgumentError);
      expect(() => ns.setMany([["there", one]], { ttl: wrong(ttl) })).toThrow(/ttl/);
      expect(state()).toBe(before);
    },
  );

  it.each([
    ["null", null],
    ["a number", 5],
    ["a text", "ifAbsent"],
    ["both conditions", { ifAbsent: true, ifVersion: 1n }],
    ["a version that is a number", { ifVersion: 5 }],
    ["a negative version", { ifVersion: -1n }],
    ["a version beyond 64 bits", { ifVersion: 2n ** 64n }],
  ])("refuse %s", async (_, options) => {
    const { ns, state } = await filled();
    const before = state();
    expect(() => ns.set("there", one, wrong(options))).toThrow(InvalidArgumentError);
    expect(state()).toBe(before);
  });
});

describe("other arguments of a namespace", () => {
  const ATTEMPTS: [string, (ns: Any) => unknown][] = [
    ["getInto without a target", (ns) => ns.getInto("there", wrong(undefined))],
    ["getInto into a text", (ns) => ns.getInto("there", wrong("a long enough text"))],
    ["getInto into wider numbers", (ns) => ns.getInto("there", wrong(new Float64Array(100)))],
    ["getInto into a DataView", (ns) => ns.getInto("there", wrong(new DataView(new ArrayBuffer(100))))],
    ["getInto into too little", (ns) => ns.getInto("there", new Uint8Array(5))],
    ["borrow without a function", (ns) => ns.borrow("there", wrong("there"))],
    ["increment by a fraction", (ns) => ns.increment("count", 0.5)],
    ["increment by NaN", (ns) => ns.increment("count", Number.NaN)],
    ["increment by a text", (ns) => ns.increment("count", wrong("1"))],
    ["increment of what is no counter", (ns) => ns.increment("there")],
    ["getMany of nothing", (ns) => ns.getMany(wrong(undefined))],
    ["getMany of one text", (ns) => ns.getMany("there")],
    ["setMany of a number", (ns) => ns.setMany(wrong(5))],
    ["setMany of no pairs", (ns) => ns.setMany(wrong(["there"]))],
    ["limits that are none", (ns) => ns.limit(wrong(null))],
    ["negative limits", (ns) => ns.limit({ maxEntries: -1 })],
    ["limits of fractions", (ns) => ns.limit({ maxBytes: 1.5 })],
  ];
  it.each(ATTEMPTS)("refuse %s", async (_, attempt) => {
    const { ns, state } = await filled();
    const before = state();
    expect(() => attempt(ns)).toThrow(InvalidArgumentError);
    expect(state()).toBe(before);
  });

  it("nest eight borrowed views, not nine, and give them all back", async () => {
    const { ns } = await filled();
    const nest = (depth: number): number => ns.borrow("there", () => (depth === 1 ? 1 : 1 + nest(depth - 1)))!;
    expect(nest(8)).toBe(8);
    expect(() => nest(9)).toThrow(/nested/);
    expect(() =>
      ns.borrow("there", () => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(nest(8)).toBe(8);
  });
});

describe("the store itself", () => {
  const ATTEMPTS: [string, (store: Store) => unknown][] = [
    ["a namespace without a name", (store) => store.namespace("")],
    ["a namespace named by a number", (store) => store.namespace(wrong(5))],
    ["a namespace name of 257 bytes", (store) => store.namespace("n".repeat(257))],
    ["a namespace with an unknown encoding", (store) => store.namespace("x", { encoding: wrong("xml") })],
    ["a namespace with another encoding than its own", (store) => store.namespace("n", { encoding: "json" })],
    ["null for options of a namespace", (store) => store.namespace("x", wrong(null))],
    ["a channel without a name", (store) => store.channel("")],
    ["a channel of one message", (store) => store.channel("c", { capacity: 1 })],
    ["a channel of too many", (store) => store.channel("c", { capacity: 1025 })],
    ["a channel of an unknown kind", (store) => store.channel("c", { kind: wrong("spmc") })],
    ["a channel that does what when full", (store) => store.channel("c", { whenFull: wrong("wait") })],
    ["null for options of a channel", (store) => store.channel("c", wrong(null))],
    ["a buffer of nothing", (store) => store.buffer(0)],
    ["a buffer of too much", (store) => store.buffer(20_000_000)],
    ["a buffer of a fraction", (store) => store.buffer(1.5)],
    ["an agent without a name", (store) => store.as("")],
    ["an agent that is an object", (store) => store.as(wrong({}))],
    ["an unknown permission", (store) => store.grant("a", "n", [wrong("fly")])],
    ["permissions that are no list", (store) => store.grant("a", "n", wrong("read"))],
    ["watching nothing", (store) => store.watch(wrong(null))],
    ["watching what is no worker", (store) => store.watch(wrong({ threadId: 1, once() {} }))],
    ["an idle time that is none", (store) => store.dropIdleNamespaces(Number.NaN)],
    ["dropping a namespace without a name", (store) => store.dropNamespace("")],
  ];
  it.each(ATTEMPTS)("refuses %s", async (_, attempt) => {
    const { store, state } = await filled();
    const before = state();
    expect(() => attempt(store)).toThrow(InvalidArgumentError);
    expect(state()).toBe(before);
  });

  it.each([
    ["no object", null],
    ["an unknown option", { size: 5 }],
    ["a capacity of NaN", { capacity: Number.NaN }],
    ["a capacity of words", { capacity: "plenty" }],
    ["a negative capacity", { capacity: -1 }],
    ["a capacity of 1 byte", { capacity: 1 }],
    ["more than 4 GiB", { capacity: "5GiB" }],
    ["room to grow beyond 4 GiB", { capacity: "8MiB", maxCapacity: "4.1GiB" }],
    ["a maximum below the capacity", { capacity: "8MiB", maxCapacity: "4MiB" }],
    ["63 workers", { maxWorkers: 63 }],
    ["half a worker", { maxWorkers: 0.5 }],
    ["an unknown eviction", { eviction: "magic" }],
    ["an unknown hash", { hash: "md5" }],
    ["a pool share of 1", { poolShare: 1 }],
    ["no expected entries", { expectedEntries: 0 }],
    ["65,535 namespaces", { maxNamespaces: 65_535 }],
    ["shared neither true nor false", { shared: "yes" }],
    ["maintenance neither true nor false", { maintenance: 1 }],
  ])("is not created with %s", async (_, options) => {
    await expect(Store.create(wrong(options))).rejects.toThrow(InvalidArgumentError);
  });

  it("asks for a capacity that is then enough", async () => {
    const error: Error = await Store.create({ capacity: "1MiB", maxWorkers: 62 }).then(
      () => new Error("it was made"),
      (reason) => reason,
    );
    const needed = Number(/at least (\d+) KiB/.exec(error.message)?.[1]);
    await openStore({ capacity: needed * 1024, maxWorkers: 62 });
    await expect(Store.create({ capacity: needed * 1024 - 65_536, maxWorkers: 62 })).rejects.toThrow(
      InvalidArgumentError,
    );
  });
});

describe("a handle", () => {
  const forged = (change: (handle: Record<string, unknown>) => void) => async () => {
    const { handle } = await openStore();
    const copy = { ...handle } as Record<string, unknown>;
    change(copy);
    return copy as unknown as StoreHandle;
  };
  const HANDLES: [string, () => Promise<unknown>, RegExp][] = [
    ["nothing", async () => undefined, /undefined/],
    ["a text", async () => "handle", /handle/],
    ["an empty object", async () => ({}), /layout version/],
    [
      "of another layout version",
      forged((handle) => (handle.engram = layout.LAYOUT_VERSION + 1)),
      new RegExp(`layout version ${layout.LAYOUT_VERSION + 1}`),
    ],
    ["without a memory", forged((handle) => (handle.memory = null)), /module and memory/],
    ["without a module", forged((handle) => (handle.module = {})), /module and memory/],
    [
      "over an empty memory",
      forged((h) => (h.memory = new WebAssembly.Memory({ initial: 0, maximum: 1, shared: true }))),
      /no store's/,
    ],
    [
      "over a foreign memory",
      forged((h) => (h.memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }))),
      /no store's/,
    ],
  ];
  it.each(HANDLES)("that is %s is refused", async (_, make, message) => {
    const handle = await make();
    await expect(Store.attach(wrong(handle))).rejects.toThrow(InvalidArgumentError);
    await expect(Store.attach(wrong(handle))).rejects.toThrow(message);
  });

  it("is not given out by a store in private memory", async () => {
    const store = await openStore({ shared: false });
    expect(() => store.handle).toThrow(/shared: false/);
    expect(() => store.spawn("anything.js")).toThrow(InvalidArgumentError);
  });

  it("attaches as many threads as there are slots, and one again when one has left", async () => {
    const store = await openStore({ maxWorkers: 3 });
    // two slots besides the workers': the creator's, and the maintenance thread's, which is free here
    const attached = await Promise.all([1, 2, 3, 4].map(() => Store.attach(store.handle)));
    await expect(Store.attach(store.handle)).rejects.toThrow(WorkerLimitError);
    await expect(Store.attach(store.handle)).rejects.toThrow(/maxWorkers: 3,/);
    await attached[2].close();
    attached[2] = await Store.attach(store.handle);
    for (const each of attached) await each.close();
  });
});

describe("after close", () => {
  it("every use is refused with ClosedError, and closing again is fine", async () => {
    const store = await Store.create({ capacity: "8MiB", maintenance: false });
    const ns = store.namespace("n") as Any;
    ns.set("k", one);
    const channel = store.channel("c");
    const prepared = ns.key("k");
    const iterator = ns.entries();
    const { handle } = store;
    await store.close();
    await store.close();
    const uses: (() => unknown)[] = [
      ...USES.map(
        ([, use]) =>
          () =>
            use(ns, wrong("k")),
      ),
      () => ns.get(prepared),
      () => ns.size,
      () => ns.usage(),
      () => ns.clear(),
      () => ns.limit({ maxEntries: 1 }),
      () => iterator.next(),
      () => [...ns],
      () => channel.send(one),
      () => channel.receive(),
      () => channel.length,
      () => store.handle,
      () => store.namespace("n"),
      () => store.namespaces(),
      () => store.dropNamespace("n"),
      () => store.dropIdleNamespaces(0),
      () => store.as("a"),
      () => store.grant("a", "n", ["read"]),
      () => store.revoke("a", "n"),
      () => store.buffer(8),
      () => store.channel("c"),
      () => store.maintain(),
      () => store.stats(),
      () => store.watch(new Worker("", { eval: true })),
    ];
    for (const use of uses) expect(use, String(use)).toThrow(ClosedError);
    await expect(store.verify()).rejects.toThrow(ClosedError);
    await expect(channel.receiveWait(0)).rejects.toThrow(ClosedError);
    await expect(Store.attach(handle)).rejects.toThrow(ClosedError);
  });
});

it("gives every error a code of its own, a name, and one line", async () => {
  const { ns } = await filled();
  const errors: EngramError[] = [];
  for (const attempt of [
    () => ns.get(""),
    () => ns.get("k".repeat(2000)),
    () => ns.set("k", new Uint8Array(20_000_000)),
  ]) {
    try {
      attempt();
    } catch (error) {
      errors.push(error as EngramError);
    }
  }
  expect(errors.map((error) => [error.name, error.code])).toEqual([
    ["InvalidArgumentError", "INVALID_ARGUMENT"],
    ["KeyTooLongError", "KEY_TOO_LONG"],
    ["ValueTooLargeError", "VALUE_TOO_LARGE"],
  ]);
  for (const error of errors) {
    expect(error).toBeInstanceOf(EngramError);
    expect(error.message).not.toContain("\n");
  }
});

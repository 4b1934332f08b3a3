import { describe, expect, it } from "vitest";
import {
  AccessDeniedError,
  InvalidArgumentError,
  type Namespace,
  NamespaceLimitError,
  type Permission,
  Store,
} from "#dist/src/index.js";
import { bytesOf, HandClock, openStore } from "./fixture.js";

const one = Uint8Array.of(1);

/** Two connections to one store: what two threads have, but in the order the test wants. */
async function twoThreads(options: Parameters<typeof openStore>[0] = {}) {
  const store = await openStore(options);
  const other = await Store.attach(store.handle);
  return { store, other, close: () => other.close() };
}

describe("names and ids", () => {
  it("are given out up to the limit, and again after a drop", async () => {
    const store = await openStore({ maxNamespaces: 30 });
    const names: string[] = [];
    expect(() => {
      for (let i = 0; i < 100; i++) names.push(store.namespace(`n${i}`).name);
    }).toThrow(NamespaceLimitError);
    expect(names.length).toBeGreaterThanOrEqual(30);
    expect(names.length).toBeLessThanOrEqual(62); // ids come in powers of two
    for (const name of names) store.namespace(name).set("k", bytesOf(name));
    expect(store.dropNamespace("n3")).toBe(true);
    expect(store.dropNamespace("n3")).toBe(false);
    // its entry is still in the table; the id is swept free when it is needed
    store.namespace("once more").set("k", one);
    expect(store.namespaces().sort()).toEqual([...names.filter((name) => name !== "n3"), "once more"].sort());
    for (const name of names.filter((n) => n !== "n3")) expect(store.namespace(name).get("k")).toEqual(bytesOf(name));
  });

  it("reach 65,534 in a store that is large enough", async () => {
    const store = await openStore({ capacity: "64MiB", maxNamespaces: 65_534 });
    for (let i = 0; i < 65_534; i++) store.namespace(`namespace ${i}`);
    expect(() => store.namespace("one more")).toThrow(NamespaceLimitError);
    expect(store.namespaces()).toHaveLength(65_534);
    const last = store.namespace("namespace 65533");
    last.set("k", one);
    expect([last.size, store.namespace("namespace 65532").size]).toEqual([1, 0]);
    store.dropNamespace("namespace 17");
    expect(store.namespace("one more").size).toBe(0);
  });

  it("go round many times without leaking ids, entries or memory", async () => {
    const store = await openStore({ capacity: "4MiB", maxNamespaces: 8, eviction: "none" });
    for (let round = 0; round < 2000; round++) {
      const ns = store.namespace(`round ${round}`);
      for (let i = 0; i < 5; i++) ns.set(`k${i}`, bytesOf(`${round}`));
      if (round % 3 === 0) ns.clear();
      expect(ns.size).toBe(round % 3 === 0 ? 0 : 5);
      expect(store.dropNamespace(`round ${round}`)).toBe(true);
    }
    store.maintain();
    expect([store.namespaces(), store.stats().entries]).toEqual([[], 0]);
    expect(store.stats().memory.slabBytes).toBeLessThan(10 * 65_536);
  });

  it("keep the same keys apart", async () => {
    const store = await openStore();
    const spaces = Array.from({ length: 100 }, (_, i) => store.namespace(`n${i}`));
    spaces.forEach((ns, i) => {
      ns.set("same", Uint8Array.of(i));
    });
    spaces.forEach((ns, i) => {
      expect([ns.get("same"), ns.size, [...ns.keys()]]).toEqual([Uint8Array.of(i), 1, ["same"]]);
    });
    spaces[5].delete("same");
    expect(spaces.filter((ns) => ns.has("same"))).toHaveLength(99);
  });

  it("may be any text of up to 256 bytes", async () => {
    const store = await openStore();
    for (const name of ["x".repeat(256), "é".repeat(128), " ", "\0", "🔑/a:b"]) {
      store.namespace(name).set("k", bytesOf(name));
      expect(store.namespace(name).get("k")).toEqual(bytesOf(name));
    }
    expect(store.namespaces()).toHaveLength(5);
  });
});

describe("clear", () => {
  it("empties at once, and leaves the memory to the sweep", async () => {
    const store = await openStore({ capacity: "32MiB" });
    const ns = store.namespace("n");
    const beside = store.namespace("beside");
    beside.set("k", one);
    for (let i = 0; i < 50_000; i++) ns.set(`k${i}`, one);
    const { operations } = store.stats();
    ns.clear();
    expect([ns.size, ns.has("k7"), [...ns].length]).toEqual([0, false, 0]);
    expect(store.stats().operations.deletes).toBe(operations.deletes);
    expect(store.stats().entries).toBe(50_001);
    ns.set("k7", bytesOf("new"));
    expect(store.maintain().swept).toBe(50_000);
    expect([ns.get("k7"), ns.size, beside.size, store.stats().entries]).toEqual([bytesOf("new"), 1, 1, 2]);
  });

  it("ends an iteration that is under way", async () => {
    const store = await openStore();
    const ns = store.namespace("n");
    for (let i = 0; i < 5000; i++) ns.set(`k${i}`, one);
    const keys = ns.keys();
    for (let i = 0; i < 10; i++) keys.next();
    ns.clear();
    for (let i = 0; i < 10; i++) ns.set(`new${i}`, one);
    let rest = 0;
    for (const _ of keys) rest++;
    expect(rest).toBeLessThanOrEqual(1024); // what had been listed already
  });
});

/** Every use of a handle that has gone stale, each on a namespace of its own. */
const USES: [string, (ns: Namespace) => unknown, unknown][] = [
  ["get", (ns) => ns.get("k"), undefined],
  ["getEntry", (ns) => ns.getEntry("k"), undefined],
  ["getInto", (ns) => ns.getInto("k", new Uint8Array(99)), -1],
  ["borrow", (ns) => ns.borrow("k", () => 1), undefined],
  ["has", (ns) => ns.has("k"), false],
  ["getMany", (ns) => ns.getMany(["k", "l"]), [undefined, undefined]],
  ["delete", (ns) => ns.delete("k"), false],
  ["size", (ns) => ns.size, 0],
  ["usage", (ns) => ns.usage().entries, 0],
  ["entries", (ns) => [...ns.entries()], []],
  ["increment", (ns) => ns.increment("k"), 1n],
  ["set ifAbsent", (ns) => ns.set("k", one, { ifAbsent: true }), true],
  ["set ifVersion", (ns) => ns.set("k", one, { ifVersion: 1n }), false],
];

describe.each([
  ["cleared", (store: Store) => store.namespace("n").clear()],
  ["dropped", (store: Store) => store.dropNamespace("n")],
  [
    "dropped and made again",
    (store: Store) => {
      store.dropNamespace("n");
      store.namespace("n");
    },
  ],
])("a handle whose namespace another thread %s", (_, change) => {
  it.each(USES)("sees none of the old entries: %s", async (_verb, use, expected) => {
    const { store, other, close } = await twoThreads();
    const ns = store.namespace("n");
    ns.set("k", bytesOf("before"));
    const prepared = ns.key("k");
    change(other);
    expect(use(ns)).toEqual(expected);
    change(other);
    expect(ns.get(prepared)).toBeUndefined();
    await close();
  });

  it("writes exactly the bytes it was given, of any length, by any way", async () => {
    const { store, other, close } = await twoThreads();
    const ns = store.namespace("n");
    const theirs = other.namespace("n");
    for (const length of [0, 1, 20, 24, 100, 5000]) {
      const value = Uint8Array.from({ length }, (_v, i) => i + length);
      const own = store.buffer(Math.max(1, length));
      own.set(value);
      const ways: (() => unknown)[] = [
        () => ns.set("k", value),
        () => ns.set("k", value, { ttl: 100_000 }),
        () => ns.set(ns.key("k"), value),
        () => ns.setMany([["k", value]]),
        () => ns.set("k", own.subarray(0, length)),
      ];
      const prepared = ns.key("k");
      for (const write of [...ways, () => ns.set(prepared, value)]) {
        change(other);
        write();
        expect(theirs.get("k")).toEqual(value);
        expect(ns.get(prepared)).toEqual(value);
        expect(ns.size).toBe(1);
      }
    }
    await close();
  });

  it("prepares keys that find what others wrote", async () => {
    const { store, other, close } = await twoThreads();
    const ns = store.namespace("n");
    ns.get("another key, whose hash must not be taken for this one's");
    change(other);
    const prepared = ns.key("k");
    other.namespace("n").set("k", one);
    expect(ns.get(prepared)).toEqual(one);
    ns.set(prepared, bytesOf("mine"));
    expect([other.namespace("n").get("k"), ns.size]).toEqual([bytesOf("mine"), 1]);
    await close();
  });
});

it("a handle whose namespace was made again with another encoding says so, and touches nothing", async () => {
  const { store, other, close } = await twoThreads();
  const ns = store.namespace("n", { encoding: "json" });
  ns.set("k", { a: 1 });
  other.dropNamespace("n");
  other.namespace("n", { encoding: "binary" }).set("k", one);
  expect(() => ns.get("k")).toThrow(InvalidArgumentError);
  expect(() => ns.set("k", 5)).toThrow(/binary.*json/);
  expect(other.namespace("n").get("k")).toEqual(one);
  await close();
});

it("a version is not valid again when a later write of the key gets the very same chunk", async () => {
  const store = await openStore();
  const ns = store.namespace("n");
  const chunkOf = (version: bigint) => version & 0xffffffffn;
  ns.set("k", one);
  const { version } = ns.getEntry("k")!;
  let met = 0;
  for (let i = 0; i < 5000 && met < 10; i++) {
    ns.set("k", one);
    const now = ns.getEntry("k")!.version;
    expect(now).not.toBe(version);
    if (chunkOf(now) !== chunkOf(version)) continue;
    met++;
    expect(ns.set("k", bytesOf("lost update"), { ifVersion: version })).toBe(false);
    expect(ns.get("k")).toEqual(one);
  }
  expect(met).toBe(10);
});

describe("quotas", () => {
  it("stop new entries at the limit; replacing, deleting and other namespaces go on", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { maxEntries: 10 });
    for (let i = 0; i < 10; i++) ns.set(`k${i}`, one);
    for (const write of [
      () => ns.set("more", one),
      () => ns.set("more", one, { ifAbsent: true }),
      () => ns.set(ns.key("more"), one),
      () => ns.increment("more"),
      () => ns.setMany([["more", one]]),
    ]) {
      expect(write).toThrow(NamespaceLimitError);
      expect(write).toThrow(/"n".*10 entries/);
    }
    expect([ns.size, ns.has("more")]).toEqual([10, false]);
    ns.set("k3", bytesOf("replaced"));
    ns.delete("k4");
    ns.set("more", one);
    expect(ns.size).toBe(10);
    store.namespace("other").set("k", one);
    ns.clear();
    expect(ns.usage().maxEntries).toBe(10);
    for (let i = 0; i < 10; i++) ns.set(`again${i}`, one);
    expect(() => ns.set("more", one)).toThrow(NamespaceLimitError);
  });

  it("count bytes of chunks, also when a value grows", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { maxBytes: 1024 });
    ns.set("a", new Uint8Array(200)); // 256
    ns.set("b", new Uint8Array(200));
    ns.set("c", new Uint8Array(400)); // 512
    expect(ns.usage()).toMatchObject({ entries: 3, bytes: 1024, maxBytes: 1024 });
    expect(() => ns.set("d", one)).toThrow(/1024 bytes/);
    expect(() => ns.set("a", new Uint8Array(400))).toThrow(NamespaceLimitError);
    expect(ns.get("a")).toEqual(new Uint8Array(200));
    ns.set("c", one); // 64
    ns.set("a", new Uint8Array(400));
    expect(ns.usage()).toMatchObject({ entries: 3, bytes: 64 + 256 + 512 });
  });

  it("can be changed, one without the other, by two threads; what is there stays", async () => {
    const { store, other, close } = await twoThreads();
    const mine = store.namespace("n", { maxEntries: 5 });
    const theirs = other.namespace("n");
    for (let i = 0; i < 5; i++) mine.set(`k${i}`, one);
    theirs.limit({ maxBytes: 10_000 });
    mine.limit({ maxEntries: 3 });
    expect(theirs.usage()).toMatchObject({ maxEntries: 3, maxBytes: 10_000, entries: 5 });
    expect(() => theirs.set("more", one)).toThrow(/3 entries, 10000 bytes/);
    mine.limit({ maxEntries: 0 });
    theirs.set("more", one);
    expect(store.namespace("n", { maxEntries: 6 }).usage()).toMatchObject({ maxEntries: 6, maxBytes: 10_000 });
    await close();
  });
});

describe("idle namespaces", () => {
  it("are dropped by age of their last insert, empty ones first of all", async () => {
    const store = await openStore();
    const clock = new HandClock(store);
    for (const name of ["empty", "filled", "busy"]) store.namespace(name);
    store.namespace("filled").set("k", one);
    clock.advance(60_000);
    store.namespace("busy").set("k", one);
    store.namespace("busy").delete("k");
    store.namespace("fresh");
    clock.advance(2000);
    expect(store.dropIdleNamespaces(120_000)).toEqual([]);
    expect(store.dropIdleNamespaces(30_000)).toEqual(["empty"]);
    expect(store.dropIdleNamespaces(30_000, { evenIfFilled: true })).toEqual(["filled"]);
    expect(store.namespaces().sort()).toEqual(["busy", "fresh"]);
    // an id given out again does not bring its last owner's age along
    clock.advance(1_000_000);
    expect(store.dropIdleNamespaces(500_000).sort()).toEqual(["busy", "fresh"]);
    for (let i = 0; i < 10; i++) store.namespace(`new${i}`);
    expect(store.dropIdleNamespaces(1000)).toEqual([]);
    expect(store.namespace("new1").usage().lastUsed).toBeGreaterThan(Date.now() + 1_000_000 - 60_000);
  });
});

describe("an agent", () => {
  const READS: [string, (ns: Namespace) => unknown][] = [
    ["get", (ns) => ns.get("k")],
    ["getEntry", (ns) => ns.getEntry("k")],
    ["getInto", (ns) => ns.getInto("k", new Uint8Array(9))],
    ["borrow", (ns) => ns.borrow("k", () => 1)],
    ["has", (ns) => ns.has("k")],
    ["getMany", (ns) => ns.getMany(["k"])],
    ["size", (ns) => ns.size],
    ["usage", (ns) => ns.usage()],
    ["iteration", (ns) => [...ns]],
  ];
  const NEEDS: [string, Permission[], (ns: Namespace) => unknown][] = [
    ...READS.map(([verb, use]) => [verb, ["read"], use] as [string, Permission[], (ns: Namespace) => unknown]),
    ["set", ["write"], (ns) => ns.set("k", one)],
    ["setMany", ["write"], (ns) => ns.setMany([["k", one]])],
    ["increment", ["read", "write"], (ns) => ns.increment("count")],
    ["delete", ["delete"], (ns) => ns.delete("k")],
    ["clear", ["delete"], (ns) => ns.clear()],
    ["limit", ["admin"], (ns) => ns.limit({ maxEntries: 5 })],
  ];
  const ALL: Permission[] = ["read", "write", "delete", "admin"];

  it.each(NEEDS)(
    "needs for %s exactly the permission %s, and is refused before anything is touched",
    async (_, needs, use) => {
      const store = await openStore();
      const ns = store.namespace("n");
      ns.set("k", bytesOf("value"));
      ns.set("count", new Uint8Array(8));
      const state = () => [
        ns.get("k"),
        ns.get("count"),
        ns.usage(),
        store.stats().operations.sets,
        store.stats().operations.deletes,
      ];
      const theirs = store.as("7").namespace("n");
      const before = state();
      const refused = (permissions: Permission[]) => {
        store.grant("7", "n", permissions);
        const counted = store.stats().operations;
        expect(() => use(theirs)).toThrow(AccessDeniedError);
        expect(store.stats().operations).toMatchObject({
          sets: counted.sets,
          deletes: counted.deletes,
          evictions: counted.evictions,
        });
        expect([ns.get("k"), ns.get("count"), ns.usage()]).toEqual(before.slice(0, 3));
      };
      expect(() => use(theirs)).toThrow(/agent "7".*"n"/);
      refused(["write"].filter((permission) => !needs.includes(permission as Permission)) as Permission[]);
      for (const missing of needs) refused(ALL.filter((permission) => permission !== missing));
      store.grant("7", "n", needs);
      use(theirs);
      store.revoke("7", "n");
      expect(() => use(theirs)).toThrow(AccessDeniedError);
    },
  );

  it("is its own master in its namespaces, and in nobody else's", async () => {
    const store = await openStore();
    const seven = store.as(7);
    for (const [, , use] of NEEDS) {
      const own = seven.namespace("agent_7_state");
      own.delete("count");
      use(own);
    }
    expect(seven.dropNamespace("agent_7_state")).toBe(true);
    store.namespace("agent_77_state").set("k", one);
    store.namespace("agent_7").set("k", one);
    for (const name of ["agent_77_state", "agent_7", "xagent_7_state"]) {
      expect(() => seven.namespace(name).get("k"), name).toThrow(AccessDeniedError);
      expect(() => seven.dropNamespace(name), name).toThrow(AccessDeniedError);
    }
    expect(store.namespaces()).not.toContain("xagent_7_state"); // nor did it make one
  });

  it("gets nothing in the store's own namespaces, and neither does anyone", async () => {
    const store = await openStore();
    for (const name of ["system", "system_x", "system:x"]) {
      expect(() => store.as("7").namespace(name)).toThrow(AccessDeniedError);
      expect(() => store.namespace(name)).toThrow(AccessDeniedError);
      expect(() => store.grant("7", name, ["read"])).toThrow(AccessDeniedError);
    }
  });

  it("cannot grant, revoke or clean up", async () => {
    const store = await openStore();
    const seven = store.as("7") as unknown as Store;
    expect(() => seven.grant("7", "n", ["read"])).toThrow(AccessDeniedError);
    expect(() => seven.revoke("8", "n")).toThrow(AccessDeniedError);
    expect(() => seven.dropIdleNamespaces(0)).toThrow(AccessDeniedError);
  });

  it("has what it was granted, and loses what was revoked, in every thread at its next operation", async () => {
    const { store, other, close } = await twoThreads();
    store.namespace("n").set("k", one);
    const there = other.as("7").namespace("n");
    for (let round = 0; round < 3; round++) {
      expect(() => there.get("k")).toThrow(AccessDeniedError);
      store.grant("7", "n", ["read"]);
      expect(there.get("k")).toEqual(one);
      expect(() => there.set("k", one)).toThrow(AccessDeniedError);
      store.grant("7", "n", ["write"]);
      expect(() => there.get("k")).toThrow(AccessDeniedError);
      there.set("k", one);
      store.revoke("7", "n");
    }
    await close();
  });

  it("is told apart from one whose name and namespace only add up to the same text", async () => {
    const store = await openStore();
    store.grant("a", "b:c", ["read"]);
    store.namespace("c").set("k", one);
    store.namespace("b:c").set("k", one);
    expect(store.as("a").namespace("b:c").get("k")).toEqual(one);
    expect(() => store.as("a:b").namespace("c").get("k")).toThrow(AccessDeniedError);
  });
});

describe("iteration while others write", () => {
  it("gives what is there all along exactly once", async () => {
    const { store, other, close } = await twoThreads({ capacity: "8MiB", eviction: "none" });
    const ns = store.namespace("n");
    const theirs = other.namespace("n");
    for (let i = 0; i < 3000; i++) ns.set(`stays${i}`, bytesOf(`stays${i}`));
    const seen = new Map<string, number>();
    let turn = 0;
    for (const [key, value] of ns.entries()) {
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (key.startsWith("stays")) expect(Buffer.from(value).toString()).toBe(key);
      // replaced, deleted, inserted, recycled: in this thread's walk, from another
      turn++;
      theirs.set(`stays${(turn * 7) % 3000}`, bytesOf(`stays${(turn * 7) % 3000}`));
      theirs.set(`comes${turn % 50}`, new Uint8Array(turn % 40));
      theirs.delete(`comes${(turn * 3) % 50}`);
    }
    for (let i = 0; i < 3000; i++) expect(seen.get(`stays${i}`), `stays${i}`).toBe(1);
    await close();
  });

  it("ends on a table with a single long chain", async () => {
    const store = await openStore({ capacity: "32MiB", expectedEntries: 1 });
    const ns = store.namespace("n");
    for (let i = 0; i < 100_000; i++) ns.set(`k${i}`, one);
    let n = 0;
    for (const _ of ns.keys()) n++;
    expect(n).toBe(100_000);
  });
});

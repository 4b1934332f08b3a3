/** A namespace's id is another's by the time it is used: each test lets that happen between a look at the directory and what follows it. */
import { describe, expect, it } from "vitest";
import { layout } from "#dist/src/core/index.js";
import { type NamespaceOptions, Store } from "#dist/src/index.js";
import { bytesOf, inside, openStore } from "./fixture.js";

type Engine = Record<string, (...args: never[]) => unknown>;

/** Calls `before` once, just before the connection's next call of an engine function. */
function beforeNext(store: Store, name: string, before: () => void): void {
  const worker = inside(store) as unknown as { engine: Engine };
  const { engine } = worker;
  worker.engine = Object.assign(Object.create(null), engine, {
    [name]: (...args: never[]) => {
      worker.engine = engine;
      before();
      return engine[name](...args);
    },
  });
}

/** And just after it. */
function afterNext(store: Store, name: string, after: () => void): void {
  const worker = inside(store) as unknown as { engine: Engine };
  const { engine } = worker;
  worker.engine = Object.assign(Object.create(null), engine, {
    [name]: (...args: never[]) => {
      worker.engine = engine;
      const result = engine[name](...args);
      after();
      return result;
    },
  });
}

const SECRETS = ["a", "b", "c"];

function idOf(store: Store, name: string): number {
  type Inner = { connection: { directory: { find(name: string): { id: number } | null } } };
  return (store as unknown as Inner).connection.directory.find(name)?.id ?? -1;
}

/** A namespace of three entries, and what makes another take its id, with keys of the same names. */
async function makeTwo(options: NamespaceOptions = {}) {
  const store = await openStore({ maxNamespaces: 2, eviction: "none" });
  const other = await Store.attach(store.handle);
  const ns = store.namespace("small", { ...options });
  for (const key of SECRETS) ns.set(key, bytesOf("small"));
  const id = idOf(store, "small");
  const takeItsId = () => {
    other.dropNamespace("small");
    // ids go round: until this one comes again
    for (let i = 0; idOf(other, "secret") !== id; i++) {
      if (i > 8) throw new Error("the id was not given out again");
      other.dropNamespace("secret");
      other.maintain();
      other.namespace("secret");
    }
    for (const key of SECRETS) other.namespace("secret").set(key, bytesOf("secret"));
  };
  const secrets = () => SECRETS.map((key) => other.namespace("secret").get(key));
  return { store, other, ns, takeItsId, secrets };
}

describe("a namespace whose id is given to another", () => {
  it.each(["keys", "values", "entries", "binaryEntries"] as const)(
    "hands out nothing of that by %s()",
    async (verb) => {
      const { store, other, ns, takeItsId, secrets } = await makeTwo();
      beforeNext(store, "listOf", takeItsId);
      expect([...ns[verb]()]).toEqual([]);
      expect(secrets()).toEqual(SECRETS.map(() => bytesOf("secret")));
      await other.close();
    },
  );

  it("hands out what it had listed before, and no more", async () => {
    const { store, other, ns, takeItsId } = await makeTwo();
    afterNext(store, "listOf", takeItsId);
    for (const [, value] of ns.entries()) expect(value).toEqual(bytesOf("small"));
    await other.close();
  });

  it("evicts nothing of that, though it is at its limit", async () => {
    for (const next of [beforeNext, afterNext]) {
      const { store, other, ns, takeItsId, secrets } = await makeTwo({ maxEntries: 3, whenFull: "evict" });
      next(store, "listOf", takeItsId);
      expect(() => ns.set("d", bytesOf("small"))).not.toThrow(TypeError);
      expect(secrets()).toEqual(SECRETS.map(() => bytesOf("secret")));
      await other.close();
    }
  });

  it("does not count that as its own", async () => {
    for (const look of [
      (ns: { size: number }) => ns.size,
      (ns: { usage(): { entries: number } }) => ns.usage().entries,
    ]) {
      const { store, other, ns, takeItsId } = await makeTwo();
      afterNext(store, "isCurrentRecord", takeItsId);
      expect(look(ns)).toBe(0);
      await other.close();
    }
  });

  it("deletes nothing of that to make room for a clear", async () => {
    const store = await openStore({ capacity: "2MiB", maxNamespaces: 2, eviction: "none" });
    const other = await Store.attach(store.handle);
    const ns = store.namespace("small");
    ns.set("k", bytesOf("v"));
    const worker = inside(store) as unknown as { engine: Engine };
    const { engine } = worker;
    let refused = false;
    // no memory for the new directory entry, and nothing to sweep; then the id is another's
    worker.engine = Object.assign(Object.create(null), engine, {
      clearNamespace: (...args: never[]) => {
        if (refused) return engine.clearNamespace(...args);
        refused = true;
        return layout.NO_MEMORY;
      },
      sweep: () => 0,
      listOf: (...args: never[]) => {
        other.dropNamespace("small");
        return engine.listOf(...args);
      },
      removeVictim: () => {
        throw new Error("it deleted what it had not proven to be its own");
      },
    });
    ns.clear();
    worker.engine = engine;
    await other.close();
  });
});

describe("the numbers that tell the lives of ids apart", () => {
  it("go on where the generation of an id's state has wrapped around", async () => {
    const { store, other, ns } = await makeTwo();
    const worker = inside(store);
    const { header } = worker;
    const line = (id: number) =>
      new Uint32Array(worker.currentBuffer(), header.ids + id * layout.ID_STRIDE, layout.ID_STRIDE / 4);
    const id = idOf(store, "small");
    const [state] = line(id);
    beforeNext(store, "listOf", () => {
      // as if the id had been taken 65,535 times meanwhile, and then by a namespace of the same name
      do {
        other.dropNamespace("small");
        other.maintain();
        for (let i = layout.FIRST_ID; i < header.idCount; i++) {
          line(i)[0] = (line(i)[0] & 0xffff) | ((state & 0xffff0000) - 0x10000);
        }
        other.namespace("small");
      } while (idOf(other, "small") !== id);
      expect(line(id)[0]).toBe(state);
      for (const key of SECRETS) other.namespace("small").set(key, bytesOf("another life"));
    });
    expect([...ns.values()]).toEqual([]);
    await other.close();
  });
});

describe("the filters by which a namespace is listed", () => {
  /** Groups of buckets in which an id may have entries. */
  function groupsOf(store: Store, name: string): number {
    const worker = inside(store);
    const groups = worker.header.bucketCount >> layout.GROUP_SHIFT;
    const words = new Uint32Array(worker.currentBuffer(), worker.header.words[layout.H_GROUPS / 4], groups);
    const bit = 1 << (idOf(store, name) % 31);
    return words.reduce((n, word) => n + ((word & bit) === 0 ? 0 : 1), 0);
  }

  it("know about as many groups as the namespace has entries, however many keys it has had", async () => {
    const store = await openStore({ capacity: "32MiB" });
    const one = store.namespace("one", { maxEntries: 1, whenFull: "evict" });
    for (let i = 0; i < 3000; i++) one.set(`key ${i}`, bytesOf("v"));
    expect(one.size).toBe(1);
    expect(groupsOf(store, "one")).toBeLessThan(100);
    expect([...one.keys()]).toEqual(["key 2999"]);
  });

  it("forget what was cleared", async () => {
    const store = await openStore({ capacity: "32MiB", expectedEntries: 100_000 });
    const ns = store.namespace("n");
    for (let i = 0; i < 5000; i++) ns.set(`key ${i}`, bytesOf("v"));
    const before = groupsOf(store, "n");
    expect(before).toBeGreaterThan(1000);
    const list = () => [...ns.keys()].length;
    expect(list()).toBe(5000);
    for (let i = 10; i < 5000; i++) ns.delete(`key ${i}`);
    expect(list()).toBe(10);
    expect(groupsOf(store, "n")).toBeLessThanOrEqual(10);
  });

  it("are not walked for a write that is refused for want of memory, where nothing is dead", async () => {
    const store = await openStore({ capacity: "64MiB", eviction: "none" });
    const ns = store.namespace("n");
    const value = new Uint8Array(16_000);
    const fill = () => {
      for (let i = 0; ; i++) ns.set(`key ${i}`, value);
    };
    expect(fill).toThrow(/no chunk/);
    const worker = inside(store) as unknown as { engine: Engine };
    const { engine } = worker;
    const swept: number[] = [];
    worker.engine = Object.assign(Object.create(null), engine, {
      sweep: (n: never) => {
        swept.push(n);
        return engine.sweep(n);
      },
    });
    for (let i = 0; i < 100; i++) expect(() => ns.set("one more", value)).toThrow(/no chunk/);
    expect(swept).toEqual([]);
    worker.engine = engine;
  });
});

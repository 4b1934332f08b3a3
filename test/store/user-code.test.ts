/**
 * The caller's code runs inside calls of the store: getters, proxies and toJSON while a value is encoded, iterators of batches, options with
 * getters, callbacks. Wherever it runs, it may close the store, call it again, or take the agent's grant away: what was asked of the
 * connection before counts no more, and what it wrote meanwhile stays as it was written.
 */
import { describe, expect, it } from "vitest";
import { AccessDeniedError, type Channel, ClosedError, type Namespace, Store } from "#dist/src/index.js";
import { bytesOf, openStore } from "./fixture.js";

type Any = Namespace<unknown>;
interface Place {
  store: Store;
  json: Any;
  packed: Any;
  raw: Any;
  channel: Channel<unknown>;
}

const one = Uint8Array.of(1);

/** The caller's code, then a value. */
function after<T>(run: () => void, value: T): T {
  run();
  return value;
}

/** `{ a: 1 }`, with a getter that runs the caller's code. */
function asked(run: () => void): { readonly a: number } {
  return {
    get a() {
      return after(run, 1);
    },
  };
}

/** An object of options whose one option is read by the caller's code. */
function option<K extends string, V>(name: K, value: V, run: () => void): { readonly [key in K]: V } {
  return Object.defineProperty({}, name, { enumerable: true, get: () => after(run, value) }) as {
    readonly [key in K]: V;
  };
}

/** An array whose first element is read by the caller's code. */
function listOf<T>(value: T, run: () => void): T[] {
  return Object.defineProperty([value], 0, { enumerable: true, get: () => after(run, value) });
}

function* given<T>(value: T, run: () => void): IterableIterator<T> {
  yield after(run, value);
}

/** Every place where the caller's code runs, as a call in whose middle `run` is called. */
const PLACES: [string, (place: Place, run: () => void) => unknown][] = [
  ["a getter of a json value", ({ json }, run) => json.set("k", asked(run))],
  ["a getter of a msgpack value", ({ packed }, run) => packed.set("k", asked(run))],
  ["a toJSON", ({ json }, run) => json.set("k", { toJSON: () => after(run, { a: 1 }) })],
  [
    "a proxy",
    ({ packed }, run) =>
      packed.set("k", new Proxy({ a: 1 }, { get: (target, key) => after(run, Reflect.get(target, key)) })),
  ],
  ["a getter with a prepared key", ({ json }, run) => json.set(json.key("k"), asked(run))],
  ["a getter with options", ({ json }, run) => json.set("k", asked(run), { ttl: 1e6 })],
  ["options of set", ({ raw }, run) => raw.set("k", one, option("ttl", 1e6, run))],
  ["options of setMany", ({ raw }, run) => raw.setMany([["k", one]], option("ttl", 1e6, run))],
  ["a getter in setMany", ({ json }, run) => json.setMany([["k", asked(run)]])],
  ["the iterator given to setMany", ({ raw }, run) => raw.setMany(given(["k", one] as const, run))],
  ["an element of a pair", ({ raw }, run) => raw.setMany([Object.assign(listOf("k", run), { 1: one })] as never)],
  ["the iterator given to getMany", ({ raw }, run) => raw.getMany(given("k", run))],
  ["an element of the array given to getMany", ({ raw }, run) => raw.getMany(listOf("k", run))],
  ["a limit", ({ raw }, run) => raw.limit(option("maxEntries", 9, run))],
  ["options of namespace", ({ store }, run) => store.namespace("made", option("encoding", "json" as const, run))],
  ["options of channel", ({ store }, run) => store.channel("made", option("capacity", 4, run))],
  ["permissions", ({ store }, run) => store.grant("7", "n", listOf("read" as const, run))],
  [
    "options of dropIdleNamespaces",
    ({ store }, run) => void store.dropIdleNamespaces(1e9, option("evenIfFilled", true, run)),
  ],
  ["a message", ({ channel }, run) => channel.send(asked(run) as never)],
  ["the iterator given to sendMany", ({ channel }, run) => channel.sendMany(given({ a: 1 } as never, run))],
];

async function place(): Promise<Place> {
  const store = await Store.create({ capacity: "8MiB", maintenance: false, eviction: "none", maxWorkers: 2 });
  const json = store.namespace("json", { encoding: "json" }) as Any;
  const packed = store.namespace("packed", { encoding: "msgpack" }) as Any;
  const raw = store.namespace("raw") as Any;
  raw.set("k", one);
  return { store, json, packed, raw, channel: store.channel("c", { encoding: "json" }) };
}

describe.each(PLACES)("%s", (name, use) => {
  it("that closes the store makes the call fail, and nothing is touched by it", async () => {
    const here = await place();
    const other = await Store.attach(here.store.handle);
    let before: unknown;
    const state = () => [other.namespaces().sort(), other.stats().entries, other.stats().operations.sent];
    const closing: Promise<unknown>[] = [];
    let closed = false;
    expect(() =>
      use(here, () => {
        if (closed) return;
        closed = true;
        closing.push(here.store.close());
        before = state();
      }),
    ).toThrow(ClosedError);
    expect(state()).toEqual(before);
    await Promise.all(closing);
    expect((await other.verify()).violations).toEqual([]);
    await other.close();
  });

  it("that calls the store again leaves both calls right", async () => {
    const { store, json, packed, raw, channel } = await place();
    store.namespace("n").set("k", one);
    const long = "a value longer than the one around it ".repeat(20);
    let depth = 0;
    const again = () => {
      if (depth > 0) return;
      depth++;
      json.set("inner", {
        long,
        get deep() {
          return json.get("first");
        },
      });
      packed.setMany([
        ["a", { long }],
        ["b", new Map([[1, long]])],
      ]);
      raw.set("inner", bytesOf(long));
      raw.getMany(["inner", "k", "absent"]);
      raw.borrow("inner", (view) => raw.set("copy", view));
      [...json.entries()];
      store.channel("other", { encoding: "json" }).send({ long });
      raw.delete("nothing");
      store.namespace("fresh").increment("count");
      depth--;
    };
    json.set("first", 1);
    const result = use({ store, json, packed, raw, channel }, again);
    expect(json.get("inner")).toEqual({ long, deep: 1 });
    expect([packed.get("a"), packed.get("b")]).toEqual([{ long }, new Map([[1, long]])]);
    expect(raw.getMany(["inner", "copy"])).toEqual([bytesOf(long), bytesOf(long)]);
    expect(store.channel("other", { encoding: "json" }).receive()).toEqual({ long });
    for (const ns of [json, packed]) if (ns.has("k")) expect(ns.get("k")).toEqual({ a: 1 });
    if (name.includes("getMany")) expect(result).toEqual([one]);
    if (name.includes("message") || name.includes("sendMany")) expect(channel.receive()).toEqual({ a: 1 });
    expect((await store.verify()).violations).toEqual([]);
    await store.close();
  });
});

describe("a borrowed view", () => {
  it("outlives a close inside the borrow, and the slot is nobody else's until it is back", async () => {
    const store = await Store.create({ capacity: "8MiB", maintenance: false, eviction: "none", maxWorkers: 1 });
    const other = await Store.attach(store.handle);
    const ns = store.namespace("n");
    const value = bytesOf("stays ".repeat(50));
    ns.set("k", value);
    let closing: Promise<void> | undefined;
    const read = ns.borrow("k", (outer) =>
      ns.borrow("k", (inner) => {
        closing = store.close();
        expect(() => ns.get("k")).toThrow(ClosedError);
        expect(other.stats().workers.attached).toBe(2);
        const theirs = other.namespace("n");
        theirs.delete("k");
        for (let i = 0; i < 2000; i++) theirs.set(`k${i}`, bytesOf("other ".repeat(50)));
        return [Uint8Array.from(outer), Uint8Array.from(inner)];
      }),
    );
    expect(read).toEqual([value, value]);
    await closing;
    expect(other.stats().workers.attached).toBe(1);
    expect((await other.verify()).violations).toEqual([]);
    await other.close();
  });

  it("is given back when its callback throws after a close", async () => {
    const store = await Store.create({ capacity: "8MiB", maintenance: false, maxWorkers: 1 });
    const other = await Store.attach(store.handle);
    store.namespace("n").set("k", one);
    let closing: Promise<void> | undefined;
    expect(() =>
      store.namespace("n").borrow("k", () => {
        closing = store.close();
        throw new Error("mine");
      }),
    ).toThrow("mine");
    await closing;
    expect(other.stats().workers.attached).toBe(1);
    await other.close();
  });
});

describe("a sender that waits", () => {
  it("sends the message as it was when it was given, and encodes it once", async () => {
    const store = await openStore();
    const channel = store.channel("c", { capacity: 2, encoding: "json" });
    channel.sendMany([1, 2]);
    let encoded = 0;
    const message = {
      a: 1,
      get times() {
        return ++encoded;
      },
    };
    const sent = channel.sendWait(message);
    message.a = 2;
    expect([channel.receive(), channel.receive()]).toEqual([1, 2]);
    expect(await sent).toBe(true);
    expect([channel.receive(), encoded]).toEqual([{ a: 1, times: 1 }, 1]);
  });
});

describe("a grant that is taken away by the value itself", () => {
  it("is asked for after the value has been encoded", async () => {
    const store = await openStore();
    store.grant("7", "n", ["read", "write"]);
    const theirs = store.as("7").namespace("n", { encoding: "json" });
    const takes = {
      get a() {
        store.revoke("7", "n");
        return 1;
      },
    };
    expect(() => theirs.set("k", takes)).toThrow(AccessDeniedError);
    expect(store.namespace("n", { encoding: "json" }).size).toBe(0);
  });
});

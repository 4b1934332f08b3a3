/** The Keyv adapter: what the peer's own suite does not ask. That suite is run whole in keyv-suite.test.ts. */
import { Worker } from "node:worker_threads";
import Keyv, { type KeyvStoreAdapter } from "keyv";
import { Keyv as Keyv6, type KeyvBridgeStore } from "keyv6";
import { describe, expect, it } from "vitest";
import EngramKeyv from "#dist/src/adapters/keyv.js";
import { ClosedError, InvalidArgumentError, type Store, ValueTooLargeError } from "#dist/src/index.js";
import { HandClock, openStore } from "../store/fixture.js";

/** What both versions have, as these tests use it. */
interface EitherKeyv {
  namespace: string | undefined;
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>;
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown[]>;
  hasMany(keys: string[]): Promise<boolean[]>;
  deleteMany(keys: string[]): Promise<boolean | boolean[]>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
  iterator?(argument: unknown): AsyncGenerator<unknown, void>;
  on(event: string, listener: (error: unknown) => void): unknown;
}

const versions: Record<5 | 6, (store: Store, namespace?: string) => EitherKeyv> = {
  5: (store: Store, namespace?: string) => new Keyv({ store: new EngramKeyv(store), namespace, throwOnErrors: true }),
  6: (store: Store, namespace?: string) => new Keyv6({ store: new EngramKeyv(store), namespace }),
};

describe("the types", () => {
  it("are those of an adapter to Keyv 5 and of one that Keyv 6 bridges", async () => {
    const adapter = new EngramKeyv(await openStore());
    const five: KeyvStoreAdapter = adapter;
    const six: KeyvBridgeStore = adapter;
    expect([five, six]).toEqual([adapter, adapter]);
  });
});

describe.each([5, 6] as const)("with Keyv %i", (version) => {
  const open = versions[version];

  it("keeps, tells, forgets: one and many", async () => {
    const keyv = open(await openStore(), "n");
    expect(await keyv.set("a", { deep: [1, null, "x"] })).toBe(true);
    expect(
      await keyv.setMany([
        { key: "b", value: 2 },
        { key: "c", value: "three", ttl: 60_000 },
      ]),
    ).toEqual([true, true]);
    expect(await keyv.getMany(["a", "b", "no", "c"])).toEqual([{ deep: [1, null, "x"] }, 2, undefined, "three"]);
    expect(await keyv.hasMany(["a", "no"])).toEqual([true, false]);
    expect(await keyv.deleteMany(["a", "b"])).toEqual(version === 5 ? true : [true, true]);
    expect(await keyv.deleteMany(["c", "no"])).toEqual(version === 5 ? false : [true, false]);
    expect(await keyv.hasMany(["a", "b", "c"])).toEqual([false, false, false]);
  });

  it("keeps namespaces apart, also those that begin alike, and clears one alone", async () => {
    const store = await openStore();
    const [user, users, none] = [open(store, "user"), open(store, "users"), open(store, "")];
    for (const keyv of [user, users, none])
      for (const key of ["1", "s:1", ":1"]) await keyv.set(key, `${keyv.namespace} ${key}`);
    await user.clear();
    expect(await user.getMany(["1", "s:1", ":1"])).toEqual([undefined, undefined, undefined]);
    expect(await users.getMany(["1", "s:1", ":1"])).toEqual(["users 1", "users s:1", "users :1"]);
    expect(await none.get("1")).toBe(`${none.namespace} 1`);
  });

  it("iterates over its namespace alone", async () => {
    const store = await openStore();
    const [a, b] = [open(store, "a"), open(store, "b")];
    for (let i = 0; i < 20; i++) await (i % 2 === 0 ? a : b).set(`k${i}`, i);
    const found: unknown[] = [];
    for await (const entry of a.iterator?.("a") ?? []) found.push(entry);
    expect(found.sort()).toEqual(Array.from({ length: 10 }, (_, i) => [`k${i * 2}`, i * 2]).sort());
  });

  it("lets entries expire in the store itself", async () => {
    const store = await openStore();
    const clock = new HandClock(store);
    const keyv = open(store, "n");
    await keyv.set("short", 1, 1000);
    await keyv.set("long", 1, 100_000);
    await keyv.set("stays", 1);
    clock.advance(5000);
    expect(store.namespace("keyv", { encoding: "msgpack" }).size).toBe(2);
    expect(await keyv.hasMany(["short", "long", "stays"])).toEqual([false, true, true]);
  });

  it("says it when the store refuses", async () => {
    const store = await openStore();
    const keyv = open(store, "n");
    const errors: unknown[] = [];
    keyv.on("error", (error) => errors.push(error));
    const tooLarge = "x".repeat(20 * 2 ** 20);
    if (version === 5) await expect(keyv.set("k", tooLarge)).rejects.toThrow(ValueTooLargeError);
    else expect(await keyv.set("k", tooLarge)).toBe(false);
    expect(errors[0]).toBeInstanceOf(ValueTooLargeError);
    expect(await keyv.get("k")).toBeUndefined();
    await store.close();
    if (version === 5) await expect(keyv.get("k")).rejects.toThrow(ClosedError);
    else expect(await keyv.get("k")).toBeUndefined();
    expect(version === 5 || errors.at(-1) instanceof ClosedError).toBe(true);
  });

  it("leaves the store open when it is disconnected", async () => {
    const store = await openStore();
    const keyv = open(store, "n");
    await keyv.set("k", 1);
    await keyv.disconnect();
    expect(store.namespace("keyv", { encoding: "msgpack" }).size).toBe(1);
    if (version === 5) await expect(keyv.get("k")).rejects.toThrow(ClosedError);
  });

  it("is shared by threads: each sees what the others set, and no two are told that they deleted the same", async () => {
    const store = await openStore();
    const keyv = open(store, "shared");
    for (let i = 0; i < 200; i++) await keyv.set(`job/${i}`, { i });
    const threads = [0, 1, 2].map(
      (thread) =>
        new Worker(new URL("./keyv-worker.mjs", import.meta.url), {
          workerData: { store: store.handle, version, thread },
        }),
    );
    const taken = await Promise.all(
      threads.map((thread) => new Promise<number[]>((done, fail) => thread.once("message", done).once("error", fail))),
    );
    await Promise.all(threads.map((thread) => thread.terminate()));
    expect(taken.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(await keyv.getMany(["done/0", "done/1", "done/2"])).toEqual(taken.map((list) => list.length));
  });
});

describe("an adapter", () => {
  it("is over a store, or over what an agent sees of one, and takes no option that it does not know", async () => {
    const store = await openStore();
    for (const wrong of [undefined, null, {}, new Map(), "store"] as never[]) {
      expect(() => new EngramKeyv(wrong)).toThrow(InvalidArgumentError);
    }
    expect(() => new EngramKeyv(store, { nam: "x" } as never)).toThrow('did you mean "name"?');
    const keyv = new Keyv({ store: new EngramKeyv(store.as(7), { name: "agent_7_cache" }) });
    await keyv.set("k", 1);
    expect(store.namespace("agent_7_cache", { encoding: "msgpack" }).size).toBe(1);
  });

  it("keeps values that Keyv was told not to serialize", async () => {
    const store = await openStore();
    const five = new Keyv({ store: new EngramKeyv(store), serialize: undefined, deserialize: undefined });
    const value = { bytes: Buffer.from("bytes"), when: new Date(5), big: 2n ** 70n };
    await five.set("k", value);
    expect(await five.get("k")).toEqual(value);
    const six = new Keyv6({ store: new EngramKeyv(store), serialization: false });
    await six.set("k6", value);
    expect(await six.get("k6")).toEqual(value);
  });
});

import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { layout } from "#dist/src/core/index.js";
import {
  AccessDeniedError,
  type Change,
  type Changes,
  ClosedError,
  InvalidArgumentError,
  type Namespace,
  type Store,
} from "#dist/src/index.js";
import { HandClock, inside, openStore, until } from "./fixture.js";

/** The next changes, without their versions. */
async function take<V>(changes: Changes<V>, n: number): Promise<[string, string | undefined, V | undefined][]> {
  const taken: [string, string | undefined, V | undefined][] = [];
  for (let i = 0; i < n; i++) {
    const { value } = await changes.next();
    taken.push([value?.type ?? "end", value?.key, value?.value]);
  }
  return taken;
}

function text(store: Store, name = "n"): Namespace<string> {
  return store.namespace(name, { encoding: "string" });
}

/** How many threads watch. */
function watchersIn(store: Store): number {
  const words = new BigUint64Array(inside(store).currentBuffer(), layout.H_WATCHERS, 1);
  return words[0].toString(2).replaceAll("0", "").length;
}

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("watching a namespace in %s", (_, shared) => {
  it("tells of sets and deletes in their order, with the version that the entry had", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    ns.set("before", "1");
    const changes = ns.watch();
    ns.set("a", "1");
    const first = ns.getEntry("a")?.version;
    ns.set("a", "22");
    ns.delete("before");
    ns.delete("nothing");
    ns.set("a", "3");
    const told: Change<string>[] = [];
    for await (const change of changes) if (told.push(change) === 4) break;
    expect(told.map(({ type, key }) => `${type} ${key}`)).toEqual(["set a", "set a", "delete before", "set a"]);
    expect(told[0].version).toBe(first);
    expect(told[3]).toMatchObject({ value: "3", version: ns.getEntry("a")?.version });
    expect(await changes.next()).toEqual({ value: undefined, done: true });
  });

  it("tells of one key, or of those with a prefix, and of no others", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const key = ns.watch("job:1");
    const prepared = ns.watch(ns.key("job:2"));
    const prefix = ns.watch({ prefix: "job:" });
    const bytes = ns.watch({ prefix: new TextEncoder().encode("job:2") });
    text(store, "other").set("job:1", "of another namespace");
    ns.set("jo", "0");
    ns.set("job:1", "1");
    ns.set("job:2", "2");
    expect(await take(key, 1)).toEqual([["set", "job:1", "1"]]);
    expect(await take(prepared, 1)).toEqual([["set", "job:2", "2"]]);
    expect(await take(bytes, 1)).toEqual([["set", "job:2", "2"]]);
    expect(await take(prefix, 2)).toEqual([
      ["set", "job:1", "1"],
      ["set", "job:2", "2"],
    ]);
    for (const each of [key, prepared, prefix, bytes]) await each.return?.();
  });

  it("gives what is there already to one who does not wait", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    ns.set("before", "0");
    const changes = ns.watch();
    expect(changes.tryNext()).toBeUndefined();
    ns.set("a", "1");
    ns.delete("before");
    expect(changes.tryNext()).toMatchObject({ type: "set", key: "a", value: "1" });
    expect(changes.tryNext()).toMatchObject({ type: "delete", key: "before" });
    expect(changes.tryNext()).toBeUndefined();
    // the present entries, too, and all of it in one go
    for (let i = 0; i < 500; i++) ns.set(`k${i}`, "v");
    const initial = ns.watch({}, { initial: true });
    const keys = new Set<string | undefined>();
    for (let change = initial.tryNext(); change !== undefined; change = initial.tryNext()) keys.add(change.key);
    expect(keys.size).toBe(501);
    ns.set("a", "2");
    expect(initial.tryNext()).toMatchObject({ key: "a", value: "2" });
    await initial.return?.();
    ns.set("a", "3");
    expect(initial.tryNext()).toBeUndefined();
  });

  it("takes no change from one who waits, who is woken all the same", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const waiting = ns.watch();
    const looking = ns.watch();
    const first = waiting.next();
    await new Promise((turn) => setImmediate(turn)); // it sleeps
    expect(waiting.tryNext()).toBeUndefined();
    ns.set("a", "1");
    expect(looking.tryNext()).toMatchObject({ key: "a" });
    expect(waiting.tryNext()).toBeUndefined();
    expect(await first).toMatchObject({ value: { key: "a" } });
    const second = waiting.next();
    expect(looking.tryNext()).toBeUndefined();
    await new Promise((turn) => setImmediate(turn));
    expect(looking.tryNext()).toBeUndefined();
    ns.set("b", "1");
    expect(await second).toMatchObject({ value: { key: "b" } });
    for (const each of [waiting, looking]) await each.return?.();
  });

  it("tells of an increment, of a batch and of a write that its condition let through, not of one that it refused", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const changes = ns.watch();
    ns.set("a", "1", { ifAbsent: true });
    ns.set("a", "2", { ifAbsent: true });
    ns.increment("a", 4n);
    ns.setMany([["b", "1"]]);
    ns.set("end", "");
    expect((await take(changes, 4)).map(([type, key]) => `${type} ${key}`)).toEqual([
      "set a",
      "set a",
      "set b",
      "set end",
    ]);
    await changes.return?.();
  });

  it("tells that a namespace was cleared or dropped, and goes on with the one that is made again", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const changes = ns.watch();
    ns.set("a", "1");
    ns.clear();
    ns.set("a", "2");
    expect(await take(changes, 3)).toEqual(
      [
        ["set", "a", undefined],
        ["clear", undefined, undefined],
        ["set", "a", "2"],
      ].map(([type, key, value], i) => [type, key, i === 0 ? "1" : value]),
    );
    store.dropNamespace("n");
    ns.set("a", "3");
    ns.limit({ maxEntries: 10 });
    ns.set("a", "4");
    expect((await take(changes, 3)).map(([type]) => type)).toEqual(["clear", "set", "set"]);
    await changes.return?.();
  });

  it("tells of what expires and of what is evicted", async () => {
    const store = await openStore({ shared, eviction: "clock" });
    const clock = new HandClock(store);
    const ns = text(store);
    const changes = ns.watch();
    ns.set("a", "1", { ttl: 50 });
    expect(await take(changes, 1)).toEqual([["set", "a", "1"]]);
    clock.advance(100);
    store.maintain();
    expect(await take(changes, 1)).toEqual([["expire", "a", undefined]]);
    const other = store.namespace("few", { encoding: "string", maxEntries: 1, whenFull: "evict" });
    const few = other.watch();
    other.set("a", "1");
    other.set("b", "2");
    const told = await take(few, 3);
    expect(told.map(([type, key]) => `${type} ${key}`)).toEqual(["set a", "evict a", "set b"]);
    for (const each of [changes, few]) await each.return?.();
  });

  it("begins with the present entries, and tells none of them twice", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    for (let i = 0; i < 3000; i++) ns.set(`k${i}`, `${i}`);
    const changes = ns.watch({ prefix: "k1" }, { initial: true });
    ns.set("k1", "new");
    const state = new Map<string, string | undefined>();
    const versions = new Set<unknown>();
    for await (const { key, value, version } of changes) {
      expect(versions.has(version)).toBe(false);
      versions.add(version);
      if (state.size === 0) ns.set("k1last", "");
      state.set(key as string, value);
      if (key === "k1last") break;
    }
    expect(state.size).toBe([...ns.keys()].filter((key) => key.startsWith("k1")).length);
    expect(state.get("k1")).toBe("new");
  });

  it("tells one gap to who asks too late, and goes on from there", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const changes = ns.watch();
    const prompt = ns.watch("end");
    for (let i = 0; i < 20_000; i++) ns.set("a", `${i}`);
    ns.set("end", "1");
    expect((await take(prompt, 1))[0][0]).toMatch(/gap|set/);
    const told: string[] = [];
    for await (const { type, key } of changes) {
      told.push(type);
      if (type === "gap") ns.set("after", "");
      if (key === "after") break;
    }
    expect(told.filter((type) => type === "gap")).toHaveLength(1);
    expect(told.at(-1)).toBe("set");
    await prompt.return?.();
  });

  it("ends with its signal, with the view it came from, and with the store", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const controller = new AbortController();
    const bySignal = ns.watch({}, { signal: controller.signal }).next();
    const view = store.as("x");
    const byView = text(view as unknown as Store, "agent_x_n")
      .watch()
      .next();
    const changes = ns.watch();
    const byStore = changes.next();
    const waiting = ns.waitFor("never");
    controller.abort();
    expect(await bySignal).toEqual({ value: undefined, done: true });
    await view.close();
    expect(await byView).toEqual({ value: undefined, done: true });
    await store.close();
    expect(await byStore).toEqual({ value: undefined, done: true });
    await expect(waiting).rejects.toThrow(ClosedError);
    expect(() => ns.watch()).toThrow(ClosedError);
    await expect(ns.waitFor("a")).rejects.toThrow(ClosedError);
    expect(await changes.next()).toEqual({ value: undefined, done: true });
  });

  it("is refused to an agent that may not read, and tells it nothing once that was taken from it", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    store.grant("x", "n", ["write"]);
    const its = text(store.as("x") as unknown as Store);
    expect(() => its.watch()).toThrow(AccessDeniedError);
    await expect(its.waitFor("a")).rejects.toThrow(AccessDeniedError);
    store.grant("x", "n", ["read"]);
    const changes = its.watch();
    const next = changes.next();
    store.revoke("x", "n");
    ns.set("a", "secret");
    await expect(next).rejects.toThrow(AccessDeniedError);
    expect(await changes.next()).toEqual({ value: undefined, done: true });
  });

  it("leaves nothing behind: nobody is told of anything once the last has gone", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const watched = () => watchersIn(store);
    const changes = ns.watch();
    const wait = ns.waitFor("a", { timeout: 60_000 });
    expect(watched()).not.toBe(0);
    await changes.return?.();
    ns.set("a", "1");
    await wait;
    expect(watched()).toBe(0);
  });
});

describe("what is no key, prefix, option or version", () => {
  it("is refused by name", async () => {
    const store = await openStore();
    const ns = text(store);
    const odd = ns as unknown as { [verb: string]: (...args: unknown[]) => unknown };
    for (const args of [
      [7],
      [null],
      [{ prefix: 7 }],
      [{ prefixes: "a" }],
      ["a", { signal: {} }],
      ["a", { initial: 1 }],
      [""],
    ]) {
      expect(() => odd.watch(...args), JSON.stringify(args)).toThrow(InvalidArgumentError);
    }
    for (const options of [{ version: 7 }, { timeout: -1 }, { timeout: "1" }, { signal: 1 }, { verion: 1n }, 5]) {
      await expect(odd.waitFor("a", options), String(Object.entries(options))).rejects.toThrow(InvalidArgumentError);
    }
    expect(() => ns.waitForSync("a")).toThrow(/main thread|await waitFor/);
    await expect(ns.waitFor("a", { signal: AbortSignal.abort(new Error("no more")) })).rejects.toThrow("no more");
  });
});

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("waiting for a key in %s", (_, shared) => {
  it("ends when there is an entry, another one, or none", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const made = ns.waitFor("a");
    ns.set("b", "");
    ns.set("a", "1");
    const first = await made;
    expect(first?.value).toBe("1");
    expect((await ns.waitFor("a"))?.version).toBe(first?.version);
    const another = ns.waitFor("a", { version: first?.version });
    ns.set("a", "2");
    expect((await another)?.value).toBe("2");
    const gone = ns.waitFor("a", { version: (await another)?.version });
    ns.delete("a");
    expect(await gone).toBeUndefined();
    ns.set("a", "3");
    const cleared = ns.waitFor("a", { version: ns.getEntry("a")?.version });
    ns.clear();
    expect(await cleared).toBeUndefined();
  });

  it("ends when the entry expires, though nobody sweeps, when the time has passed, and when the signal aborts", async () => {
    const store = await openStore({ shared });
    const ns = text(store);
    const clock = new HandClock(store);
    ns.set("a", "1", { ttl: 30 });
    const expired = ns.waitFor("a", { version: ns.getEntry("a")?.version });
    clock.now += 40;
    expect(await expired).toBeUndefined();
    expect(await ns.waitFor("a", { timeout: 5 })).toBeUndefined();
    const controller = new AbortController();
    const wait = ns.waitFor("a", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(wait).rejects.toThrow("enough");
  });
});

describe("over threads", () => {
  const spawn = async (store: Store, n: number): Promise<Worker[]> =>
    Promise.all(
      Array.from({ length: n }, async () => {
        const worker = store.spawn(new URL("./threads/changes.mjs", import.meta.url));
        await once(worker, "online");
        return worker;
      }),
    );
  const said = async (worker: Worker): Promise<unknown> => (await once(worker, "message"))[0];

  it("each watcher comes to know what there is in the end, whoever wrote it, from the present entries on", async () => {
    const store = await openStore({ capacity: "32MiB" });
    const ns = store.namespace("shared", { encoding: "json" });
    for (let i = 0; i < 50; i++) ns.set(`k${i}`, { by: "main", i });
    const [writer, other, watcher, second] = await spawn(store, 4);
    const written = [writer, other].map(said);
    writer.postMessage({ does: "write", by: 1, writes: 6000, shift: 0, keys: 60 });
    other.postMessage({ does: "write", by: 2, writes: 6000, shift: 5, keys: 60 });
    const watching = [watcher, second].map(said);
    for (const thread of [watcher, second]) thread.postMessage({ does: "watch" });
    await Promise.all([...written, ...watching]);
    const present = new Map(ns.entries());
    for (const thread of [watcher, second]) {
      const known = async () => {
        const told = said(thread);
        thread.postMessage({ does: "tell" });
        return new Map((await told) as [string, unknown][]);
      };
      // a watcher waits for whoever is in the middle of a write, and a busy machine may hold that one up for seconds
      await expect.poll(known).toEqual(present);
    }
  });

  it("a thread that blocks is woken by a write in another", async () => {
    const store = await openStore();
    const ns = store.namespace("shared", { encoding: "json" });
    const [waiter] = await spawn(store, 1);
    const waiting = said(waiter);
    waiter.postMessage({ does: "waitForSync", key: "a" });
    await waiting;
    const result = said(waiter);
    ns.set("a", { n: 1 });
    expect(await result).toMatchObject({ entry: { value: { n: 1 } } });
  });

  it("a watcher that was terminated is forgotten when its slot is taken back", async () => {
    const store = await openStore();
    const [worker] = await spawn(store, 1);
    const watching = said(worker);
    worker.postMessage({ does: "die" });
    await watching;
    const watched = () => watchersIn(store);
    expect(watched()).not.toBe(0);
    await worker.terminate();
    await until(() => watched() === 0, "the dead thread's watch to end");
  });

  it("a watcher hears of a writer that was terminated in the middle of its work, by its changes or by a gap", async () => {
    const store = await openStore({ capacity: "32MiB" });
    const ns = store.namespace<{ i: number }>("shared", { encoding: "json" });
    const changes = ns.watch();
    const state = new Map<string, unknown>();
    const [worker] = await spawn(store, 1);
    worker.postMessage({ does: "write", by: 1, writes: 1e9, shift: 0, keys: 7 });
    const exited = once(worker, "exit").then(() => ns.set("end", { i: 0 }));
    let seen = 0;
    for await (const { type, key, value } of changes) {
      if (type === "gap") for (const [its, now] of ns.entries()) state.set(its, now);
      if (type === "set") state.set(key as string, value);
      if (type === "delete") state.delete(key as string);
      if (++seen === 500) void worker.terminate();
      // its own change may be among those that a gap stands for
      if (key === "end" || (type === "gap" && state.has("end"))) break;
    }
    await exited;
    // a value that was gone when it was asked for has been replaced, and that was told
    expect(state).toEqual(new Map(ns.entries()));
  });
});

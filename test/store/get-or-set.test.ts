/** One flight a key, over all tasks and threads; and none that its thread leaves behind. */
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, type Store } from "#dist/src/index.js";
import { beginFlight, flightKey, removeDeadFlights } from "#dist/src/store/flights.js";
import { ownNames } from "#dist/src/store/listing.js";
import { inside, openStore, until } from "./fixture.js";

const file = new URL("./threads/loads.mjs", import.meta.url);

function flightsOf(store: Store): string[] {
  return ownNames(inside(store) as never, "flight:");
}

async function start(store: Store, workerData: object): Promise<Worker> {
  const worker = store.spawn(file, { workerData });
  await once(worker, "message");
  return worker;
}

/** A promise in the test's hand. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const opened = async () => {
  const store = await openStore();
  return { store, ns: store.namespace<{ n: number }>("loaded", { encoding: "json" }) };
};

describe("getOrSet between threads", () => {
  it("calls the loader once a key, however many threads and tasks ask, and gives all of them what it gave", async () => {
    const store = await openStore();
    const [threads, keys, tasks] = [3, 30, 5];
    const calls = new SharedArrayBuffer(4 * keys);
    const workers = await Promise.all(Array.from({ length: threads }, () => start(store, { keys, tasks, calls })));
    const ended = workers.map((worker) => Promise.all([once(worker, "message"), once(worker, "exit")]));
    for (const worker of workers) worker.postMessage("go");
    for (const [[said]] of await Promise.all(ended)) expect(said).toEqual({ wrong: [] });
    expect([...new Int32Array(calls)]).toEqual(Array(keys).fill(1));
    expect(flightsOf(store)).toEqual([]);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("calls it once for 200 tasks of four threads that ask for one key", async () => {
    const store = await openStore();
    const calls = new SharedArrayBuffer(4);
    const workers = await Promise.all(Array.from({ length: 4 }, () => start(store, { keys: 1, tasks: 50, calls })));
    const ended = workers.map((worker) => Promise.all([once(worker, "message"), once(worker, "exit")]));
    for (const worker of workers) worker.postMessage("go");
    for (const [[said]] of await Promise.all(ended)) expect(said).toEqual({ wrong: [] });
    expect([...new Int32Array(calls)]).toEqual([1]);
    expect(flightsOf(store)).toEqual([]);
  });

  it("takes over from a thread that died while it loaded, and leaves nothing of it", async () => {
    const { store, ns } = await opened();
    const calls = new SharedArrayBuffer(8);
    const worker = await start(store, { keys: 1, tasks: 1, calls, hang: true });
    worker.postMessage("go");
    await once(worker, "message"); // it loads
    let loaded = 0;
    const value = ns.getOrSet("0", async () => ({ n: ++loaded }));
    await until(() => flightsOf(store).length === 1, "the flight of the other thread");
    expect(loaded).toBe(0);
    await worker.terminate();
    expect(await value).toEqual({ n: 1 });
    expect(loaded).toBe(1);
    await until(() => flightsOf(store).length === 0, "no flight");
  });

  it("removes what a dead thread was loading though nobody asks for it again", async () => {
    const { store } = await opened();
    const worker = await start(store, { keys: 1, tasks: 1, calls: new SharedArrayBuffer(8), hang: true });
    worker.postMessage("go");
    await once(worker, "message");
    expect(flightsOf(store)).toHaveLength(1);
    await worker.terminate();
    await until(() => flightsOf(store).length === 0, "no flight");
  });

  it("takes over from a thread whose lease is over, though nobody saw it die", async () => {
    const { store, ns } = await opened();
    const worker = inside(store) as never;
    const made = (ns as unknown as { record: { made: number } }).record.made;
    expect(beginFlight(worker, flightKey(made, Buffer.from("k")), 30)).not.toBeNull();
    removeDeadFlights(worker);
    expect(flightsOf(store)).toHaveLength(1); // its thread lives
    expect(await ns.getOrSet("k", () => ({ n: 1 }))).toEqual({ n: 1 });
    expect(flightsOf(store)).toEqual([]);
  });
});

describe("getOrSet", () => {
  it("gives what is there, and each caller a value of its own", async () => {
    const { ns } = await opened();
    ns.set("k", { n: 1 });
    const [a, b] = await Promise.all([ns.getOrSet("k", () => ({ n: 2 })), ns.getOrSet("k", () => ({ n: 2 }))]);
    const [c, d] = await Promise.all([ns.getOrSet("l", () => ({ n: 3 })), ns.getOrSet("l", () => ({ n: 4 }))]);
    expect([a, b, c, d]).toEqual([{ n: 1 }, { n: 1 }, { n: 3 }, { n: 3 }]);
    expect(c).not.toBe(d);
  });

  it("lets a value that was set meanwhile win, and keeps a ttl", async () => {
    const { ns } = await opened();
    const loader = () => {
      ns.set("k", { n: 1 });
      return { n: 2 };
    };
    expect(await ns.getOrSet("k", loader)).toEqual({ n: 1 });
    await ns.getOrSet("l", () => ({ n: 1 }), { ttl: 60_000 });
    expect(ns.getEntry("l")?.expiresAt).toBeGreaterThan(Date.now() + 30_000);
  });

  it("rejects all who wait when the loader fails, writes nothing, and loads again for the next", async () => {
    const { store, ns } = await opened();
    const broken = new Error("broken");
    const fail = () => Promise.reject(broken);
    const all = await Promise.allSettled([ns.getOrSet("k", fail), ns.getOrSet("k", fail)]);
    expect(all.map((one) => (one as PromiseRejectedResult).reason)).toEqual([broken, broken]);
    const threw = ns.getOrSet("k", () => {
      throw broken;
    });
    await expect(threw).rejects.toBe(broken);
    expect([ns.size, flightsOf(store)]).toEqual([0, []]);
    expect(await ns.getOrSet("k", () => undefined)).toBeUndefined();
    expect(await ns.getOrSet("k", () => ({ n: 1 }))).toEqual({ n: 1 });
  });

  it("lets one give up by signal or time while others wait on, and tells the loader when nobody does", async () => {
    const { ns } = await opened();
    const { promise, resolve } = deferred<{ n: number }>();
    const aborter = new AbortController();
    let told: AbortSignal | undefined;
    const load = (_: unknown, { signal }: { signal: AbortSignal }) => {
      told = signal;
      return promise;
    };
    const stays = ns.getOrSet("k", load);
    const gives = ns.getOrSet("k", load, { signal: aborter.signal });
    const late = ns.getOrSet("k", load, { timeout: 1 });
    aborter.abort(new Error("enough"));
    await expect(gives).rejects.toThrow("enough");
    await expect(late).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(told?.aborted).toBe(false);
    resolve({ n: 1 });
    expect(await stays).toEqual({ n: 1 });

    const alone = ns.getOrSet(
      "l",
      (_, { signal }) => {
        told = signal;
        return new Promise(() => {});
      },
      { timeout: 1, lease: 5 },
    );
    await expect(alone).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(told?.aborted).toBe(true);
  });

  it("gives up a loader that hangs, also one that waits for itself", async () => {
    const { store, ns } = await opened();
    const itself = ns.getOrSet("k", () => ns.getOrSet("k", () => ({ n: 1 })), { lease: 5 });
    await expect(itself).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await ns.getOrSet("k", () => ns.getOrSet("other", () => ({ n: 2 })))).toEqual({ n: 2 });
    expect(flightsOf(store)).toEqual([]);
  });

  it("drops what a loader gives that is slower than its lease", async () => {
    const { store, ns } = await opened();
    const { promise, resolve } = deferred<{ n: number }>();
    const slow = ns.getOrSet("k", () => promise, { lease: 5 });
    await expect(slow).rejects.toThrow(/not done within its lease of 5 ms/);
    expect(flightsOf(store)).toEqual([]);
    expect(await ns.getOrSet("k", () => ({ n: 2 }))).toEqual({ n: 2 });
    resolve({ n: 1 });
    await promise;
    expect(ns.get("k")).toEqual({ n: 2 });
    ns.delete("k");
    expect(await ns.getOrSet("k", () => ({ n: 3 }))).toEqual({ n: 3 });
    expect(flightsOf(store)).toEqual([]);
  });

  it("holds nobody up when the store is closed while it loads", async () => {
    const { store, ns } = await opened();
    const { promise, resolve } = deferred<{ n: number }>();
    const value = ns.getOrSet("k", () => promise);
    value.catch(() => {});
    await store.close();
    resolve({ n: 1 });
    await expect(value).rejects.toThrow(/closed/);
  });

  it("is in no backup, and in no way of one", async () => {
    const { readSystemEntry } = await import("#dist/src/backup/grants.js");
    const key = flightKey(1, Buffer.from("k"));
    expect(readSystemEntry({ key, value: new Uint8Array(16) })).toEqual({ flight: true });
    expect(flightKey(1, new Uint8Array(1024)).length).toBeLessThanOrEqual(1024);
  });

  it.each([
    ["no function", 1, {}],
    ["a ttl below 0", () => ({ n: 1 }), { ttl: -1 }],
    ["a timeout that is none", () => ({ n: 1 }), { timeout: "soon" }],
    ["no signal", () => ({ n: 1 }), { signal: {} }],
    ["an unknown option", () => ({ n: 1 }), { leese: 1 }],
  ])("refuses %s, and loads nothing", async (_, load, options) => {
    const { store, ns } = await opened();
    await expect(ns.getOrSet("k", load as never, options as never)).rejects.toThrow(InvalidArgumentError);
    expect([ns.size, flightsOf(store)]).toEqual([0, []]);
  });
});

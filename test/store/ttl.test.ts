import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Store, WorkerLimitError } from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { bytesOf, HandClock, inside, openStore, until } from "./fixture.js";

const TICK = 10;
/** Not how long it may take: after this it hangs. A loop that blocks its thread cannot be ended by the test's own limit. */
const LONG_MS = 120_000;
const one = Uint8Array.of(1);

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("a ttl in %s", (_, shared) => {
  it(`ends not early, and late by less than a tick (seed ${SEED})`, async () => {
    const store = await openStore({ shared });
    const ns = store.namespace("n");
    const clock = new HandClock(store);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 30, noNaN: true }),
        fc.oneof(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0.001, max: 1e6, noNaN: true })),
        fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { maxLength: 8 }),
        (start, ttl, looks) => {
          clock.advance(start);
          const written = clock.now;
          ns.set("k", one, { ttl });
          for (const share of looks.sort((a, b) => a - b)) {
            const at = written + share * (ttl + TICK);
            if (at > clock.now) clock.advance(at - clock.now);
            const age = clock.now - written;
            if (age < ttl) expect(ns.has("k"), `${age} ms into ${ttl}`).toBe(true);
            else if (age >= ttl + TICK) expect(ns.has("k"), `${age} ms into ${ttl}`).toBe(false);
          }
          clock.advance(ttl + TICK);
          expect([ns.get("k"), ns.getEntry("k"), ns.getInto("k", new Uint8Array(4)), ns.borrow("k", () => 1)]).toEqual([
            undefined,
            undefined,
            -1,
            undefined,
          ]);
          expect([ns.getMany(["k"]), [...ns.keys()]]).toEqual([[undefined], []]);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("that ended makes the key absent to every write too", async () => {
    const store = await openStore({ shared });
    const ns = store.namespace("n");
    const clock = new HandClock(store);
    const expire = (key: string, value: Uint8Array = one) => {
      ns.set(key, value, { ttl: 10 });
      const { version } = ns.getEntry(key)!;
      clock.advance(20);
      return version;
    };
    expire("deleted");
    expect(ns.delete("deleted")).toBe(false);
    expire("absent");
    expect(ns.set("absent", bytesOf("new"), { ifAbsent: true })).toBe(true);
    expect(ns.get("absent")).toEqual(bytesOf("new"));
    expect(ns.set("version", one, { ifVersion: expire("version") })).toBe(false);
    expire("count", Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0));
    expect(ns.increment("count", 2n)).toBe(2n);
    clock.advance(10_000);
    expect(ns.increment("count", 2n)).toBe(4n); // made anew, it does not expire
    expire("no counter", bytesOf("text"));
    expect(ns.increment("no counter", 2n)).toBe(2n);
  });

  it("is kept by increment, however often it is called, in every encoding", async () => {
    const store = await openStore({ shared });
    const clock = new HandClock(store);
    for (const encoding of ["binary", "string", "json", "msgpack"] as const) {
      const ns = store.namespace(encoding, { encoding });
      const start = { binary: new Uint8Array(8), string: "0", json: 0, msgpack: 0 }[encoding];
      ns.set("k", start as never, { ttl: 1003 });
      const { expiresAt } = ns.getEntry("k")!;
      for (let i = 1; i <= 100; i++) {
        clock.advance(9);
        expect(ns.increment("k")).toBe(BigInt(i));
      }
      expect(ns.getEntry("k")?.expiresAt).toBe(expiresAt);
      clock.advance(1003 + TICK - 900);
      expect(ns.has("k")).toBe(false);
    }
  });

  it("is replaced by the next set, with its own or none", async () => {
    const store = await openStore({ shared });
    const ns = store.namespace("n");
    const clock = new HandClock(store);
    ns.set("stays", one, { ttl: 50 });
    ns.set("stays", one);
    ns.set("sooner", one, { ttl: 5000 });
    ns.set("sooner", one, { ttl: 50 });
    expect(ns.getEntry("stays")?.expiresAt).toBeUndefined();
    clock.advance(100);
    expect([ns.has("stays"), ns.has("sooner")]).toEqual([true, false]);
  });

  it("gives its chunk back when it is swept", async () => {
    const store = await openStore({ shared });
    const ns = store.namespace("n");
    const clock = new HandClock(store);
    ns.set("stays", one);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5000; i++) ns.set(`k${i}`, new Uint8Array(200), { ttl: 100 });
      expect(ns.size).toBe(5001);
      clock.advance(110);
      expect(store.maintain().swept).toBe(5000);
      expect(ns.size).toBe(1);
    }
    expect(store.stats().operations.expired).toBe(15_000);
    const { usedBytes, slabBytes } = store.stats().memory;
    expect(usedBytes).toBeLessThan(64 * 512); // one entry, its directory, and at most a batch that waits to be freed
    expect(slabBytes).toBeLessThan(5000 * 512 * 1.2); // three rounds in the memory of one
  });
});

describe("a store in private memory", () => {
  it("looks at the clock by itself once something may expire", async () => {
    const store = await openStore({ shared: false });
    const ns = store.namespace("n");
    const written = performance.now();
    ns.set("k", one, { ttl: 15 });
    while (ns.has("k"));
    // had it never been there, it would have been gone before that, unless this thread stood still meanwhile
    expect(performance.now() - written).toBeGreaterThanOrEqual(15 - 0.1);
  });
});

describe("the maintenance thread", () => {
  it("sweeps, and tells the time now and then, while every agent's event loop is blocked", async () => {
    const store = await openStore({ maintenance: true });
    const ns = store.namespace("n");
    for (let i = 0; i < 1000; i++) ns.set(`k${i}`, one, { ttl: 30 });
    const worker = inside(store);
    // this thread does nothing but look at memory: no operation that would move the clock, no turn of the event loop
    const tick = () => Atomics.load(new Uint32Array(worker.currentBuffer(), 0, 1024), 128 / 4);
    const from = tick();
    const started = performance.now();
    const used = () => store.stats().entries;
    while (performance.now() - started < LONG_MS && (used() > 0 || tick() < from + 5));
    expect(tick()).toBeGreaterThanOrEqual(from + 5);
    expect(used()).toBe(0);
    expect(store.stats().operations.expired).toBe(1000);
  });

  it("lets a blocked worker see an entry expire on time", async () => {
    const store = await openStore({ maintenance: true });
    const worker = new Worker(new URL("./threads/watch-expiry.mjs", import.meta.url), {
      workerData: { store: store.handle, ttl: 50 },
    });
    store.watch(worker);
    const seen = await new Promise<{ age: number; gone: boolean }>((done, fail) => {
      worker.once("message", done);
      worker.once("error", fail);
    });
    await worker.terminate();
    expect(seen.gone).toBe(true);
    expect(seen.age).toBeGreaterThanOrEqual(50 - 0.1);
  });

  it("ends with the store, in a program that has nothing else to do", async () => {
    const worker = new Worker(new URL("./threads/create-and-close.mjs", import.meta.url), { stderr: true });
    const messages: unknown[] = [];
    worker.on("message", (message) => messages.push(message));
    const code = await new Promise((done) => worker.once("exit", done));
    expect([messages, code]).toEqual([["closed"], 0]);
  });

  it("is held while the store is verified, and goes on afterwards", async () => {
    const store = await openStore({ maintenance: true });
    const ns = store.namespace("n");
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 200; j++) ns.set(`k${j}`, one, { ttl: 10 });
      expect((await store.verify()).violations).toEqual([]);
    }
    await until(() => store.stats().entries === 0, "the sweep to go on");
  });
});

it("a store without the thread needs nobody to move its clock", async () => {
  const store = await Store.create({ capacity: "8MiB", maintenance: false });
  const ns = store.namespace("n");
  ns.set("k", one, { ttl: 1 });
  const start = performance.now();
  while (ns.has("k") && performance.now() - start < LONG_MS);
  expect(ns.has("k")).toBe(false);
  await store.close();
});

it("keeps the maintenance thread's slot, however soon too many threads attach", async () => {
  const store = await openStore({ maxWorkers: 2, maintenance: true });
  const others = [await Store.attach(store.handle), await Store.attach(store.handle)];
  await expect(Store.attach(store.handle)).rejects.toThrow(WorkerLimitError);
  expect(await store.verify()).toMatchObject({ ok: true }); // waits until the thread is there
  expect(store.stats().workers.attached).toBe(4);
  for (const other of others) await other.close();
});

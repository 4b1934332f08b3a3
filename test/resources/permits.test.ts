/** Pools of several threads that share their permits: never more open than `max`, whoever dies, and nobody waits while one is free or could be. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import type { Lease, Pool, PoolOptions } from "#dist/src/resources/index.js";
import { type CountedManager, countedManager, type Thing } from "./counted-manager.js";

/** Attached several times in this thread, as several threads are. */
const stores: Store[] = [];
const THREADS = 3;

beforeAll(async () => {
  stores.push(await Store.create({ capacity: "32MiB", maxWorkers: 8, maintenance: false }));
  while (stores.length < THREADS) stores.push(await Store.attach(stores[0].handle));
});

afterAll(async () => {
  for (const store of stores.toReversed()) await store.close();
});

/** Nobody gives up because the machine stood still; who is to give up says when. */
const PATIENT: PoolOptions = { acquireTimeout: "10m", createTimeout: "10m", destroyTimeout: "10m" };

let names = 0;
function openAll(
  max: number,
  manager: CountedManager,
  options: PoolOptions = {},
  name = `pool ${names++}`,
): Pool<Thing>[] {
  return stores.map((store) => store.pool(name, manager, { max, scope: "process", ...PATIENT, ...options }));
}

const permitsOf = (pool: Pool<Thing>) => stores[0].stats().resources.permits.find((one) => one.pool === pool.name);
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe("pools that share permits", () => {
  it("open no more than max together, and what one gives back another has", async () => {
    const manager = countedManager();
    const [one, two, three] = openAll(2, manager);
    const first = await one.acquire();
    const second = await two.acquire();
    expect(three.tryAcquire()).toBeUndefined();
    const waiting = three.acquire();
    await expect.poll(() => permitsOf(one)).toMatchObject({ max: 2, taken: 2, waiting: 1 });
    expect(stores[0].health().alerts.map(({ message }) => message)).toContain(
      `pool "${one.name}" is exhausted: all of its 2 permits are taken, and 1 threads wait for one`,
    );
    first.release(); // nobody of its own waits: closed, so that the other may open one
    const third = await waiting;
    expect(manager.peak).toBe(2);
    second.release();
    third.release();
    await Promise.all([one.close(), two.close(), three.close()]);
    expect(permitsOf(one)).toMatchObject({ taken: 0, waiting: 0 });
    expect(manager.open.size).toBe(0);
  });

  it("close what lies idle when another waits, and only as much as that needs", async () => {
    const manager = countedManager();
    const [one, two, three] = openAll(4, manager, { idleTimeout: Number.POSITIVE_INFINITY });
    const leases = await Promise.all([one.acquire(), one.acquire(), two.acquire(), two.acquire()]);
    for (const lease of leases) lease.release();
    expect([one.stats().idle, two.stats().idle]).toEqual([2, 2]);
    const lease = await three.acquire();
    for (let i = 0; i < 10; i++) await turn();
    expect(manager.open.size).toBe(4);
    expect(manager.closed).toHaveLength(1);
    lease.release();
    await Promise.all([one.close(), two.close(), three.close()]);
  });

  it("let others have their turn while their own callers wait", async () => {
    const manager = countedManager();
    const [one, two] = openAll(1, manager);
    let over = false;
    const busy = async (): Promise<void> => {
      while (!over) await one.use(turn);
    };
    const users = Array.from({ length: 5 }, busy);
    await turn();
    const lease = await two.acquire();
    expect(manager.peak).toBe(1);
    lease.release();
    await one.use(turn); // and they have it back
    over = true;
    await Promise.all(users);
    await Promise.all([one.close(), two.close()]);
  });

  it("keep min as far as others leave them room", async () => {
    const manager = countedManager();
    const [one, two] = openAll(2, manager, { min: 2 });
    const leases = await Promise.all([two.acquire(), two.acquire()]);
    expect(manager.peak).toBeLessThanOrEqual(2);
    for (const lease of leases) lease.release();
    await Promise.all([one.close(), two.close()]);
  });

  it("tell who gives up apart from who waits on", async () => {
    const [one, two, three] = openAll(1, countedManager());
    const lease = await one.acquire();
    const given = two.acquire({ timeout: 5 }).catch((error: Error) => error);
    const abort = new AbortController();
    const aborted = two.acquire({ signal: abort.signal }).catch((error: Error) => error);
    const waiting = three.acquire();
    expect(await given).toMatchObject({ code: "ACQUIRE_TIMEOUT" });
    abort.abort(new Error("no more"));
    expect(await aborted).toMatchObject({ message: "no more" });
    expect(permitsOf(one)?.waiting).toBe(1);
    lease.release();
    (await waiting).release();
    await Promise.all([one.close(), two.close(), three.close()]);
    expect(permitsOf(one)).toMatchObject({ taken: 0, waiting: 0 });
  });

  it("are refused another max, more than there is room for, and a store that is one's own goes on by itself", async () => {
    const [one] = openAll(3, countedManager());
    await one.close();
    expect(() => stores[1].pool(one.name, countedManager(), { max: 4, scope: "process" })).toThrow(/already|share 3/);
    const name = `pool ${names++}`;
    stores[0].pool(name, countedManager(), { max: 3, scope: "process" });
    expect(() => stores[1].pool(name, countedManager(), { max: 4, scope: "process" })).toThrow(/share 3 permits/);
    expect(() => stores[1].pool("big", countedManager(), { max: 2 ** 20, scope: "process" })).toThrow(/at most 16/);
    expect(() => stores[1].pool("odd", countedManager(), { scope: "all" as never })).toThrow(/option scope/);
    const alone = await Store.create({ capacity: "8MiB", shared: false });
    const pool = alone.pool("p", countedManager(), { max: 1, scope: "process" });
    expect(await pool.use(({ id }) => id)).toBe(1);
    await alone.close();
  });
});

it("keeps max, order and count under drawn histories of several threads' pools", async () => {
  type Step = { readonly thread: number; readonly what: "acquire" | "release" | "discard" | "abort" | "turn" };
  const step: fc.Arbitrary<Step> = fc.record({
    thread: fc.nat(THREADS - 1),
    what: fc.constantFrom("acquire", "acquire", "release", "discard", "abort", "turn"),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 40 }), async (max, steps) => {
      const slow = { create: turn as never, destroy: turn };
      const manager = countedManager(slow);
      const pools = openAll(max, manager, {}, `drawn ${max}`);
      const held: Lease<Thing>[][] = pools.map(() => []);
      /** By thread: who waits, in the order they came; and who was served. */
      const waiting: { order: number; abort: AbortController }[][] = pools.map(() => []);
      const served: number[][] = pools.map(() => []);
      let order = 0;
      const ask = (thread: number): void => {
        const caller = { order: order++, abort: new AbortController() };
        waiting[thread].push(caller);
        const leave = (): void => void waiting[thread].splice(waiting[thread].indexOf(caller), 1);
        pools[thread].acquire({ timeout: Number.POSITIVE_INFINITY, signal: caller.abort.signal }).then(
          (lease) => {
            leave();
            served[thread].push(caller.order);
            held[thread].push(lease);
          },
          () => leave(),
        );
      };
      for (const { thread, what } of steps) {
        if (what === "acquire") ask(thread);
        else if (what === "release") held[thread].shift()?.release();
        else if (what === "discard") held[thread].pop()?.discard();
        else if (what === "abort") waiting[thread].at(-1)?.abort.abort(new Error("gives up"));
        else await turn();
        expect(manager.open.size).toBeLessThanOrEqual(max);
      }
      // everybody gives back what they get: everybody gets one
      for (let left = 5000; waiting.flat().length > 0 && left > 0; left--) {
        for (const leases of held) for (const lease of leases.splice(0)) lease.release();
        await turn();
      }
      expect(waiting.flat()).toEqual([]);
      for (const orders of served) expect(orders).toEqual(orders.toSorted((a, b) => a - b));
      expect(manager.peak).toBeLessThanOrEqual(max);
      for (const leases of held) for (const lease of leases.splice(0)) lease.release();
      await Promise.all(pools.map((pool) => pool.close()));
      expect(manager.open.size).toBe(0);
      expect(permitsOf(pools[0])).toMatchObject({ taken: 0, waiting: 0 });
    }),
    { numRuns: 60 },
  );
});

describe("threads that are killed with permits", () => {
  it("leave them to those that live, and never more are open than max", { retry: 0 }, async () => {
    const store = await Store.create({ capacity: "16MiB", maxWorkers: 8 });
    const counts = new Int32Array(new SharedArrayBuffer(16));
    const max = 2;
    const start = async (): Promise<Worker> => {
      const workerData = { store: store.handle, counts, max };
      const worker = new Worker(new URL("./permit-user.mjs", import.meta.url), { workerData });
      // as a server does: what the dead one had open is closed; before its slot is taken back
      const open = new Int32Array(new SharedArrayBuffer(4));
      worker.postMessage(open);
      worker.once("exit", () => Atomics.sub(counts, 0, Atomics.exchange(open, 0, 0)));
      store.watch(worker);
      await once(worker, "message");
      return worker;
    };
    const crew = await Promise.all(Array.from({ length: 2 }, start));
    for (let kills = 0; kills < 2; kills++) {
      const until = Atomics.load(counts, 2) + 20;
      await expect.poll(() => Atomics.load(counts, 2) >= until, { timeout: 60_000, interval: 1 }).toBe(true);
      const [victim] = crew.splice(kills % crew.length, 1);
      await victim.terminate();
      crew.push(await start());
    }
    await Promise.all(crew.map((worker) => worker.terminate()));
    expect(Atomics.load(counts, 1)).toBeLessThanOrEqual(max);
    expect(Atomics.load(counts, 1)).toBeGreaterThan(0);
    expect(store.stats().resources.permits).toEqual([{ pool: "shared", max, taken: 0, waiting: 0 }]);
    expect(store.resources()).toEqual([]);
    expect((await store.verify()).violations).toEqual([]);
    await store.close();
  });
});

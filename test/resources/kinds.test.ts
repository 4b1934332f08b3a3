/** What else can be pooled: read transactions' own database handles, worker threads. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { open, type RootDatabase } from "lmdb";
import { describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { type ConnectionManager, PoolClosedError } from "#dist/src/resources/index.js";

/** A disk or a processor that is busy for seconds is nobody's fault here. */
const PATIENT = { acquireTimeout: "10m", createTimeout: "10m", destroyTimeout: "10m" };

describe("a pool of a store", () => {
  it("pools handles of an lmdb database, which end with the store", async () => {
    const folder = mkdtempSync(join(tmpdir(), "engram-lmdb-"));
    const store = await Store.create({ capacity: "2MiB" });
    const opened: RootDatabase[] = [];
    let closed = 0;
    const manager: ConnectionManager<RootDatabase> = {
      create: async () => {
        const database = open({ path: folder });
        opened.push(database);
        return database;
      },
      destroy: async (database) => {
        await database.close();
        closed++;
      },
    };
    const pool = store.pool("lmdb", manager, { max: 3, ...PATIENT });
    await Promise.all(Array.from({ length: 30 }, (_, i) => pool.use((database) => database.put(`k${i}`, i))));
    const sum = await pool.use((database) => [...database.getRange()].reduce((all, { value }) => all + value, 0));
    expect(sum).toBe(435);
    expect(opened.length).toBeLessThanOrEqual(3);
    await store.close();
    expect(closed).toBe(opened.length);
    await expect(pool.acquire()).rejects.toBeInstanceOf(PoolClosedError);
    rmSync(folder, { recursive: true, force: true });
  });

  it("pools worker threads; one that has died is never handed out, and one whose task threw is no other's", async () => {
    const alive = new WeakMap<Worker, boolean>();
    const manager: ConnectionManager<Worker> = {
      create: async (signal) => {
        const source = `require("node:worker_threads").parentPort.on("message", (n) => {
          if (n < 0) process.exit(1);
          require("node:worker_threads").parentPort.postMessage(n * n);
        })`;
        const worker = new Worker(source, { eval: true });
        alive.set(worker, true);
        worker.on("exit", () => alive.set(worker, false));
        await once(worker, "online", { signal });
        return worker;
      },
      isAlive: (worker) => alive.get(worker) === true,
      destroy: async (worker) => {
        await worker.terminate();
      },
    };
    const store = await Store.create({ capacity: "2MiB" });
    const pool = store.pool("squares", manager, { max: 2, ...PATIENT });
    const square = (n: number): Promise<number> =>
      pool.use(async (worker) => {
        const exit = once(worker, "exit").then(() => {
          throw new Error("the worker has died");
        });
        const answer = once(worker, "message");
        worker.postMessage(n);
        const [value] = await Promise.race([answer, exit]);
        exit.catch(() => {});
        return value;
      });
    const results = await Promise.allSettled([1, 2, -1, 3, 4, 5].map(square));
    expect(results.map((result) => (result.status === "fulfilled" ? result.value : "died"))).toEqual([
      1,
      4,
      "died",
      9,
      16,
      25,
    ]);
    expect(await Promise.all([square(6), square(7)])).toEqual([36, 49]);
    expect(pool.stats()).toMatchObject({ inUse: 0, waiting: 0 });
    await store.close();
  });

  it("has its name for itself in its thread, until it is closed", async () => {
    const store = await Store.create({ capacity: "2MiB" });
    const manager = { create: () => ({}) };
    const pool = store.pool("one", manager);
    expect(() => store.pool("one", manager)).toThrow(/pool "one" is open in this thread already/);
    expect(() => store.pool("two", manager, { name: "three" })).toThrow(
      /pool "two" was given options of one named "three"/,
    );
    await pool.close();
    const again = store.pool("one", manager);
    await expect(again.use((thing) => typeof thing)).resolves.toBe("object");
    await store.close();
    expect(() => store.pool("three", manager)).toThrow(/closed/);
  });

  it("refuses options it does not know and values out of bounds, by name", async () => {
    const store = await Store.create({ capacity: "2MiB" });
    const manager = { create: () => ({}) };
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{ maximum: 3 }, /a pool: unknown option "maximum".*known: name, min, max/],
      [{ max: 0 }, /option max is 0; expected a whole number from 1/],
      [{ min: 11 }, /option min is 11; expected a whole number from 0 to 10/],
      [{ acquireTimeout: -1 }, /option acquireTimeout is -1; expected milliseconds/],
      [{ idleTimeout: "soon" }, /option idleTimeout is "soon"/],
      [{ createAttempts: 0 }, /option createAttempts is 0/],
      [{ leaks: "maybe" }, /option leaks is "maybe"; expected one of trace, off/],
    ];
    for (const [options, message] of wrong) expect(() => store.pool("p", manager, options)).toThrow(message);
    expect(() => store.pool("", manager)).toThrow(/a pool's name is ""/);
    expect(() => store.pool("p", {} as never)).toThrow(
      /manager is an object.*; expected an object with a function create/,
    );
    expect(() => store.pool("p", { create: () => 1, destroy: 1 } as never)).toThrow(/manager.destroy is 1/);
    const pool = store.pool("p", manager);
    await expect(pool.acquire({ timeout: "never" } as never)).rejects.toThrow(/option timeout is "never"/);
    await expect(pool.acquire({ signal: {} } as never)).rejects.toThrow(/option signal is an object/);
    await expect(pool.close({ deadline: null } as never)).rejects.toThrow(/option deadline is null/);
    await store.close();
  });
});

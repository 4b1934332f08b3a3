/**
 * The faults that pools are known for. Each names the library it was found in, and the thread where somebody met it; `npm run bench -- --only
 * pool` shows the libraries themselves. The clock is a false one: no test waits.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  AcquireTimeoutError,
  ConnectionFailedError,
  ManagerTimeoutError,
  Pool,
  PoolClosedError,
} from "#dist/src/resources/index.js";
import { countedManager, hangs, takes, watched } from "./counted-manager.js";

const rejections: unknown[] = [];
const note = (error: unknown): void => {
  rejections.push(error);
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  process.on("unhandledRejection", note);
});

afterEach(() => {
  vi.useRealTimers();
  process.off("unhandledRejection", note);
  expect(rejections.splice(0)).toEqual([]);
});

const NOTHING = Promise.resolve() as Promise<never>;

const refused = (): never => {
  throw new Error("refused");
};

describe("create that rejects at once", () => {
  it("stops neither timers nor the process, and is tried with pauses (node-pool #175, #161, #273: an endless loop)", async () => {
    const manager = countedManager({ create: refused });
    const pool = new Pool(manager, { max: 2 });
    let beats = 0;
    const beat = setInterval(() => beats++, 1);
    const seen = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(75);
    clearInterval(beat);
    expect(beats).toBe(75);
    expect(seen.error).toBeInstanceOf(ConnectionFailedError);
    expect(seen.error).toMatchObject({ code: "CONNECTION_FAILED", attempts: 4, cause: new Error("refused") });
    expect(manager.creates).toBe(4);
    await pool.close();
  });

  it("is tried no more when nobody waits (node-pool #175)", async () => {
    const manager = countedManager({ create: refused });
    const pool = new Pool(manager, { max: 2, acquireTimeout: 5, createAttempts: Number.POSITIVE_INFINITY });
    const seen = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(5);
    expect(seen.error).toBeInstanceOf(AcquireTimeoutError);
    expect(seen.error?.cause).toEqual(new Error("refused"));
    const { creates } = manager;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(manager.creates).toBe(creates);
    await pool.close();
  });

  it("does not fail those whose connection comes back: somebody holds one", async () => {
    let refusing = false;
    const manager = countedManager({ create: () => (refusing ? refused() : NOTHING) });
    const pool = new Pool(manager, { max: 2 });
    const held = await pool.acquire();
    refusing = true;
    const seen = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(4000);
    expect(seen.error).toBeUndefined();
    held.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.value?.value.id).toBe(1);
    seen.value?.release();
    await pool.close();
  });

  it("is asked once a second at most while the server is down, however many come, and all are told", async () => {
    const manager = countedManager({ create: refused });
    const pool = new Pool(manager, { max: 50, acquireTimeout: "20s" });
    const users: ReturnType<typeof watched>[] = [];
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 100; i++) users.push(watched(pool.acquire()));
      await vi.advanceTimersByTimeAsync(1000);
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(users.every(({ error }) => error instanceof ConnectionFailedError)).toBe(true);
    expect(manager.creates).toBeLessThan(50 + 30); // the first burst, then a pause after each
    await pool.close();
  });

  it("is no different when it throws instead", async () => {
    const pool = new Pool({ create: refused }, { createAttempts: 1 });
    await expect(pool.acquire()).rejects.toThrow(/no connection could be made, 1 attempt failed.*refused/);
    await pool.close();
  });
});

describe("create that hangs", () => {
  it("is given up, and another takes its place (generic-pool, lightning-pool: dead for ever with max 1)", async () => {
    let first = true;
    const signals: AbortSignal[] = [];
    const create = (signal: AbortSignal): Promise<never> => {
      signals.push(signal);
      if (!first) return takes(0)();
      first = false;
      return hangs();
    };
    const pool = new Pool(countedManager({ create }), { max: 1, createTimeout: 50 });
    const seen = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(100);
    expect(seen.value?.value.id).toBe(2);
    expect(signals[0].reason).toBeInstanceOf(ManagerTimeoutError);
    seen.value?.release();
    await pool.close();
  });
});

describe("create that is slow", () => {
  it("loses no connection: what comes too late is closed (tarn: created 2, destroyed 1)", async () => {
    let ms = 120;
    const manager = countedManager({ create: () => takes(ms)() });
    const pool = new Pool(manager, { max: 1, acquireTimeout: 40, createTimeout: 50 });
    const seen = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(40);
    expect(seen.error?.message).toBe(
      'pool "pool": no connection was free within 40 ms: 0 in use, 1 being made, 1 waiting, at most 1',
    );
    ms = 1;
    await vi.advanceTimersByTimeAsync(200);
    expect(manager.closed).toEqual([1]);
    expect(pool.stats()).toMatchObject({ late: 1, size: 0 });
    const again = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(20);
    expect(again.value?.value.id).toBe(2);
    again.value?.release();
    await pool.close();
    expect(manager.open.size).toBe(0);
  });

  it("serves the next when the one it was made for has gone (cap-js/cds-dbs #1721: lost to a waiter that timed out)", async () => {
    const manager = countedManager({ create: takes(100) });
    const pool = new Pool(manager, { max: 1, acquireTimeout: 50 });
    const gone = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(60);
    const next = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(40);
    expect(gone.error).toBeInstanceOf(AcquireTimeoutError);
    expect(next.value?.value.id).toBe(1);
    next.value?.release();
    await pool.close();
  });
});

describe("closing that is slow", () => {
  it("counts towards max: four are open where four may be (generic-pool, tarn, lightning-pool: 12 to 21; node-pool #233)", async () => {
    let asked = 0;
    const isValid = async (): Promise<boolean> => ++asked % 3 !== 0;
    const manager = countedManager({ create: takes(2), destroy: takes(20), isValid });
    const pool = new Pool(manager, { max: 4, checkAfter: 0 });
    let served = 0;
    const users = Array.from({ length: 60 }, async (_, i) => {
      await takes((i * 37) % 150)();
      await pool.use(takes(1));
      served++;
    });
    await vi.advanceTimersByTimeAsync(3000);
    await Promise.all(users);
    expect(served).toBe(60);
    expect(manager.closed.length).toBeGreaterThan(5);
    expect(manager.peak).toBe(4);
    const closing = pool.close();
    await vi.advanceTimersByTimeAsync(30);
    await closing;
  });

  it("that never ends is given up, and said", async () => {
    const pool = new Pool(countedManager({ destroy: hangs }), { max: 1, destroyTimeout: 100 });
    (await pool.acquire()).discard();
    const seen = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(99);
    expect(pool.stats()).toMatchObject({ ending: 1, waiting: 1, size: 1 });
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.value?.value.id).toBe(2);
    expect(pool.stats()).toMatchObject({ ending: 0, forced: 1 });
    seen.value?.release();
    expect(await Promise.all([pool.close({ deadline: 10 }), vi.advanceTimersByTimeAsync(20)])).toMatchObject([
      { forced: 1 },
      expect.anything(),
    ]);
  });

  it("that fails is counted and nobody's error (node-pool #178)", async () => {
    const pool = new Pool(countedManager({ destroy: refused }), { max: 1 });
    (await pool.acquire()).discard();
    const lease = await pool.acquire();
    expect(lease.value.id).toBe(2);
    expect(pool.stats().forced).toBe(1);
    lease.release();
    expect(await pool.close()).toEqual({ forced: 0 });
  });
});

describe("close while callers wait", () => {
  it("tells them at once (generic-pool, tarn: they wait out their time-out)", async () => {
    const manager = countedManager();
    const pool = new Pool(manager, { max: 1 });
    const held = await pool.acquire();
    const seen = watched(pool.acquire());
    const closing = watched(pool.close());
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.error).toBeInstanceOf(PoolClosedError);
    expect(closing.value).toBeUndefined();
    held.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(closing.value).toEqual({ forced: 0 });
    expect(manager.open.size).toBe(0);
  });

  it("closes what is being made for them", async () => {
    const manager = countedManager({ create: takes(50) });
    const pool = new Pool(manager, { max: 1 });
    const seen = watched(pool.acquire());
    const closing = watched(pool.close());
    await vi.advanceTimersByTimeAsync(60);
    expect(seen.error).toBeInstanceOf(PoolClosedError);
    expect(closing.value).toEqual({ forced: 0 });
    expect(manager.closed).toEqual([1]);
  });
});

describe("acquire after close", () => {
  it("is refused at once (lightning-pool: a connection; tarn #81: the time-out)", async () => {
    const pool = new Pool(countedManager());
    (await pool.acquire()).release();
    await pool.close();
    await expect(pool.acquire()).rejects.toBeInstanceOf(PoolClosedError);
    expect(() => pool.tryAcquire()).toThrow(PoolClosedError);
    await expect(pool.use(() => 1)).rejects.toMatchObject({ code: "POOL_CLOSED" });
  });
});

describe("released twice", () => {
  it("is harmless: one connection is one caller's (Rascal #242)", async () => {
    const pool = new Pool(countedManager(), { max: 1 });
    const lease = await pool.acquire();
    lease.release();
    lease.release();
    lease.discard();
    await lease[Symbol.asyncDispose]();
    const first = await pool.acquire();
    lease.release();
    const second = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(10);
    expect(second.value).toBeUndefined();
    expect(pool.stats()).toMatchObject({ inUse: 1, idle: 0, waiting: 1 });
    first.release();
    await vi.advanceTimersByTimeAsync(0);
    second.value?.release();
    await pool.close();
  });
});

describe("a caller that gives up", () => {
  it("is taken out of the line; what is released goes to the next (cap-js/cds-dbs #1721)", async () => {
    const pool = new Pool(countedManager(), { max: 1 });
    const held = await pool.acquire();
    const late = watched(pool.acquire({ timeout: 40 }));
    const abort = new AbortController();
    const aborted = watched(pool.acquire({ signal: abort.signal }));
    const next = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(40);
    abort.abort(new Error("changed my mind"));
    held.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(late.error).toBeInstanceOf(AcquireTimeoutError);
    expect(aborted.error?.message).toBe("changed my mind");
    expect(next.value?.value.id).toBe(1);
    expect(pool.stats()).toMatchObject({ size: 1, waiting: 0, givenUp: 2 });
    next.value?.release();
    await pool.close();
  });

  it("when the connection is released in the turn of the time-out leaves it to the pool", async () => {
    const pool = new Pool(countedManager(), { max: 1 });
    const held = await pool.acquire();
    setTimeout(() => held.release(), 40);
    const seen = watched(pool.acquire({ timeout: 40 }));
    setTimeout(() => {}, 40);
    await vi.advanceTimersByTimeAsync(40);
    expect(seen.value ?? seen.error).toBeDefined();
    seen.value?.release();
    expect(pool.stats()).toMatchObject({ idle: 1, inUse: 0 });
    await pool.close();
  });

  it("leaves nothing on its signal", async () => {
    const pool = new Pool(countedManager(), { max: 1 });
    const { signal } = new AbortController();
    let listeners = 0;
    const add = vi.spyOn(signal, "addEventListener").mockImplementation(() => void listeners++);
    const remove = vi.spyOn(signal, "removeEventListener").mockImplementation(() => void listeners--);
    const held = await pool.acquire({ signal });
    const waits = pool.acquire({ signal });
    const late = watched(pool.acquire({ signal, timeout: 5 }));
    expect(listeners).toBe(2);
    await vi.advanceTimersByTimeAsync(5);
    held.release();
    (await waits).release();
    expect(late.error).toBeInstanceOf(AcquireTimeoutError);
    expect(listeners).toBe(0);
    expect(add.mock.calls.length).toBe(remove.mock.calls.length);
    await pool.close();
  });

  it("before it began gets nothing", async () => {
    const pool = new Pool(countedManager(), { max: 1 });
    await expect(pool.acquire({ signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
    expect(pool.stats()).toMatchObject({ size: 0, waiting: 0 });
    await pool.close();
  });
});

describe("a server that kills all connections", () => {
  it("costs nobody who comes afterwards an error, however short ago they were used (found beside a real Redis: 10 of 100 failed)", async () => {
    const manager = countedManager({ isAlive: (thing) => thing.alive });
    const pool = new Pool(manager, { max: 10 });
    const leases = await Promise.all(Array.from({ length: 10 }, () => pool.acquire()));
    for (const lease of leases) lease.release();
    for (const thing of manager.open) thing.alive = false;
    const used = await Promise.all(Array.from({ length: 100 }, () => pool.use((thing) => thing.alive)));
    expect(used.every(Boolean)).toBe(true);
    expect(manager.peak).toBeLessThanOrEqual(10);
    await pool.close();
  });

  it("is noticed of those in use as they come back: the next has a new one", async () => {
    const manager = countedManager({ isAlive: (thing) => thing.alive });
    const pool = new Pool(manager, { max: 1 });
    const held = await pool.acquire();
    const next = watched(pool.acquire());
    held.value.alive = false;
    held.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(next.value?.value.id).toBe(2);
    next.value?.release();
    await pool.close();
  });

  it("without a word is found by isValid after idleness, with no more checks at a time than callers", async () => {
    let checking = 0;
    let most = 0;
    const isValid = async (thing: { alive: boolean }): Promise<boolean> => {
      most = Math.max(most, ++checking);
      await takes(5)();
      checking--;
      return thing.alive;
    };
    const manager = countedManager({ isValid });
    const pool = new Pool(manager, { max: 10, checkAfter: 1000 });
    const leases = await Promise.all(Array.from({ length: 10 }, () => pool.acquire()));
    for (const lease of leases) lease.release();
    for (const thing of manager.open) thing.alive = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(pool.tryAcquire()).toBeUndefined();
    const seen = [watched(pool.acquire()), watched(pool.acquire())];
    await vi.advanceTimersByTimeAsync(100);
    expect(seen.map(({ value }) => value?.value.alive)).toEqual([true, true]);
    expect(most).toBe(2);
    for (const { value } of seen) value?.release();
    await pool.close();
  });

  it("and answers no check is given up by checkTimeout", async () => {
    const pool = new Pool(countedManager({ isValid: hangs }), { max: 1, checkAfter: 0, checkTimeout: 100 });
    (await pool.acquire()).release();
    const seen = watched(pool.acquire());
    await vi.advanceTimersByTimeAsync(100);
    expect(seen.value?.value.id).toBe(2);
    seen.value?.release();
    await pool.close();
  });
});

/** What a thread tracks: listed with its kind, label and age for as long as it is held, ended in reverse order, by force after its deadline, and counted. */
import { afterEach, describe, expect, it } from "vitest";
import { EndTimeoutError, Store, type Tracked } from "#dist/src/index.js";
import { countedManager } from "./counted-manager.js";

const stores: Store[] = [];
async function makeStore(capacity = "8MiB", shared = true): Promise<Store> {
  const store = await Store.create({ capacity, maxWorkers: 4, shared, maintenance: false });
  stores.push(store);
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => {});
});

const never = (): Promise<void> => new Promise(() => {});
const nothing = (): void => {};

describe("a tracked resource", () => {
  it.each([true, false])("is listed until it has ended, shared: %s", async (shared) => {
    const store = await makeStore("8MiB", shared);
    const ended: string[] = [];
    const file = store.track("file", "the file", { end: (it) => ended.push(it), label: "a/b.txt" });
    const bare = store.track("socket", 7, { end: nothing });
    expect(file.value).toBe("the file");
    expect(store.resources()).toMatchObject([
      { kind: "file", label: "a/b.txt", state: "held", stateMs: null },
      { kind: "socket", label: null, state: "held" },
    ]);
    const [{ ageMs, owner }] = store.resources();
    expect(ageMs).toBeGreaterThanOrEqual(0);
    expect(owner.worker).toBe(0);
    await file.end();
    await file.end();
    expect(ended).toEqual(["the file"]);
    expect(store.resources().map(({ kind }) => kind)).toEqual(["socket"]);
    expect(bare.release()).toBe(7);
    expect(store.resources()).toEqual([]);
    expect(() => file.value).toThrow(/file "a\/b.txt" has ended/);
    expect(() => bare.release()).toThrow(/socket has ended/);
    expect(store.stats().resources).toMatchObject({ held: 0, ended: 2, failed: 0, forced: 0, reaped: 0 });
    expect((await store.verify()).violations).toEqual([]);
  });

  it("ends with its scope, whichever way it is bound", async () => {
    const store = await makeStore();
    const ended: string[] = [];
    {
      await using waited = store.track("file", "waited for", { end: async (it) => void ended.push(it) });
      using at = store.track("file", "at once", { end: (it) => ended.push(it) });
      expect(store.resources()).toHaveLength(2);
      expect([waited.value, at.value]).toEqual(["waited for", "at once"]);
    }
    expect(ended).toEqual(["at once", "waited for"]);
    expect(store.resources()).toEqual([]);
  });

  it("is listed as ending until its end has come, and what that throws is the caller's", async () => {
    const store = await makeStore();
    let fail = (_: Error): void => {};
    const tracked = store.track("file", 1, { end: () => new Promise((_, reject) => (fail = reject)) });
    const end = tracked.end();
    expect(store.resources()).toMatchObject([{ kind: "file", state: "ending" }]);
    fail(new Error("not writable"));
    await expect(end).rejects.toThrow("not writable");
    await expect(tracked.end()).rejects.toThrow("not writable");
    expect(() => store.track("file", 2, { end: nothing })[Symbol.dispose]()).not.toThrow();
    expect(store.stats().resources).toMatchObject({ held: 0, ended: 1, failed: 1 });
  });

  it("is struck off at its deadline, and counted as forced", async () => {
    const store = await makeStore();
    const tracked = store.track("session", 1, { end: never, label: "s", deadline: 5 });
    await expect(tracked.end()).rejects.toThrow(EndTimeoutError);
    await expect(tracked.end()).rejects.toThrow('the end of session "s" did not come within 5 ms');
    expect(store.resources()).toEqual([]);
    expect(store.stats().resources).toMatchObject({ forced: 1, ended: 0 });
    expect(store.health().alerts.map(({ message }) => message)).toContain(
      "1 resources did not end by their deadline since the store was created",
    );
  });

  it("costs nothing where none is: no table, no memory", async () => {
    const store = await makeStore();
    const before = store.stats().memory;
    expect(store.resources()).toEqual([]);
    expect(store.stats().resources.capacity).toBe(0);
    expect(store.stats().memory).toEqual(before);
  });
});

describe("close", () => {
  it("ends everything in reverse order, pools among it, by force after its deadline", async () => {
    const store = await makeStore();
    const ended: string[] = [];
    const track = (name: string, deadline?: number): Tracked<string> =>
      store.track("thing", name, {
        deadline: deadline ?? Number.POSITIVE_INFINITY,
        end: async (it) => {
          // at once where there is a deadline: on a busy machine that may be over before the next turn
          if (deadline === undefined) await new Promise((turn) => setImmediate(turn));
          ended.push(it);
          if (deadline !== undefined) await never();
        },
      });
    track("first");
    const manager = countedManager({ destroy: async () => void ended.push("pool") });
    const pool = store.pool("p", manager);
    (await pool.acquire()).release();
    track("hangs", 5);
    const gone = track("gone");
    track("last");
    await gone.end();
    await Promise.all([store.close(), store.close()]);
    expect(ended).toEqual(["gone", "last", "hangs", "pool", "first"]);
    expect(() => track("late")).toThrow(/store is closed/);
  });

  it("closes the store though some fail, and throws what they threw", async () => {
    const store = await makeStore();
    const watching = await Store.attach(store.handle);
    const fail = (name: string) => () => {
      throw new Error(name);
    };
    store.track("thing", 1, { end: fail("one") });
    const ended: number[] = [];
    store.track("thing", 2, { end: () => ended.push(2) });
    store.track("thing", 3, { end: fail("three") });
    const error = await store.close().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors.map(({ message }) => message)).toEqual(["three", "one"]);
    expect(ended).toEqual([2]);
    expect(() => store.stats()).toThrow(/closed/);
    expect(watching.resources()).toEqual([]);
    expect(watching.stats().resources).toMatchObject({ held: 0, ended: 1, closed: 3, failed: 2 });
    await watching.close();
  });

  it("strikes off what has not ended by then", async () => {
    const store = await makeStore();
    const watching = await Store.attach(store.handle);
    const pool = store.pool("slow", countedManager({ destroy: never }), { destroyTimeout: "1h" });
    await pool.acquire();
    const closing = pool.close({ deadline: 5 });
    expect(watching.resources()).toMatchObject([{ kind: "connection", label: "slow", state: "in use" }]);
    expect(await closing).toEqual({ forced: 1 });
    expect(watching.resources()).toMatchObject([{ state: "ending" }]);
    await store.close();
    expect(watching.resources()).toEqual([]);
    await watching.close();
  });
});

describe("the table", () => {
  it("grows when it is full, and gives every record back", async () => {
    const store = await makeStore("32MiB");
    const many = 5000;
    const inChunks = (): number => store.stats().memory.usedBytes - store.stats().memory.spanBytes;
    const before = inChunks();
    const held = Array.from({ length: many }, (_, i) =>
      store.track(`kind ${i % 3}`, i, { end: nothing, label: i % 10 === 0 ? `number ${i}` : undefined }),
    );
    const listed = store.resources();
    expect(listed).toHaveLength(many);
    expect(new Set(listed.flatMap(({ label }) => label ?? [])).size).toBe(many / 10);
    const { resources } = store.stats();
    expect(resources.byKind.reduce((sum, { held: n }) => sum + n, 0)).toBe(many);
    expect(resources.byKind.map(({ kind }) => kind).sort()).toEqual(["kind 0", "kind 1", "kind 2"]);
    expect(resources.capacity).toBeGreaterThanOrEqual(many);
    for (const one of held) await one.end();
    expect(store.resources()).toEqual([]);
    expect(store.stats().entries).toBe(0);
    // what is left of the labels' entries: a few that wait to be freed, of 500
    expect(inChunks() - before).toBeLessThan(16_384);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("says so when there is no memory for it, and a pool goes on without", async () => {
    const store = await Store.create({ capacity: "4MiB", eviction: "none", maintenance: false });
    stores.push(store);
    const filled = store.region("filler", { bytes: largestRegion(store) });
    expect(() => store.track("file", 1, { end: nothing })).toThrow(/no slab of 64 KiB|no memory is left/);
    const pool = store.pool("p", countedManager());
    expect(await pool.use(({ id }) => id)).toBe(1);
    expect(store.resources().map(({ kind }) => kind)).toEqual(["region"]);
    filled.close();
  });

  it("lists locks, regions, buffers, watches and connections with what is tracked", async () => {
    const store = await makeStore();
    const held = [];
    held.push(store.mutex("m").lock());
    let endReading = (): void => {};
    const read = store.rwLock("rw").readAsync(() => new Promise<void>((end) => (endReading = end)));
    const region = store.region("bytes", { bytes: 100 });
    const buffer = store.buffer(100);
    const abort = new AbortController();
    const changes = store.namespace("n").watch({}, { signal: abort.signal })[Symbol.asyncIterator]();
    const next = changes.next();
    const pool = store.pool("p", countedManager(), { scope: "process", max: 2 });
    const lease = await pool.acquire();
    const kinds = store.resources().map(({ kind, label, state }) => `${kind} ${label} ${state}`);
    expect(kinds.sort()).toEqual([
      "buffer 1 of 256 bytes held",
      "connection p in use",
      "lock m held",
      "lock rw reading",
      "permit p held",
      "region bytes held",
      "watch null held",
    ]);
    lease.release();
    expect(store.resources().find(({ kind }) => kind === "connection")?.state).toBe("idle");
    for (const guard of held) guard[Symbol.dispose]();
    endReading();
    await read;
    region.close();
    store.returnBuffer(buffer);
    abort.abort();
    await next.catch(() => {});
    await pool.close();
    expect(store.resources()).toEqual([]);
  });
});

describe("what is no resource", () => {
  it.each([
    ["a kind that is none", "", { end: nothing }, /the kind of a resource is/],
    ["a kind that is too long", "x".repeat(257), { end: nothing }, /1 to 256 characters/],
    ["a kind that is no text", 7, { end: nothing }, /the kind of a resource is 7/],
    ["no end", "file", {}, /end is undefined; expected a function/],
    ["an end that is none", "file", { end: 1 }, /end is 1; expected a function/],
    ["no options", "file", undefined, /takes an object of options/],
    ["an option that is not known", "file", { end: nothing, dedline: 1 }, /did you mean "deadline"/],
    ["a label that is no text", "file", { end: nothing, label: 7 }, /option label is 7/],
    ["a deadline that is none", "file", { end: nothing, deadline: -1 }, /option deadline is -1/],
  ])("is refused: %s", async (_, kind, options, message) => {
    const store = await makeStore();
    expect(() => store.track(kind as never, 1, options as never)).toThrow(message);
    expect(store.stats().resources.capacity).toBe(0);
  });

  it("is refused when there are more kinds than a monitor could show", async () => {
    const store = await makeStore("32MiB");
    for (let i = 0; i < 1024; i++) store.track(`kind ${i}`, i, { end: nothing });
    expect(() => store.track("one more", 0, { end: nothing })).toThrow(/kinds are few/);
  });
});

describe("health", () => {
  it("tells of what is held, or used, for longer than it is told", async () => {
    const store = await makeStore();
    store.track("file", 1, { end: nothing });
    const pool = store.pool("p", countedManager());
    const lease = await pool.acquire();
    await expect.poll(() => store.stats().resources.byKind.every(({ oldestMs }) => oldestMs > 20)).toBe(true);
    await expect.poll(() => store.stats().resources.byKind.some(({ longestUseMs }) => longestUseMs > 20)).toBe(true);
    expect(store.health().alerts).toEqual([]);
    const told = store.health({ longestUse: 10, oldestHeld: "10ms" }).alerts.map(({ message }) => message);
    expect(told.some((message) => /a connection has been in use for/.test(message))).toBe(true);
    expect(told.some((message) => /a file has been held for/.test(message))).toBe(true);
    expect(() => store.health({ oldestHeld: "long" })).toThrow(/option oldestHeld/);
    expect(() => store.health({ oldest: 1 } as never)).toThrow(/unknown option "oldest"/);
    lease.release();
  });
});

/** As many bytes as a region can have here. */
function largestRegion(store: Store): number {
  for (let slabs = Math.floor(store.stats().memory.poolBytes / 65536); ; slabs--) {
    try {
      store.region("try", { bytes: slabs * 65536 - 128 }).close();
      store.dropRegion("try");
      return slabs * 65536 - 128;
    } catch (error) {
      if (slabs === 0) throw error;
    }
  }
}

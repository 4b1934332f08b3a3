import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import {
  AccessDeniedError,
  ClosedError,
  DeadlockError,
  InvalidArgumentError,
  type LockGuard,
  LockTimeoutError,
  PoisonedError,
  Store,
} from "#dist/src/index.js";
import { openStore } from "./fixture.js";

interface Answer {
  readonly result?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly cycle?: string[];
}

/** A thread that does with locks what it is told to. */
class Other {
  private constructor(readonly worker: Worker) {}

  static async of(store: Store): Promise<Other> {
    const other = new Other(store.spawn(new URL("./threads/locks.mjs", import.meta.url)));
    await other.answer();
    return other;
  }

  async ask(role: string, rest: object = {}): Promise<Answer> {
    const answer = this.answer();
    this.worker.postMessage({ role, ...rest });
    return answer;
  }

  private async answer(): Promise<Answer> {
    const [answer] = await once(this.worker, "message");
    return answer;
  }

  async die(): Promise<void> {
    const exit = once(this.worker, "exit");
    await this.worker.terminate();
    await exit;
  }
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((done) => setTimeout(done, 1));
};
const waiting = (store: Store, many: number) => until(() => store.stats().locks.waiting === many);

describe("a mutex", () => {
  it("lets one task in at a time, in the order in which they asked", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan");
    const log: number[] = [];
    const task = (number: number) =>
      mutex.withAsync(async () => {
        log.push(number);
        await new Promise((done) => setImmediate(done));
        log.push(-number);
      });
    await Promise.all([1, 2, 3, 4].map(task));
    expect(log).toEqual([1, -1, 2, -2, 3, -3, 4, -4]);
    expect(store.stats().locks).toEqual({ held: 0, waiting: 0 });
  });

  it("is the same one under the same name, with the order it was made with", async () => {
    const store = await openStore();
    expect(store.mutex("plan", { order: 3 }).order).toBe(3);
    expect(store.mutex("plan").order).toBe(3);
    expect(store.locks()).toEqual(["plan"]);
    expect(() => store.mutex("plan", { order: 4 })).toThrow('mutex "plan" was made with order 3, not 4');
    expect(() => store.rwLock("plan")).toThrow('mutex "plan" is no read-write lock; it was made by store.mutex()');
  });

  it("gives back what its function returns, and lets go when that throws", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan");
    expect(mutex.with(() => 7)).toBe(7);
    expect(() => mutex.with(() => { throw new RangeError("no"); })).toThrow(RangeError); // biome-ignore format: short
    await expect(mutex.withAsync(() => Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
    await expect(mutex.withAsync(() => { throw new RangeError("no"); })).rejects.toThrow(RangeError); // biome-ignore format: short
    expect(mutex.tryLock()?.held).toBe(true);
  });

  it("tells a function that is not done when it returns to use the other verb", async () => {
    const store = await openStore();
    expect(() => store.mutex("plan").with(async () => 1)).toThrow("use await withAsync()");
    expect(store.stats().locks.held).toBe(0);
  });

  it("is held by a guard until that is released, once", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan");
    const guard = mutex.lock();
    expect(mutex.tryLock()).toBeUndefined();
    guard[Symbol.dispose]();
    expect(guard.held).toBe(false);
    const second = mutex.lock();
    guard.release();
    expect(second.held).toBe(true);
    expect(mutex.tryLock()).toBeUndefined();
    second.release();
  });

  it("refuses at once to a thread that has it already", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan");
    const guard = mutex.lock();
    expect(() => mutex.lock()).toThrow(DeadlockError);
    guard.release();
    await expect(mutex.withAsync(() => mutex.withAsync(() => 1))).rejects.toThrow(
      'this thread has mutex "plan" already',
    );
    await expect(mutex.withAsync(async () => mutex.with(() => 1))).rejects.toMatchObject({ cycle: ["plan"] });
  });

  it("is asked for in ascending order only, by a task of its own locks and by a blocking call of all of the thread's", async () => {
    const store = await openStore();
    const [low, high] = [store.mutex("low", { order: 1 }), store.mutex("high", { order: 2 })];
    expect(low.with(() => high.with(() => "both"))).toBe("both");
    expect(() => high.with(() => low.with(() => 1))).toThrow('mutex "low" has order 1, and "high" of order 2 is held');
    await expect(high.withAsync(() => low.withAsync(() => 1))).rejects.toThrow(DeadlockError);
    const other = high.withAsync(() => low.name);
    expect(await low.withAsync(() => "another task")).toBe("another task");
    await other;
    expect(store.stats().locks).toEqual({ held: 0, waiting: 0 });
  });

  it("is not waited for longer than asked, and not at all once a signal has aborted", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan");
    const guard = mutex.lock();
    await expect(mutex.lockAsync({ timeout: 5 })).rejects.toThrow(LockTimeoutError);
    const abort = new AbortController();
    const wait = mutex.lockAsync({ signal: abort.signal });
    abort.abort(new RangeError("enough"));
    await expect(wait).rejects.toThrow("enough");
    await expect(mutex.lockAsync({ signal: abort.signal })).rejects.toThrow("enough");
    guard.release();
    expect(mutex.with(() => 1)).toBe(1);
  });

  it("goes to the next task when the first one in the queue gives up", async () => {
    const store = await openStore();
    const other = await Other.of(store);
    const mutex = store.mutex("plan");
    await other.ask("lock", { name: "plan" });
    const abort = new AbortController();
    const first = mutex.lockAsync({ signal: abort.signal });
    const second = mutex.lockAsync();
    await waiting(store, 1);
    abort.abort();
    await expect(first).rejects.toThrow();
    await other.ask("release", { name: "plan" });
    (await second).release();
    expect(store.stats().locks).toEqual({ held: 0, waiting: 0 });
  });

  it.each([
    ["mutex", [5]],
    ["mutex", [""]],
    ["mutex", ["x".repeat(300)]],
    ["mutex", ["plan", { order: -1 }]],
    ["mutex", ["plan", { order: 1.5 }]],
    ["mutex", ["plan", { rank: 1 }]],
    ["mutex", ["plan", 5]],
    ["rwLock", ["plan", { order: "high" }]],
    ["dropLock", [null]],
  ])("%s refuses %j, and nothing is made", async (verb, given) => {
    const store = await openStore();
    expect(() => (store as unknown as Record<string, (...args: unknown[]) => void>)[verb](...given)).toThrow(
      InvalidArgumentError,
    );
    expect(store.locks()).toEqual([]);
  });

  it("refuses bad options before it takes anything", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan") as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => mutex.lock({ timeout: -1 })).toThrow(InvalidArgumentError);
    expect(() => mutex.lock({ signal: new AbortController().signal })).toThrow(InvalidArgumentError);
    expect(() => mutex.lock({ recover: 1 })).toThrow(InvalidArgumentError);
    expect(() => mutex.with("x")).toThrow("with takes a function");
    await expect(mutex.lockAsync({ signal: 1 })).rejects.toThrow(InvalidArgumentError);
    await expect(mutex.withAsync(null)).rejects.toThrow(InvalidArgumentError);
    expect(store.stats().locks).toEqual({ held: 0, waiting: 0 });
  });

  it("says when a thread has as many as it can", async () => {
    const store = await openStore();
    const guards: LockGuard[] = [];
    for (let i = 0; i < 64; i++) guards.push(store.mutex(`m${i}`).lock());
    expect(() => store.mutex("one more").lock()).toThrow("this thread has 64 locks");
    expect(store.stats().locks.held).toBe(64);
    for (const guard of guards) guard.release();
    expect(store.mutex("one more").with(() => 1)).toBe(1);
  });
});

describe("a mutex between threads", () => {
  it("is exact under contention of blocking threads and a waiting one", async () => {
    const store = await openStore();
    const words = new Int32Array(new SharedArrayBuffer(4));
    const others = await Promise.all([Other.of(store), Other.of(store)]);
    const counting = others.map((other) => other.ask("count", { name: "plan", words, times: 3000 }));
    for (let i = 0; i < 200; i++) await store.mutex("plan").withAsync(() => void words[0]++);
    await Promise.all(counting);
    expect(words[0]).toBe(6200);
  });

  it("does not block the main thread, which may wait", async () => {
    const store = await openStore();
    const other = await Other.of(store);
    await other.ask("lock", { name: "plan" });
    const mutex = store.mutex("plan");
    expect(mutex.tryLock()).toBeUndefined();
    expect(() => mutex.lock()).toThrow("would block the main thread; use await lockAsync()");
    expect(() => mutex.lock({ timeout: 0 })).toThrow(LockTimeoutError);
    const wait = mutex.lockAsync();
    await waiting(store, 1);
    await other.ask("release", { name: "plan" });
    (await wait).release();
  });

  it("is poisoned by the death of whoever had it, until somebody mends it", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan");
    const other = await Other.of(store);
    await other.ask("lock", { name: "plan" });
    const { threadId } = other.worker;
    const wait = mutex.lockAsync();
    await waiting(store, 1);
    await other.die();
    await expect(wait).rejects.toThrow(PoisonedError);
    expect(() => mutex.with(() => 1)).toThrow(`was in the hands of thread ${threadId} when that ended`);
    expect(() => mutex.tryLock()).toThrow(PoisonedError);
    expect(store.stats().locks).toEqual({ held: 0, waiting: 0 });
    expect(mutex.with(() => "mended", { recover: true })).toBe("mended");
    expect(mutex.with(() => "sound")).toBe("sound");
  });

  it("is not poisoned by the death of one that only waited", async () => {
    const store = await openStore();
    const guard = store.mutex("plan").lock();
    const other = await Other.of(store);
    void other.ask("lock", { name: "plan" });
    await waiting(store, 1);
    await other.die();
    expect(store.stats().locks).toEqual({ held: 1, waiting: 0 });
    guard.release();
    expect(store.mutex("plan").with(() => "sound")).toBe("sound");
  });

  it("is poisoned by a thread that closes the store with it in its hands", async () => {
    const store = await openStore();
    const other = await Other.of(store);
    await other.ask("lock", { name: "plan" });
    await other.ask("close");
    expect(() => store.mutex("plan").with(() => 1)).toThrow(PoisonedError);
  });

  it.each(["nested", "nestedAsync"])(
    "tells one of two threads in a deadlock, and the other goes on (%s)",
    async (role) => {
      const store = await openStore();
      const words = new Int32Array(new SharedArrayBuffer(4));
      const others = await Promise.all([Other.of(store), Other.of(store)]);
      const [first, second] = await Promise.all([
        others[0].ask(role, { names: ["a", "b"], words }),
        others[1].ask(role, { names: ["b", "a"], words }),
      ]);
      const told = [first, second].filter(({ code }) => code === "DEADLOCK");
      expect(told).toHaveLength(1);
      expect([...(told[0].cycle ?? [])].sort()).toEqual(["a", "b"]);
      expect([first, second].filter(({ result }) => result === "both")).toHaveLength(1);
      expect(store.stats().locks).toEqual({ held: 0, waiting: 0 });
    },
  );

  it("tells of a deadlock between tasks of one thread", async () => {
    const store = await openStore();
    const [a, b] = [store.mutex("a"), store.mutex("b")];
    const turn = () => new Promise((done) => setImmediate(done));
    const outcomes = await Promise.allSettled([
      a.withAsync(() => turn().then(() => b.withAsync(() => "both"))),
      b.withAsync(() => turn().then(() => a.withAsync(() => "both"))),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "DEADLOCK" } });
  });

  it("does not take another task of a thread for one that waits", async () => {
    const store = await openStore();
    const other = await Other.of(store);
    const [a, b] = [store.mutex("a"), store.mutex("b")];
    const held = await a.lockAsync(); // by one task of this thread
    await other.ask("lock", { name: "b" });
    const blocked = other.ask("lock", { name: "a", options: { timeout: 120_000 } });
    await waiting(store, 1);
    const task = b.lockAsync({ timeout: 40 }); // by another, which does not keep the first from going on
    await expect(task).rejects.toThrow(LockTimeoutError);
    held.release();
    expect((await blocked).code).toBeUndefined();
  });
});

describe("a read-write lock", () => {
  it("lets readers in together, and a writer alone", async () => {
    const store = await openStore();
    const lock = store.rwLock("metrics");
    const other = await Other.of(store);
    await other.ask("lockRead", { name: "metrics" });
    expect(lock.read(() => lock.read(() => "nested"))).toBe("nested");
    expect(lock.tryWrite()).toBeUndefined();
    await other.ask("release", { name: "metrics" });
    const guard = lock.lockWrite();
    expect((await other.ask("tryWrite", { name: "metrics" })).result).toBe(false);
    expect(() => lock.read(() => 1)).toThrow(DeadlockError);
    guard.release();
    expect(() => lock.read(() => lock.write(() => 1))).toThrow(DeadlockError);
  });

  it("lets readers that came while a writer was inside in before the next writer", async () => {
    const store = await openStore();
    const lock = store.rwLock("metrics");
    const guard = lock.lockWrite();
    const log: string[] = [];
    const read = lock.readAsync(async () => void log.push("read"));
    const write = lock.writeAsync(async () => void log.push("write"));
    const later = lock.readAsync(async () => void log.push("later"));
    guard.release();
    await Promise.all([read, write, later]);
    expect(log).toEqual(["read", "write", "later"]);
  });

  it("does not let readers of one thread keep a writer of another out for ever", async () => {
    const store = await openStore();
    const lock = store.rwLock("metrics");
    const other = await Other.of(store);
    let stop = false;
    const reader = async () => {
      while (!stop) await lock.readAsync(() => new Promise((done) => setImmediate(done)));
    };
    const readers = [reader(), reader(), reader()];
    expect((await other.ask("lockWrite", { name: "metrics" })).code).toBeUndefined();
    stop = true;
    await other.ask("release", { name: "metrics" });
    await Promise.all(readers);
  });

  it("is poisoned by a writer that dies, and not by a reader", async () => {
    const store = await openStore();
    const lock = store.rwLock("metrics");
    const reader = await Other.of(store);
    await reader.ask("lockRead", { name: "metrics" });
    await reader.die();
    expect(lock.write(() => "sound")).toBe("sound");
    const writer = await Other.of(store);
    await writer.ask("lockWrite", { name: "metrics" });
    await writer.die();
    await expect(lock.readAsync(() => 1)).rejects.toThrow(PoisonedError);
    expect(lock.read(() => "half done", { recover: true })).toBe("half done");
    expect(() => lock.read(() => 1)).toThrow(PoisonedError);
    expect(lock.write(() => "mended", { recover: true })).toBe("mended");
    expect(lock.read(() => "sound")).toBe("sound");
  });

  it("is exact under contention", async () => {
    const store = await openStore();
    const words = new Int32Array(new SharedArrayBuffer(4));
    const others = await Promise.all([Other.of(store), Other.of(store)]);
    const counting = others.map((other) => other.ask("count", { name: "metrics", words, times: 2000, asked: "write" }));
    const lock = store.rwLock("metrics");
    for (let i = 0; i < 200; i++) {
      await lock.readAsync(() => {
        const before = words[0];
        for (let spin = 0; spin < 100; spin++) if (words[0] !== before) throw new Error("written under a reader");
      });
    }
    await Promise.all(counting);
    expect(words[0]).toBe(4000);
  });
});

describe("a lock that is dropped", () => {
  it("is dropped only while nobody has it, and is another one when it is made again", async () => {
    const store = await openStore();
    const mutex = store.mutex("plan", { order: 3 });
    const other = await Other.of(store);
    await other.ask("lock", { name: "plan" });
    expect(() => store.dropLock("plan")).toThrow(`lock "plan" is held by thread ${other.worker.threadId}`);
    await other.ask("release", { name: "plan" });
    const guard = mutex.lock();
    expect(() => store.dropLock("plan")).toThrow("is held by this thread");
    guard.release();
    expect(store.dropLock("plan")).toBe(true);
    expect(store.dropLock("plan")).toBe(false);
    expect(() => mutex.with(() => 1)).toThrow(ClosedError);
    await expect(mutex.lockAsync()).rejects.toThrow(ClosedError);
    expect(store.locks()).toEqual([]);
    expect(store.rwLock("plan").order).toBeUndefined();
    expect((await other.ask("lock", { name: "plan" })).code).toBe("INVALID_ARGUMENT");
  });
});

describe("locks and the store", () => {
  it("end with it: who waits hears of it, and guards do nothing more", async () => {
    const store = await Store.create({ capacity: "8MiB", maintenance: false });
    const mutex = store.mutex("plan");
    const guard = mutex.lock();
    const wait = mutex.lockAsync();
    const closing = store.close();
    await expect(wait).rejects.toThrow(ClosedError);
    await closing;
    guard.release();
    expect(guard.held).toBe(false);
    expect(() => mutex.with(() => 1)).toThrow(ClosedError);
    await expect(mutex.withAsync(() => 1)).rejects.toThrow(ClosedError);
  });

  it("work in a store of one thread, whose tasks wait for each other", async () => {
    const store = await openStore({ shared: false });
    const lock = store.rwLock("metrics");
    const log: string[] = [];
    const guard = lock.lockWrite();
    const reads = ["a", "b"].map((name) =>
      lock.readAsync(async () => {
        log.push(name);
        await new Promise((done) => setImmediate(done));
        log.push(name);
      }),
    );
    await expect(lock.readAsync(() => 1, { timeout: 5 })).rejects.toThrow(LockTimeoutError);
    guard.release();
    await Promise.all(reads);
    expect(log).toEqual(["a", "b", "a", "b"]);
    const mutex = store.mutex("plan").lock();
    expect(() => store.mutex("plan").lock()).toThrow(DeadlockError);
    mutex.release();
  });

  it("are an agent's by the permissions it has on their names", async () => {
    const store = await openStore();
    const agent = store.as("7");
    expect(agent.mutex("agent_7_plan").with(() => 1)).toBe(1);
    store.rwLock("metrics");
    store.grant("7", "metrics", ["read"]);
    const lock = agent.rwLock("metrics");
    expect(lock.read(() => 1)).toBe(1);
    expect(() => lock.write(() => 1)).toThrow(AccessDeniedError);
    expect(() => agent.mutex("others")).toThrow(AccessDeniedError);
    expect(() => agent.dropLock("metrics")).toThrow(AccessDeniedError);
    expect(agent.locks().sort()).toEqual(["agent_7_plan", "metrics"]);
    await agent.close();
    expect(() => lock.read(() => 1)).toThrow(ClosedError);
  });
});

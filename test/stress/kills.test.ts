/** Threads terminated at any moment while others work: afterwards nothing is lost, leaked or stuck. */
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { Store, WorkerLimitError } from "#dist/src/index.js";
import { makeRandom, SEED } from "../core/seeded-random.js";
import { runsOr } from "../given.js";
import { bytesOf, until } from "../store/fixture.js";
import { runTogether, spawnAgent } from "./crew.js";
import { makeValue, readValue } from "./threads/describing-values.mjs";

let store: Store;
afterEach(async () => {
  await store.close();
});

function ended(worker: Worker): Promise<void> {
  return new Promise((done) => worker.once("exit", () => done()));
}

function started(worker: Worker): Promise<void> {
  return new Promise((done, fail) => {
    worker.once("message", () => done());
    worker.once("error", fail);
  });
}

const KILLS = runsOr(12);

describe(`agents terminated at random instants (seed ${SEED}, ${KILLS} of them; RUNS for more)`, () => {
  it.each([
    ["small values", { capacity: "16MiB" }, { keys: 30, maxLength: 200 }],
    [
      "values of all sizes in a store that is too small for them",
      { capacity: "8MiB" },
      { keys: 400, maxLength: 16_000 },
    ],
  ])("leave no trace but what they had finished: %s", async (_, options, work) => {
    store = await Store.create({ maxWorkers: 5, ...options });
    const random = makeRandom(SEED);
    const errors: unknown[] = [];
    const launch = async (seed: number): Promise<Worker> => {
      const worker = spawnAgent(store, { task: "never", seed, options: work });
      worker.on("error", (error) => errors.push(error));
      await started(worker);
      return worker;
    };
    let seed = 1;
    const crew = await Promise.all([launch(seed++), launch(seed++), launch(seed++), launch(seed++)]);
    const replace = async (victim: number, delay: number) => {
      // an instant of the next two milliseconds, without giving up this thread's turn
      const end = performance.now() + delay / 1000;
      while (performance.now() < end);
      const gone = ended(crew[victim]);
      await crew[victim].terminate();
      await gone;
      crew[victim] = await launch(seed++);
    };
    for (let wave = 0; wave < KILLS / 6 && errors.length === 0; wave++) {
      // three of four, one shortly after the other: the reaping of one goes on beside the dying of the next
      const spared = random.below(crew.length);
      await Promise.all(crew.map((_worker, i) => (i === spared ? Promise.resolve() : replace(i, random.below(2000)))));
      if (wave % 4 === 3) {
        // all down at once: the slots must be free for others, and nothing leaked
        await Promise.all(crew.map((worker) => worker.terminate()));
        expect((await store.verify()).violations).toEqual([]);
        expect(store.stats().workers.attached).toBeLessThanOrEqual(2);
        for (let i = 0; i < crew.length; i++) crew[i] = await launch(seed++);
      }
    }
    await Promise.all(crew.map((worker) => worker.terminate()));
    expect(errors).toEqual([]);
    expect((await store.verify()).violations).toEqual([]);
    for (const [key, value] of store.namespace("churn")) readValue(key, value);
    // and the store is as good as new
    const results = await runTogether(store, [
      { task: "increment", seed: 1, options: { keys: 1, operations: 1000 } },
      { task: "churn", seed: 2, options: { keys: 10, operations: 1000, maxLength: 100, ttl: 10 } },
    ]);
    expect(results).toHaveLength(2);
    for (const name of store.namespaces()) store.dropNamespace(name);
    store.maintain();
    expect(store.stats().entries).toBe(0);
    expect((await store.verify()).violations).toEqual([]);
  });
});

describe("a channel whose receiver was terminated", () => {
  it("is received from by the next one, from where it was left", async () => {
    store = await Store.create({ capacity: "16MiB", maxWorkers: 3 });
    const channel = store.channel("c", { capacity: 64 });
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 40; i++) channel.send(makeValue("c", 1, i, 50));
      const receiver = spawnAgent(store, {
        task: "receive",
        seed: round + 1,
        options: { channel: { name: "c" }, messages: 1e9, way: "sync" },
      });
      await until(() => channel.length < 40, "the receiver to begin");
      const gone = ended(receiver);
      await receiver.terminate();
      await gone;
      let last = -1;
      for (let message = channel.receive(); message !== undefined; message = channel.receive()) {
        const { number } = readValue("c", message);
        expect(number).toBeGreaterThan(last);
        last = number;
      }
      channel.release();
      expect(channel.length).toBe(0);
    }
    expect((await store.verify()).violations).toEqual([]);
  });
});

describe("slots", () => {
  it("come back from threads that exit, throw, or are terminated while they attach", async () => {
    store = await Store.create({ capacity: "16MiB", maxWorkers: 2 });
    for (let round = 0; round < 15; round++) {
      const worker = spawnAgent(store, { task: "never", seed: round + 1, options: { keys: 5, maxLength: 50 } });
      const gone = ended(worker);
      const end = performance.now() + round * 3; // the threads take some tens of ms to start: some die before they attach
      while (performance.now() < end);
      await worker.terminate();
      await gone;
    }
    for (let round = 0; round < 5; round++) {
      const worker = spawnAgent(store, { task: "no such task", seed: 1 });
      const failed = new Promise((done) => worker.once("error", done));
      await ended(worker);
      expect(String(await failed)).toContain("not a function");
    }
    expect(store.stats().workers.attached).toBeLessThanOrEqual(2);
    const two = [1, 2].map((seed) => spawnAgent(store, { task: "never", seed, options: { keys: 5, maxLength: 50 } }));
    await Promise.all(two.map(started));
    const third = spawnAgent(store, { task: "claim", seed: 3, options: { keys: 1 } });
    const refused = new Promise<Error & { code: string }>((done) => third.once("error", done));
    expect((await refused).code).toBe("WORKER_LIMIT");
    await expect(Store.attach(store.handle)).rejects.toThrow(WorkerLimitError);
    await Promise.all(two.map((worker) => worker.terminate()));
    expect((await store.verify()).violations).toEqual([]);
  });

  it("are taken and left a thousand times without a leak", async () => {
    store = await Store.create({ capacity: "16MiB", maxWorkers: 2, maintenance: false });
    const warm = async () => {
      for (let i = 0; i < 500; i++) {
        const other = await Store.attach(store.handle);
        const ns = other.namespace(`n${i % 7}`);
        for (let j = 0; j < 20; j++) ns.set(`k${j}`, bytesOf(`value ${i}`));
        other.buffer(500);
        const channel = other.channel("c", { capacity: 4 });
        channel.send(bytesOf("x"));
        channel.receive();
        if (i % 5 === 0) ns.clear();
        await other.close();
      }
      store.maintain();
      const { slabBytes, usedBytes } = store.stats().memory;
      return { slabBytes, usedBytes, attached: store.stats().workers.attached };
    };
    const before = await warm();
    const after = await warm();
    expect([after.slabBytes, after.attached]).toEqual([before.slabBytes, 1]);
    // what waits to be freed differs by a batch
    expect(Math.abs(after.usedBytes - before.usedBytes)).toBeLessThan(64 * 128);
    expect((await store.verify()).violations).toEqual([]);
  });
});

/** Threads terminated while they hold tasks of a queue: every task is done, and none has two living threads at a time. */
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { afterEach, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";

/** KILLS=300 for a campaign. */
const KILLS = Number(process.env.KILLS ?? 6);
const WORKERS = 3;
const TASKS = KILLS * 100;
const THREADS = KILLS + WORKERS + 1;
const PROGRAM = new URL("./threads/queue-worker.mjs", import.meta.url);

let store: Store;
afterEach(() => store.close());

it(`does all of ${TASKS} tasks though ${KILLS} threads are terminated at them, none of them in two threads at a time`, async () => {
  store = await Store.create({ capacity: "16MiB", maxWorkers: WORKERS + 2 });
  // nobody's lease ends: what a dead thread had comes back through its death alone
  const queue = store.queue("tasks", { capacity: 64, lease: "1h", maxAttempts: 0, encoding: "json" });
  const shared = [TASKS, TASKS, THREADS, THREADS, 8].map((words) => new SharedArrayBuffer(words * 4));
  const [, done, dying, taken, told] = shared.map((buffer) => new Int32Array(buffer));
  const running: { worker: Worker; self: number; gone: Promise<unknown> }[] = [];
  let started = 0;
  const start = () => {
    const self = ++started;
    const worker = store.spawn(PROGRAM, { workerData: { self, shared } });
    running.push({ worker, self, gone: once(worker, "exit") });
  };
  for (let i = 0; i < WORKERS; i++) start();
  let sent = 0;
  let killed = 0;
  const sendOn = async (until: number) => {
    for (; sent < Math.min(until, TASKS); sent++) await queue.sendWait(sent);
  };
  while (killed < KILLS) {
    await sendOn((killed * TASKS) / KILLS / 2);
    const { worker, self, gone } = running.shift() as (typeof running)[number];
    // not before it is at work, as long as there is any; then at any moment of it
    while (Atomics.load(taken, self) === 0 && sent < TASKS) {
      if (queue.stats().ready < WORKERS) await sendOn(sent + WORKERS);
      await Atomics.waitAsync(taken, self, 0, 20).value;
    }
    Atomics.store(dying, self, 1);
    await worker.terminate();
    await gone;
    killed++;
    start();
  }
  await sendOn(TASKS);
  for (;;) {
    const { ready, held, delayed } = queue.stats();
    if (ready + held + delayed === 0) break;
    await new Promise<void>((turn) => setTimeout(turn, 5));
  }
  Atomics.store(told, 1, 1);
  await Promise.all(running.map(({ gone }) => gone));
  expect(Atomics.load(told, 2), "tasks that two living threads had").toBe(0);
  expect(Atomics.load(told, 3), "acknowledgements refused to a living thread").toBe(0);
  expect(done.indexOf(0), "the first task that nobody did").toBe(-1);
  const { sent: all, acknowledged, redelivered, deadLetters } = queue.stats();
  // a thread may die after it has acknowledged, and before it has counted that
  expect(acknowledged).toBeGreaterThanOrEqual(TASKS - KILLS);
  expect([all, redelivered <= KILLS, deadLetters]).toEqual([TASKS, true, 0]);
  expect((await store.verify()).violations).toEqual([]);
});

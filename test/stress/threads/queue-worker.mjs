/**
 * Takes tasks from a queue until it is told to stop, or is terminated. In memory that all share it says which task it has at the moment, and which
 * are done: a task that another living thread has already is one that was held twice.
 */
import { workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const { store: handle, self, shared } = workerData;
const [holders, done, dying, taken, told] = shared.map((buffer) => new Int32Array(buffer));
const store = await Store.attach(handle);
const queue = store.queue("tasks", { encoding: "json" });
while (Atomics.load(told, 1) === 0) {
  const message = queue.receiveSync(20);
  if (message === undefined) continue;
  const task = message.value;
  const before = Atomics.exchange(holders, task, self);
  // whoever is about to be terminated may be dead by now
  if (before !== 0 && Atomics.load(dying, before) === 0) Atomics.add(told, 2, 1);
  Atomics.add(taken, self, 1);
  Atomics.notify(taken, self);
  for (let i = 0; i < (task % 7) * 300; i++) Atomics.load(dying, self);
  Atomics.store(done, task, 1);
  Atomics.compareExchange(holders, task, self, 0);
  if (!message.ack()) Atomics.add(told, 3, 1);
}
await store.close();

/**
 * Three workers share a queue of tasks. One is ended in the middle of its task, which another is given at once; one task fails whoever
 * tries it, and ends as a dead letter. Delivery is at least once: a worker that dies after the work and before `ack` leaves it to be done again,
 * so the result is written under the task's own name, where doing it twice changes nothing.
 */
import { once } from "node:events";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { Store } from "engram";

const WORKERS = 3;
const TASKS = 60;

if (isMainThread) await main();
else await work(workerData.name);

async function main() {
  const store = await Store.create({ capacity: "16MiB", maxWorkers: WORKERS + 1, eviction: "none" });
  const queue = store.queue("tasks", { lease: "10m", maxAttempts: 3, encoding: "json" });
  const results = store.namespace("results", { encoding: "json" });
  // the ill one is first, and alone: it takes the task and never comes back
  queue.trySend({ square: 7 });
  const ill = store.spawn(new URL(import.meta.url), { workerData: { name: "ill" } });
  const illEnds = once(ill, "exit");
  await once(ill, "message");
  await ill.terminate();
  await illEnds;

  const workers = Array.from({ length: WORKERS }, (_, i) =>
    store.spawn(new URL(import.meta.url), { workerData: { name: `worker ${i}` } }),
  );
  const ends = workers.map((worker) => once(worker, "exit"));
  for (let n = 1; n <= TASKS; n++) if (n !== 7) await queue.sendWait({ square: n });
  await queue.sendWait({ square: "no number" });
  const left = ({ ready, held }) => ready + held; // of one look: between two a task may change sides
  while (left(queue.stats()) > 0) await new Promise((turn) => setTimeout(turn, 5));
  store.namespace("control").set("stop", new Uint8Array(1));
  await Promise.all(ends);

  const { acknowledged, redelivered, deadLetters } = queue.stats();
  console.log(`${results.size} results, ${acknowledged} tasks acknowledged; 7 squared is ${results.get("7")}`);
  console.log(`delivered once more: ${redelivered}; dead letters: ${deadLetters}`);
  const [{ value, attempts }] = queue.deadLetters();
  console.log(`given up after ${attempts} attempts: ${value.square}`);
  const { ok, violations } = await store.verify();
  console.log(ok ? "the store is whole" : violations.join("\n"));
  await store.close();
}

async function work(name) {
  const store = await Store.attach(workerData.store);
  const queue = store.queue("tasks", { encoding: "json" });
  const results = store.namespace("results", { encoding: "json" });
  const control = store.namespace("control");
  while (!control.has("stop")) {
    const task = queue.receiveSync("20ms");
    if (task === undefined) continue;
    if (name === "ill") {
      parentPort.postMessage("I have a task, and will not end it");
      for (;;) control.has("stop"); // until it is ended from outside
    }
    const { square } = task.value;
    if (typeof square === "number") {
      results.set(String(square), square * square);
      task.ack();
    } else {
      task.nack();
    }
  }
  await store.close();
}

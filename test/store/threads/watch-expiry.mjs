import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

// Fewer operations than after which a thread moves the clock itself, and never a turn of the event loop in between.
const store = await Store.attach(workerData.store);
const ns = store.namespace("n");
const start = performance.now();
ns.set("mine", new Uint8Array(4), { ttl: workerData.ttl });
let operations = 1;
let gone = false;
while (!gone && operations < 900) {
  const next = performance.now() + 1;
  while (performance.now() < next);
  gone = !ns.has("mine");
  operations++;
}
parentPort.postMessage({ gone, age: performance.now() - start });
await store.close();

/** Writes, reads, sends and deletes large values until it is terminated. Each value is of one byte, over and over. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const ns = store.namespace("n");
const channel = store.channel("c", { capacity: 4 });
const values = Array.from({ length: 8 }, (_, i) => new Uint8Array(20_000 + i * 60_000).fill(i + 1));
parentPort.postMessage("ready");
for (let i = workerData.round; ; i++) {
  const value = values[i % values.length];
  ns.set(`k${i % 5}`, value);
  ns.get(`k${(i + 2) % 5}`);
  if (i % 7 === 0) ns.delete(`k${i % 5}`);
  if (i % 3 === 0) channel.trySend(value);
  else channel.tryReceive();
}

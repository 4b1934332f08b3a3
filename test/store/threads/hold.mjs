/** Holds the maintenance thread out of the table, and never comes back from its look. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";
import { whileHeld } from "#dist/src/store/hold.js";

const store = await Store.attach(workerData.store);
await whileHeld(store.connection.worker, () => {
  parentPort.postMessage("holds");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});

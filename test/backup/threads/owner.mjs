/** Opens the store's backups and takes one after the other, until it is terminated. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const backups = await store.backup({ directory: workerData.directory });
for (let n = 0; ; n++) {
  await backups.now("full");
  parentPort.postMessage(n);
}

/** Makes a store of its own and opens its backups in a folder at the moment when all others do. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const { directory, gate, others } = workerData;
const here = new Int32Array(gate);
const store = await Store.create({ capacity: "2MiB", maxWorkers: 0, maintenance: false });
if (Atomics.add(here, 0, 1) + 1 === others) Atomics.notify(here, 0);
for (let seen = Atomics.load(here, 0); seen < others; seen = Atomics.load(here, 0)) Atomics.wait(here, 0, seen);
const outcome = await store.backup({ directory }).then(
  () => ({ open: true }),
  ({ code, holder }) => ({ open: false, code, holder }),
);
parentPort.postMessage(outcome);
parentPort.once("message", async () => {
  await store.close();
  parentPort.close();
});

/** Makes a store of its own, writes into it after its last backup, and then hears nothing any more. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.create({ capacity: "2MiB", maxWorkers: 0 });
const backups = await store.backup({ directory: workerData, strategy: "time", incrementalEveryMs: 60_000 });
await backups.now();
store.namespace("n", { encoding: "string" }).set("last", "written before the signal");
parentPort.postMessage("ready");
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

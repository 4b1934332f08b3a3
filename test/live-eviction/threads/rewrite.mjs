import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
store.namespace(workerData.namespace).set(workerData.key, Buffer.from(workerData.value));
parentPort.once("message", () => store.close());
parentPort.postMessage("rewritten");

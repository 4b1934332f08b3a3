/** Attaches to a store and says how long that took, ms: from the call to the return, the engine's instantiation included. */
import { parentPort, workerData } from "node:worker_threads";
import { Store, type StoreHandle } from "../../../../src/index.js";

const { store: handle } = workerData as { store: StoreHandle };
const start = performance.now();
const store = await Store.attach(handle);
const elapsed = performance.now() - start;
parentPort?.postMessage(elapsed);
await store.close();

// Writes many keys to a namespace that has room for few, and lets every error end the thread.
import { workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const ns = store.namespace("n");
const value = new Uint8Array(16);
for (let i = 0; i < 3000; i++) ns.set(`${workerData.writer}:${i % 100}`, value);
await store.close();

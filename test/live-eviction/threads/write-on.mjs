import { workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const ns = store.namespace(workerData.namespace);
const value = new Uint8Array(40);
for (let i = 0; ; i = (i * 7 + 1) % workerData.keys) {
  ns.set(`key:${i}`, value);
  ns.get(`key:${i}`);
  if (i % 5 === 0) ns.delete(`key:${i}`);
}

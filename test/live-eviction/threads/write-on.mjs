import { workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const ns = store.namespace(workerData.namespace);
const value = new Uint8Array(40);
for (let state = workerData.seed >>> 0; ; state = (Math.imul(state, 1664525) + 1013904223) >>> 0) {
  const key = `key:${(state >>> 8) % workerData.keys}`;
  ns.set(key, value);
  ns.get(key);
  if (state >>> 29 === 0) ns.delete(key);
}

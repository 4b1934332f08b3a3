/**
 * A thread whose tasks all ask for the same keys, one after the other. `workerData`: keys, tasks, calls (a SharedArrayBuffer of one counter a
 * key), delay; with `hang`, the loader says so and never answers.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const { store: handle, keys, tasks, calls, hang } = workerData;
const store = await Store.attach(handle);
const ns = store.namespace("loaded", { encoding: "json" });
const counts = new Int32Array(calls);
parentPort.postMessage("attached");
await new Promise((go) => parentPort.once("message", go));

async function load(key) {
  const call = Atomics.add(counts, Number(key), 1);
  if (hang) {
    parentPort.postMessage("loading");
    await new Promise(() => setInterval(() => {}, 1000));
  }
  await new Promise((done) => setTimeout(done, 5));
  return { key, call };
}

const wrong = [];
async function task() {
  for (let key = 0; key < keys; key++) {
    const value = await ns.getOrSet(String(key), load);
    if (value.key !== String(key) || value.call !== 0) wrong.push(value);
  }
}
await Promise.all(Array.from({ length: tasks }, task));
parentPort.postMessage({ wrong });
await store.close();

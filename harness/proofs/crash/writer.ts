/** A writer thread of the process that is killed: steps until it is told to end, or the end of the world. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "../../../src/index.js";
import { writerOf } from "./promises.js";

const { me, writers, largeEvery, progress } = workerData as {
  me: number;
  writers: number;
  largeEvery: number;
  progress: SharedArrayBuffer;
};
const steps = new Int32Array(progress);
const store = await Store.attach(workerData.store);
const writer = writerOf(store, me, largeEvery);
Atomics.store(steps, me, writer.next - 1);
parentPort?.postMessage("ready");
for (let n = writer.next; Atomics.load(steps, writers) === 0; n++) {
  writer.step(n);
  Atomics.store(steps, me, n);
}
await store.close();

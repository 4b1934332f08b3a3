/** A writer thread of the process that is killed: steps until the end of the world. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "../../src/index.js";
import { writerOf } from "./promises.js";

const { me, progress } = workerData as { me: number; progress: SharedArrayBuffer };
const steps = new Int32Array(progress);
const store = await Store.attach(workerData.store);
const writer = writerOf(store, me);
Atomics.store(steps, me, writer.next - 1);
parentPort?.postMessage("ready");
for (let n = writer.next; ; n++) {
  writer.step(n);
  Atomics.store(steps, me, n);
}

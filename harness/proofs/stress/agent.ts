/** One agent of the stress: operations on a few hot keys as fast as they go, each recorded. */
import { workerData } from "node:worker_threads";
import { ProgramRandom } from "../../../src/random.js";
import { Store, type StoreHandle } from "../../../src/store/index.js";
import { HotKeys, type HotKeysPlan } from "./hot-keys.js";
import { Recording } from "./recording.js";

export interface StressTask extends HotKeysPlan {
  seed: number;
  recording: SharedArrayBuffer;
  /** Int32: agents ready; Int32: 1 = go. */
  start: SharedArrayBuffer;
}

const task = workerData as StressTask & { store: StoreHandle };
const store = await Store.attach(task.store);
const recording = new Recording(task.recording);
const hotKeys = new HotKeys(store, task, recording, new ProgramRandom(task.seed * 64 + task.agent));

const start = new Int32Array(task.start);
Atomics.add(start, 0, 1);
Atomics.notify(start, 0);
Atomics.wait(start, 1, 0);
for (let i = 0; i < recording.capacity; i++) hotKeys.step();
await store.close();

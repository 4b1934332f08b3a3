/** An agent that is there to be terminated: recorded operations on hot keys and churn in turns, until it is told to stop. */
import { workerData } from "node:worker_threads";
import { ProgramRandom } from "../../../src/random.js";
import { Store, type StoreHandle } from "../../../src/store/index.js";
import { Churn, type ChurnPlan } from "./churn.js";
import { HotKeys, type HotKeysPlan } from "./hot-keys.js";
import { Recording } from "./recording.js";
import { CHURN, DOING, GO, HOT_KEY, NOTHING, READY, STOP } from "./signals.js";

export interface DeathTask extends HotKeysPlan, ChurnPlan {
  seed: number;
  recording: SharedArrayBuffer;
  /** See signals.ts. */
  signals: SharedArrayBuffer;
}

/** Churn operations between two recorded ones. */
const CHURN_RUN = 4;

const task = workerData as DeathTask & { store: StoreHandle };
const store = await Store.attach(task.store);
const recording = new Recording(task.recording);
const random = new ProgramRandom(task.seed * 64 + task.agent);
const hotKeys = new HotKeys(store, task, recording, random);
const churn = new Churn(store, task.agent, task, random);
const signals = new Int32Array(task.signals);
const doing = DOING + task.agent;
Atomics.add(signals, READY, 1);
Atomics.notify(signals, READY);
Atomics.wait(signals, GO, 0);
while (Atomics.load(signals, STOP) === 0) {
  if (!recording.isFull) {
    Atomics.store(signals, doing, HOT_KEY);
    hotKeys.step();
  }
  Atomics.store(signals, doing, CHURN);
  for (let n = random.below(CHURN_RUN); n > 0; n--) churn.step();
  Atomics.store(signals, doing, NOTHING);
}
await store.close();

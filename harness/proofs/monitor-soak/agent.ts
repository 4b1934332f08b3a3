/** One of the eight workers of a monitored program: some ten thousand operations a second, in bursts, as an agent has them. */
import { setTimeout } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Store, type StoreHandle } from "../../../src/index.js";
import { xorshift32 } from "../../../src/random.js";

export interface AgentTask {
  readonly store: StoreHandle;
  readonly seed: number;
  /** i32: 1 = stop. */
  readonly stop: SharedArrayBuffer;
}

const KEYS = 2000;
const VALUE_MAX = 800;
const BURST = 200;
const PAUSE_MS = 20;

const task = workerData as AgentTask;
const store = await Store.attach(task.store);
const stop = new Int32Array(task.stop);
const own = store.namespace(`agent ${task.seed}`, { encoding: "binary" });
const common = store.namespace("common", { encoding: "binary" });
const value = new Uint8Array(VALUE_MAX);

let state = task.seed * 2_654_435_761;
function below(n: number): number {
  state = xorshift32(state);
  return (state >>> 0) % n;
}

/** One operation that counts as one. */
function operate(): void {
  const namespace = below(4) === 0 ? common : own;
  const key = `key ${below(KEYS)}`;
  const kind = below(20);
  if (kind < 4) namespace.set(key, value.subarray(0, 1 + below(VALUE_MAX)));
  else if (kind === 4) namespace.delete(key);
  else namespace.get(key);
}

let operations = 0;
while (Atomics.load(stop, 0) === 0) {
  for (let i = 0; i < BURST; i++) operate();
  operations += BURST;
  await setTimeout(PAUSE_MS);
}
parentPort?.postMessage(operations);
await store.close();

/** How long after a change another thread is awake, for each way to sleep until there is one. */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Namespace } from "../../../../src/index.js";
import type { WakeOrder } from "../threads/change-peer.js";
import type { WakeUp } from "../threads/names.js";

/** Long enough for the other thread to have fallen asleep again. */
const PAUSE_MS = 1;

/** @returns ns, sorted */
export async function wakeUps(
  worker: Worker,
  namespace: Namespace,
  { how, times }: WakeOrder,
  begun: BigInt64Array,
  over: Int32Array,
): Promise<Float64Array> {
  Atomics.store(over, 0, 0);
  const ready = once(worker, "message");
  worker.postMessage({ how, times } satisfies WakeOrder);
  await ready;
  const answer = once(worker, "message");
  const value = new Uint8Array(64);
  const change = changeBy(how, worker, namespace, value);
  for (let i = 0; i < times; i++) {
    await setTimeout(PAUSE_MS);
    Atomics.store(begun, 0, process.hrtime.bigint());
    change();
    while (Atomics.load(over, 0) <= i) await setTimeout(PAUSE_MS);
  }
  return ((await answer)[0] as Float64Array).sort();
}

function changeBy(how: WakeUp, worker: Worker, namespace: Namespace, value: Uint8Array): () => void {
  if (how === "message") return () => worker.postMessage(value);
  return () => void namespace.set("key", value);
}

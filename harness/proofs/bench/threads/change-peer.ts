/**
 * The thread that wants to know: it watches in each of several stores what it is told to, and, when asked, sleeps until something has
 * changed, over and over, and says how long after the change it was awake.
 */
import { parentPort, workerData } from "node:worker_threads";
import { type Changes, Store, type StoreHandle } from "../../../../src/index.js";
import { VALUES, WAKING, type WakeUp, type Watching } from "./names.js";

export interface ChangePeerData {
  readonly stores: readonly { readonly handle: StoreHandle; readonly watching: Watching }[];
  /** When the change was begun, ns by the clock that all threads share; and how many wake-ups are over. */
  readonly begun: BigInt64Array;
  readonly over: Int32Array;
}

export interface WakeOrder {
  readonly how: WakeUp;
  readonly times: number;
}

const { stores, begun, over } = workerData as ChangePeerData;
const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");
const connections: Store[] = [];
const watches: Changes<Uint8Array>[] = [];
for (const { handle, watching } of stores) {
  const store = await Store.attach(handle);
  connections.push(store);
  const watch = watchOf(store, watching);
  if (watch === null) continue;
  watches.push(watch);
  void drain(watch);
}
const waking = connections[0].namespace(WAKING);

port.on("message", async (order: WakeOrder | Uint8Array | null) => {
  if (order instanceof Uint8Array) return; // `byMessage` hears it, too
  if (order === null) {
    for (const watch of watches) await watch.return?.();
    for (const store of connections) await store.close();
    port.close();
    return;
  }
  const latencies = new Float64Array(order.times);
  const awake = (i: number): void => {
    latencies[i] = Number(process.hrtime.bigint() - Atomics.load(begun, 0));
    Atomics.add(over, 0, 1);
  };
  if (order.how === "message") await byMessage(order.times, awake);
  else if (order.how === "changes") await byChanges(order.times, awake);
  else await byWaiting(order, awake);
  port.postMessage(latencies);
});
port.postMessage("ready");

function watchOf(store: Store, watching: Watching): Changes<Uint8Array> | null {
  if (watching === "nobody") return null;
  if (watching === "elsewhere") return store.namespace("elsewhere").watch();
  return store.namespace(VALUES).watch(watching === "all" ? {} : "another key");
}

async function drain(watch: Changes<Uint8Array>): Promise<void> {
  for await (const _ of watch);
}

async function byWaiting({ how, times }: WakeOrder, awake: (i: number) => void): Promise<void> {
  let version = waking.getEntry("key")?.version;
  port?.postMessage("ready");
  for (let i = 0; i < times; i++) {
    const entry =
      how === "wait-for" ? await waking.waitFor("key", { version }) : waking.waitForSync("key", { version });
    awake(i);
    version = entry?.version;
  }
}

async function byChanges(times: number, awake: (i: number) => void): Promise<void> {
  const watch = waking.watch("key");
  port?.postMessage("ready");
  for (let i = 0; i < times; i++) {
    await watch.next();
    awake(i);
  }
  await watch.return?.();
}

function byMessage(times: number, awake: (i: number) => void): Promise<void> {
  return new Promise((resolve) => {
    let i = 0;
    const hear = (): void => {
      awake(i++);
      if (i < times) return;
      port?.off("message", hear);
      resolve();
    };
    port?.on("message", hear);
    port?.postMessage("ready");
  });
}

/**
 * The thread at the other end: it owns the values that others ask it for by message, as agents do that share nothing, and it is
 * where messages arrive, through its port or through a channel of the store.
 */
import { parentPort, workerData } from "node:worker_threads";
import { type QueueMessage, Store, type StoreHandle } from "../../../../src/index.js";
import { makeDataset } from "../inputs.js";
import { CHANNEL, QUEUE } from "./names.js";

export interface MessagePeerData {
  readonly store: StoreHandle;
  readonly keys: number;
  readonly valueBytes: number;
}

/** A key that is asked for; a message handed over; the end of those, or how many are coming through the channel, or through the queue. */
export type ToPeer =
  | string
  | Uint8Array
  | { readonly arrived: true }
  | { readonly through: number }
  | { readonly queued: number };

const { store: handle, keys, valueBytes } = workerData as MessagePeerData;
const dataset = makeDataset(keys, valueBytes);
const owned = new Map(dataset.keys.map((key) => [key, dataset.value]));
const store = await Store.attach(handle);
const channel = store.channel(CHANNEL);
const queue = store.queue(QUEUE);
let bytes = 0;

parentPort?.on("message", async (message: ToPeer | null) => {
  if (message === null) {
    await store.close();
    parentPort?.close();
  } else if (typeof message === "string") {
    parentPort?.postMessage(owned.get(message));
  } else if (message instanceof Uint8Array) {
    bytes += message.length;
  } else {
    if ("through" in message) {
      for (let left = message.through; left > 0; left--) bytes += (channel.receiveSync() as Uint8Array).length;
    }
    if ("queued" in message) {
      for (let left = message.queued; left > 0; left--) {
        const task = queue.receiveSync() as QueueMessage<Uint8Array>;
        bytes += task.value.length;
        task.ack();
      }
    }
    parentPort?.postMessage(bytes);
    bytes = 0;
  }
});
parentPort?.postMessage("ready");

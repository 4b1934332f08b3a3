/**
 * The thread at the other end: it owns the values that others ask it for by message, as agents do that share nothing, and it is
 * where messages arrive, through its port or through a channel of the store.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Store, type StoreHandle } from "../../../../src/index.js";
import { makeDataset } from "../inputs.js";
import { CHANNEL } from "./names.js";

export interface MessagePeerData {
  readonly store: StoreHandle;
  readonly keys: number;
  readonly valueBytes: number;
}

/** A key that is asked for; a message handed over; the end of those, or how many are coming through the channel. */
export type ToPeer = string | Uint8Array | { readonly arrived: true } | { readonly through: number };

const { store: handle, keys, valueBytes } = workerData as MessagePeerData;
const dataset = makeDataset(keys, valueBytes);
const owned = new Map(dataset.keys.map((key) => [key, dataset.value]));
const store = await Store.attach(handle);
const channel = store.channel(CHANNEL);
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
    parentPort?.postMessage(bytes);
    bytes = 0;
  }
});
parentPort?.postMessage("ready");

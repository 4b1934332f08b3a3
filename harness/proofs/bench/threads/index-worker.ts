/** A thread that opens a vector index when it is told to, asks it all queries, and stays until it is ended. */
import { parentPort, workerData } from "node:worker_threads";
import { type OpenOrder, prepareToOpen } from "../peers/vector-indexes.js";

export interface IndexWorkerData {
  readonly order: OpenOrder;
  /** All queries, one behind the other. */
  readonly queries: SharedArrayBuffer;
  readonly dimensions: number;
  readonly k: number;
  readonly ef: number;
}

const { order, queries, dimensions, k, ef } = workerData as IndexWorkerData;
const open = prepareToOpen(order);
const all = new Float32Array(queries);

parentPort?.on("message", () => {
  const ask = open(ef);
  let found = 0;
  for (let at = 0; at < all.length; at += dimensions) found += ask(all.subarray(at, at + dimensions), k, ef).length;
  parentPort?.postMessage(found);
});
parentPort?.postMessage(0);

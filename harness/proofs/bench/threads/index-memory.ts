/**
 * A process that opens a vector index for some threads and tells what each of them has for itself, once it has asked all queries. Only Linux
 * tells.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type SavedIndex, shareAmong } from "../peers/vector-indexes.js";
import type { IndexWorkerData } from "./index-worker.js";
import { privateBytes } from "./private-bytes.js";

export interface MemoryTask {
  readonly saved: SavedIndex;
  readonly threads: number;
  /** One behind the other. */
  readonly queries: Float32Array;
  readonly k: number;
  readonly ef: number;
}

async function measure({ saved, threads, queries, k, ef }: MemoryTask): Promise<number> {
  const orders = await shareAmong(threads, saved);
  const { dimensions } = saved;
  const shared = new SharedArrayBuffer(queries.byteLength);
  new Float32Array(shared).set(queries);
  const workers = orders.map((order) => {
    const data: IndexWorkerData = { order, queries: shared, dimensions, k, ef };
    return new Worker(new URL("./index-worker.js", import.meta.url), { workerData: data });
  });
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const before = privateBytes() as number;
  const answers = workers.map((worker) => once(worker, "message"));
  for (const worker of workers) worker.postMessage("open");
  const found = await Promise.all(answers);
  const grown = ((privateBytes() as number) - before) / threads;
  await Promise.all(workers.map((worker) => worker.terminate()));
  if (found.some(([one]) => one !== (queries.length / dimensions) * k)) throw new Error("a thread found too little");
  return grown;
}

process.once("message", async (task: MemoryTask) => process.send?.(await measure(task)));

/** A thread that takes its part in putting a graph together, over the arena's memory alone. */
import { parentPort, workerData } from "node:worker_threads";
import { graphSteps, levelsIn, meeting } from "./graph-steps.js";
import { instantiateKernels } from "./kernels.js";

export interface GraphWorkerData {
  readonly memory: WebAssembly.Memory;
  readonly index: number;
  readonly scratch: number;
  readonly count: number;
  readonly m: number;
  /** Address of the table of levels. */
  readonly table: number;
  readonly part: number;
  readonly parts: number;
  readonly meeting: Int32Array;
}

/** Between two reports, ms. */
const REPORTED_EVERY = 50;

const { memory, index, scratch, count, m, table, part, parts, meeting: words } = workerData as GraphWorkerData;
const work = {
  kernels: instantiateKernels(memory, true),
  index,
  scratch,
  count,
  levelOf: levelsIn(new Uint32Array(memory.buffer, table, count + 1), m),
};
let told = performance.now();
for (const placed of graphSteps(work, part, parts, meeting(words, parts))) {
  if (part !== 0 || performance.now() - told < REPORTED_EVERY) continue;
  told = performance.now();
  parentPort?.postMessage(placed);
}

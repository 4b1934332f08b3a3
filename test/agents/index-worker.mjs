/** Searches an index that another thread has built, in place. Its scratch lies where it was told. */
import { parentPort, workerData } from "node:worker_threads";
import { instantiateKernels, VectorIndex } from "#dist/src/agents/index.js";

const { memory, address, at, queries } = workerData;
const arena = { memory, kernels: instantiateKernels(memory, true), take: () => at, give() {} };
const index = new VectorIndex(arena, address);
parentPort.postMessage(queries.map((query) => index.search(query, { k: 5 })));

/** Builds an index slowly, and says when it is on its way. */
import { parentPort, workerData } from "node:worker_threads";
import { Agents } from "#dist/src/agents/index.js";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const agents = await Agents.attach(store, workerData.agents);
const vectors = Float32Array.from({ length: 10_000 * 16 }, (_, i) => Math.sin(i * i));
const onProgress = () => parentPort.postMessage("on its way");
const { threads } = workerData;
await agents.buildIndex(
  "knowledge",
  { dimensions: 16, graph: true, efConstruction: 3000, threads, onProgress },
  vectors,
);
parentPort.postMessage("done");

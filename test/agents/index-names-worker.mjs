/** Attaches to the agents and asks an index that another thread has built. */
import { parentPort, workerData } from "node:worker_threads";
import { Agents } from "#dist/src/agents/index.js";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const agents = await Agents.attach(store, workerData.agents);
parentPort.postMessage(workerData.queries.map((query) => agents.index("knowledge").search(query, { k: 3 })));
await agents.close();
await store.close();

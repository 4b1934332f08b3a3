/** Does what it is told with agents, until it is ended. */
import { parentPort, workerData } from "node:worker_threads";
import { Agents } from "#dist/src/agents/index.js";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const agents = await Agents.attach(store, workerData.agents);
const shape = { states: 4, actions: 2, replay: { capacity: 8 } };
const told = {
  own(name) {
    const agent = agents.create(name, shape);
    agent.table.set(1, 1, 5);
    agent.acquire(agents.pools.state);
  },
  send: (name) => agents.create(name, shape).handOver(),
  change(name) {
    agents.create(name, shape).change(() => {
      parentPort.postMessage("changing");
      for (;;);
    });
  },
  adopt: (handle) => agents.adopt(handle).table.set(2, 0, 9),
};
parentPort.on("message", ({ what, argument }) => parentPort.postMessage(told[what](argument) ?? "done"));
parentPort.postMessage("ready");

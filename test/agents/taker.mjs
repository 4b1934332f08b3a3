/** Takes and gives back pieces, blocks and names for as long as it lives. */
import { parentPort, threadId, workerData } from "node:worker_threads";
import { Agents } from "#dist/src/agents/index.js";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const agents = await Agents.attach(store, workerData.agents);
for (let n = 0; ; n++) {
  const agent = agents.create(`passing-${threadId}-${n}`);
  const pieces = [100, 3000, 20_000].map((bytes) => agent.memory.take(bytes, "short-lived"));
  const block = agent.acquire(agents.pools.state);
  const free = agents.pools.state.acquire();
  agent.memory.give(pieces[1]);
  block.release();
  free.release();
  agents.drop(agent);
  if (n === 3) parentPort.postMessage("begun");
}

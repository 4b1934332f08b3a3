/** Puts checkpoints on one thread of a graph, and writes on one of its checkpoints, at the same time as others do. */
import { parentPort, workerData } from "node:worker_threads";
import { emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { EngramSaver } from "#dist/src/adapters/langgraph.js";
import { Store } from "#dist/src/index.js";

const { base, thread, go } = workerData;
const store = await Store.attach(workerData.store);
const saver = new EngramSaver(store);
const ids = [];
// all begin at once: the last to come wakes the others
if (Atomics.add(go, 0, 1) === 2) Atomics.notify(go, 0);
for (let here = Atomics.load(go, 0); here < 3; here = Atomics.load(go, 0)) Atomics.wait(go, 0, here);
for (let i = 0; i < 40; i++) {
  const version = saver.getNextVersion(i);
  const checkpoint = {
    ...emptyCheckpoint(),
    id: uuid6(i),
    channel_values: { x: `${thread}/${i}` },
    channel_versions: { x: version },
  };
  ids.push(checkpoint.id);
  await saver.put(base, checkpoint, { source: "loop", step: i, parents: {} }, { x: version });
  await saver.putWrites(base, [["w", { thread, i }]], `task ${thread} ${String(i).padStart(2, "0")}`);
}
const tuples = [];
for (const id of ids) {
  const found = await saver.getTuple({ configurable: { ...base.configurable, checkpoint_id: id } });
  tuples.push(found.checkpoint.channel_values.x);
}
if (tuples.some((x, i) => x !== `${thread}/${i}`)) throw new Error(`another's values: ${tuples}`);
await store.close();
parentPort.postMessage(ids);

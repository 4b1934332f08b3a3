/** Writes items of its own, and again and again the one that all threads write. */
import { parentPort, workerData } from "node:worker_threads";
import { EngramStore } from "#dist/src/adapters/langgraph.js";
import { Store } from "#dist/src/index.js";

const { thread } = workerData;
const engram = await Store.attach(workerData.store);
const store = new EngramStore(engram);
for (let i = 0; i < 50; i++) {
  await store.put(["shared", `${thread}`, "notes"], `note ${i}`, { i, thread });
  await store.put(["shared"], "one", { by: thread, at: i });
}
await engram.close();
parentPort.postMessage("done");

/** Takes jobs by deleting them, through a Keyv of its own, and says which it got. */
import { parentPort, workerData } from "node:worker_threads";
import Keyv from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import EngramKeyv from "#dist/src/adapters/keyv.js";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const options = { store: new EngramKeyv(store), namespace: "shared" };
const keyv = workerData.version === 5 ? new Keyv(options) : new Keyv6(options);
const taken = [];
for (let n = 0; n < 200; n++) {
  const i = (n * 67 + workerData.thread * 50) % 200;
  const job = await keyv.get(`job/${i}`);
  if (job !== undefined && (await keyv.delete(`job/${i}`))) taken.push(job.i);
}
await keyv.set(`done/${workerData.thread}`, taken.length);
await store.close();
parentPort.postMessage(taken);

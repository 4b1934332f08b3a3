import { parentPort } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.create({ capacity: "4MiB" });
await store.close();
parentPort.postMessage("closed");

import { parentPort, workerData } from "node:worker_threads";

const { engram, handle, run } = workerData;
const { Store } = await import(engram);
const store = await Store.attach(handle);
if (run === null) {
  parentPort.postMessage({});
  setInterval(() => {}, 1000);
} else {
  try {
    const value = await new Function(`return ${run}`)()(store);
    await store.close();
    parentPort.postMessage({ value });
  } catch (error) {
    parentPort.postMessage({ error: `${error?.name}: ${error?.message}` });
  }
}

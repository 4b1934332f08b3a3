/** A thread that follows the configuration, or changes it until it is killed. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "../../src/index.js";
import { Histogram } from "../../src/metrics/index.js";
import { CONFIG, type FromThread, now, type ThreadBirth } from "./config-messages.js";
import { limits } from "./limits.js";

const NS_PER_MS = 1e6;
/** Reads between two turns of the event loop, in which the thread is told of changes. */
const READS = 10_000;

const { store: handle, does } = workerData as ThreadBirth;
const store = await Store.attach(handle);
const config = store.config(CONFIG, limits);
const tell = (message: FromThread) => parentPort?.postMessage(message);

function changeForEver(): void {
  tell({ type: "ready" });
  for (;;) config.update((value) => ({ ...value, n: value.n + 1, at: now() }));
}

/** Reads as fast as it can until it is told of the last version. */
function follow(): void {
  const latency = new Histogram();
  const sum = { told: 0, reads: 0, readMs: 0, version: 0, faults: 0 };
  config.subscribe((value, _, version) => {
    latency.record(Math.max(0, Math.round((now() - value.at) * NS_PER_MS)));
    sum.told++;
    if (version <= sum.version || value.n + 1 !== version) sum.faults++;
    sum.version = version;
  });
  const read = (): void => {
    const began = performance.now();
    let last = 0;
    for (let i = 0; i < READS; i++) {
      const { n } = config.value;
      if (n < last) sum.faults++;
      last = n;
    }
    sum.readMs += performance.now() - began;
    sum.reads += READS;
    if (config.value.done && sum.version === config.version) {
      tell({ type: "end", latency: { pairs: latency.toPairs(), max: latency.max }, ...sum });
    } else {
      setImmediate(read);
    }
  };
  tell({ type: "ready" });
  read();
}

if (does === "changes") changeForEver();
else follow();

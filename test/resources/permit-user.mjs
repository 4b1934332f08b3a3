/** Uses connections of a pool that all threads share, one after the other, until it is ended. Counts what is open over all threads. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const [OPEN, PEAK, USES] = [0, 1, 2];
const { counts, max } = workerData;
const open = await new Promise((got) => parentPort.once("message", got));
const manager = {
  async create() {
    // its own count first: who is killed in between has opened one less than it says, never one more
    Atomics.add(open, 0, 1);
    const now = Atomics.add(counts, OPEN, 1) + 1;
    for (let peak = Atomics.load(counts, PEAK); now > peak; ) peak = Atomics.compareExchange(counts, PEAK, peak, now);
    return {};
  },
  async destroy() {
    Atomics.sub(counts, OPEN, 1);
    Atomics.sub(open, 0, 1);
  },
};
const pool = store.pool("shared", manager, { max, scope: "process" });
const turn = () => new Promise((done) => setImmediate(done));
const user = async () => {
  for (;;) {
    const lease = await pool.acquire({ timeout: "60s" });
    await turn();
    Atomics.add(counts, USES, 1);
    if (Atomics.load(counts, USES) % 3 === 0) lease.discard();
    else lease.release();
  }
};
parentPort.postMessage("ready");
await Promise.all([user(), user()]);

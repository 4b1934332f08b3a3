// Adds a table of ones, each visited once, to an accumulator until the thread is ended, wherever it is then.
import { workerData } from "node:worker_threads";
import { Accumulator, instantiateKernels, QTable } from "../../dist/src/agents/index.js";

const { memory, table, accumulator, claim, dead, added, room } = workerData;
let next = room;
const arena = {
  memory,
  kernels: instantiateKernels(memory, true),
  take(bytes) {
    const at = next;
    next += Math.ceil(bytes / 64) * 64;
    return at;
  },
  give() {},
};
const deaths = new Int32Array(dead);
const counts = new Int32Array(added);
const merge = Accumulator.at(arena, accumulator, { claim, isAlive: (holder) => Atomics.load(deaths, holder) === 0 });
const mine = QTable.at(arena, table);
for (;;) {
  merge.add(mine);
  Atomics.add(counts, claim, 1);
  Atomics.notify(counts, claim);
}

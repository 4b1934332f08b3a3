// Adds a table of ones, each visited once, to an accumulator until the thread is ended, wherever it is then; or in front of the kernel that it stops at.
import { workerData } from "node:worker_threads";
import { Accumulator, instantiateKernels, QTable } from "../../dist/src/agents/index.js";

const { memory, table, accumulator, claim, dead, added, room, stop, stopped } = workerData;
let next = room;
const arena = {
  memory,
  kernels: stopping(instantiateKernels(memory, true)),
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
const addedTo = new BigUint64Array(memory.buffer, table + 48, 1);
for (;;) {
  // as a table of another agent that is the same in all else
  addedTo[0] = 0n;
  if (stop === "mergeEnd" && counts[claim] > 0) merge.round();
  merge.add(mine);
  Atomics.add(counts, claim, 1);
  Atomics.notify(counts, claim);
}

/** Kernels that say so, and go no further, where the thread is to be ended: when it calls `stop`, with the accumulator's lock in its hands. */
function stopping(kernels) {
  if (stop === undefined) return kernels;
  const here = new Int32Array(stopped);
  return {
    ...kernels,
    [stop]() {
      Atomics.store(here, 0, 1);
      Atomics.notify(here, 0);
      Atomics.wait(here, 0, 1);
    },
  };
}

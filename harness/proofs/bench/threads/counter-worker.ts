/** A worker that only adds to its own counter: what it costs depends on who else writes to the same cache line (M-003). */
import { workerData } from "node:worker_threads";
import { PACKED_4, PACKED_8, PADDED } from "./counter-layouts.js";
import type { WorkerBirth } from "./messages.js";
import { type Batch, serveTurns } from "./serve-turns.js";

/** About a hundred microseconds. */
const OPERATIONS_A_BATCH = 8192;

const { worker, data } = workerData as WorkerBirth;
const counters = data as SharedArrayBuffer;

/** `stride` bytes from one worker's counter to the next one's. */
function adds(base: number, stride: number): Batch {
  const words = new Int32Array(counters, base);
  const index = (worker * stride) / 4;
  return () => {
    for (let i = 0; i < OPERATIONS_A_BATCH; i++) Atomics.add(words, index, 1);
    return OPERATIONS_A_BATCH;
  };
}

serveTurns(
  {
    padded: adds(PADDED.base, PADDED.stride),
    packed8: adds(PACKED_8.base, PACKED_8.stride),
    packed4: adds(PACKED_4.base, PACKED_4.stride),
  },
  async () => {},
);

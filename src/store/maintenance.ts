/**
 * The maintenance thread's program: keeps the coarse clock ticking even when every agent's event loop is blocked, and
 * sweeps expired entries and cleared namespaces out of the table. Started by Store.create; ends when the store is closed.
 */
import { workerData } from "node:worker_threads";
import { layout } from "../core/index.js";
import { type StoreHandle, WorkerConnection } from "./worker.js";

/** Shorter than a tick, so that the clock is late by less than one. */
const PERIOD_MS = 5;
/** Of each period at most this long goes into sweeping. */
const SWEEP_MS = 1;
const SWEEP_BUCKETS = 4096;

const handle = workerData.store as StoreHandle;
const worker = new WorkerConnection(handle.module as WebAssembly.Module, handle.memory as WebAssembly.Memory);
const header = new Int32Array((handle.memory as WebAssembly.Memory).buffer, 0, layout.HEADER_SIZE / 4);
const closed = layout.H_CLOSED / 4;
const hold = layout.H_HOLD / 4;

/** Stays out of the table while someone checks it. */
function pause(): void {
  Atomics.store(header, layout.H_HELD / 4, 1);
  Atomics.notify(header, layout.H_HELD / 4);
  while (Atomics.load(header, hold) === 1 && Atomics.load(header, closed) === 0) {
    Atomics.wait(header, hold, 1, PERIOD_MS);
    worker.tick();
  }
  Atomics.store(header, layout.H_HELD / 4, 0);
}

function sweep(): void {
  const end = performance.now() + SWEEP_MS;
  do {
    worker.engine.sweep(SWEEP_BUCKETS);
  } while (performance.now() < end);
}

Atomics.store(header, layout.H_MAINTAINED / 4, 1);
while (Atomics.wait(header, closed, 0, PERIOD_MS) === "timed-out") {
  worker.tick();
  if (Atomics.load(header, hold) === 1) pause();
  else sweep();
}
Atomics.store(header, layout.H_MAINTAINED / 4, 0);
worker.engine.detach();

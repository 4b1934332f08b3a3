/**
 * The maintenance thread's program: keeps the coarse clock ticking even when every agent's event loop is blocked, sweeps expired
 * entries and cleared namespaces out of the table, and runs the eviction policy, if the store has one. Started by Store.create;
 * ends when the store is closed.
 */
import { workerData } from "node:worker_threads";
import { layout } from "../core/index.js";
import { Evictor } from "./eviction/evictor.js";
import { Gauges } from "./eviction/gauges.js";
import { type StoreHandle, WorkerConnection } from "./worker.js";

/** Shorter than a tick, so that the clock is late by less than one. */
const PERIOD_MS = 5;
/** Between rounds when the last one left work undone: the agents need the processor too. */
const BUSY_PERIOD_MS = 1;
/** Of each period at most this long goes into sweeping. */
const SWEEP_MS = 1;
const SWEEP_BUCKETS = 4096;
/** And this long into looking for what the access logs lost, if they did. */
const RECOVER_MS = 1;
/** With a policy, whose log hears of every entry that is swept, and must not overflow. */
const SWEEP_BUCKETS_LOGGED = 256;

const handle = workerData.store as StoreHandle;
const { module, memory } = handle as { module: WebAssembly.Module; memory: WebAssembly.Memory };
const worker = new WorkerConnection(module, memory, workerData.slot as number);
const header = new Int32Array((handle.memory as WebAssembly.Memory).buffer, 0, layout.HEADER_SIZE / 4);
const closed = layout.H_CLOSED / 4;
const hold = layout.H_HOLD / 4;
const wake = layout.H_WAKE / 4;
const gauges = new Gauges(worker);
const evictor = Evictor.claim(worker);
const logRecords = worker.header[layout.H_LOG_RECORDS / 4];

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
    worker.engine.sweep(evictor === null ? SWEEP_BUCKETS : SWEEP_BUCKETS_LOGGED);
    if (evictor !== null && worker.engine.logBacklog(worker.slotNumber) > logRecords / 2) return;
  } while (performance.now() < end);
}

/** What comes first and is short: the clock, the logs, room. True when there is more of it to do. */
function attend(): boolean {
  worker.tick();
  gauges.notePressure();
  return evictor?.round() ?? false;
}

/** What can wait and takes its time, though never more than its share of a period. */
function clean(): void {
  sweep();
  evictor?.recover(RECOVER_MS);
}

let pressed = false;
let lastCleaned = 0;
while (Atomics.load(header, closed) === 0) {
  Atomics.wait(header, wake, 0, pressed ? BUSY_PERIOD_MS : PERIOD_MS);
  Atomics.store(header, wake, 0);
  if (Atomics.load(header, hold) === 1) {
    pause();
    continue;
  }
  pressed = attend();
  if (performance.now() - lastCleaned >= PERIOD_MS) {
    clean();
    lastCleaned = performance.now();
  }
}
Atomics.store(header, layout.H_MAINTAINED / 4, 0);
worker.engine.releaseEvictor();
worker.engine.detach();

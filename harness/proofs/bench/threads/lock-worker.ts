/** A worker that takes one lock and lets it go, adding to a word that only the lock protects. */
import { workerData } from "node:worker_threads";
import { Store, type StoreHandle } from "../../../../src/index.js";
import { HandMadeLock } from "./hand-made-lock.js";
import type { WorkerBirth } from "./messages.js";
import { LINE, MUTEX, RW_LOCK } from "./names.js";
import { type Batch, serveTurns } from "./serve-turns.js";

export interface LockWorkerData {
  readonly store: StoreHandle;
  readonly byHand: SharedArrayBuffer;
  /** Plain additions, a line each: under the mutex, the writer's side, and the lock made by hand. */
  readonly sums: SharedArrayBuffer;
}

const OPERATIONS_A_BATCH = 256;

const { store: handle, byHand, sums } = (workerData as WorkerBirth).data as LockWorkerData;
const store = await Store.attach(handle);
const mutex = store.mutex(MUTEX);
const rwLock = store.rwLock(RW_LOCK);
const lock = new HandMadeLock(byHand);
const words = new Float64Array(sums);

const underMutex: Batch = () => {
  for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
    mutex.with(() => {
      words[0]++;
    });
  }
  return OPERATIONS_A_BATCH;
};
const asWriter: Batch = () => {
  for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
    rwLock.write(() => {
      words[LINE]++;
    });
  }
  return OPERATIONS_A_BATCH;
};
let read = 0;
const asReader: Batch = () => {
  for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
    rwLock.read(() => {
      read += words[LINE];
    });
  }
  if (Number.isNaN(read)) throw new Error("unreachable: keeps what was read");
  return OPERATIONS_A_BATCH;
};
const underHandMade: Batch = () => {
  for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
    lock.take();
    words[2 * LINE]++;
    lock.leave();
  }
  return OPERATIONS_A_BATCH;
};
serveTurns({ underMutex, asWriter, asReader, underHandMade }, () => store.close());

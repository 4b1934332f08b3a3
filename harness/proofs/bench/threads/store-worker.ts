/** A worker over the shared store: what scales is measured with these, two against one. */
import { workerData } from "node:worker_threads";
import { Store, type StoreHandle } from "../../../../src/index.js";
import { type Dataset, makeDataset, makeOrder } from "../inputs.js";
import { fillMap } from "../peers/map.js";
import type { WorkerBirth } from "./messages.js";
import { COUNTERS, OWN_COUNTER, SHARED_COUNTER, VALUES } from "./names.js";
import { type Batch, serveTurns } from "./serve-turns.js";

export interface StoreWorkerData {
  readonly store: StoreHandle;
  readonly keys: number;
  readonly seed: number;
}

/** About a hundred microseconds. */
const OPERATIONS_A_BATCH = 512;

const { worker, data } = workerData as WorkerBirth;
const { store: handle, keys, seed } = data as StoreWorkerData;
const store = await Store.attach(handle);
const values = store.namespace(VALUES);
const counters = store.namespace(COUNTERS);
const target = store.buffer(64);
const dataset: Dataset = makeDataset(keys, 64);
const order = makeOrder(keys, seed, worker);
const mask = order.length - 1;
const map = fillMap(dataset);
let cursor = 0;

/** Checked against the length of the values: a read that found nothing is a fault. */
function checkLengths(sum: number, reads: number): void {
  if (sum !== reads * dataset.value.length) throw new Error(`${reads} reads gave ${sum} bytes`);
}

/** Nothing shared: what two threads can do on this machine at best. */
const mapReads: Batch = () => {
  let lengths = 0;
  for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
    const found = map.get(dataset.keys[order[cursor]]) as Uint8Array;
    lengths += found.length + (found[0] & 0);
    cursor = (cursor + 1) & mask;
  }
  checkLengths(lengths, OPERATIONS_A_BATCH);
  return OPERATIONS_A_BATCH;
};

const reads: Batch = () => {
  let lengths = 0;
  for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
    lengths += (values.get(dataset.keys[order[cursor]]) as Uint8Array).length;
    cursor = (cursor + 1) & mask;
  }
  checkLengths(lengths, OPERATIONS_A_BATCH);
  return OPERATIONS_A_BATCH;
};

const readsInto: Batch = () => {
  let lengths = 0;
  for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
    lengths += values.getInto(dataset.keys[order[cursor]], target);
    cursor = (cursor + 1) & mask;
  }
  checkLengths(lengths, OPERATIONS_A_BATCH);
  return OPERATIONS_A_BATCH;
};

/** One read, one write, each of the next key of a random order. */
const mixed: Batch = () => {
  let lengths = 0;
  for (let i = 0; i < OPERATIONS_A_BATCH; i += 2) {
    lengths += (values.get(dataset.keys[order[cursor]]) as Uint8Array).length;
    values.set(dataset.keys[order[(cursor + 1) & mask]], dataset.value);
    cursor = (cursor + 2) & mask;
  }
  checkLengths(lengths, OPERATIONS_A_BATCH / 2);
  return OPERATIONS_A_BATCH;
};

const incrementsOf = (key: string): Batch => {
  return () => {
    let last = 0n;
    for (let i = 0; i < OPERATIONS_A_BATCH; i++) {
      const sum = counters.increment(key);
      if (sum <= last) throw new Error(`counter ${key} went from ${last} to ${sum}`);
      last = sum;
    }
    return OPERATIONS_A_BATCH;
  };
};

serveTurns(
  {
    mapReads,
    reads,
    readsInto,
    mixed,
    incrementShared: incrementsOf(SHARED_COUNTER),
    incrementOwn: incrementsOf(`${OWN_COUNTER}${worker}`),
  },
  () => store.close(),
);

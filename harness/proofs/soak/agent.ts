/**
 * One of the soak's two workers: values of all sizes on keys that both use, with times to live, deletions, counters, batches,
 * iterations, clears, namespaces that come and go, lent buffers, and messages to the other. Every value read is checked.
 */
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { type Namespace, Store, type StoreHandle } from "../../../src/index.js";
import { xorshift32 } from "../../../src/random.js";

export interface SoakTask {
  store: StoreHandle;
  seed: number;
  /** i32: 1 = stop; then how many workers have begun. */
  stop: SharedArrayBuffer;
}

const KEYS = 3000;
const VALUE_MAX = 16_000;
/** Operations between two turns of the event loop, and between two rounds of what is rarer. */
const SLICE = 2000;

const task = workerData as SoakTask;
const store = await Store.attach(task.store);
const stop = new Int32Array(task.stop);
const main = store.namespace("soak");
const counters = store.namespace("soak counters");
const outbox = store.channel(`soak ${task.seed}`, { capacity: 64 });
const inbox = store.channel(`soak ${task.seed % 2 === 0 ? task.seed - 1 : task.seed + 1}`, { capacity: 64 });
Atomics.add(stop, 1, 1);

let state = task.seed * 2_654_435_761;
function below(n: number): number {
  state = xorshift32(state);
  return (state >>> 0) % n;
}

/** Mostly small, up to the largest: the exponent is drawn, not the size. */
function drawLength(): number {
  return below(2 ** (3 + below(11))) % VALUE_MAX;
}

const scratch = new Uint8Array(VALUE_MAX + 1);

/** Values say their length and their key's number in every byte, so that a torn or foreign one is noticed. */
function fillValue(key: number, length: number): Uint8Array {
  return scratch.subarray(0, length).fill(key * 31 + length);
}

function check(key: number, value: Uint8Array | undefined): void {
  if (value === undefined || value.length === 0) return;
  const expected = (key * 31 + value.length) & 255;
  if (value[0] !== expected || value[value.length >> 1] !== expected || value[value.length - 1] !== expected) {
    throw new Error(`key ${key} holds a value of ${value.length} bytes that nobody wrote for it`);
  }
}

function churn(ns: Namespace): void {
  const key = below(KEYS);
  const name = `key ${key}`;
  switch (below(12)) {
    case 0:
    case 1:
    case 2:
      ns.set(name, fillValue(key, drawLength()));
      break;
    case 3:
      ns.set(name, fillValue(key, drawLength()), { ttl: 10 + below(3000) });
      break;
    case 4:
      ns.set(ns.key(name), fillValue(key, drawLength()));
      break;
    case 5:
    case 6:
      ns.delete(name);
      break;
    case 7:
      ns.borrow(name, (view) => check(key, view));
      break;
    case 8: {
      const keys = Array.from({ length: 16 }, () => below(KEYS));
      ns.getMany(keys.map((k) => `key ${k}`)).forEach((value, i) => {
        check(keys[i], value);
      });
      break;
    }
    case 9:
      counters.increment(`counter ${below(50)}`);
      break;
    default:
      check(key, ns.get(name));
  }
}

function converse(): void {
  outbox.send(fillValue(7, drawLength()));
  for (const message of inbox.receiveMany(8)) check(7, message);
}

/** What is rarer: once a slice. */
function housekeeping(round: number): void {
  if (round % 50 === 0) main.clear();
  if (round % 20 === 0) {
    for (const [name, value] of main.entries()) check(Number(name.slice(4)), value);
  }
  const brief = store.namespace(`soak ${task.seed} ${round % 40}`, { maxEntries: 20 });
  for (let i = 0; i < 10; i++) brief.set(`${i}`, fillValue(i, 100));
  if (round % 3 === 0) store.dropNamespace(brief.name);
  const key = below(KEYS);
  const buffer = store.buffer(VALUE_MAX);
  const length = main.getInto(`key ${key}`, buffer);
  if (length >= 0) check(key, buffer.subarray(0, length));
  store.returnBuffer(buffer);
}

let operations = 0;
for (let round = 1; Atomics.load(stop, 0) === 0; round++) {
  for (let i = 0; i < SLICE; i++) {
    churn(main);
    if (i % 16 === 0) converse();
  }
  housekeeping(round);
  operations += SLICE;
  await setImmediate();
}
await store.close();
parentPort?.postMessage(operations);

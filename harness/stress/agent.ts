/** One agent of the stress: operations on a few hot keys as fast as they go, each recorded. */
import { workerData } from "node:worker_threads";
import { Store, type Version } from "../../src/index.js";
import { Random } from "../../workloads/index.js";
import { DELETE, GET, GET_ENTRY, INCREMENT, Recording, SET, SET_IF_ABSENT, SET_IF_VERSION } from "./recording.js";

export interface StressTask {
  /** Values are unique: agent number, then a running number. */
  agent: number;
  seed: number;
  /** Names the round's keys, so that no two rounds share one. */
  round: number;
  keys: number;
  recording: SharedArrayBuffer;
  /** Int32: agents ready; Int32: 1 = go. */
  start: SharedArrayBuffer;
  /** hrtime of the origin of all times, ns. */
  origin: bigint;
}

const task = workerData as StressTask & { store: Store["handle"] };
const store = await Store.attach(task.store);
const values = store.namespace("stress");
const counters = store.namespace("stress counters");
const recording = new Recording(task.recording);
const random = new Random(task.seed, task.agent);
const bytes = store.buffer(8);
const number = new DataView(bytes.buffer, bytes.byteOffset, 8);
let written = 0;
/** The last version read of each key, for ifVersion. */
const versions: (Version | undefined)[] = new Array(task.keys).fill(undefined);

function now(): number {
  return Number(process.hrtime.bigint() - task.origin);
}

function nextValue(): number {
  const value = task.agent * 1e9 + ++written;
  number.setFloat64(0, value);
  return value;
}

function numberIn(read: Uint8Array): number {
  return new DataView(read.buffer, read.byteOffset, 8).getFloat64(0);
}

function write(kind: number, key: number, name: string, version: Version | undefined): void {
  const value = nextValue();
  const at = recording.begin(kind, key, value, version ?? 0n, now());
  const options = kind === SET ? undefined : kind === SET_IF_ABSENT ? { ifAbsent: true } : { ifVersion: version };
  const done = values.set(name, bytes, options);
  recording.answer(at, done ? 1 : 0, now());
}

function step(): void {
  const key = random.below(task.keys);
  const name = `round ${task.round} key ${key}`;
  const dice = random.below(100);
  if (dice < 40) {
    const at = recording.begin(GET, key, 0, 0n, now());
    const read = values.get(name);
    recording.answer(at, read && numberIn(read), now());
  } else if (dice < 60) {
    write(SET, key, name, undefined);
  } else if (dice < 70) {
    const at = recording.begin(DELETE, key, 0, 0n, now());
    const gone = values.delete(name);
    recording.answer(at, gone ? 1 : 0, now());
  } else if (dice < 78) {
    write(SET_IF_ABSENT, key, name, undefined);
  } else if (dice < 84 || versions[key] === undefined) {
    const at = recording.begin(GET_ENTRY, key, 0, 0n, now());
    const entry = values.getEntry(name);
    recording.answer(at, entry && numberIn(entry.value), now(), entry?.version);
    versions[key] = entry?.version;
  } else if (dice < 90) {
    write(SET_IF_VERSION, key, name, versions[key]);
  } else {
    const at = recording.begin(INCREMENT, key, 1, 0n, now());
    const sum = counters.increment(name, 1n);
    recording.answer(at, Number(sum), now());
  }
}

const start = new Int32Array(task.start);
Atomics.add(start, 0, 1);
Atomics.notify(start, 0);
Atomics.wait(start, 1, 0);
for (let i = 0; i < recording.capacity; i++) step();
await store.close();

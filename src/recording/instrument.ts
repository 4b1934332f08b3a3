/**
 * Getting to know of every operation without a cost when nobody records: the recording versions of `Namespace`'s methods take
 * the place of the others on its prototype while some store of this thread is recorded, and give it back afterwards. Namespaces that
 * were handed out before are recorded too.
 */
import { type Key, Namespace, type SetOptions } from "../store/index.js";
import { LOGGED_DELETE, LOGGED_GET, LOGGED_INCREMENT, LOGGED_SET } from "./format.js";
import type { Recorder } from "./recorder.js";

/** Of a namespace, what recording looks at. `worker` is the store's connection in this thread: one for all views of it. */
interface Recorded {
  readonly name: string;
  readonly worker: object;
  read(key: Key): number;
  write(key: Key, bytes: Uint8Array, expires: number, condition: unknown): boolean;
  setPrepared(key: Key, bytes: Uint8Array): boolean;
  writeAll(keys: Key[], values: Uint8Array[], ttl: number | undefined, condition: unknown): void;
  set(key: Key, value: unknown, options?: SetOptions): boolean;
  getInto(key: Key, target: Uint8Array): number;
  borrow(key: Key, use: (view: Uint8Array) => unknown): unknown;
  has(key: Key): boolean;
  getMany(keys: Iterable<Key>): unknown[];
  delete(key: Key): boolean;
  increment(key: Key, by?: bigint | number): bigint;
}

type Method = Exclude<keyof Recorded, "name" | "worker">;

const recorders = new Map<object, Recorder>();
const prototype = Namespace.prototype as unknown as Recorded;
const originals: Pick<Recorded, Method> = {
  read: prototype.read,
  write: prototype.write,
  setPrepared: prototype.setPrepared,
  writeAll: prototype.writeAll,
  set: prototype.set,
  getInto: prototype.getInto,
  borrow: prototype.borrow,
  has: prototype.has,
  getMany: prototype.getMany,
  delete: prototype.delete,
  increment: prototype.increment,
};

/** Above 0 inside an operation that is recorded as a whole: what it calls is no operation of the program's. */
let nested = 0;
/** Bytes of the value that the `set` under way has encoded. */
let encodedBytes = 0;

/** From now on the operations of this connection (`namespace.worker`) go to the recorder. */
export function startRecording(worker: object, recorder: Recorder): void {
  if (recorders.size === 0) Object.assign(prototype, recording);
  recorders.set(worker, recorder);
}

export function stopRecording(worker: object): void {
  if (recorders.delete(worker) && recorders.size === 0) Object.assign(prototype, originals);
}

export function recorderOf(worker: object): Recorder | undefined {
  return recorders.get(worker);
}

function note(namespace: Recorded, operation: number, key: Key, valueBytes: number, ttl = 0): void {
  if (nested === 0) recorders.get(namespace.worker)?.record(operation, namespace.name, key, valueBytes, ttl);
}

/** Runs what is recorded as one operation. */
function whole<T>(run: () => T): T {
  nested++;
  try {
    return run();
  } finally {
    nested--;
  }
}

function lengthOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  return typeof value === "string" ? Buffer.byteLength(value) : 0;
}

const recording: Pick<Recorded, Method> = {
  // what get and getEntry do
  read(this: Recorded, key) {
    const length = originals.read.call(this, key);
    note(this, LOGGED_GET, key, length > 0 ? length : 0);
    return length;
  },
  getInto(this: Recorded, key, target) {
    const length = originals.getInto.call(this, key, target);
    note(this, LOGGED_GET, key, length > 0 ? length : 0);
    return length;
  },
  borrow(this: Recorded, key, use) {
    let found = false;
    const result = originals.borrow.call(this, key, (view) => {
      found = true;
      note(this, LOGGED_GET, key, view.length);
      return use(view);
    });
    if (!found) note(this, LOGGED_GET, key, 0);
    return result;
  },
  has(this: Recorded, key) {
    const found = originals.has.call(this, key);
    note(this, LOGGED_GET, key, 0);
    return found;
  },
  getMany(this: Recorded, keys) {
    const list = Array.isArray(keys) || typeof keys !== "object" || keys === null ? (keys as Key[]) : [...keys];
    const values = whole(() => originals.getMany.call(this, list));
    for (let i = 0; i < values.length; i++) note(this, LOGGED_GET, list[i], lengthOf(values[i]));
    return values;
  },
  write(this: Recorded, key, bytes, expires, condition) {
    encodedBytes = bytes.length;
    return originals.write.call(this, key, bytes, expires, condition);
  },
  setPrepared(this: Recorded, key, bytes) {
    encodedBytes = bytes.length;
    return originals.setPrepared.call(this, key, bytes);
  },
  // a write that its condition refused has looked the entry up and changed nothing
  set(this: Recorded, key, value, options) {
    const written = originals.set.call(this, key, value, options);
    if (written) note(this, LOGGED_SET, key, encodedBytes, options?.ttl ?? 0);
    else note(this, LOGGED_GET, key, 0);
    return written;
  },
  writeAll(this: Recorded, keys, values, ttl, condition) {
    whole(() => originals.writeAll.call(this, keys, values, ttl, condition));
    for (let i = 0; i < keys.length; i++) note(this, LOGGED_SET, keys[i], values[i].length, ttl ?? 0);
  },
  delete(this: Recorded, key) {
    const deleted = originals.delete.call(this, key);
    note(this, LOGGED_DELETE, key, 0);
    return deleted;
  },
  increment(this: Recorded, key, by) {
    const sum = whole(() => originals.increment.call(this, key, by));
    note(this, LOGGED_INCREMENT, key, 8);
    return sum;
  },
};

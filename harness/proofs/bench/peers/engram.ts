/** The store's ways to read and write. Each has a loop of its own, so that no call site sees two kinds of operation. */
import { type Namespace, type PreparedKey, Store } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import type { Dataset } from "../inputs.js";
import { keep, keepLengths } from "../sink.js";

/** Room for the largest table measured (100,000 entries in chunks of 128 bytes) twice over. */
const CAPACITY = "64MiB";
/** Keys of one getMany. */
export const BATCH = 64;

export async function openStore(): Promise<Store> {
  return Store.create({ capacity: CAPACITY });
}

/** A namespace with every key of the dataset in it. */
export function fillNamespace(store: Store, { keys, value }: Dataset): Namespace {
  const namespace = store.namespace(`bench_${value.length}`);
  for (const key of keys) namespace.set(key, value);
  return namespace;
}

/** @throws Error naming what is wrong: figures of a store that is not whole are worth nothing */
export async function closeVerified(store: Store): Promise<void> {
  const { violations } = await store.verify();
  await store.close();
  if (violations.length > 0) throw new Error(`the store was damaged: ${violations.slice(0, 3).join("; ")}`);
}

export function get(namespace: Namespace, { keys, value }: Dataset, order: Uint32Array): Contender {
  const label = `engram get, ${value.length} bytes`;
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: `get-${value.length}`,
    label,
    returns: "a copy, a new Uint8Array",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        const found = namespace.get(keys[order[(cursor + i) & mask]]) as Uint8Array;
        lengths += found.length;
        bytes += found[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

export function getPrepared(
  namespace: Namespace,
  keys: readonly PreparedKey[],
  value: Uint8Array,
  order: Uint32Array,
): Contender {
  const label = "engram get, prepared key";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "get-prepared",
    label,
    returns: "a copy, a new Uint8Array",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        const found = namespace.get(keys[order[(cursor + i) & mask]]) as Uint8Array;
        lengths += found.length;
        bytes += found[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

export function getInto(
  namespace: Namespace,
  { keys, value }: Dataset,
  order: Uint32Array,
  target: Uint8Array,
): Contender {
  const label = `engram getInto, ${value.length} bytes`;
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: `get-into-${value.length}`,
    label,
    returns: "a length; copied into store.buffer()",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        lengths += namespace.getInto(keys[order[(cursor + i) & mask]], target);
        bytes += target[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

export function getIntoPrepared(
  namespace: Namespace,
  keys: readonly PreparedKey[],
  value: Uint8Array,
  order: Uint32Array,
  target: Uint8Array,
): Contender {
  const label = "engram getInto, prepared key";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "get-into-prepared",
    label,
    returns: "a length; copied into store.buffer()",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        lengths += namespace.getInto(keys[order[(cursor + i) & mask]], target);
        bytes += target[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

export function getMany(namespace: Namespace, { keys, value }: Dataset, order: Uint32Array): Contender {
  const label = `engram getMany, ${BATCH} keys a call`;
  const batches = Array.from({ length: order.length / BATCH }, (_, batch) =>
    Array.from(order.subarray(batch * BATCH, (batch + 1) * BATCH), (index) => keys[index]),
  );
  let cursor = 0;
  return {
    id: "get-many",
    label,
    returns: "an array of copies",
    lot: BATCH,
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let done = 0; done < operations; done += BATCH) {
        const values = namespace.getMany(batches[cursor]);
        cursor = (cursor + 1) % batches.length;
        for (const found of values as Uint8Array[]) {
          lengths += found.length;
          bytes += found[0];
        }
      }
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

export function borrow(namespace: Namespace, { keys, value }: Dataset, order: Uint32Array): Contender {
  const label = "engram borrow";
  const mask = order.length - 1;
  const use = (view: Uint8Array) => view.length + (view[0] & 1) * 0x1000000;
  let cursor = 0;
  return {
    id: "borrow",
    label,
    returns: "a view, valid in the callback",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        const found = namespace.borrow(keys[order[(cursor + i) & mask]], use) as number;
        lengths += found & 0xffffff;
        bytes += found >>> 24;
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

export function set(namespace: Namespace, { keys, value }: Dataset, order: Uint32Array): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "set",
    label: "engram set (copies)",
    run(operations) {
      let written = 0;
      for (let i = 0; i < operations; i++) written += Number(namespace.set(keys[order[(cursor + i) & mask]], value));
      cursor = (cursor + operations) & mask;
      if (written !== operations) throw new Error(`engram set wrote ${written} of ${operations}`);
      keep(written);
    },
  };
}

export function setMany(namespace: Namespace, { keys, value }: Dataset, order: Uint32Array): Contender {
  const batches = Array.from({ length: order.length / BATCH }, (_, batch) =>
    Array.from(order.subarray(batch * BATCH, (batch + 1) * BATCH), (index) => [keys[index], value] as const),
  );
  let cursor = 0;
  return {
    id: "set-many",
    label: `engram setMany, ${BATCH} entries a call`,
    lot: BATCH,
    run(operations) {
      for (let done = 0; done < operations; done += BATCH) {
        namespace.setMany(batches[cursor]);
        cursor = (cursor + 1) % batches.length;
      }
      keep(operations);
    },
  };
}

/** With the value already in the store's own memory: one copy less. */
export function setFromBuffer(
  namespace: Namespace,
  { keys }: Dataset,
  order: Uint32Array,
  source: Uint8Array,
): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "set-from-buffer",
    label: "engram set from store.buffer()",
    run(operations) {
      let written = 0;
      for (let i = 0; i < operations; i++) written += Number(namespace.set(keys[order[(cursor + i) & mask]], source));
      cursor = (cursor + operations) & mask;
      if (written !== operations) throw new Error(`engram set wrote ${written} of ${operations}`);
      keep(written);
    },
  };
}

/** Keys, values and the order of access, made before anything is timed. */
import { fillValue, Random } from "../../../workloads/index.js";

export interface Dataset {
  /** 16 ASCII characters each, like `user000000001234`. */
  readonly keys: readonly string[];
  readonly value: Uint8Array;
}

/** Accesses in an order; a power of two, so that a cursor can go around with a mask. */
const ORDER_LENGTH = 2 ** 17;

export function makeDataset(count: number, valueBytes: number): Dataset {
  const value = new Uint8Array(valueBytes);
  fillValue(value, valueBytes, 1);
  return { keys: makeKeys(count), value };
}

/**
 * Decoded from bytes, because a string put together by `+` or a template is a tree of its parts until someone flattens it,
 * and even then costs a step more: that is a cost of how keys are made, not of a store.
 */
export function makeKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(`user${String(index).padStart(12, "0")}`, "latin1").toString("latin1"),
  );
}

/** Key indexes, uniform, the same for every contender of a group. */
export function makeOrder(keys: number, seed: number, stream = 0): Uint32Array {
  const random = new Random(seed, stream);
  return Uint32Array.from({ length: ORDER_LENGTH }, () => random.below(keys));
}

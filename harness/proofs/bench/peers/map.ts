/** JavaScript's Map in one thread, nothing shared: the limit that the goals are measured against. */

import type { Contender } from "../contender.js";
import type { Dataset } from "../inputs.js";
import { keep, keepLengths } from "../sink.js";

/** Every key with a value of its own, so that following the reference costs what it costs in a program. */
export function fillMap({ keys, value }: Dataset): Map<string, Uint8Array> {
  return new Map(keys.map((key) => [key, value.slice()]));
}

/** One byte of the value is read, so that the reference is really followed. */
export function mapGet(map: Map<string, Uint8Array>, { keys, value }: Dataset, order: Uint32Array): Contender {
  const label = "Map.get";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "map",
    label,
    returns: "a reference",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        const found = map.get(keys[order[(cursor + i) & mask]]) as Uint8Array;
        lengths += found.length;
        bytes += found[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

/** With strings that are equal to the Map's but not the same objects: a key that was read, received or put together. */
export function mapGetEqual(
  map: Map<string, Uint8Array>,
  { value }: Dataset,
  equalKeys: readonly string[],
  order: Uint32Array,
): Contender {
  const label = "Map.get, by equal strings";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "map-equal",
    label,
    returns: "a reference",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        const found = map.get(equalKeys[order[(cursor + i) & mask]]) as Uint8Array;
        lengths += found.length;
        bytes += found[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

/** Map.get and a copy of what it found: what it takes to hand out a value that nobody else can change. */
export function mapGetCopy(map: Map<string, Uint8Array>, { keys, value }: Dataset, order: Uint32Array): Contender {
  const label = "Map.get and slice()";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: `map-copy-${value.length}`,
    label: `${label}, ${value.length} bytes`,
    returns: "a copy",
    run(operations) {
      let lengths = 0;
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        const found = (map.get(keys[order[(cursor + i) & mask]]) as Uint8Array).slice();
        lengths += found.length;
        bytes += found[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
      keepLengths(lengths, operations, value.length, label);
    },
  };
}

/** The same values over and over: an update of a key that is there. */
export function mapSet(map: Map<string, Uint8Array>, { keys, value }: Dataset, order: Uint32Array): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "map",
    label: "Map.set (keeps a reference)",
    run(operations) {
      for (let i = 0; i < operations; i++) map.set(keys[order[(cursor + i) & mask]], value);
      cursor = (cursor + operations) & mask;
      keep(map.size);
    },
  };
}

/** A Map that keeps a copy of its own, as a store does. */
export function mapSetCopy(map: Map<string, Uint8Array>, { keys, value }: Dataset, order: Uint32Array): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "map-set-copy",
    label: "Map.set of slice()",
    run(operations) {
      for (let i = 0; i < operations; i++) map.set(keys[order[(cursor + i) & mask]], value.slice());
      cursor = (cursor + operations) & mask;
      keep(map.size);
    },
  };
}

/** The loop and its inputs with no store behind: shown, not subtracted. */
export function emptyLoop({ keys }: Dataset, order: Uint32Array): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "empty",
    label: "empty loop (next key of the order)",
    run(operations) {
      let lengths = 0;
      for (let i = 0; i < operations; i++) lengths += keys[order[(cursor + i) & mask]].length;
      cursor = (cursor + operations) & mask;
      keep(lengths);
    },
  };
}

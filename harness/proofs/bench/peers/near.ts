/** Reads of values that are kept near, and what they are measured beside. Each has a loop of its own, so that no call site sees two kinds of value. */
import type { Namespace, PreparedKey } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import type { Dataset } from "../inputs.js";
import { keep, keepLengths } from "../sink.js";

/** Some 250 bytes of JSON, as an agent keeps of a task. */
export interface Task {
  readonly id: number;
  readonly owner: string;
  readonly goal: string;
  readonly steps: readonly number[];
  readonly done: boolean;
  readonly cost: { readonly tokens: number; readonly model: string };
}

export function makeTask(id: number): Task {
  return {
    id,
    owner: `agent-${id % 17}`,
    goal: "find out what the others have written about this since yesterday, and say in two sentences what follows from it",
    steps: [id, id + 1, id + 2, id + 3],
    done: id % 2 === 0,
    cost: { tokens: id * 13, model: "a model of some size" },
  };
}

function check(sum: number, order: Uint32Array, operations: number, from: number, label: string): void {
  let expected = 0;
  for (let i = 0; i < operations; i++) expected += order[(from + i) & (order.length - 1)];
  if (sum !== expected) throw new Error(`${label}: ${operations} reads gave other values than were written`);
  keep(sum);
}

export function mapTask(map: Map<string, Task>, keys: readonly string[], order: Uint32Array): Contender {
  const label = "Map.get of an object";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "map-object",
    label,
    returns: "a reference",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += (map.get(keys[order[(cursor + i) & mask]]) as Task).id;
      check(sum, order, operations, cursor, label);
      cursor = (cursor + operations) & mask;
    },
  };
}

export function mapParsed(map: Map<string, string>, keys: readonly string[], order: Uint32Array): Contender {
  const label = "Map.get and JSON.parse()";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "map-parse",
    label,
    returns: "a copy",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += JSON.parse(map.get(keys[order[(cursor + i) & mask]]) as string).id;
      check(sum, order, operations, cursor, label);
      cursor = (cursor + operations) & mask;
    },
  };
}

export function mapCloned(map: Map<string, Task>, keys: readonly string[], order: Uint32Array): Contender {
  const label = "Map.get and structuredClone()";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "map-clone",
    label,
    returns: "a copy",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += structuredClone(map.get(keys[order[(cursor + i) & mask]]) as Task).id;
      check(sum, order, operations, cursor, label);
      cursor = (cursor + operations) & mask;
    },
  };
}

export function getTask(tasks: Namespace<Task>, keys: readonly string[], order: Uint32Array): Contender {
  const label = "engram get of JSON";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "get-json",
    label,
    returns: "a copy",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += (tasks.get(keys[order[(cursor + i) & mask]]) as Task).id;
      check(sum, order, operations, cursor, label);
      cursor = (cursor + operations) & mask;
    },
  };
}

export function nearTask(tasks: Namespace<Task>, keys: readonly string[], order: Uint32Array): Contender {
  const label = "engram get of JSON, kept near";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "near-json",
    label,
    returns: "a reference, frozen",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += (tasks.get(keys[order[(cursor + i) & mask]]) as Task).id;
      check(sum, order, operations, cursor, label);
      cursor = (cursor + operations) & mask;
    },
  };
}

export function nearTaskPrepared(tasks: Namespace<Task>, keys: readonly PreparedKey[], order: Uint32Array): Contender {
  const label = "engram get of JSON, kept near, prepared key";
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "near-json-prepared",
    label,
    returns: "a reference, frozen",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += (tasks.get(keys[order[(cursor + i) & mask]]) as Task).id;
      check(sum, order, operations, cursor, label);
      cursor = (cursor + operations) & mask;
    },
  };
}

export function nearBytes(namespace: Namespace, { keys, value }: Dataset, order: Uint32Array): Contender {
  const label = `engram get, ${value.length} bytes, kept near`;
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: `near-${value.length}`,
    label,
    returns: "a reference, read-only",
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

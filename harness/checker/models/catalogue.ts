/** The models by name. To add one: write it beside, and add its line here. */
import { InvalidArgumentError } from "../../../src/errors.js";
import type { Operation } from "../history.js";
import { type CellOperation, cellModel } from "./cell.js";
import { fifoModel } from "./fifo.js";
import type { AnyModel } from "./model.js";

export interface ModelOptions {
  /** Nanoseconds by which a TTL may be early or late: the coarseness of the object's own clock. */
  slack: number;
  /** Items a FIFO ring holds; null if not known. */
  capacity: number | null;
}

const ALL: readonly CellOperation[] = ["get", "getEntry", "has", "set", "delete", "increment"];

const CATALOGUE: Record<string, { about: string; create(options: ModelOptions): AnyModel }> = {
  register: {
    about: "get, set, has, delete",
    create: ({ slack }) =>
      cellModel({
        name: "register",
        operations: ["get", "set", "has", "delete"],
        conditions: false,
        vanishes: "never",
        slack,
      }),
  },
  cas: {
    about: "a register with getEntry, and set with ifVersion or ifAbsent",
    create: ({ slack }) =>
      cellModel({
        name: "cas",
        operations: ["get", "getEntry", "set", "has", "delete"],
        conditions: true,
        vanishes: "never",
        slack,
      }),
  },
  counter: {
    about: "increment, get, set, has, delete",
    create: ({ slack }) =>
      cellModel({
        name: "counter",
        operations: ["increment", "get", "set", "has", "delete"],
        conditions: false,
        vanishes: "never",
        slack,
      }),
  },
  ttl: {
    about: "all operations on a key; a value with a TTL is there before its expiry and gone after it",
    create: ({ slack }) => cellModel({ name: "ttl", operations: ALL, conditions: true, vanishes: "expiry", slack }),
  },
  eviction: {
    about: "as ttl, and any value may vanish at any time",
    create: ({ slack }) =>
      cellModel({ name: "eviction", operations: ALL, conditions: true, vanishes: "eviction", slack }),
  },
  fifo: { about: "push and pop of a ring", create: ({ capacity }) => fifoModel(capacity) },
};

/** Name and one line about each model. */
export function listModels(): { name: string; about: string }[] {
  return Object.entries(CATALOGUE).map(([name, { about }]) => ({ name, about }));
}

export function createModel(name: string, options: ModelOptions): AnyModel {
  if (!Object.hasOwn(CATALOGUE, name)) {
    throw new InvalidArgumentError(`--model ${name}: expected one of ${Object.keys(CATALOGUE).join(", ")}`);
  }
  return CATALOGUE[name].create(options);
}

/** The strictest model that knows the operations: without a TTL in it, `ttl` lets nothing vanish. */
export function guessModel(history: readonly Operation[]): string {
  return history.every(({ op }) => op === "push" || op === "pop") ? "fifo" : "ttl";
}

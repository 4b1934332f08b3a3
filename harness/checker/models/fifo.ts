/**
 * A first-in-first-out ring, as the channels are.
 *
 * | op | input | output |
 * |---|---|---|
 * | push | { value } | true, or false for full |
 * | pop | null | the oldest value, or null for empty |
 *
 * Full: with a capacity (in items), exactly at it. Without one the ring's room is not known in items (messages differ in
 * size), and `false` is right whenever something is in it.
 */
import type { Operation } from "../history.js";
import { canonicalValue } from "./canonical-value.js";
import { type Model, ModelMismatch } from "./model.js";

type Items = readonly string[];

interface FifoAction {
  op: "push" | "pop";
  answered: boolean;
  value: string;
  /** push: taken or not; pop: canonical value or null. */
  output: boolean | string | null;
}

interface Answer {
  output: FifoAction["output"];
  next: Items;
}

export function fifoModel(capacity: number | null = null): Model<Items, FifoAction> {
  function answersOf(items: Items, action: FifoAction): Answer[] {
    if (action.op === "pop") {
      return items.length === 0 ? [{ output: null, next: items }] : [{ output: items[0], next: items.slice(1) }];
    }
    const taken: Answer = { output: true, next: [...items, action.value] };
    const full: Answer = { output: false, next: items };
    if (capacity !== null) return [items.length < capacity ? taken : full];
    return items.length > 0 ? [taken, full] : [taken];
  }

  return {
    name: "fifo",
    initial: [],
    prepare: prepareAction,
    step: (items, action) =>
      answersOf(items, action)
        .filter(({ output }) => !action.answered || output === action.output)
        .map(({ next }) => next),
    isRead: ({ answered, output }) => answered && (output === null || output === false),
    // Canonical values are JSON texts, which hold no raw line break.
    keyOf: (items) => items.join("\n"),
    describe: (items) => (items.length === 0 ? "empty" : `[${items.join(", ")}]`),
    expected: (items, action) =>
      answersOf(items, action)
        .map(({ output }) => (output === null ? "empty" : String(output)))
        .join(" or "),
  };
}

function prepareAction({ op, input, output, return: answer }: Operation): FifoAction {
  const answered = answer !== Number.POSITIVE_INFINITY;
  if (op === "pop") {
    if (input !== null) throw new ModelMismatch(`input of pop: expected null, got ${JSON.stringify(input)}`);
    return { op, answered, value: "", output: output === null ? null : canonicalValue(output) };
  }
  if (op !== "push") throw new ModelMismatch(`op ${op} is not one of model fifo: push, pop`);
  const value = (input as { value?: unknown } | null)?.value;
  if (value === undefined || value === null) throw new ModelMismatch("input of push: value is missing or null");
  if (answered && typeof output !== "boolean") {
    throw new ModelMismatch(`output of push: expected true or false, got ${JSON.stringify(output)}`);
  }
  return { op, answered, value: canonicalValue(value), output: answered ? (output as boolean) : null };
}

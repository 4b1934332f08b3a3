/** An illegal key made readable: how far a linearization came, and what could not go on from there. */
import type { Operation } from "./history.js";
import type { AnyModel } from "./models/model.js";
import type { LongestPrefix } from "./search/search.js";

export interface Unplaced {
  operation: Operation;
  /** `impossible`: its output is wrong in that state; `dead end`: it may go next, but then another one cannot. */
  why: "impossible" | "dead end";
  /** Outputs that would have been right. */
  expected: string;
}

export interface Violation {
  /** The longest prefix that a correct object could have done, in its order. */
  prefix: Operation[];
  /** The object after each of them, in words. */
  states: string[];
  /** Operations of which one had to come next, and none could. */
  unplaced: Unplaced[];
  /** Operations the search never reached, by the time of their calls. */
  later: Operation[];
}

export function violationOf(
  model: AnyModel,
  operations: readonly Operation[],
  actions: readonly unknown[],
  longest: LongestPrefix,
): Violation {
  const placed = new Set(longest.order);
  const left = operations.map((_, i) => i).filter((i) => !placed.has(i));
  // Whatever was called before the first outstanding return could have gone next.
  const firstReturn = Math.min(...left.map((i) => operations[i].return));
  const candidates = left.filter((i) => operations[i].call <= firstReturn);
  const byCall = (a: Operation, b: Operation): number => a.call - b.call;
  return {
    prefix: longest.order.map((i) => operations[i]),
    states: statesAlong(model, actions, longest),
    unplaced: candidates
      .map((i) => ({
        operation: operations[i],
        why: model.step(longest.state, actions[i]).length === 0 ? ("impossible" as const) : ("dead end" as const),
        expected: model.expected(longest.state, actions[i]),
      }))
      .sort((a, b) => byCall(a.operation, b.operation)),
    later: left
      .filter((i) => operations[i].call > firstReturn)
      .map((i) => operations[i])
      .sort(byCall),
  };
}

/**
 * The states on the way. Where a step allows several, the way taken is found again backwards from the state at the end:
 * keep for each step all states that can be reached, then choose those that lead there.
 */
function statesAlong(model: AnyModel, actions: readonly unknown[], { order, state }: LongestPrefix): string[] {
  const layers: unknown[][] = [[model.initial]];
  for (const operation of order) {
    const reached = new Map<string, unknown>();
    for (const before of layers[layers.length - 1]) {
      for (const after of model.step(before, actions[operation])) reached.set(model.keyOf(after), after);
    }
    layers.push([...reached.values()]);
  }
  const words: string[] = new Array(order.length);
  let after = state;
  for (let i = order.length - 1; i >= 0; i--) {
    words[i] = model.describe(after);
    const goal = model.keyOf(after);
    after = layers[i].find((before) =>
      model.step(before, actions[order[i]]).some((next: unknown) => model.keyOf(next) === goal),
    );
  }
  return words;
}

/** Worlds of few states whose best returns are known: what learning is held against. */
import type { Random } from "../../src/random.js";

export interface Outcome {
  readonly probability: number;
  readonly next: number;
  readonly reward: number;
  readonly terminal: boolean;
}

export interface Environment {
  readonly name: string;
  readonly states: number;
  readonly actions: number;
  /** Steps of an episode at most, where the published one has a limit. */
  readonly limit?: number;
  start(random: Random): number;
  /** What may come of an action, with probabilities that add up to 1. */
  readonly outcomes: readonly (readonly Outcome[])[];
}

/** All outcomes, by state and action. */
export function tabulate(
  states: number,
  actions: number,
  outcomesOf: (state: number, action: number) => readonly Outcome[],
): readonly (readonly Outcome[])[] {
  return Array.from({ length: states * actions }, (_, i) => outcomesOf(Math.floor(i / actions), i % actions));
}

export const certain = (next: number, reward: number, terminal: boolean): readonly Outcome[] => [
  { probability: 1, next, reward, terminal },
];

export function takeStep({ outcomes, actions }: Environment, state: number, action: number, random: Random): Outcome {
  const possible = outcomes[state * actions + action];
  if (possible.length === 1) return possible[0];
  let ticket = random.unit();
  for (const outcome of possible) {
    ticket -= outcome.probability;
    if (ticket < 0) return outcome;
  }
  return possible[possible.length - 1];
}

/** Q* by state and action (Sutton & Barto 2018, section 4.4), until nothing changes by more than `precision`. */
export function valueIteration(
  { states, actions, outcomes }: Environment,
  discount: number,
  precision = 1e-10,
): Float64Array {
  const values = new Float64Array(states * actions);
  for (;;) {
    let change = 0;
    for (let i = 0; i < values.length; i++) {
      let value = 0;
      for (const { probability, next, reward, terminal } of outcomes[i])
        value += probability * (reward + (terminal ? 0 : discount * greatestOf(values, next, actions)));
      change = Math.max(change, Math.abs(value - values[i]));
      values[i] = value;
    }
    if (change < precision) return values;
  }
}

export function greatestOf(values: Float64Array, state: number, actions: number): number {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let a = 0; a < actions; a++) greatest = Math.max(greatest, values[state * actions + a]);
  return greatest;
}

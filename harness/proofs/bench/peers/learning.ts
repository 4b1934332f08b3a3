/** A table of values in shared memory beside a plain one in JavaScript: the same arithmetic on the same steps. Each has a loop of its own. */
import type { Accumulator, QTable, Replay } from "../../../../src/agents/index.js";
import type { Contender } from "../contender.js";
import { keep } from "../sink.js";

export const STATES = 500;
export const ACTIONS = 6;
export const RATE = 0.1;
export const DISCOUNT = 0.99;
export const BATCH = 32;

/** Steps made beforehand: a power of two of them, gone around in turn, and more than a processor learns to foretell. */
export interface Steps {
  readonly states: Uint32Array;
  readonly actions: Uint32Array;
  readonly rewards: Float64Array;
}

export function makeSteps(random: { below(n: number): number }, count = 2 ** 17): Steps {
  const draw = (n: number) => Uint32Array.from({ length: count }, () => random.below(n));
  return {
    states: draw(STATES),
    actions: draw(ACTIONS),
    rewards: Float64Array.from({ length: count }, () => random.below(1000) / 1000 - 0.5),
  };
}

export function tableUpdate(table: QTable, { states, actions, rewards }: Steps): Contender {
  const mask = states.length - 1;
  let at = 0;
  return {
    id: "update",
    label: "QTable.update",
    run(operations) {
      for (let i = 0; i < operations; i++) {
        const next = (at + 1) & mask;
        table.update(states[at], actions[at], rewards[at], states[next], false);
        at = next;
      }
      keep(table.get(states[at], 0) * 1e6);
    },
  };
}

/** What people write: rows one after the other in an array, and the best of the next row looked for in a loop. */
export class PlainTable {
  readonly values = new Float32Array(STATES * ACTIONS);
  readonly visits = new Uint32Array(STATES * ACTIONS);

  update(state: number, action: number, reward: number, next: number): void {
    const { values } = this;
    let most = values[next * ACTIONS];
    for (let a = 1; a < ACTIONS; a++) {
      const value = values[next * ACTIONS + a];
      if (value > most) most = value;
    }
    const cell = state * ACTIONS + action;
    values[cell] += RATE * (reward + DISCOUNT * most - values[cell]);
    this.visits[cell]++;
  }

  best(state: number): number {
    const { values } = this;
    let best = 0;
    for (let a = 1; a < ACTIONS; a++) {
      if (values[state * ACTIONS + a] > values[state * ACTIONS + best]) best = a;
    }
    return best;
  }

  act(state: number, epsilon: number): number {
    return Math.random() < epsilon ? Math.floor(Math.random() * ACTIONS) : this.best(state);
  }
}

export function plainUpdate(table: PlainTable, { states, actions, rewards }: Steps): Contender {
  const mask = states.length - 1;
  let at = 0;
  return {
    id: "update-plain",
    label: "the same over a Float32Array",
    run(operations) {
      for (let i = 0; i < operations; i++) {
        const next = (at + 1) & mask;
        table.update(states[at], actions[at], rewards[at], states[next]);
        at = next;
      }
      keep(table.values[0] * 1e6);
    },
  };
}

export function tableBest(table: QTable, { states }: Steps): Contender {
  const mask = states.length - 1;
  return {
    id: "best",
    label: "QTable.best",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += table.best(states[i & mask]);
      keep(sum);
    },
  };
}

export function plainBest(table: PlainTable, { states }: Steps): Contender {
  const mask = states.length - 1;
  return {
    id: "best-plain",
    label: "the same over a Float32Array",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += table.best(states[i & mask]);
      keep(sum);
    },
  };
}

const EPSILON = { epsilon: 0.1 };

export function tableAct(table: QTable, { states }: Steps): Contender {
  const mask = states.length - 1;
  return {
    id: "act",
    label: "QTable.act, epsilon 0.1, equals drawn",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += table.act(states[i & mask], EPSILON);
      keep(sum);
    },
  };
}

export function plainAct(table: PlainTable, { states }: Steps): Contender {
  const mask = states.length - 1;
  return {
    id: "act-plain",
    label: "over a Float32Array, epsilon 0.1, the first of equals",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) sum += table.act(states[i & mask], 0.1);
      keep(sum);
    },
  };
}

/** @param table somebody else's, so that the row is copied under its version */
export function rowCopy(table: QTable, { states }: Steps): Contender {
  const mask = states.length - 1;
  const into = new Float32Array(ACTIONS);
  return {
    id: "row",
    label: "a row copied by a reader",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        table.row(states[i & mask], into);
        sum += into[0];
      }
      keep(sum * 1e6);
    },
  };
}

export function plainRow(table: PlainTable, { states }: Steps): Contender {
  const mask = states.length - 1;
  const into = new Float32Array(ACTIONS);
  return {
    id: "row-plain",
    label: "a row copied from a Float32Array, with set and subarray",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const from = states[i & mask] * ACTIONS;
        into.set(table.values.subarray(from, from + ACTIONS));
        sum += into[0];
      }
      keep(sum * 1e6);
    },
  };
}

export function push(replay: Replay, how: string, { states, actions, rewards }: Steps): Contender {
  const mask = states.length - 1;
  const step = { state: 0, action: 0, reward: 0, next: 0, terminal: false };
  return {
    id: `push-${how}`,
    label: `replay.push, ${how}`,
    run(operations) {
      for (let i = 0; i < operations; i++) {
        const at = i & mask;
        step.state = states[at];
        step.action = actions[at];
        step.reward = rewards[at];
        step.next = states[(at + 1) & mask];
        replay.push(step);
      }
      keep(replay.size);
    },
  };
}

export function sample(replay: Replay, how: string): Contender {
  const into = new Uint32Array(BATCH);
  return {
    id: `sample-${how}`,
    label: `replay.sample(${BATCH}), ${how}`,
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        replay.sample(BATCH, into);
        sum += into[i & (BATCH - 1)];
      }
      keep(sum);
    },
  };
}

export function accumulate(accumulator: Accumulator, table: QTable): Contender {
  return {
    id: "accumulate",
    label: `accumulator.add of ${STATES} x ${ACTIONS}, and the end of its round`,
    run(operations) {
      let weight = 0;
      // A table is part of a round once.
      for (let i = 0; i < operations; i++) {
        weight += accumulator.add(table);
        accumulator.round();
      }
      if (!(weight > 0)) throw new Error("what was added weighs nothing");
      keep(weight);
    },
  };
}

/** The same sums in JavaScript: value times visits, and visits, in doubles; the round ends with what was summed put aside. */
export function plainAccumulate(table: PlainTable): Contender {
  let sums = new Float64Array(STATES * ACTIONS);
  let weights = new Float64Array(STATES * ACTIONS);
  let last = { sums: new Float64Array(STATES * ACTIONS), weights: new Float64Array(STATES * ACTIONS) };
  return {
    id: "accumulate-plain",
    label: "the same sums over Float64Arrays",
    run(operations) {
      for (let n = 0; n < operations; n++) {
        for (let i = 0; i < sums.length; i++) {
          sums[i] += table.values[i] * table.visits[i];
          weights[i] += table.visits[i];
        }
        const ended = { sums, weights };
        ({ sums, weights } = last);
        sums.fill(0);
        weights.fill(0);
        last = ended;
      }
      keep(last.sums[0]);
    },
  };
}

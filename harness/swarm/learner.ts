/** One agent in its world: episodes of Q-learning, each step kept in its ring; and what a table is worth. */
import type { QTable, Replay } from "../../src/agents/index.js";
import type { Random } from "../../src/random.js";
import { type Environment, takeStep } from "../../workloads/environments/index.js";
import type { Swarm } from "../../workloads/index.js";

/** An episode that does not end by itself. */
const MOST_STEPS = 200;

/** @returns steps taken */
export function learn(
  { table, replay }: { readonly table: QTable; readonly replay: Replay | null },
  world: Environment,
  { episodes, epsilon, rate, discount }: Swarm,
  random: Random,
): number {
  const policy = { epsilon, random: () => random.unit() };
  const learning = { rate, discount };
  let steps = 0;
  for (let episode = 0; episode < episodes; episode++) {
    let state = world.start(random);
    for (let step = world.limit ?? MOST_STEPS; step > 0; step--) {
      const action = table.act(state, policy);
      const { next, reward, terminal } = takeStep(world, state, action, random);
      table.update(state, action, reward, next, terminal, learning);
      replay?.push({ state, action, reward, next, terminal });
      steps++;
      if (terminal) break;
      state = next;
    }
  }
  return steps;
}

/** Mean return of a table's greedy policy from these starts. */
export function worth(table: QTable, world: Environment, starts: readonly number[], random: Random): number {
  const policy = { epsilon: 0, random: () => random.unit() };
  let sum = 0;
  for (const start of starts) {
    let state = start;
    for (let step = world.limit ?? MOST_STEPS; step > 0; step--) {
      const { next, reward, terminal } = takeStep(world, state, table.act(state, policy), random);
      sum += reward;
      if (terminal) break;
      state = next;
    }
  }
  return sum / starts.length;
}

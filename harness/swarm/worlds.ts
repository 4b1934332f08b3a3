/** What a swarm can learn, and what the best there is would earn. */
import type { Random } from "../../src/random.js";
import {
  cliff,
  type Environment,
  frozenLake,
  greatestOf,
  taxi,
  valueIteration,
} from "../../workloads/environments/index.js";
import type { Swarm } from "../../workloads/index.js";

const WORLDS: Readonly<Record<Swarm["environment"], Environment>> = {
  taxi,
  "cliff-walking": cliff,
  "frozen-lake": frozenLake,
};

export function worldOf(name: Swarm["environment"]): Environment {
  return WORLDS[name];
}

/** Starts by which tables are judged, so many of them, drawn from where episodes begin. */
export function drawStarts(world: Environment, count: number, random: Random): number[] {
  return Array.from({ length: count }, () => world.start(random));
}

/** Mean of what the best policy earns from these starts, undiscounted. */
export function bestReturn(world: Environment, starts: readonly number[]): number {
  const values = valueIteration(world, 1);
  return starts.reduce((sum, state) => sum + greatestOf(values, state, world.actions), 0) / starts.length;
}

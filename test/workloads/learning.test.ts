/**
 * Learning in shared memory, held against what is printed. Where a book or a paper gives a curve, the tolerance is what can be read off it; where there
 * is an exact answer, value iteration gives it. Seeds are fixed, so the figures are the same on every machine.
 */
import { expect, it } from "vitest";
import { Accumulator, QTable, Replay, TileCoding } from "#dist/src/agents/index.js";
import { Random } from "#dist/src/random.js";
import {
  cliff,
  dynaMaze,
  type Environment,
  frozenLake,
  greatestOf,
  isEnd,
  isStart,
  MountainCar,
  POSITION,
  takeStep,
  taxi,
  VELOCITY,
  valueIteration,
} from "#dist/workloads/environments/index.js";
import { bareMemory } from "../agents/bare-memory.js";

const memory = bareMemory(64 << 20);

interface Settings {
  readonly rate: number;
  readonly discount: number;
  readonly epsilon: number;
  readonly algorithm?: "q" | "sarsa" | "expected";
  readonly limit?: number;
}

class Learner {
  readonly table: QTable;
  readonly random: Random;
  readonly #unit: () => number;

  constructor(
    readonly world: Environment,
    seed: number,
  ) {
    this.table = QTable.make(memory, { states: world.states, actions: world.actions });
    this.random = new Random(seed);
    this.#unit = () => this.random.unit();
  }

  act(state: number, epsilon: number): number {
    return this.table.act(state, { epsilon, random: this.#unit });
  }

  /** @returns the sum of its rewards */
  episode(settings: Settings): number {
    const { epsilon, algorithm = "q" } = settings;
    const { world, table } = this;
    let state = world.start(this.random);
    let action = this.act(state, epsilon);
    let sum = 0;
    for (
      let steps = Math.min(settings.limit ?? Number.POSITIVE_INFINITY, world.limit ?? Number.POSITIVE_INFINITY);
      steps > 0;
      steps--
    ) {
      const { next, reward, terminal } = takeStep(world, state, action, this.random);
      sum += reward;
      if (algorithm === "q") table.update(state, action, reward, next, terminal, settings);
      else if (algorithm === "expected") table.expectedSarsa(state, action, reward, next, terminal, settings);
      const nextAction = this.act(next, epsilon);
      if (algorithm === "sarsa") table.sarsa(state, action, reward, next, nextAction, terminal, settings);
      if (terminal) break;
      state = next;
      action = nextAction;
    }
    return sum;
  }

  /** The mean return of so many episodes of the best actions, which teach nothing. */
  greedy(episodes: number, limit = 200): number {
    const { world } = this;
    let sum = 0;
    for (let e = 0; e < episodes; e++) {
      let state = world.start(this.random);
      for (let steps = Math.min(limit, world.limit ?? limit); steps > 0; steps--) {
        const { next, reward, terminal } = takeStep(world, state, this.table.best(state), this.random);
        sum += reward;
        if (terminal) break;
        state = next;
      }
    }
    return sum / episodes;
  }
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

it("cliff walking: SARSA earns about -25 online on its safe way, Q-learning about -50 along the edge, whose way is the best", () => {
  const online = (algorithm: "q" | "sarsa" | "expected", runs: number) => {
    const late: number[] = [];
    const learnt: number[] = [];
    for (let run = 1; run <= runs; run++) {
      const agent = new Learner(cliff, run);
      const settings = { rate: 0.5, discount: 1, epsilon: 0.1, algorithm };
      for (let e = 0; e < 500; e++) {
        const sum = agent.episode(settings);
        if (e >= 400) late.push(sum);
      }
      learnt.push(agent.greedy(1));
    }
    return { late: mean(late), learnt: median(learnt) };
  };
  // read off the figure of example 6.6: -25 and -50, to the width of its ticks and the noise of so few runs
  const sarsa = online("sarsa", 20);
  expect(sarsa.late).toBeGreaterThan(-32);
  expect(sarsa.late).toBeLessThan(-20);
  expect(sarsa.learnt).toBeLessThan(-13);
  const q = online("q", 20);
  expect(q.late).toBeGreaterThan(-58);
  expect(q.late).toBeLessThan(-42);
  expect(q.learnt).toBe(-13);
  // figure 6.3: expected SARSA is at least as good as SARSA at every rate
  expect(online("expected", 20).late).toBeGreaterThan(sarsa.late - 1);
});

it("frozen lake: V* of the start is 0.5420, and the policy that is learnt wins 74 % of its episodes", () => {
  const best = valueIteration(frozenLake, 0.99);
  expect(greatestOf(best, 0, 4)).toBeCloseTo(0.542, 4);
  expect(greatestOf(valueIteration(frozenLake, 1, 1e-12), 0, 4)).toBeCloseTo(14 / 17, 6);
  const agent = new Learner(frozenLake, 5);
  for (let e = 0; e < 25_000; e++) {
    const rate = Math.max(0.01, 0.3 / (1 + e / 2000));
    agent.episode({ rate, discount: 0.99, epsilon: 0.3 + 0.7 * Math.max(0, 1 - e / 10_000) });
  }
  // 0.74 (Gymnasium's FrozenLake-v1 by its best policy); two standard errors of 4,000 episodes are 0.014, and a policy near the best loses little
  const wins = agent.greedy(4000);
  expect(wins).toBeGreaterThan(0.7);
  expect(wins).toBeLessThan(0.76);
  for (let s = 0; s < 16; s++)
    for (let a = 0; a < 4 && !isEnd(s); a++)
      expect(Math.abs(agent.table.get(s, a) - best[s * 4 + a])).toBeLessThan(0.12);
});

it("taxi: the best return from all starts is 7.93, and learning comes to it", () => {
  const best = valueIteration(taxi, 1, 1e-9);
  const starts = Array.from({ length: taxi.states }, (_, s) => s).filter(isStart);
  expect(starts.length).toBe(300);
  expect(mean(starts.map((s) => greatestOf(best, s, 6)))).toBeCloseTo(7.93, 2);
  const agent = new Learner(taxi, 9);
  for (let e = 0; e < 6000; e++) agent.episode({ rate: 0.4, discount: 0.99, epsilon: 0.1 });
  // an episode's return has a standard deviation of 2.6: two standard errors of 1,500 of them are 0.13, and a few starts may be a step longer
  expect(Math.abs(agent.greedy(1500) - 7.93)).toBeLessThan(0.25);
});

it("Dyna maze: 25, 5 and 3 episodes to the shortest way with 0, 5 and 50 planning steps from the replay buffer", () => {
  const firstShort = (planning: number) => {
    const firsts: number[] = [];
    for (let run = 0; run < 15; run++) {
      const agent = new Learner(dynaMaze, 100 + run);
      const experience = Replay.make(memory, { capacity: 4096 });
      const seen = new Set<number>();
      const batch = new Uint32Array(Math.max(1, planning));
      const random = () => agent.random.unit();
      const step = { state: 0, action: 0, reward: 0, next: 0, terminal: false };
      let first = 51;
      for (let e = 1; e <= 50 && first === 51; e++) {
        let state = dynaMaze.start(agent.random);
        let steps = 0;
        for (let terminal = false; !terminal; steps++) {
          const action = agent.act(state, 0.1);
          const outcome = takeStep(dynaMaze, state, action, agent.random);
          agent.table.update(state, action, outcome.reward, outcome.next, outcome.terminal, {
            rate: 0.1,
            discount: 0.95,
          });
          // a model of a world without chance has each step once
          if (!seen.has(state * 4 + action)) experience.push({ state, action, ...outcome });
          seen.add(state * 4 + action);
          if (planning > 0) experience.sample(planning, batch, { random });
          for (let i = 0; i < planning; i++) {
            const past = experience.at(batch[i], step);
            agent.table.update(past.state, past.action, past.reward, past.next, past.terminal, {
              rate: 0.1,
              discount: 0.95,
            });
          }
          ({ next: state, terminal } = outcome);
        }
        // 14 is the shortest; with one action in ten by chance about 20 are of it
        if (steps <= 20) first = e;
      }
      firsts.push(first);
      experience.clear();
    }
    return median(firsts);
  };
  // figure 8.2: "about 25 episodes", "about five", "only three"
  expect(Math.abs(firstShort(0) - 25)).toBeLessThanOrEqual(7);
  expect(Math.abs(firstShort(5) - 5)).toBeLessThanOrEqual(2);
  expect(Math.abs(firstShort(50) - 3)).toBeLessThanOrEqual(1);
});

it("mountain car: about 120 steps an episode by SARSA over 8 tilings of 8 by 8", () => {
  const coding = new TileCoding(
    [
      { ...POSITION, tiles: 8 },
      { ...VELOCITY, tiles: 8 },
    ],
    8,
  );
  const late: number[] = [];
  for (let run = 1; run <= 3; run++) {
    const random = new Random(run);
    const car = new MountainCar();
    const weights = new Float64Array(MountainCar.actions * coding.size);
    const value = (tiles: Uint32Array, action: number) =>
      tiles.reduce((sum, tile) => sum + weights[action * coding.size + tile], 0);
    const best = (tiles: Uint32Array) => {
      const values = [0, 1, 2].map((action) => value(tiles, action));
      return values.indexOf(Math.max(...values));
    };
    const seen = () => coding.active([car.position, car.velocity], new Uint32Array(8));
    for (let e = 0; e < 300; e++) {
      car.start(random);
      let tiles = seen();
      let action = best(tiles);
      let steps = 1;
      for (let top = false; !top; steps++) {
        top = car.step(action);
        const next = seen();
        const nextAction = best(next);
        const error = -1 + (top ? 0 : value(next, nextAction)) - value(tiles, action);
        for (const tile of tiles) weights[action * coding.size + tile] += (0.5 / 8) * error;
        tiles = next;
        action = nextAction;
      }
      if (e >= 200) late.push(steps - 1);
    }
  }
  // figure 10.2 has 120 for a rate of 0.5/8, on an axis whose ticks are 100, 200, 400
  expect(mean(late)).toBeGreaterThan(105);
  expect(mean(late)).toBeLessThan(140);
});

it("eight agents that merge by visits learn taxi as none of them does alone", () => {
  const best = valueIteration(taxi, 0.99);
  const learn = (agents: Learner[], merge: Accumulator | null) => {
    for (let round = 0; round < 15; round++) {
      for (const agent of agents) {
        for (let e = 0; e < 40; e++) agent.episode({ rate: 0.4, discount: 0.99, epsilon: 0.2, limit: 200 });
        merge?.add(agent);
      }
      if (merge === null) continue;
      expect(merge.round()).toMatchObject({ round: round + 1, contributors: agents.length });
      for (const agent of agents) agent.table.load(merge);
    }
    return agents.map((agent) => ({ earned: agent.greedy(300), error: errorOf(agent.table) }));
  };
  const errorOf = (table: QTable) =>
    mean(Array.from({ length: 500 }, (_, s) => Math.abs(table.get(s, table.best(s)) - greatestOf(best, s, 6))));
  const team = () => Array.from({ length: 8 }, (_, i) => new Learner(taxi, 1000 + i));
  const alone = learn(team(), null);
  const together = learn(team(), Accumulator.make(memory, { states: 500, actions: 6 }));
  for (const { earned, error } of together) {
    expect(earned).toBeGreaterThan(7);
    expect(earned).toBeGreaterThan(Math.max(...alone.map((agent) => agent.earned)) + 1);
    expect(error).toBeLessThan(Math.min(...alone.map((agent) => agent.error)));
  }
});

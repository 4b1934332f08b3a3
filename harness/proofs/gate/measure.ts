/** The rounds of the proof: two processes of the same build and one of the slowed build, in an order drawn for each round. */
import type { Run } from "../../../reports/index.js";
import { SampleRandom } from "../../../src/random.js";
import type { RunPlan } from "../../runner/index.js";
import { median } from "../../statistics/index.js";
import { makeArm, type ProofArm } from "./arms.js";
import { type Delays, turn } from "./slowed-subject.js";

/** One process each; the first two are of the same build. */
export interface ProofRound {
  readonly base: Run;
  readonly again: Run;
  readonly slow: Run;
}

/** 15 %: what the gate must see at its tolerance of 10 %. */
export const SLOW_DOWN = 0.15;
/** Rounds from which the delay is set; they are not judged. */
const TUNING_ROUNDS = 5;
/** A first delay is never off by more than this factor, short of noise. */
const MOST_CORRECTION = 2;

export interface Tuned {
  readonly base: ProofArm;
  readonly slow: ProofArm;
  readonly delays: Delays;
  readonly nsPerTurn: number;
}

/**
 * Both arms, the slowed one with delays that make its get and its set 15 % dearer: first by the loop's own speed, then corrected by what
 * a few rounds show, since a processor hides some of a delay behind the operations around it. Of several runs the cheapest counts: what
 * else the machine does only ever adds.
 */
export async function tuneArms(
  folder: (name: string) => string,
  plan: Omit<RunPlan, "directory">,
  signal: AbortSignal,
): Promise<Tuned> {
  const base = await makeArm(folder("base"), { get: 0, set: 0 });
  const nsPerTurn = measureTurn();
  const bases: Run[] = [];
  const trials: Run[] = [];
  const seeds = Array.from({ length: TUNING_ROUNDS }, (_, at) => plan.seed + at);
  for (const seed of seeds) bases.push(await base.run({ ...plan, seed }, signal));
  const turnsFor = (operation: "get" | "set") =>
    Math.max(1, Math.round((SLOW_DOWN * leastCost(bases, operation)) / nsPerTurn));
  const first: Delays = { get: turnsFor("get"), set: turnsFor("set") };
  const trial = await makeArm(folder("trial"), first);
  // In turns, so that a busy spell of the machine meets both.
  for (const seed of seeds) {
    trials.push(await trial.run({ ...plan, seed }, signal));
    bases.push(await base.run({ ...plan, seed }, signal));
  }
  const corrected = (operation: "get" | "set") => {
    const growth = leastCost(trials, operation) / leastCost(bases, operation) - 1;
    const factor = SLOW_DOWN / Math.max(SLOW_DOWN / MOST_CORRECTION, growth);
    return Math.max(1, Math.round(first[operation] * Math.max(1 / MOST_CORRECTION, factor)));
  };
  const delays: Delays = { get: corrected("get"), set: corrected("set") };
  return { base, slow: await makeArm(folder("slow"), delays), delays, nsPerTurn };
}

function leastCost(runs: readonly Run[], operation: "get" | "set"): number {
  return Math.min(...runs.map((run) => costOf(run, operation)));
}

/** The median batch, which a preemption does not move as it moves the mean. */
function costOf(run: Run, operation: "get" | "set"): number {
  const cost = run.cost?.[operation];
  if (cost === undefined) throw new RangeError(`scenario ${run.scenario} has no ${operation}: the proof needs both`);
  return cost.p50;
}

/** By how much a get of the slowed build is dearer, as a share: the median over the rounds. */
export function injected(rounds: readonly ProofRound[]): number {
  return median(rounds.map(({ base, slow }) => costOf(slow, "get") / costOf(base, "get"))) - 1;
}

/** Of the delay loop, ns; the least of several, which nothing disturbed. */
function measureTurn(): number {
  const turns = 5e6;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    turn(i, turns);
    least = Math.min(least, ((performance.now() - start) * 1e6) / turns);
  }
  return least;
}

/** Rounds until the time is up, and at least `least`. */
export async function measureRounds(
  { base, slow }: Tuned,
  options: {
    plan: Omit<RunPlan, "directory">;
    until: number;
    least: number;
    signal: AbortSignal;
    onRound(done: number): void;
  },
): Promise<ProofRound[]> {
  const { plan, until, least, signal, onRound } = options;
  const random = new SampleRandom(plan.seed);
  const rounds: ProofRound[] = [];
  while (rounds.length < least || performance.now() < until) {
    onRound(rounds.length);
    const one = { ...plan, seed: plan.seed + rounds.length };
    const runs: Partial<Record<keyof ProofRound, Run>> = {};
    const left: Array<keyof ProofRound> = ["base", "again", "slow"];
    while (left.length > 0) {
      const [name] = left.splice(random.below(left.length), 1);
      runs[name] = await (name === "slow" ? slow : base).run(one, signal);
    }
    rounds.push(runs as ProofRound);
  }
  return rounds;
}

/** Whole gates over recorded rounds: the A/A check, then looks at 20, 30 and 40 rounds, by the very procedure that ships. */

import { SampleRandom } from "../../../src/random.js";
import { DEFAULT_TOLERANCE, METRICS, type Metric } from "../../gate/index.js";
import { decide, LOOKS, type MetricSample, type Outcome, worseLogRatio } from "../../statistics/index.js";
import type { ProofRound } from "./measure.js";

export type Counts = Record<Outcome, number>;

/** Of a share of gates: over all of them, and the 95 % interval over pools of rounds drawn anew. */
export interface Rate {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export interface Trials {
  readonly gates: number;
  readonly same: Counts;
  readonly slowed: Counts;
  readonly falseFailures: Rate;
  readonly caught: Rate;
}

/** Differences by round and metric; the figures of one process stay together, as in a gate. */
export interface RecordedRounds {
  readonly metrics: readonly Metric[];
  /** Of two processes of the same build. */
  readonly same: ReadonlyArray<readonly number[]>;
  /** Of the slowed build against the other. */
  readonly slowed: ReadonlyArray<readonly number[]>;
}

/** Metrics that have a figure in every process. */
export function recorded(rounds: readonly ProofRound[]): RecordedRounds {
  const figure = (metric: Metric, run: ProofRound["base"]): number | null => {
    const reading = metric.read(run);
    return reading.kind === "figure" ? reading.value : null;
  };
  const metrics = METRICS.filter((metric) =>
    rounds.every((round) => Object.values(round).every((run) => figure(metric, run) !== null)),
  );
  const between = (head: ProofRound["base"], base: ProofRound["base"]) =>
    metrics.map((metric) =>
      worseLogRatio(figure(metric, head) as number, figure(metric, base) as number, metric.better),
    );
  return {
    metrics,
    same: rounds.map(({ base, again }) => between(again, base)),
    slowed: rounds.map(({ base, slow }) => between(slow, base)),
  };
}

/** Pools of rounds redrawn from those measured; each stands for another day's measurement. */
const POOLS = 40;

/**
 * `gates` gates of each kind. The rounds of each are drawn, with replacement, from a pool that was itself drawn so from the rounds
 * measured: that the few hundred processes are only a sample of what the machine does then shows in the intervals.
 */
export async function tryGates(rounds: RecordedRounds, gates: number, seed: number): Promise<Trials> {
  const random = new SampleRandom(seed);
  const same: Counts = { regressed: 0, improved: 0, pass: 0, inconclusive: 0 };
  const slowed: Counts = { ...same };
  const perPool = Math.ceil(gates / POOLS);
  const falseFailures: number[] = [];
  const caught: number[] = [];
  for (let pool = 0; pool < POOLS; pool++) {
    const drawn = rounds.same.map(() => random.below(rounds.same.length));
    const before = { same: same.regressed, slowed: slowed.regressed };
    for (let gate = 0; gate < perPool; gate++) {
      const gateSeed = seed + pool * perPool + gate;
      same[await oneGate(rounds, rounds.same, drawn, gateSeed)]++;
      slowed[await oneGate(rounds, rounds.slowed, drawn, gateSeed)]++;
    }
    falseFailures.push((same.regressed - before.same) / perPool);
    caught.push((slowed.regressed - before.slowed) / perPool);
  }
  return { gates: perPool * POOLS, same, slowed, falseFailures: rateOf(falseFailures), caught: rateOf(caught) };
}

async function oneGate(
  { metrics, same }: RecordedRounds,
  differences: RecordedRounds["same"],
  pool: readonly number[],
  seed: number,
): Promise<Outcome> {
  const random = new SampleRandom(seed);
  const { outcome } = await decide(
    {
      sameAgainstSame: growing(metrics, same, pool, random, true),
      // Which of two processes of one build is called the head is chance, and drawn here as the gate draws their order.
      headAgainstBase: growing(metrics, differences, pool, random, differences === same),
    },
    // A fifth of what ships: it moves an interval's end by less than a rank.
    { seed, resamples: 2000, looks: LOOKS },
  );
  return outcome;
}

function growing(
  metrics: readonly Metric[],
  rounds: RecordedRounds["same"],
  pool: readonly number[],
  random: SampleRandom,
  eitherWay: boolean,
): (total: number) => Promise<MetricSample[]> {
  const samples = metrics.map(({ path, toleranceFactor }) => ({
    name: path,
    tolerance: DEFAULT_TOLERANCE * toleranceFactor,
    worse: [] as number[],
  }));
  let drawn = 0;
  return async (total) => {
    for (; drawn < total; drawn++) {
      const round = rounds[pool[random.below(pool.length)]];
      const sign = eitherWay && random.below(2) === 1 ? -1 : 1;
      for (const [metric, sample] of samples.entries()) sample.worse.push(sign * round[metric]);
    }
    return samples;
  };
}

function rateOf(shares: readonly number[]): Rate {
  const sorted = [...shares].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return { share: shares.reduce((sum, one) => sum + one, 0) / shares.length, low: at(0.025), high: at(0.975) };
}

/**
 * The decision from the first A/A round to the last look, over any source of rounds: child processes in the gate,
 * synthetic noise in the simulation that proves it. Nothing here measures anything.
 */
import type { BootstrapOptions } from "./bootstrap.js";
import { type Judgement, judge, type MetricSample } from "./judge.js";
import { type Noise, noiseOf } from "./noise.js";
import { isSettled, LOOKS, type Outcome, outcomeOf } from "./sequence.js";

/** Where rounds come from. Each call measures what is still missing and returns all rounds so far. */
export interface RoundSource {
  /** `total` rounds of one build against itself. */
  sameAgainstSame(total: number): Promise<MetricSample[]>;
  /** `total` rounds of the head against its base. */
  headAgainstBase(total: number): Promise<MetricSample[]>;
}

export interface DecideOptions extends BootstrapOptions {
  seed: number;
  looks?: readonly number[];
}

export interface Decision {
  outcome: Outcome;
  /** Rounds of head against base that were measured; 0 when the machine was too noisy to begin. */
  rounds: number;
  noise: Noise[];
  /** Metrics that the A/A check left in, in their order. */
  judgements: Judgement[];
}

export async function decide(source: RoundSource, options: DecideOptions): Promise<Decision> {
  const looks = options.looks ?? LOOKS;
  const noise = await measureNoise(source, looks[0], options);
  const quiet = new Set(noise.filter((n) => !n.tooNoisy).map((n) => n.name));
  const complete = quiet.size === noise.length;
  if (quiet.size === 0) return { outcome: "inconclusive", rounds: 0, noise, judgements: [] };
  let judgements: Judgement[] = [];
  let rounds = 0;
  for (rounds of looks) {
    const samples = await source.headAgainstBase(rounds);
    const judged = samples.filter((sample) => quiet.has(sample.name));
    judgements = judge(judged, options.seed, options);
    if (isSettled(judgements)) break;
  }
  return { outcome: outcomeOf(judgements, complete), rounds, noise, judgements };
}

/**
 * Half as many A/A rounds as the first look, and as many as that only if some metric looks too noisy: a few disturbed
 * rounds among ten are bad luck more often than a bad machine.
 */
async function measureNoise(source: RoundSource, firstLook: number, options: DecideOptions): Promise<Noise[]> {
  const judgeNoise = async (total: number): Promise<Noise[]> =>
    (await source.sameAgainstSame(total)).map((sample) => noiseOf(sample, firstLook, options.seed, options));
  const noise = await judgeNoise(Math.ceil(firstLook / 2));
  return noise.some((n) => n.tooNoisy) ? judgeNoise(firstLook) : noise;
}

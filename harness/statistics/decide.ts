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
  /** What the rounds so far say beside their figures; absent: nothing. */
  beside?(): Beside;
}

export interface Beside {
  /** The head does what is a regression however fast it is, such as failing where its base does not. */
  broken: boolean;
  /** Everything that has to be compared can be; false: nothing good is said. */
  comparable: boolean;
}

export interface DecideOptions extends BootstrapOptions {
  seed: number;
  looks?: readonly number[];
}

export interface Decision {
  outcome: Outcome;
  /** Rounds after which it was first judged. */
  firstLook: number;
  /** Rounds of head against base that were measured. */
  rounds: number;
  noise: Noise[];
  /** Metrics that the A/A check left in, in their order; those that stand in come last, and only where they were asked. */
  judgements: Judgement[];
  /** The outcome is that of the metrics that stand in for others. */
  stoodIn: boolean;
}

/**
 * Metrics that stand in for others (`standsIn`: processor time for the wall clock) are asked in two cases. Where the A/A check found others
 * too noisy, and all the rest is settled, at every look: which clock counts then follows from rounds of the base against itself,
 * which judge nothing. And at the last look, where others are undecided still: that is one more test on the same rounds, and turns no
 * regression into a pass, for one that was found has ended it before. The simulated gates hold what both cost.
 */
export async function decide(source: RoundSource, options: DecideOptions): Promise<Decision> {
  const looks = options.looks ?? LOOKS;
  const noise = await measureNoise(source, looks[0], options);
  const quiet = new Map(noise.filter((n) => !n.tooNoisy).map((n) => [n.name, n.tolerance]));
  const checked = new Set(noise.map(({ name }) => name));
  const tooNoisy = noise.filter((one) => one.tooNoisy && one.standsIn !== true);
  let judgements: Judgement[] = [];
  let standIns: Judgement[] = [];
  /** What no metric answers for. */
  let uncovered = false;
  let beside: Beside = { broken: false, comparable: true };
  let rounds = 0;
  // Also where every time is too noisy: that operations fail shows on any machine.
  for (rounds of looks) {
    const samples = await source.headAgainstBase(rounds);
    const judged = samples.flatMap((sample) => {
      // Shares of operations have no need of an A/A check: failures that begin after it are judged all the same.
      const unchecked = sample.scale === "points" && !checked.has(sample.name);
      const tolerance = unchecked ? sample.tolerance : quiet.get(sample.name);
      return tolerance === undefined ? [] : [{ ...sample, tolerance: Math.max(tolerance, sample.tolerance) }];
    });
    judgements = judge(
      judged.filter(({ standsIn }) => standsIn !== true),
      options.seed,
      options,
    );
    beside = source.beside?.() ?? beside;
    if (beside.broken || judgements.some(({ verdict }) => verdict === "regressed")) {
      standIns = [];
      break;
    }
    const groups = new Map(samples.map(({ name, group = "" }) => [name, group]));
    const undecided = judgements.filter(({ verdict }) => verdict === "undecided");
    const open = [...tooNoisy, ...undecided].map(({ name }) => groups.get(name));
    const asked = undecided.length === 0 || rounds === looks.at(-1);
    const standing = asked ? judged.filter(({ standsIn, group = "" }) => standsIn && open.includes(group)) : [];
    standIns = judge(standing, options.seed, options);
    uncovered = open.some((group) => !standing.some((one) => (one.group ?? "") === group));
    if (undecided.length === 0 && isSettled(standIns)) break;
  }
  const stoodIn = standIns.length > 0;
  const own = uncovered ? judgements : judgements.filter(({ verdict }) => verdict !== "undecided");
  const outcome = beside.broken ? "regressed" : outcomeOf([...own, ...standIns], !uncovered && beside.comparable);
  return { outcome, firstLook: looks[0], rounds, noise, judgements: [...judgements, ...standIns], stoodIn };
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

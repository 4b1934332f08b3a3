/**
 * The promise of the gate, shown by simulation: whole gates (A/A check, then looks at 20, 30 and 40 rounds) over
 * synthetic rounds whose noise looks like that of shared machines. The proof on real runs is a script of its own.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type CommandRound, replayGates } from "#dist/harness/proofs/gate-command/replay.js";
import { decide, type MetricSample, type Outcome } from "#dist/harness/statistics/index.js";
import { SampleRandom } from "#dist/src/random.js";

/** The same each time: three false alarms in 300 gates are few enough, and now and then another seed would have four. */
const SEED = 20_260_401;
const GATES = 300;
/** The shipped gate draws 10,000; a twentieth of that moves an interval's end by about a rank and keeps this quick. */
const RESAMPLES = 500;

/** Of one command on two processors on which five others worked (`npm run proof -- gate:command`): two processes of it, and a slower one. */
const recorded = JSON.parse(
  readFileSync(new URL("fixtures/benchmarks/recorded-rounds.json", import.meta.url), "utf8"),
) as { rounds: CommandRound[] };

interface Machine {
  /** Standard deviation of one round's log-ratio. */
  sigma: number;
  /** Chance that a neighbour hits one arm of a round. */
  disturbed: number;
}

function drawRound(random: SampleRandom, machine: Machine, slowdown: number): number {
  let d = Math.log(slowdown) + machine.sigma * normal(random);
  // A disturbed arm takes 20 to 100 % longer; either arm is as likely to be hit.
  if (random.unit() < machine.disturbed) d += (random.unit() < 0.5 ? 1 : -1) * Math.log(1.2 + 0.8 * random.unit());
  return d;
}

/** A gate over synthetic rounds, through the very procedure that ships. */
async function simulateGate(seed: number, machine: Machine, slowdowns: readonly number[]): Promise<Outcome> {
  const random = new SampleRandom(seed);
  const growing = (factors: readonly number[]): ((total: number) => Promise<MetricSample[]>) => {
    const samples = factors.map((_, i) => ({ name: `m${i}`, tolerance: 0.1, worse: [] as number[] }));
    return async (total) => {
      for (const [i, sample] of samples.entries()) {
        while (sample.worse.length < total) sample.worse.push(drawRound(random, machine, factors[i]));
      }
      return samples;
    };
  };
  const source = { sameAgainstSame: growing(slowdowns.map(() => 1)), headAgainstBase: growing(slowdowns) };
  return (await decide(source, { seed, resamples: RESAMPLES })).outcome;
}

async function tally(machine: Machine, slowdowns: readonly number[], gates = GATES): Promise<Record<Outcome, number>> {
  const counts: Record<Outcome, number> = { regressed: 0, improved: 0, pass: 0, inconclusive: 0 };
  for (let gate = 0; gate < gates; gate++) counts[await simulateGate(SEED + gate, machine, slowdowns)]++;
  return counts;
}

/** A gate over hit ratios alone that move by `sigma` points in a hundred either way, the head's lower by `lost`. */
async function simulateHitRatios(seed: number, sigma: number, lost: number): Promise<Outcome> {
  const random = new SampleRandom(seed);
  const growing = (shift: number) => {
    const worse: number[] = [];
    return async (total: number): Promise<MetricSample[]> => {
      while (worse.length < total) worse.push(shift + sigma * normal(random));
      return [{ name: "hitRatio", scale: "points", tolerance: 0.005, worse }];
    };
  };
  const source = { sameAgainstSame: growing(0), headAgainstBase: growing(lost) };
  return (await decide(source, { seed, resamples: RESAMPLES })).outcome;
}

/** A gate on a machine on which others work: the wall clock as `wall` has it, processor time as `cpu`, the head slower by that factor. */
async function simulateBusyGate(seed: number, wall: Machine, cpu: Machine, slowdown: number): Promise<Outcome> {
  const random = new SampleRandom(seed);
  const growing = (factor: number) => {
    const clock: number[] = [];
    const processor: number[] = [];
    return async (total: number): Promise<MetricSample[]> => {
      while (clock.length < total) {
        clock.push(drawRound(random, wall, factor));
        processor.push(drawRound(random, cpu, factor));
      }
      return [
        { name: "wall", tolerance: 0.1, worse: clock },
        { name: "cpu", tolerance: 0.1, worse: processor, standsIn: true },
      ];
    };
  };
  const source = { sameAgainstSame: growing(1), headAgainstBase: growing(slowdown) };
  return (await decide(source, { seed, resamples: RESAMPLES })).outcome;
}

async function shares(gates: (seed: number) => Promise<Outcome>): Promise<Record<Outcome, number>> {
  const counts: Record<Outcome, number> = { regressed: 0, improved: 0, pass: 0, inconclusive: 0 };
  for (let gate = 0; gate < GATES; gate++) counts[await gates(SEED + gate)] += 1 / GATES;
  return counts;
}

function normal(random: SampleRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

describe(`simulated gates (seed ${SEED}, ${GATES} each)`, () => {
  it.each([
    { sigma: 0.03, disturbed: 0.05 },
    { sigma: 0.05, disturbed: 0.05 },
  ])(
    "A/A at $sigma with outliers in $disturbed of the rounds, four metrics: at most 1 % false failures",
    async (machine) => {
      const counts = await tally(machine, [1, 1, 1, 1]);
      expect(counts.regressed, JSON.stringify(counts)).toBeLessThanOrEqual(GATES * 0.01);
      expect(counts.improved, JSON.stringify(counts)).toBeLessThanOrEqual(GATES * 0.01);
      // Not a failure, but rounds spent for nothing: it should stay rare on a machine like this.
      expect(counts.inconclusive, JSON.stringify(counts)).toBeLessThanOrEqual(GATES * 0.03);
    },
  );

  it("a slow-down of 5 %, inside the tolerance, is not called a regression either", async () => {
    const counts = await tally({ sigma: 0.04, disturbed: 0.05 }, [1.05]);
    expect(counts.regressed, JSON.stringify(counts)).toBeLessThanOrEqual(GATES * 0.01);
  });

  it.each([
    { sigma: 0.03, disturbed: 0.05 },
    { sigma: 0.04, disturbed: 0.05 },
    { sigma: 0.05, disturbed: 0.05 },
  ])("15 % slower at $sigma with outliers in $disturbed: caught in at least 95 %", async (machine) => {
    const counts = await tally(machine, [1.15]);
    expect(counts.regressed, JSON.stringify(counts)).toBeGreaterThanOrEqual(GATES * 0.95);
    expect(counts.pass, JSON.stringify(counts)).toBeLessThanOrEqual(GATES * 0.01);
  });

  it.each([{ sigma: 0.002 }, { sigma: 0.01 }, { sigma: 0.05 }])(
    "hit ratios that move by $sigma of themselves: at most 1 % false failures, and a loss beyond that is caught",
    async ({ sigma }) => {
      const outcomes = { same: [] as Outcome[], lost: [] as Outcome[] };
      for (let gate = 0; gate < GATES; gate++) {
        outcomes.same.push(await simulateHitRatios(SEED + gate, sigma, 0));
        outcomes.lost.push(await simulateHitRatios(SEED + gate, sigma, 0.01 + 2 * sigma));
      }
      const share = (list: Outcome[], outcome: Outcome) => list.filter((one) => one === outcome).length / GATES;
      expect(share(outcomes.same, "regressed")).toBeLessThanOrEqual(0.01);
      expect(share(outcomes.lost, "regressed")).toBeGreaterThanOrEqual(0.95);
    },
  );

  it("a slow-down in one metric of four is caught as well", async () => {
    const counts = await tally({ sigma: 0.04, disturbed: 0.05 }, [1, 1, 1.15, 1], 300);
    expect(counts.regressed, JSON.stringify(counts)).toBeGreaterThanOrEqual(300 * 0.95);
  });

  it.each([
    { wall: { sigma: 0.5, disturbed: 0.5 }, cpu: { sigma: 0.03, disturbed: 0.02 } },
    { wall: { sigma: 0.15, disturbed: 0.3 }, cpu: { sigma: 0.05, disturbed: 0.05 } },
  ])(
    "on a busy machine ($wall.sigma by the clock, $cpu.sigma by processor time) processor time decides",
    async ({ wall, cpu }) => {
      const same = await shares((seed) => simulateBusyGate(seed, wall, cpu, 1));
      const slower = await shares((seed) => simulateBusyGate(seed, wall, cpu, 1.15));
      expect(same.regressed, JSON.stringify(same)).toBeLessThanOrEqual(0.01);
      expect(same.improved, JSON.stringify(same)).toBeLessThanOrEqual(0.01);
      expect(same.inconclusive, JSON.stringify(same)).toBeLessThanOrEqual(0.05);
      expect(slower.regressed, JSON.stringify(slower)).toBeGreaterThanOrEqual(0.95);
      expect(slower.pass, JSON.stringify(slower)).toBeLessThanOrEqual(0.01);
    },
  );

  it("of rounds recorded of a command on a busy machine: at most 1 % false failures, 95 % caught, few without a word", async () => {
    const replayed = (head: "again" | "slow") =>
      replayGates(recorded.rounds, head, { gates: GATES, seed: SEED, resamples: RESAMPLES });
    const same = await replayed("again");
    const slower = await replayed("slow");
    expect(same.regressed, JSON.stringify(same)).toBeLessThanOrEqual(0.01);
    expect(same.inconclusive, JSON.stringify(same)).toBeLessThanOrEqual(0.1);
    expect(slower.regressed, JSON.stringify(slower)).toBeGreaterThanOrEqual(0.95);
    expect(slower.pass, JSON.stringify(slower)).toBeLessThanOrEqual(0.01);
  });

  it("where both clocks are too noisy nothing is said", async () => {
    const loud = { sigma: 0.6, disturbed: 0.5 };
    expect((await shares((seed) => simulateBusyGate(seed, loud, loud, 1.15))).inconclusive).toBeGreaterThanOrEqual(0.9);
  });
});

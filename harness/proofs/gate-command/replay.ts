/** Whole gates over recorded rounds of a command, by the very procedure that ships: the wall clock first, processor time where that cannot tell. */
import { SampleRandom } from "../../../src/random.js";
import { DEFAULT_TOLERANCE } from "../../gate/index.js";
import { decide, type MetricSample, type Outcome } from "../../statistics/index.js";

export interface Timed {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Two processes of one command, and one of the same with more to do. */
export type CommandRound = Readonly<Record<"base" | "again" | "slow", Timed>>;

/** Which clock a gate may go by; `wall` is what it was before processor time could decide. */
export type Clock = "auto" | "wall";

/** One gate over rounds drawn with replacement. Which of two equal processes is called the head is drawn too. */
export async function replayGate(
  rounds: readonly CommandRound[],
  head: "again" | "slow",
  { seed, clock = "auto", resamples = 2000 }: { seed: number; clock?: Clock; resamples?: number },
): Promise<Outcome> {
  const random = new SampleRandom(seed);
  const growing = (other: "again" | "slow") => {
    const wall: number[] = [];
    const cpu: number[] = [];
    return async (total: number): Promise<MetricSample[]> => {
      while (wall.length < total) {
        const round = rounds[random.below(rounds.length)];
        const sign = other === "again" && random.below(2) === 1 ? -1 : 1;
        wall.push(sign * Math.log(round[other].wallMs / round.base.wallMs));
        cpu.push(sign * Math.log(round[other].cpuMs / round.base.cpuMs));
      }
      const samples: MetricSample[] = [{ name: "wall", tolerance: DEFAULT_TOLERANCE, worse: wall }];
      if (clock === "auto") samples.push({ name: "cpu", tolerance: DEFAULT_TOLERANCE, worse: cpu, standsIn: true });
      return samples;
    };
  };
  const source = { sameAgainstSame: growing("again"), headAgainstBase: growing(head) };
  return (await decide(source, { seed, resamples })).outcome;
}

/** Shares of the outcomes of so many gates. */
export async function replayGates(
  rounds: readonly CommandRound[],
  head: "again" | "slow",
  { gates, seed, clock, resamples }: { gates: number; seed: number; clock?: Clock; resamples?: number },
): Promise<Record<Outcome, number>> {
  const counts: Record<Outcome, number> = { regressed: 0, improved: 0, pass: 0, inconclusive: 0 };
  for (let gate = 0; gate < gates; gate++) {
    counts[await replayGate(rounds, head, { seed: seed + gate, clock, resamples })] += 1 / gates;
  }
  return counts;
}

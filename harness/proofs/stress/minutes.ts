/** The campaign by time: rounds of a few agents on hot keys, in every other round one of them killed somewhere in the middle. */
import { Store } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import type { CheckResult } from "../../checker/index.js";
import { playRound } from "./round.js";

export interface MinutesFigures {
  rounds: number;
  operations: number;
  open: number;
  kills: number;
  notLinearizable: number;
  undecided: number;
  violations: number;
  seconds: number;
}

export interface MinutesCampaign {
  minutes: number;
  seed: number;
  near?: boolean;
  interrupt?: AbortSignal;
  onRound?: (figures: MinutesFigures) => void;
  onViolation: (what: string) => void;
  onCheck?: (result: CheckResult, round: number) => void;
}

const AGENTS = 3;
const KEYS = 3;
const OPERATIONS = 600;
const ROUNDS_PER_STORE = 50;

export async function runMinutes({ minutes, seed, near, ...campaign }: MinutesCampaign): Promise<MinutesFigures> {
  const figures: MinutesFigures = {
    rounds: 0,
    operations: 0,
    open: 0,
    kills: 0,
    notLinearizable: 0,
    undecided: 0,
    violations: 0,
    seconds: 0,
  };
  const random = new ProgramRandom(seed);
  const start = performance.now();
  const goesOn = () => figures.seconds < minutes * 60 && !campaign.interrupt?.aborted;
  while (goesOn()) {
    const store = await Store.create({ capacity: "8MiB", maxWorkers: AGENTS });
    for (let i = 0; i < ROUNDS_PER_STORE && goesOn(); i++) {
      const round = figures.rounds++;
      const killAfter = round % 2 === 1 ? random.below(OPERATIONS) : null;
      const plan = { round, seed: seed + round, agents: AGENTS, keys: KEYS, operations: OPERATIONS, killAfter, near };
      const outcome = await playRound(store, plan);
      figures.operations += outcome.operations;
      figures.open += outcome.open;
      if (outcome.killed) figures.kills++;
      for (const result of outcome.checks) {
        if (result.outcome === "unknown") figures.undecided++;
        if (result.outcome === "illegal") figures.notLinearizable++;
        campaign.onCheck?.(result, round);
      }
      figures.seconds = (performance.now() - start) / 1000;
      campaign.onRound?.(figures);
    }
    const { violations } = await store.verify();
    figures.violations += violations.length;
    violations.forEach(campaign.onViolation);
    await store.close();
  }
  return figures;
}

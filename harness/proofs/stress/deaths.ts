/** The campaign of deaths: round after round of agents terminated at random instants, on stores of several kinds. */
import { Store, type StoreOptions } from "../../../src/index.js";
import type { CheckResult } from "../../checker/index.js";
import type { ChurnPlan } from "./churn.js";
import { type DeathOutcome, playDeathRound } from "./death-round.js";

export interface DeathFigures {
  kills: number;
  /** Deaths in the middle of a recorded operation, and of one that is not recorded. */
  inHotKey: number;
  inChurn: number;
  /** Slots of dead agents taken apart. */
  reaped: number;
  stores: number;
  rounds: number;
  histories: number;
  operations: number;
  open: number;
  notLinearizable: number;
  undecided: number;
  violations: number;
  seconds: number;
}

export interface DeathCampaign {
  kills: number;
  seed: number;
  near?: boolean;
  interrupt?: AbortSignal;
  onRound?: (figures: DeathFigures) => void;
  /** A sentence for each thing that is wrong. */
  onViolation: (what: string) => void;
  onCheck?: (result: CheckResult, round: number) => void;
}

const VICTIMS = 8;
const SURVIVORS = 2;
const KEYS = 5;
const OPERATIONS = 400;
const ROUNDS_PER_STORE = 15;

const SMALL_VALUES: ChurnPlan = { churnKeys: 30, maxLength: 200 };
const ALL_SIZES: ChurnPlan = { churnKeys: 600, maxLength: 16_000 };
const WITH_LARGE: ChurnPlan = { churnKeys: 80, maxLength: 4000, largeLength: 200_000 };
/** Stores with room, stores that evict inline, values in spans among others, and stores whose evictor reads the agents' access logs. */
const KINDS: readonly { options: StoreOptions; churn: ChurnPlan; evicts: boolean }[] = [
  { options: { capacity: "16MiB", eviction: "none" }, churn: SMALL_VALUES, evicts: false },
  { options: { capacity: "16MiB", eviction: "clock" }, churn: WITH_LARGE, evicts: true },
  { options: { capacity: "8MiB", eviction: "clock" }, churn: ALL_SIZES, evicts: true },
  { options: { capacity: "8MiB", eviction: "lru" }, churn: ALL_SIZES, evicts: true },
];

export async function runDeaths(campaign: DeathCampaign): Promise<DeathFigures> {
  const figures: DeathFigures = {
    kills: 0,
    inHotKey: 0,
    inChurn: 0,
    reaped: 0,
    stores: 0,
    rounds: 0,
    histories: 0,
    operations: 0,
    open: 0,
    notLinearizable: 0,
    undecided: 0,
    violations: 0,
    seconds: 0,
  };
  const start = performance.now();
  const goesOn = () => figures.kills < campaign.kills && !campaign.interrupt?.aborted;
  const report = (what: string) => {
    figures.violations++;
    campaign.onViolation(`round ${figures.rounds}: ${what}`);
  };
  while (goesOn()) {
    const { options, churn, evicts } = KINDS[figures.stores++ % KINDS.length];
    const store = await Store.create({ ...options, maxWorkers: VICTIMS + SURVIVORS });
    for (let i = 0; i < ROUNDS_PER_STORE && goesOn(); i++) {
      const round = figures.rounds;
      const victims = Math.min(VICTIMS, campaign.kills - figures.kills);
      const work = { keys: KEYS, operations: OPERATIONS, survivors: SURVIVORS, near: campaign.near, ...churn };
      const outcome = await playDeathRound(store, { round, seed: campaign.seed + round, victims, evicts, ...work });
      add(figures, outcome);
      for (const result of outcome.checks) campaign.onCheck?.(result, round);
      outcome.violations.forEach(report);
      figures.rounds++;
      figures.seconds = (performance.now() - start) / 1000;
      campaign.onRound?.(figures);
    }
    figures.reaped += store.stats().workers.reaped;
    (await emptyOut(store)).forEach(report);
    await store.close();
  }
  return figures;
}

function add(figures: DeathFigures, outcome: DeathOutcome): void {
  figures.kills += outcome.kills;
  figures.inHotKey += outcome.inHotKey;
  figures.inChurn += outcome.inChurn;
  figures.operations += outcome.operations;
  figures.open += outcome.open;
  figures.histories += outcome.checks.length;
  figures.notLinearizable += outcome.checks.filter((result) => result.outcome === "illegal").length;
  figures.undecided += outcome.checks.filter((result) => result.outcome === "unknown").length;
}

/** After all that dying the store is as good as new: all of it can be dropped, and nothing is left. */
async function emptyOut(store: Store): Promise<string[]> {
  for (const name of store.namespaces()) store.dropNamespace(name);
  store.maintain();
  const { entries } = store.stats();
  const left = entries === 0 ? [] : [`${entries} entries are left in a store whose namespaces were all dropped`];
  return [...left, ...(await store.verify()).violations];
}

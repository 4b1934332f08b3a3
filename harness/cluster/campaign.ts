/** Many seeds of one kind, counted. */
import { checkHistory, createModel } from "../checker/index.js";
import type { Fault } from "./faults.js";
import { runScenario, type ScenarioOptions } from "./scenario.js";

export interface CampaignOptions extends ScenarioOptions {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly onSeed?: (done: number) => void;
  /** Ends with the first seed in which something is broken. */
  readonly untilBroken?: boolean;
  readonly interrupted?: () => boolean;
}

export interface CampaignResult {
  readonly level: ScenarioOptions["level"];
  readonly fault: Fault | null;
  readonly seeds: number;
  /** Seeds in which something did not hold; the first of them, and what. */
  readonly broken: number;
  readonly first: { readonly seed: number; readonly what: string } | null;
  /** Strong operations, all of whose histories were checked; histories that could not be decided. */
  readonly operations: number;
  readonly undecided: number;
  readonly conflicts: number;
  readonly dropped: number;
  readonly repairs: number;
  readonly events: number;
}

/** Of a history of 60 operations on three keys: nobody needs it, but no seed may hang. */
const CHECK_MS = 20_000;

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { seeds, firstSeed, onSeed, level, fault = null } = options;
  const totals = { operations: 0, undecided: 0, conflicts: 0, dropped: 0, repairs: 0, events: 0 };
  let broken = 0;
  let done = 0;
  let first: CampaignResult["first"] = null;
  while (done < seeds && !(options.untilBroken && broken > 0) && !options.interrupted?.()) {
    const seed = firstSeed + done++;
    const { broken: faults, history, ...counts } = await runScenario(seed, options);
    for (const name of ["conflicts", "dropped", "repairs", "events"] as const) totals[name] += counts[name];
    let what = faults[0];
    if (level === "strong" && what === undefined && history.length > 0) {
      const model = createModel("cas", { slack: 0, capacity: null });
      const { outcome, partitions } = checkHistory(history, { model, deadlineMs: CHECK_MS });
      totals.operations += history.length;
      if (outcome === "unknown") totals.undecided++;
      if (outcome === "illegal") {
        const wrong = partitions.find((partition) => partition.outcome === "illegal")!;
        what = `the history of ${wrong.key} is not linearizable`;
      }
    }
    if (what !== undefined) {
      broken++;
      first ??= { seed, what };
    }
    onSeed?.(done);
  }
  return { level, fault, seeds: done, broken, first, ...totals };
}

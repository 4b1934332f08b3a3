/** The cluster of a scenario, one part after the other, on the servers that there are. */
import type { ClusterUse, TargetFigure } from "../../reports/results.js";
import type { ClusterWork } from "../../workloads/index.js";
import { answersOf } from "./cluster-answers.js";
import { type ClusterPlan, openCluster } from "./cluster-here.js";
import { measureInvalidations } from "./invalidation-work.js";
import { measureLevel } from "./level-work.js";
import { measurePartition } from "./partition-work.js";
import { measureRecovery } from "./recovery-work.js";

export interface MeasuredClusterPlan {
  readonly cluster: ClusterWork;
  readonly seed: number;
  /** Of the whole, as a short run wants it: 1 = as the scenario says. */
  readonly share: number;
  /** "memory": without servers, even where they can be had. */
  readonly engine?: ClusterPlan["engine"];
}

export interface ClusterOutcome {
  readonly cluster: ClusterUse;
  readonly answers: readonly TargetFigure[];
}

/** Of what a short run asks for, at least. */
const [FEWEST_CALLS, FEWEST_CHECKED, SHORTEST_MS] = [20, 200, 200];

export async function measureCluster(
  { cluster, seed, share, engine }: MeasuredClusterPlan,
  progress: (fraction: number, label: string) => void,
): Promise<ClusterOutcome> {
  const { nodes, keys, value, level, invalidation, partition, recovery } = cluster;
  const part = (whole: number, least: number) => Math.max(Math.min(whole, least), Math.round(whole * share));
  const windowMs = level?.window ?? partition?.window;
  progress(0.1, "servers and nodes");
  const here = await openCluster({ nodes, windowMs, engine, checkpoints: recovery !== undefined });
  const used: ClusterUse = { engine: here.engine, real: here.real, nodes, calls: [], checks: [] };
  try {
    if (level !== undefined) {
      const calls = part(level.calls, FEWEST_CALLS);
      const checked = part(level.checked, FEWEST_CHECKED);
      const plan = { keys, value, level: { ...level, calls, checked } };
      const { perSecond, ...found } = await measureLevel(here, plan, seed, (label) => progress(0.4, label));
      add(used, found);
      used.perSecond = perSecond;
    }
    if (invalidation !== undefined) {
      const plan = { ...invalidation, rounds: part(invalidation.rounds, 2) };
      const { missed, ...found } = await measureInvalidations(here, plan, value, (label) => progress(0.6, label));
      add(used, found);
      used.missed = missed;
    }
    if (partition !== undefined) {
      const [calm, apart] = [partition.calm, partition.apart].map((ms) => part(ms, SHORTEST_MS));
      const plan = { ...partition, calm, apart };
      const { partition: healed, ...found } = await measurePartition(here, plan, value, seed, (label) =>
        progress(0.8, label),
      );
      add(used, found);
      used.partition = healed;
    }
    if (recovery !== undefined) {
      const [entries, missed] = [part(recovery.entries, 200), part(recovery.missed, 50)];
      const plan = { ...recovery, entries, missed };
      const { recoveries, checks } = await measureRecovery(here, plan, value, (label) => progress(0.9, label));
      add(used, { calls: [], checks });
      used.recoveries = recoveries;
    }
  } finally {
    await here.stop();
  }
  return { cluster: used, answers: answersOf(used, level?.consistency ?? null) };
}

function add(
  used: ClusterUse,
  { calls, checks }: Pick<ClusterUse, "calls"> & { checks: readonly ClusterUse["checks"][number][] },
): void {
  used.calls.push(...calls);
  used.checks.push(...checks);
}

/**
 * What a scenario asks for beside its phases: the use of rooms that is no operation of a store. It is measured after the phases, one room
 * after the other, by the subject that has those rooms; what measures a room is loaded when a scenario asks for it.
 */
import type { Run } from "../../reports/results.js";
import type { Subject } from "../subjects/index.js";
import type { RunPlan } from "./messages.js";
import type { Workload } from "./workload.js";

/** Of updates, requests and acquisitions, in a run that is to be short. */
const SHORT_SHARE = 0.05;

type Asked = Pick<RunPlan, "seed" | "durationMs" | "ops" | "directory"> & {
  readonly workload: Workload;
  /** How much of what the scenario says: who wants a short run wants this to be short as well. */
  readonly share: number;
};

interface Listeners {
  readonly stop: AbortSignal;
  readonly progress: (fraction: number, label: string) => void;
  readonly note: (...said: string[]) => void;
}

type Measured = Pick<Run, "learning" | "resources" | "cluster" | "ingest" | "answers">;

interface Beside {
  /** Its key in a scenario. */
  readonly key: "swarm" | "resources" | "cluster" | "ingest";
  /** What is said of a subject that has no such room. */
  readonly missing: string;
  readonly measure: (asked: Asked, listeners: Listeners) => Promise<Measured>;
}

const ALL_BESIDE: readonly Beside[] = [
  {
    key: "swarm",
    missing: "has no tables and indexes that agents share: the swarm's learning is left out",
    async measure({ workload: { scenario, assignment }, seed, durationMs, ops }, { stop, progress, note }) {
      const { swarm, agents } = scenario;
      if (swarm === undefined) return {};
      const { runSwarm } = await import("../swarm/index.js");
      const limitMs = durationMs ?? (ops === null ? null : 0);
      const plan = { swarm, agents, threads: assignment.workers, seed, limitMs };
      const { learning, answers, notes } = await runSwarm(plan, stop, progress);
      note(...notes);
      return { learning, answers: [...answers] };
    },
  },
  {
    key: "resources",
    missing: "has no pools, configuration and caches within the process: they are left out",
    async measure({ workload: { scenario }, seed, share }, { progress }) {
      if (scenario.resources === undefined) return {};
      const { runResources } = await import("../resources/index.js");
      const { resources, answers } = await runResources({ resources: scenario.resources, seed, share }, progress);
      return { resources, answers: [...answers] };
    },
  },
  {
    key: "cluster",
    missing: "has no nodes that share a memory: the cluster is left out",
    async measure({ workload: { scenario }, seed, share }, { progress, note }) {
      if (scenario.cluster === undefined) return {};
      const { measureCluster } = await import("../cluster/index.js");
      const { cluster, answers } = await measureCluster({ cluster: scenario.cluster, seed, share }, progress);
      if (!cluster.real) note(`no cluster of servers: ${cluster.engine}, so latencies are of no network`);
      return { cluster, answers: [...answers] };
    },
  },
  {
    key: "ingest",
    missing: "has no metric pipeline: the load over HTTP is left out",
    async measure({ workload: { scenario }, directory, share }, { stop, progress, note }) {
      if (scenario.ingest === undefined) return {};
      const { runIngest } = await import("../ingest/index.js");
      const plan = { ingest: scenario.ingest, folder: directory, share };
      const { ingest, answers, notes } = await runIngest(plan, stop, progress);
      note(...notes);
      return { ingest, answers: [...answers] };
    },
  },
];

/** Nothing once the run is to stop; what the subject has no room for is noted. */
export async function measureBeside(
  plan: RunPlan,
  workload: Workload,
  subject: Subject,
  listeners: Listeners,
): Promise<Measured> {
  const { seed, durationMs, ops, directory } = plan;
  const share = durationMs === null && ops === null ? 1 : SHORT_SHARE;
  const all: Measured = {};
  for (const { key, missing, measure } of ALL_BESIDE) {
    if (workload.scenario[key] === undefined || listeners.stop.aborted) continue;
    if (subject.learns !== true) {
      listeners.note(`${subject.name} ${missing}`);
      continue;
    }
    const { answers = [], ...measured } = await measure(
      { workload, seed, durationMs, ops, directory, share },
      listeners,
    );
    Object.assign(all, measured);
    if (answers.length > 0) all.answers = [...(all.answers ?? []), ...answers];
  }
  return all;
}

/** One round: agents together on fresh keys, one of them perhaps killed; then what they recorded is checked. */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { Store } from "../../../src/index.js";
import { type CheckResult, checkHistory, createModel, type Operation } from "../../checker/index.js";
import type { StressTask } from "./agent.js";
import { Recording } from "./recording.js";

export interface RoundPlan {
  round: number;
  seed: number;
  agents: number;
  keys: number;
  operations: number;
  /** Kill the last agent once it has recorded this many operations; null = kill no one. */
  killAfter: number | null;
  near?: boolean;
}

export interface RoundOutcome {
  operations: number;
  /** Operations that were never answered: those a killed agent was in. */
  open: number;
  killed: boolean;
  checks: CheckResult[];
}

export async function playRound(store: Store, plan: RoundPlan): Promise<RoundOutcome> {
  const start = new SharedArrayBuffer(8);
  const recordings = Array.from({ length: plan.agents }, () => new Recording(plan.operations));
  const origin = process.hrtime.bigint();
  const workers = recordings.map((recording, agent) => {
    const { round, seed, keys, near } = plan;
    const task: StressTask = { agent, round, seed, keys, near, recording: recording.buffer, start, origin };
    return store.spawn(new URL("./agent.js", import.meta.url), { workerData: task });
  });
  // a rejection of `once` is a worker that failed; it ends the round
  const exits = workers.map((worker) => once(worker, "exit") as Promise<[number]>);
  const killed = await letGo(start, plan, recordings, workers, exits);
  await Promise.all(exits);
  const history = recordings.flatMap((recording, agent) => recording.operations(`agent ${agent}`));
  return {
    operations: history.length,
    open: history.filter((operation) => !Number.isFinite(operation.return)).length,
    killed,
    checks: check(history),
  };
}

async function letGo(
  start: SharedArrayBuffer,
  plan: RoundPlan,
  recordings: Recording[],
  workers: { terminate(): Promise<number> }[],
  exits: Promise<unknown>[],
): Promise<boolean> {
  const words = new Int32Array(start);
  let ended = false;
  const all = Promise.all(exits).finally(() => {
    ended = true;
  });
  while (Atomics.load(words, 0) < plan.agents && !ended) await Promise.race([setTimeout(1), all]);
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
  if (plan.killAfter === null) return false;
  const victim = plan.agents - 1;
  const count = new Int32Array(recordings[victim].buffer, 0, 1);
  while (Atomics.load(count, 0) < plan.killAfter && !ended) await Promise.race([setTimeout(0), all]);
  if (ended) return false;
  await workers[victim].terminate();
  return true;
}

/** A history is decided in a second; a machine that stands still meanwhile leaves none undecided. */
export const DEADLINE_MS = 120_000;

/** Nothing expires in a round. */
const RULES = { slack: 0, capacity: null };

/** Values and counters have rules of their own. */
function check(history: Operation[]): CheckResult[] {
  const counters = history.filter(({ op }) => op === "increment");
  const values = history.filter(({ op }) => op !== "increment");
  return [
    checkHistory(values, { model: createModel("cas", RULES), deadlineMs: DEADLINE_MS }),
    checkHistory(counters, { model: createModel("counter", RULES), deadlineMs: DEADLINE_MS }),
  ];
}

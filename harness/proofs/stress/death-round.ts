/** One round of deaths: agents at work together, most of them terminated one after the other, what is left then looked through. */
import { once } from "node:events";
import { setTimeout, setImmediate as turn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Store } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import { type CheckResult, checkHistory, createModel } from "../../checker/index.js";
import type { ChurnPlan } from "./churn.js";
import { CHURN_NAMESPACE, checkValue } from "./churn.js";
import type { DeathTask } from "./death-agent.js";
import { Recording } from "./recording.js";
import { DEADLINE_MS } from "./round.js";
import { CHURN, DOING, GO, HOT_KEY, READY, STOP } from "./signals.js";

export interface DeathPlan extends ChurnPlan {
  round: number;
  seed: number;
  /** Agents that are terminated, at most `kills` of them. */
  victims: number;
  survivors: number;
  keys: number;
  /** Operations an agent records at most; it goes on working without after them. */
  operations: number;
  /** Entries may vanish: the store evicts. */
  evicts: boolean;
  near?: boolean;
}

export interface DeathOutcome {
  kills: number;
  /** Deaths in the middle of a recorded operation, and of one that is not recorded. */
  inHotKey: number;
  inChurn: number;
  operations: number;
  /** Recorded operations that were never answered. */
  open: number;
  checks: CheckResult[];
  /** Invariants and leaks (verify), torn values, agents that failed, slots not given back. */
  violations: string[];
}

/** A victim dies this long after the one before it, at most; ms. */
const PAUSE_MAX = 2;
/** The creator's slot, and that of the maintenance thread. */
const OWN_SLOTS = 2;

export async function playDeathRound(store: Store, plan: DeathPlan): Promise<DeathOutcome> {
  const agents = plan.victims + plan.survivors;
  const signals = new Int32Array(new SharedArrayBuffer((DOING + agents) * 4));
  const recordings = Array.from({ length: agents }, () => new Recording(plan.operations));
  const origin = process.hrtime.bigint();
  const team = recordings.map((recording, agent) => {
    const task: DeathTask = {
      ...plan,
      agent,
      origin,
      recording: recording.buffer,
      signals: signals.buffer as SharedArrayBuffer,
    };
    return new Agent(store.spawn(new URL("./death-agent.js", import.meta.url), { workerData: task }));
  });
  await begin(signals, team);
  const dead = await killSome(team, plan, signals);
  await letWork(team, recordings);
  Atomics.store(signals, STOP, 1);
  await Promise.all(team.map((agent) => agent.exit));
  const doing = dead.map((agent) => signals[DOING + agent]);
  const history = recordings.flatMap((recording, agent) => recording.operations(`agent ${agent}`));
  return {
    kills: dead.length,
    inHotKey: doing.filter((what) => what === HOT_KEY).length,
    inChurn: doing.filter((what) => what === CHURN).length,
    operations: history.length,
    open: history.filter((operation) => !Number.isFinite(operation.return)).length,
    checks: check(history, plan.evicts),
    violations: [...team.flatMap((agent) => agent.failures), ...(await inspect(store))],
  };
}

class Agent {
  readonly failures: string[] = [];
  readonly exit: Promise<unknown>;
  ended = false;

  constructor(readonly worker: Worker) {
    worker.on("error", (error) => this.failures.push(`an agent failed: ${(error as Error).message}`));
    this.exit = once(worker, "exit").catch(() => undefined);
    worker.once("exit", () => {
      this.ended = true;
    });
  }
}

/** Lets all begin at once when all are ready; one that failed on the way is not waited for. */
async function begin(signals: Int32Array, team: readonly Agent[]): Promise<void> {
  while (Atomics.load(signals, READY) < team.length && !team.some((agent) => agent.ended)) {
    await Atomics.waitAsync(signals, READY, Atomics.load(signals, READY), 5).value;
  }
  Atomics.store(signals, GO, 1);
  Atomics.notify(signals, GO);
}

/** Terminates the victims at random instants, in random order; the reaping of one goes on beside the dying of the next. */
async function killSome(team: readonly Agent[], plan: DeathPlan, signals: Int32Array): Promise<number[]> {
  const random = new ProgramRandom(plan.seed * 64 + 63);
  const order = team.map((_, agent) => agent);
  const dead: number[] = [];
  const ends: Promise<unknown>[] = [];
  while (dead.length < plan.victims) {
    const [agent] = order.splice(random.below(order.length), 1);
    // a wait of microseconds, on a word that no one notifies
    Atomics.wait(signals, STOP, 0, (random.below(1000) / 1000) * PAUSE_MAX);
    dead.push(agent);
    ends.push(team[agent].worker.terminate());
    await turn();
  }
  await Promise.all(ends);
  return dead;
}

/** Whoever is left works on beside the reaping, and has done something when it is over. */
async function letWork(team: readonly Agent[], recordings: readonly Recording[]): Promise<void> {
  while (team.some((agent, i) => !agent.ended && recordings[i].length === 0)) await setTimeout(1);
}

function check(history: ReturnType<Recording["operations"]>, evicts: boolean): CheckResult[] {
  const rules = { slack: 0, capacity: null }; // nothing that is recorded expires
  const counters = history.filter(({ op }) => op === "increment");
  const values = history.filter(({ op }) => op !== "increment");
  return [
    checkHistory(values, { model: createModel(evicts ? "eviction" : "cas", rules), deadlineMs: DEADLINE_MS }),
    checkHistory(counters, { model: createModel(evicts ? "eviction" : "counter", rules), deadlineMs: DEADLINE_MS }),
  ];
}

async function inspect(store: Store): Promise<string[]> {
  const violations = [...(await store.verify()).violations];
  const { attached } = store.stats().workers;
  if (attached > OWN_SLOTS) violations.push(`${attached} slots are in use, though all agents have gone`);
  for (const [, value] of store.namespace(CHURN_NAMESPACE)) {
    try {
      checkValue(value);
    } catch (error) {
      violations.push((error as Error).message);
    }
  }
  return violations;
}

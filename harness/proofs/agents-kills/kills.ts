/** The campaign: threads that use agents, blocks and pieces without a pause, terminated at random instants while others go on. After each death the rest stop, and all is counted. */
import type { Worker } from "node:worker_threads";
import { Agents } from "../../../src/agents/index.js";
import { Store } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import { comesTo, startVictim, terminate } from "../kill-crew.js";
import {
  ADOPTED,
  BROKEN,
  CLAIMED,
  PAUSE,
  PAUSED,
  POOL,
  POOL_BLOCKS,
  POOL_BYTES,
  STEPS,
  TRAVELLER,
  TRAVELLERS,
  WORDS,
} from "./words.js";

export interface AgentKillFigures {
  kills: number;
  /** Agents whose owner died, or that were lost on their way, found by the count after a death. */
  orphans: number;
  adopted: number;
  claimed: number;
  /** Of the orphans: the owner died in the middle of a change. */
  poisoned: number;
  steps: number;
  /** Seen by the living: what they had was touched by another, or not as its owner left it. */
  broken: number;
  /** Threads that did not go on. */
  stuck: number;
  /** What verify says, leaks, blocks of the dead, budgets that are not what is there. */
  violations: string[];
  seconds: number;
}

export interface AgentKillCampaign {
  readonly kills: number;
  readonly seed: number;
  readonly interrupt?: AbortSignal;
  readonly onProgress?: (figures: AgentKillFigures) => void;
}

const THREADS = 4;
/** After so many kills all threads end, and nothing must be left but what was there in the beginning. */
const ROUND = 20;

export async function runAgentKills({
  kills,
  seed,
  interrupt,
  onProgress,
}: AgentKillCampaign): Promise<AgentKillFigures> {
  const random = new ProgramRandom(seed);
  const figures: AgentKillFigures = {
    kills: 0,
    orphans: 0,
    adopted: 0,
    claimed: 0,
    poisoned: 0,
    steps: 0,
    broken: 0,
    stuck: 0,
    violations: [],
    seconds: 0,
  };
  const began = performance.now();
  while (figures.kills < kills && !interrupt?.aborted) {
    await playRound(figures, Math.min(ROUND, kills - figures.kills), random);
    figures.seconds = (performance.now() - began) / 1000;
    onProgress?.(figures);
  }
  return figures;
}

async function playRound(figures: AgentKillFigures, kills: number, random: ProgramRandom): Promise<void> {
  const store = await Store.create({ capacity: "8MiB", maxWorkers: THREADS + 2 });
  const pools = { [POOL]: [POOL_BYTES, POOL_BLOCKS] as const };
  const agents = await Agents.create(store, { arenaBytes: "8MiB", budget: "1MiB", pools });
  store.namespace("letters", { encoding: "json" });
  const atFirst = agents.stats().arenas[0].used;
  for (const name of TRAVELLERS) agents.create(name, TRAVELLER).release();
  const shared = new SharedArrayBuffer(WORDS * 4);
  const words = new Int32Array(shared);
  const crew: Worker[] = [];
  const start = async () => {
    const workerData = { store: store.handle, agents: agents.handle, words: shared, seed: random.next32() >>> 0 };
    crew.push(await startVictim(store, new URL("./victim.js", import.meta.url), workerData));
  };
  const allPaused = () => waitFor(figures, () => Atomics.load(words, PAUSED) === crew.length);
  // Each thread is seen to sleep and to wake: one that is terminated in between would be counted as asleep for ever.
  const goOn = async () => {
    await allPaused();
    Atomics.store(words, PAUSE, 0);
    Atomics.notify(words, PAUSE);
    await waitFor(figures, () => Atomics.load(words, PAUSED) === 0);
  };
  Atomics.store(words, PAUSE, 1);
  for (let i = 0; i < THREADS; i++) await start();
  await goOn();
  for (let i = 0; i < kills; i++) {
    // at some instant of its work, whichever that is
    const until = Atomics.load(words, STEPS) + random.below(60);
    await waitFor(figures, () => Atomics.load(words, STEPS) >= until);
    const [victim] = crew.splice(random.below(crew.length), 1);
    await terminate(victim);
    figures.kills++;
    Atomics.store(words, PAUSE, 1);
    await allPaused();
    figures.violations.push(...(await faultsOf(agents)));
    figures.orphans += takeOrphans(agents, figures);
    // the new one while the others sleep: it would be long in coming beside them
    await start();
    await goOn();
  }
  for (const worker of crew) {
    await terminate(worker);
    figures.kills++;
  }
  figures.violations.push(...(await faultsOf(agents)));
  figures.orphans += takeOrphans(agents, figures);
  // all are dead: whatever state the travellers are in, they are to be had, and go
  for (const name of TRAVELLERS) {
    const agent = agents.claim(name, { recover: true });
    checkBudget(agents, name, agent.used, figures);
    agents.drop(agent);
  }
  const left = agents.stats();
  if (left.agents.length > 0) figures.violations.push(`left: ${left.agents.map(({ name }) => name).join(", ")}`);
  const { used } = left.arenas[0];
  if (used !== atFirst) figures.violations.push(`${used - atFirst} bytes of the arena are used by nothing`);
  if (left.pools[POOL].inUse > 0)
    figures.violations.push(`${left.pools[POOL].inUse} blocks are out though nobody has one`);
  figures.violations.push(...(await agents.verify()).violations, ...(await store.verify()).violations);
  figures.steps += Atomics.load(words, STEPS);
  figures.broken += Atomics.load(words, BROKEN);
  figures.adopted += Atomics.load(words, ADOPTED);
  figures.claimed += Atomics.load(words, CLAIMED);
  await store.close();
}

/** While nobody takes or gives. */
async function faultsOf(agents: Agents): Promise<string[]> {
  const { violations, leaks } = await agents.verify();
  const dead = agents.pools[POOL].stats().byOwner.filter(({ alive }) => !alive);
  return [
    ...violations,
    ...leaks.map(({ bytes, purpose, why }) => `leaked: ${bytes} bytes of ${purpose}: ${why}`),
    ...dead.map(({ worker, blocks }) => `${blocks} blocks are out to worker ${worker}, which is dead`),
  ];
}

/** Agents that a thread had made and not yet dropped when it died are claimed here, counted, and dropped. How many. */
function takeOrphans(agents: Agents, figures: AgentKillFigures): number {
  let taken = 0;
  for (const { name, ownership, poisoned } of agents.list()) {
    if (ownership !== "dead" && ownership !== "lost-in-transit") continue;
    taken++;
    if (poisoned) figures.poisoned++;
    if (!name.startsWith("own_")) continue;
    const agent = agents.claim(name, { recover: true });
    checkBudget(agents, name, agent.used, figures);
    agents.drop(agent);
  }
  return taken;
}

/** What was charged is what is there. */
function checkBudget(agents: Agents, name: string, charged: number, figures: AgentKillFigures): void {
  const counted = agents.list().find((info) => info.name === name)?.used;
  if (counted !== charged) figures.violations.push(`agent ${name} is charged ${charged} bytes and has ${counted}`);
}

async function waitFor(figures: AgentKillFigures, done: () => boolean): Promise<void> {
  if (!(await comesTo(done))) figures.stuck++;
}

/**
 * A thread that is terminated at some instant of what it does with agents: it takes and gives blocks and pieces, makes and drops agents, hands
 * over, adopts, claims, learns. What it has it marks, so that it would see another's hand in it.
 */
import { parentPort, threadId, workerData } from "node:worker_threads";
import {
  type Agent,
  type AgentHandle,
  Agents,
  type AgentsHandle,
  type Block,
  BudgetExceededError,
  NotOwnerError,
  PoisonedError,
} from "../../../src/agents/index.js";
import { OutOfMemoryError, Store, type StoreHandle } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import { ADOPTED, BROKEN, CLAIMED, PAUSE, PAUSED, POOL, STEPS, TRAVELLER, TRAVELLERS } from "./words.js";

const given = workerData as { store: StoreHandle; agents: AgentsHandle; words: SharedArrayBuffer; seed: number };
const store = await Store.attach(given.store);
const agents = await Agents.attach(store, given.agents);
const words = new Int32Array(given.words);
const random = new ProgramRandom(given.seed);
/** Handles under way, by the name of the agent. One that was used stays, and is refused. */
const letters = store.namespace<AgentHandle>("letters", { encoding: "json" });
const pool = agents.pools[POOL];
const MARK = threadId;
let made = 0;

function count(word: number): void {
  Atomics.add(words, word, 1);
}

/** Marks a block from end to end, and finds its mark there afterwards. */
function useBlock(block: Block): void {
  const { u32 } = block;
  u32.fill(MARK);
  if (random.chance(0.5)) dawdle();
  if (u32[0] !== MARK || u32[u32.length - 1] !== MARK) count(BROKEN);
  block.release();
}

function dawdle(): void {
  for (let i = random.below(100); i > 0; i--) Atomics.load(words, STEPS);
}

/** An agent of our own: with pieces, blocks and budget; then dropped, or left for others to claim. */
function makeOne(): void {
  const name = `own_${threadId}_${made++}`;
  const agent = agents.create(name, { ...TRAVELLER, budget: "64KiB" });
  const pieces = [100, 3000, 9000].map((bytes) => agent.memory.take(bytes, "short-lived"));
  const block = agent.tryAcquire(pool);
  try {
    agent.memory.take(100_000, "more than it may have");
    count(BROKEN);
  } catch (error) {
    if (!(error instanceof BudgetExceededError)) throw error;
  }
  agent.memory.give(pieces[1]);
  if (block !== undefined) useBlock(block);
  agents.drop(agent);
}

/** Each row holds one number everywhere: whoever owns it finds it so, unless its owner died inside a change. */
function learn(agent: Agent): void {
  const state = random.below(TRAVELLER.states);
  agent.change(() => {
    const next = agent.table.get(state, 0) + 1;
    for (let action = 0; action < TRAVELLER.actions; action++) {
      agent.table.set(state, action, next);
      dawdle();
    }
  });
  agent.replay.push({ state, action: 0, reward: 1, next: state, terminal: false });
}

function check(agent: Agent, mend: boolean): void {
  const row = new Float32Array(TRAVELLER.actions);
  for (let state = 0; state < TRAVELLER.states; state++) {
    agent.table.row(state, row);
    if (row.every((value) => value === row[0])) continue;
    if (!mend) count(BROKEN);
    for (let action = 0; action < TRAVELLER.actions; action++) agent.table.set(state, action, row[0]);
  }
}

function pass(agent: Agent): void {
  learn(agent);
  if (random.chance(0.2)) agent.release();
  else letters.set(agent.name, agent.handOver());
}

function adoptOne(): void {
  const handle = letters.get(random.pick(TRAVELLERS));
  if (handle === undefined) return;
  const agent = agents.adopt(handle);
  count(ADOPTED);
  check(agent, false);
  pass(agent);
}

function claimOne(): void {
  const name = random.pick(TRAVELLERS);
  let agent: Agent;
  let poisoned = false;
  try {
    agent = agents.claim(name);
  } catch (error) {
    if (!(error instanceof PoisonedError)) throw error;
    poisoned = true;
    agent = agents.claim(name, { recover: true });
  }
  count(CLAIMED);
  check(agent, poisoned);
  pass(agent);
}

function one(): void {
  switch (random.below(5)) {
    case 0:
      makeOne();
      return;
    case 1: {
      const blocks = Array.from({ length: 1 + random.below(8) }, () => pool.tryAcquire());
      for (const block of blocks) if (block !== undefined) useBlock(block);
      return;
    }
    case 2:
      claimOne();
      return;
    default:
      adoptOne();
  }
}

parentPort?.postMessage(threadId);
for (;;) {
  if (Atomics.load(words, PAUSE) === 1) {
    count(PAUSED);
    Atomics.wait(words, PAUSE, 1);
    Atomics.sub(words, PAUSED, 1);
  }
  try {
    one();
  } catch (error) {
    if (!(error instanceof NotOwnerError) && !(error instanceof PoisonedError) && !(error instanceof OutOfMemoryError))
      throw error;
  }
  count(STEPS);
}

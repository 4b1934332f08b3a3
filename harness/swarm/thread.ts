/** A thread of a swarm: it owns some of the agents, has them learn when it is told to, and adds what they know to what all know. */
import { parentPort, workerData } from "node:worker_threads";
import { type Agent, Agents } from "../../src/agents/index.js";
import { PoisonedError } from "../../src/errors.js";
import { Store } from "../../src/index.js";
import { Histogram } from "../../src/metrics/index.js";
import { Random } from "../../src/random.js";
import { Knowledge } from "./knowledge.js";
import { learn } from "./learner.js";
import type { FromThread, ThreadBirth, TimedPairs, ToThread } from "./messages.js";
import { KNOWLEDGE, MERGED, memberName } from "./names.js";
import { Progress } from "./progress.js";
import { StateEncoder } from "./state-encoder.js";
import { worldOf } from "./worlds.js";

const birth = workerData as ThreadBirth;
const { swarm, seed } = birth;
const port = parentPort as NonNullable<typeof parentPort>;
const tell = (message: FromThread) => port.postMessage(message);

/** Of the look-ups and encodings of an agent in a round, those that are timed alone. */
const TIMED = 4;
/** Nearest that a look-up asks for. */
const K = 10;

const store = await Store.attach(birth.store);
const agents = await Agents.attach(store, birth.agents);
const progress = new Progress(store);
const world = worldOf(swarm.environment);
const { states, actions } = world;
const merged = agents.accumulator(MERGED, { states, actions });
const index = swarm.knowledge === undefined ? null : agents.index(KNOWLEDGE);
const knowledge = swarm.knowledge === undefined ? null : new Knowledge(swarm.knowledge.dimensions, seed);
const encoder = new StateEncoder(agents.pools.state);
const alone = new Set(birth.alone);
const lookups = new Histogram();
const encodings = new Histogram();
let poisoned = 0;
const members = birth.members.map((member) => ({ member, agent: birth.claims ? claimed(member) : made(member) }));
tell({ type: "ready", claimed: birth.claims ? members.length : 0, poisoned });

port.on("message", (message: ToThread) => {
  if (message.type === "learn") learnRound(message.round);
  else if (message.type === "share") share();
  else void end();
});

function made(member: number): Agent {
  const { replay, budget } = swarm;
  return agents.create(memberName(member), {
    ...{ states, actions },
    ...(budget === undefined ? {} : { budget }),
    ...(replay === undefined ? {} : { replay: { capacity: replay } }),
  });
}

/** Of a thread that is dead. What it left half written can be read again. */
function claimed(member: number): Agent {
  try {
    return agents.claim(memberName(member));
  } catch (error) {
    if (!(error instanceof PoisonedError)) throw error;
    poisoned++;
    return agents.claim(memberName(member), { recover: true });
  }
}

function learnRound(round: number): void {
  const sums = { steps: 0, episodes: 0, searches: 0, searchMs: 0 };
  for (const [i, { member, agent }] of members.entries()) {
    // A round that is begun again, by whoever has the agent then, draws the same numbers.
    if (!progress.isBegun(agent.name, round)) learnOne(agent, member, round, sums);
    if (i === members.length >> 1) tell({ type: "half" });
  }
  tell({ type: "learned", ...sums });
}

function learnOne(
  agent: Agent,
  member: number,
  round: number,
  sums: { steps: number; episodes: number; searches: number; searchMs: number },
): void {
  const random = new Random(seed, member, round);
  // Should this thread die inside, whoever claims the agent is told.
  const parts = { table: agent.table, replay: swarm.replay === undefined ? null : agent.replay };
  sums.steps += agent.change(() => learn(parts, world, swarm, random));
  sums.episodes += swarm.episodes;
  timeLookups(agent, random);
  for (let i = 0; i < TIMED; i++) timed(encodings, () => encoder.encode(member, round + i));
  const began = performance.now();
  sums.searches += search(random);
  sums.searchMs += performance.now() - began;
  progress.announce(agent.name, round);
  if (!alone.has(member)) merged.add(agent);
  progress.confirm(agent.name, round);
}

function timeLookups({ table }: Agent, random: Random): void {
  for (let i = 0; i < TIMED; i++) {
    const state = random.below(states);
    timed(lookups, () => table.best(state));
  }
}

function search(random: Random): number {
  if (index === null || knowledge === null) return 0;
  const { lookups: count = 0 } = swarm.knowledge ?? {};
  for (let i = 0; i < count; i++) index.search(knowledge.draw(random), { k: K });
  return count;
}

function timed(histogram: Histogram, work: () => void): void {
  const began = process.hrtime.bigint();
  work();
  histogram.record(Number(process.hrtime.bigint() - began));
}

/** What all know goes into the tables of those that share. */
function share(): void {
  for (const { member, agent } of members) if (!alone.has(member)) agent.table.load(merged);
  tell({ type: "shared" });
}

async function end(): Promise<void> {
  tell({ type: "ended", lookups: pairsOf(lookups), encodings: pairsOf(encodings) });
  await agents.close();
  await store.close();
  port.close();
}

function pairsOf(histogram: Histogram): TimedPairs {
  return { pairs: histogram.toPairs(), max: histogram.max };
}

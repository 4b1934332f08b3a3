/** A swarm from its plan to what it learned: memory made, threads born, rounds driven, one of them killed where the plan says so. */
import type { Learning, TargetFigure } from "../../reports/results.js";
import { type Accumulator, type Agent, Agents } from "../../src/agents/index.js";
import { Store } from "../../src/index.js";
import { Histogram } from "../../src/metrics/index.js";
import { Random } from "../../src/random.js";
import type { Environment } from "../../workloads/environments/index.js";
import type { Swarm } from "../../workloads/index.js";
import { RunFailedError } from "../command-line/errors.js";
import { answersOf, emptyPools } from "./answers.js";
import { Knowledge } from "./knowledge.js";
import { worth } from "./learner.js";
import type { TimedPairs } from "./messages.js";
import { KNOWLEDGE, MERGED, memberName, SHOWN } from "./names.js";
import { Progress } from "./progress.js";
import { SwarmThread } from "./swarm-thread.js";
import { bestReturn, drawStarts, worldOf } from "./worlds.js";

export interface SwarmPlan {
  readonly swarm: Swarm;
  readonly agents: number;
  readonly threads: number;
  readonly seed: number;
  /** No round but the first is begun after so many ms; null: all are. */
  readonly limitMs: number | null;
}

export interface SwarmOutcome {
  readonly learning: Learning;
  readonly answers: readonly TargetFigure[];
  readonly notes: readonly string[];
}

type Curve = { round: number; value: number }[];

/** Starts from which a table is judged. */
const STARTS = 300;
/** Questions by which the index is held against looking at all, and how many of the nearest each asks for. */
const [QUESTIONS, K] = [100, 10];
/** Of the store beside the arena: it holds how far each agent is. */
const STORE = "16MiB";
/** Address space of the arena: what is not used of it is not touched. */
const ARENA = "4GiB";

export async function runSwarm(
  plan: SwarmPlan,
  stop: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<SwarmOutcome> {
  const { threads, swarm } = plan;
  const store = await Store.create({ capacity: STORE, maxWorkers: 2 * threads + swarm.kills.length });
  try {
    const agents = await Agents.create(store, {
      arenaBytes: ARENA,
      ...(swarm.budget === undefined ? {} : { budget: swarm.budget }),
    });
    return await new Conductor(plan, store, agents).run(stop, progress);
  } finally {
    await store.close();
  }
}

class Conductor {
  readonly #plan: SwarmPlan;
  readonly #store: Store;
  readonly #agents: Agents;
  readonly #world: Environment;
  readonly #progress: Progress;
  readonly #merged: Accumulator;
  /** Has the merged table, to show what it is worth. */
  readonly #shown: Agent;
  readonly #starts: readonly number[];
  readonly #curves = { merged: [] as Curve, alone: [] as Curve };
  readonly #kills: Learning["kills"] = [];
  readonly #sums = { steps: 0, episodes: 0, searches: 0, searchMs: 0, seconds: 0 };
  #threads: SwarmThread[] = [];

  constructor(plan: SwarmPlan, store: Store, agents: Agents) {
    const world = worldOf(plan.swarm.environment);
    const { states, actions } = world;
    this.#plan = plan;
    this.#store = store;
    this.#agents = agents;
    this.#world = world;
    this.#progress = new Progress(store);
    this.#merged = agents.accumulator(MERGED, { states, actions });
    this.#shown = agents.create(SHOWN, { states, actions });
    this.#starts = drawStarts(world, STARTS, new Random(plan.seed));
  }

  async run(stop: AbortSignal, progress: (fraction: number, label: string) => void): Promise<SwarmOutcome> {
    const { swarm, limitMs, threads } = this.#plan;
    const pools = emptyPools(this.#agents);
    const knowledge = await this.#buildKnowledge();
    this.#threads = Array.from({ length: threads }, (_, number) => this.#start(number, false));
    try {
      for (const thread of this.#threads) await thread.hear("ready");
      this.#judge(0);
      const began = performance.now();
      let round = 0;
      const isOver = () => stop.aborted || (limitMs !== null && performance.now() - began >= limitMs);
      while (round === 0 || (round < swarm.rounds && !isOver())) {
        round++;
        progress(round / (swarm.rounds + 1), `learning, round ${round} of ${swarm.rounds}`);
        const from = performance.now();
        await this.#round(round);
        this.#sums.seconds += (performance.now() - from) / 1000;
        this.#judge(round);
      }
      const bytes = this.#bytesOfAgents();
      const { lookups, encodings } = await this.#end();
      const learning = this.#learning(round, bytes, knowledge);
      const arenaBytes = Math.max(...this.#agents.stats().arenas.map((arena) => arena.bytes));
      const notes = round < swarm.rounds ? [`learning was ended after round ${round} of ${swarm.rounds}`] : [];
      return { learning, answers: answersOf({ learning, lookups, encodings, arenaBytes, pools }), notes };
    } finally {
      await Promise.all(this.#threads.map((thread) => thread.kill()));
    }
  }

  /** All learn and contribute, and take over what all know; where the plan says so a thread is killed in between. */
  async #round(round: number): Promise<void> {
    for (const thread of this.#threads) thread.tell({ type: "learn", round });
    if (this.#plan.swarm.kills.includes(round)) await this.#killOne(round);
    for (const thread of this.#threads) {
      const { steps, episodes, searches, searchMs } = await thread.hear("learned");
      this.#sums.steps += steps;
      this.#sums.episodes += episodes;
      this.#sums.searches += searches;
      this.#sums.searchMs += searchMs;
    }
    this.#merged.round();
    for (const thread of this.#threads) thread.tell({ type: "share" });
    for (const thread of this.#threads) await thread.hear("shared");
    this.#shown.table.load(this.#merged);
  }

  /** The last thread, half way through its agents; the one that takes its place claims them and goes on with the round. */
  async #killOne(round: number): Promise<void> {
    const number = this.#threads.length - 1;
    const victim = this.#threads[number];
    await victim.hear("half");
    const began = performance.now();
    await victim.kill();
    const heir = this.#start(number, true);
    this.#threads[number] = heir;
    const { claimed, poisoned } = await heir.hear("ready");
    const milliseconds = performance.now() - began;
    this.#kills.push({ round, agents: victim.birth.members.length, claimed, poisoned, milliseconds });
    heir.tell({ type: "learn", round });
  }

  #start(number: number, claims: boolean): SwarmThread {
    const { swarm, seed, agents, threads } = this.#plan;
    const all = Array.from({ length: agents + swarm.alone }, (_, member) => member);
    const members = all.filter((member) => member % threads === number);
    return new SwarmThread(this.#store, {
      ...{ store: this.#store.handle, agents: this.#agents.handle, swarm, seed, members, claims },
      // those that share nothing are the last
      alone: members.filter((member) => member >= agents),
    });
  }

  async #buildKnowledge(): Promise<{ recall: number; buildMs: number } | null> {
    const { swarm, seed } = this.#plan;
    if (swarm.knowledge === undefined) return null;
    const { vectors, dimensions, kind } = swarm.knowledge;
    const known = new Knowledge(dimensions, seed);
    const random = new Random(seed, vectors);
    const began = performance.now();
    const all = Array.from({ length: vectors }, () => known.draw(random));
    await this.#agents.buildIndex(KNOWLEDGE, { dimensions, kind, metric: "cosine" }, all);
    const buildMs = performance.now() - began;
    const index = this.#agents.index(KNOWLEDGE);
    const k = Math.min(K, vectors);
    let found = 0;
    for (let question = 0; question < QUESTIONS; question++) {
      const asked = known.draw(random);
      const nearest = new Set(index.search(asked, { k, exact: true }).map(({ id }) => id));
      found += index.search(asked, { k }).filter(({ id }) => nearest.has(id)).length;
    }
    return { recall: found / (QUESTIONS * k), buildMs };
  }

  #judge(round: number): void {
    const { swarm, agents, seed } = this.#plan;
    const of = (table: Agent["table"]) => worth(table, this.#world, this.#starts, new Random(seed, round));
    this.#curves.merged.push({ round, value: of(this.#shown.table) });
    if (swarm.alone === 0) return;
    const alone = Array.from({ length: swarm.alone }, (_, i) => of(this.#agents.table(memberName(agents + i))));
    this.#curves.alone.push({ round, value: alone.reduce((sum, value) => sum + value, 0) / alone.length });
  }

  /** All that lies in the arenas, but the pools and the knowledge, over the agents that learned. */
  #bytesOfAgents(): number {
    const used = this.#agents.list().reduce((sum, agent) => sum + agent.used, 0);
    return used / this.#agents.list().length;
  }

  async #end(): Promise<{ lookups: Histogram; encodings: Histogram }> {
    const lookups = new Histogram();
    const encodings = new Histogram();
    for (const thread of this.#threads) thread.tell({ type: "end" });
    for (const thread of this.#threads) {
      const ended = await thread.hear("ended");
      lookups.merge(histogramOf(ended.lookups));
      encodings.merge(histogramOf(ended.encodings));
    }
    const { ok, violations, leaks } = await this.#agents.verify();
    if (!ok || leaks.length > 0) {
      throw new RunFailedError(`the swarm's memory: ${violations[0] ?? `${leaks.length} pieces that nobody has`}`);
    }
    return { lookups, encodings };
  }

  #learning(rounds: number, agentBytes: number, built: { recall: number; buildMs: number } | null): Learning {
    const { swarm, agents, threads } = this.#plan;
    const { steps, episodes, searches, searchMs, seconds } = this.#sums;
    const known = swarm.knowledge;
    return {
      ...{ environment: swarm.environment, agents, threads, optimum: bestReturn(this.#world, this.#starts) },
      curves: [
        { name: "merged", points: this.#curves.merged },
        ...(swarm.alone === 0 ? [] : [{ name: "agents alone", points: this.#curves.alone }]),
      ],
      kills: this.#kills,
      finished: Math.min(agents, this.#progress.through(rounds)),
      ...{ steps, episodes, seconds, stepsPerSecond: seconds === 0 ? 0 : steps / seconds, agentBytes },
      ...(known === undefined || built === null
        ? {}
        : {
            knowledge: {
              ...{ vectors: known.vectors, dimensions: known.dimensions, kind: known.kind, lookups: searches },
              // of each thread's own time in searches
              lookupsPerSecond: searchMs === 0 ? 0 : (searches / searchMs) * 1000 * threads,
              ...built,
            },
          }),
    };
  }
}

function histogramOf({ pairs, max }: TimedPairs): Histogram {
  return Histogram.fromPairs(pairs, max);
}

/**
 * Three nodes on three servers, threads attached to each, and one nemesis: strong writes and reads from all of them while it strikes again and again,
 * bounded reads and eventual writes beside them. Afterwards the strong history must be linearizable, last reads of every key by every node and thread
 * included, so that nothing acknowledged is lost; no bounded read may have been older than its window; all nodes and threads must agree, with nothing
 * left to be sent; and of what only one node wrote its last write must stand.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CheckResult, checkHistory, createModel, formatOperation, type Operation } from "../../checker/index.js";
import { type Namespaces, type Nats, startNamespaces, startNats } from "../../services/index.js";
import { checkBoundedReads } from "./bounded-reads.js";
import { WINDOW_MS } from "./clients.js";
import { readHistories } from "./history-files.js";
import { type NodeState, threadHistory } from "./messages.js";
import type { Nemesis, Victims } from "./nemeses.js";
import { NodeProcess } from "./node-process.js";

export interface CampaignSettings {
  /** How often it strikes. */
  readonly rounds: number;
  /** Calm before, between and after, ms. */
  readonly calmMs: number;
  /** Of each node's own thread. */
  readonly clients: number;
  /** Attached to each node, with a client each. */
  readonly threads: number;
  readonly seed: number;
  /** How long the checker may take, ms. */
  readonly checkMs: number;
}

export interface Outcome {
  readonly nemesis: string;
  readonly rounds: number;
  /** Strong operations that are in the history, and those of them without an answer. */
  readonly operations: number;
  readonly unanswered: number;
  /** The longest time in which no strong write was acknowledged anywhere, ms. */
  readonly outageMs: number;
  /** From the undoing until every node has passed a barrier, ms, the longest. */
  readonly healedMs: number;
  /** Bounded reads that were answered, and those that were refused. */
  readonly bounded: number;
  readonly stale: number;
  readonly eventual: number;
  readonly conflicts: number;
  readonly dropped: number;
  readonly repairs: number;
  /** What was found wrong. */
  readonly violations: readonly string[];
  /** The strong history, for `engram check`, where it is not linearizable. */
  readonly history: string | null;
}

const MODELS = { r: "register", c: "cas" } as const;
const COUNT = 3;
const DOMAIN = "faults";
const HEAL_MS = 120_000;
const LOOK_MS = 50;
const NO_SLACK = { slack: 0, capacity: null };

export async function campaign(nemesis: Nemesis, settings: CampaignSettings): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "engram-cluster-faults-"));
  const namespaces = nemesis.apart ? startNamespaces(COUNT) : null;
  let nats: Nats | undefined;
  const run = new Run(nemesis, settings, folder, namespaces);
  try {
    nats = await startNats({ servers: COUNT, namespaces: namespaces ?? undefined });
    return await run.run(nats);
  } finally {
    await run.stop();
    await nats?.stop();
    namespaces?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Run {
  readonly #nodes: NodeProcess[] = [];
  readonly #files: string[] = [];
  readonly #nemesis: Nemesis;
  readonly #settings: CampaignSettings;
  readonly #folder: string;
  readonly #namespaces: Namespaces | null;
  #healedMs = 0;
  #lives = 0;

  constructor(nemesis: Nemesis, settings: CampaignSettings, folder: string, namespaces: Namespaces | null) {
    this.#nemesis = nemesis;
    this.#settings = settings;
    this.#folder = folder;
    this.#namespaces = namespaces;
  }

  async run(nats: Nats): Promise<Outcome> {
    const { rounds, calmMs, clients, checkMs } = this.#settings;
    // One after the other: the first makes the stream.
    for (let place = 0; place < COUNT; place++) await this.#start(nats, place);
    await this.#nodes[0].ask({ kind: "prepare" });
    await this.#all((node) => node.ask({ kind: "run", clients }));
    for (let round = 0; round < rounds; round++) {
      await passing(calmMs);
      await this.#strike(nats);
    }
    await passing(calmMs);
    await this.#all((node) => node.ask({ kind: "end" }));
    await this.#all((node) => node.ask({ kind: "read" }));
    const states = await this.#agreed();
    const history = readHistories(this.#files);
    const checked = Object.entries(MODELS).map(([kind, model]) => {
      const part = history.filter(({ key }) => key.startsWith(kind));
      return checkHistory(part, { model: createModel(model, NO_SLACK), deadlineMs: checkMs });
    });
    const bounded = checkBoundedReads(this.#files, WINDOW_MS);
    const kept = checked.every(({ outcome }) => outcome === "ok") ? null : keep(this.#nemesis.name, history);
    const sum = (of: (state: NodeState) => number): number => states.reduce((total, state) => total + of(state), 0);
    const conflicts = sum((state) => state.conflicts);
    return {
      nemesis: this.#nemesis.name,
      rounds,
      operations: history.length,
      unanswered: history.filter((one) => !Number.isFinite(one.return)).length,
      outageMs: outageOf(history),
      healedMs: this.#healedMs,
      bounded: bounded.reads,
      stale: bounded.refused,
      eventual: sum((state) => state.eventual),
      conflicts,
      dropped: sum((state) => state.dropped),
      repairs: sum((state) => state.repairs),
      history: kept,
      violations: [
        ...checked.flatMap(wrongIn),
        ...bounded.violations,
        ...(bounded.reads === 0 ? ["no bounded read was answered"] : []),
        ...disagreements(states),
        ...(this.#nemesis.conflicts && conflicts === 0
          ? ["writes on both sides never met: no conflict was counted"]
          : []),
      ],
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()));
  }

  async #start(nats: Nats, place: number): Promise<void> {
    const { threads } = this.#settings;
    const life = this.#lives++;
    const history = join(this.#folder, `${place}-i${life}.jsonl`);
    this.#files.push(history, ...Array.from({ length: threads }, (_, i) => threadHistory(history, i)));
    const { addresses } = nats;
    // In a namespace its own server alone, as it would be where the network is what fails.
    const servers = this.#namespaces ? [addresses[place]] : [...addresses.slice(place), ...addresses.slice(0, place)];
    const birth = {
      name: `n${place}`,
      incarnation: `i${life}`,
      domain: DOMAIN,
      servers,
      history,
      threads,
      seed: this.#settings.seed + life,
      client: this.#namespaces ? { ignoreClusterUpdates: true } : {},
    };
    this.#nodes[place] = await NodeProcess.start(birth, place, this.#namespaces);
  }

  async #strike(nats: Nats): Promise<void> {
    let leader = await nats.leaderOf(`MEM_${DOMAIN}`);
    for (; leader < 0; leader = await nats.leaderOf(`MEM_${DOMAIN}`)) await passing(LOOK_MS);
    const victims: Victims = {
      nats,
      namespaces: this.#namespaces,
      leader,
      follower: (leader + 1) % COUNT,
      other: (leader + 2) % COUNT,
      killNode: (place) => this.#nodes[place].kill(),
      startNode: async (place) => {
        await this.#start(nats, place);
        await this.#nodes[place].ask({ kind: "run", clients: this.#settings.clients });
      },
    };
    await this.#nemesis.strike(victims);
    await passing(this.#nemesis.lastsMs);
    const undone = performance.now();
    await this.#nemesis.undo(victims);
    await Promise.all(
      this.#nodes.map(async (node) => {
        while (!(await node.passes())) if (performance.now() - undone > HEAL_MS) throw new Error("never healed");
      }),
    );
    this.#healedMs = Math.max(this.#healedMs, Math.round(performance.now() - undone));
  }

  /** What the nodes say when nothing is left to be sent and all say the same, or in the end what they say. */
  async #agreed(): Promise<NodeState[]> {
    for (const began = performance.now(); ; await passing(LOOK_MS)) {
      const states = await this.#all((node) => node.state());
      if (disagreements(states).length === 0 || performance.now() - began > HEAL_MS) return states;
    }
  }

  #all<T>(ask: (node: NodeProcess) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#nodes.map(ask));
  }
}

const passing = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function disagreements(states: readonly NodeState[]): string[] {
  const wrong: string[] = [];
  const [first] = states;
  for (const [place, { values, own, unsent, threads }] of states.entries()) {
    if (unsent > 0) wrong.push(`n${place} has ${unsent} writes unsent`);
    for (const [number, seen] of threads.entries()) {
      for (const [key, value] of Object.entries(seen)) {
        if (value !== values[key])
          wrong.push(`${key} is ${values[key]} at n${place}, ${value} in its thread ${number}`);
      }
    }
    for (const key of new Set([...Object.keys(values), ...Object.keys(first.values)])) {
      if (values[key] !== first.values[key])
        wrong.push(`${key} is ${first.values[key]} at n0, ${values[key]} at n${place}`);
    }
    for (const [key, value] of Object.entries(own)) {
      if (first.values[key] !== value)
        wrong.push(`${key} is ${first.values[key]}: the last write of n${place}, ${value}, is lost`);
    }
  }
  return wrong;
}

function wrongIn({ outcome, model, partitions }: CheckResult): string[] {
  if (outcome === "ok") return [];
  return partitions
    .filter((part) => part.outcome !== "ok")
    .map(
      (part) =>
        `${model} ${part.key} (${part.operations} operations): ${part.outcome === "unknown" ? part.reason : "not linearizable"}`,
    );
}

/** Outlives the campaign. */
function keep(nemesis: string, history: readonly Operation[]): string {
  const file = join(mkdtempSync(join(tmpdir(), "engram-history-")), `${nemesis}.jsonl`);
  writeFileSync(file, history.map((one) => `${formatOperation(one)}\n`).join(""));
  return file;
}

/** Between two acknowledged writes, by whichever nodes. */
function outageOf(history: readonly Operation[]): number {
  const ends = history.filter(({ op, output }) => op === "set" && output === true).map((one) => one.return);
  ends.sort((a, b) => a - b);
  return Math.round(ends.reduce((longest, end, i) => Math.max(longest, i === 0 ? 0 : end - ends[i - 1]), 0) / 1e6);
}

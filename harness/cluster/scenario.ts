/**
 * One life of a small cluster, decided by a seed: three nodes with clocks that differ, a network that loses, delays and repeats, nodes cut off, killed
 * and started again, a log without its majority. Then everything is mended, and what must hold is looked at.
 */
import {
  CastLanes,
  type ClusterClock,
  type ClusterEntry,
  type Consistency,
  compareEntries,
  decodeEntry,
  isSameVersion,
  logKey,
  MemoryCluster,
  type MemoryEngine,
  type MemoryLog,
  type Outbox,
  PeerCopies,
  Replica,
  RoughNetwork,
  readAt,
  StaleError,
  type Stamp,
  UnavailableError,
  type Version,
  type Wishes,
  writeAt,
} from "../../src/cluster/index.js";
import { Random } from "../../src/random.js";
import type { Operation } from "../checker/index.js";
import { type Fault, plant } from "./faults.js";
import { SimulatedClock } from "./simulated-clock.js";

export interface ScenarioOptions {
  /** `strong`: every operation is, and the history is to be checked. `mixed`: eventual and strong writes to the same keys. */
  readonly level: "eventual" | "strong" | "mixed";
  readonly fault?: Fault | null;
  readonly operations?: number;
}

export interface ScenarioResult {
  /** What does not hold; empty when all does. */
  readonly broken: readonly string[];
  /** Of strong operations that were answered, or may have had an effect. */
  readonly history: readonly Operation[];
  readonly conflicts: number;
  readonly dropped: number;
  readonly repairs: number;
  readonly events: number;
}

/** Names with what names may have. */
const NODES = ["n0", "node two.*", "ñ3>\u{1F98A}"];
const KEYS = ["k0", "k1", "k2"];
const BUSY_MS = 3000;
const BURSTS = 8;
/** About as long as a barrier takes. */
const BURST_MS = 12;
const HEALED_MS = 20_000;
const TIMEOUT_MS = 400;
/** Of bounded reads: of the order of what a barrier takes, so that it matters when it was begun. */
const WINDOW_MS = 12;
const VALUES = { eventual: 0.6, strong: 0.5, mixed: 0.5 };
/** What a key that was deleted, or never written, reads as in a history. */
const NOTHING = "(nothing)";
const [SWEEPS, CHECKPOINTS, PULLS] = [12, 6, 6];

interface Written {
  readonly key: string;
  readonly entry: ClusterEntry;
  /** What it was made over, as far as that was eventual too. */
  readonly over: ClusterEntry | null;
}

interface Acknowledged {
  readonly key: string;
  readonly seq: number;
  readonly atMs: number;
  readonly deletes: boolean;
}

interface Node {
  readonly name: string;
  readonly clock: ClusterClock;
  readonly outbox: Outbox;
  /** Of an earlier moment: a node that is started again may go on from it. */
  checkpoint: { readonly versions: [string, Version][]; readonly applied: number; readonly stamp: Stamp } | null;
  incarnation: number;
  replica: Replica;
  engine: MemoryEngine;
  copies: PeerCopies;
  alive: boolean;
}

export async function runScenario(seed: number, options: ScenarioOptions): Promise<ScenarioResult> {
  return new Scenario(seed, options).run();
}

class Scenario {
  private readonly random: Random;
  private readonly time = new SimulatedClock();
  private readonly network: RoughNetwork;
  private readonly cluster: MemoryCluster;
  private readonly nodes: Node[] = [];
  private readonly written: Written[] = [];
  private readonly history: Operation[] = [];
  private readonly totals = { conflicts: 0, dropped: 0, repairs: 0 };
  private readonly broken: string[] = [];
  private readonly acknowledged: Acknowledged[] = [];
  /** Keys whose deletion was taken out of the log. */
  private readonly swept = new Set<string>();
  private values = 0;
  /** Two or three: the fewer, the more meets on each. */
  private readonly keys: readonly string[];

  constructor(
    seed: number,
    private readonly options: ScenarioOptions,
  ) {
    this.random = new Random(seed, 0xc1);
    this.keys = KEYS.slice(seed % 2);
    this.network = new RoughNetwork(this.random, {
      ...{ loss: this.random.unit() * 0.06, delayMs: 5 },
      ...{ late: 0.01, lateMs: 1500 },
    });
    this.cluster = new MemoryCluster({
      ...{ clock: this.time.clockOf(), network: this.network, timeoutMs: 200 },
      duplicatesConflict: seed % 2 === 0,
    });
  }

  async run(): Promise<ScenarioResult> {
    for (const name of NODES) await this.addNode(name);
    const { level, operations = level === "strong" ? 80 : 60 } = this.options;
    for (let i = 0; i < operations; i++) this.time.after(this.moment(), () => this.operate(i));
    if (level === "strong") {
      this.begin();
      this.scheduleSweeps();
    }
    this.schedulePulls();
    this.scheduleCheckpoints();
    this.scheduleTrouble();
    await this.time.runUntil(BUSY_MS + 1500);
    this.network.clear();
    for (const node of this.nodes) {
      if (!node.alive) await this.start(node);
      this.cluster.reconnect(node.name);
    }
    const heals = this.nodes.map(({ replica }) => replica.heal());
    const healed = await this.time.until(Promise.all(heals), HEALED_MS);
    if (healed.some(({ merged }) => !merged)) this.broken.push("healing has left something unsent");
    await this.time.until(Promise.all(this.nodes.map(({ replica }) => replica.pass(TIMEOUT_MS))), HEALED_MS);
    await this.time.runUntil(this.time.timeMs + 6000); // what was cast last is adopted by then
    this.judge();
    for (const node of this.nodes) this.end(node);
    const { conflicts, dropped, repairs } = this.totals;
    return { broken: this.broken, history: this.history, conflicts, dropped, repairs, events: this.time.events };
  }

  // ---------------------------------------------------------------- what happens

  private async addNode(name: string): Promise<void> {
    // one in twenty is ten minutes off
    const off = this.random.below(20) === 0 ? (this.random.below(2) === 0 ? 600_000 : -600_000) : 0;
    const aheadMs = (this.random.unit() - 0.5) * 200 + off;
    const clock = this.time.clockOf(() => aheadMs);
    const node = {
      name,
      clock,
      outbox: new Map<string, ClusterEntry>(),
      checkpoint: null,
      incarnation: 0,
      alive: false,
    } as unknown as Node;
    this.nodes.push(node);
    await this.start(node);
  }

  private async start(node: Node): Promise<void> {
    const { fault = null } = this.options;
    const { name, clock, outbox } = node;
    node.incarnation++;
    node.engine = await this.cluster.open({ name: "d" }, name);
    const { versions = [], applied = 0 } = node.checkpoint ?? {};
    const lanes = new CastLanes(plant(fault, clock, node.engine).engine);
    node.replica = new Replica({
      ...{ node: name, incarnation: String(node.incarnation), clock, outbox, versions: new Map(versions) },
      ...{ adoptAfterMs: 400, pace: { retryMs: 20, retryMostMs: 200 }, feedTimeoutMs: 200 },
      ...plant(fault, clock, node.engine),
      engine: lanes.engineOf("entries"),
    });
    node.copies = new PeerCopies(
      node.replica,
      lanes.lane("recovery"),
      clock,
      () => "log",
      () => this.random.unit(),
    );
    if (node.checkpoint !== null) node.replica.hybrid.witness(node.checkpoint.stamp);
    node.replica.resumeAt(applied);
    node.alive = true;
    void node.replica.repair();
  }

  /** As kill -9 does: what was in hand is over, the outbox stays. */
  private end(node: Node): void {
    if (!node.alive) return;
    node.alive = false;
    const { replica } = node;
    this.totals.conflicts += replica.conflicts;
    this.totals.dropped += replica.dropped;
    this.totals.repairs += replica.repairs;
    node.copies.stop();
    replica.close();
    void node.engine.close();
  }

  /** In bursts, so that much happens at once. */
  private moment(): number {
    return this.random.below(BURSTS) * (BUSY_MS / BURSTS) + this.random.unit() * BURST_MS;
  }

  private scheduleTrouble(): void {
    const { random, network, time, nodes } = this;
    for (let i = 0; i < 4; i++) {
      const from = random.unit() * (BUSY_MS - 200);
      const { name } = nodes[random.below(nodes.length)];
      time.after(from, () => network.apart.add(name));
      time.after(from + 100 + random.unit() * 900, () => {
        network.apart.delete(name);
        this.cluster.reconnect(name);
      });
    }
    for (let i = 0; i < 2; i++) {
      const from = random.unit() * (BUSY_MS - 200);
      time.after(from, () => {
        network.logUp = false;
      });
      time.after(from + 300, () => {
        network.logUp = true;
      });
    }
    const victim = nodes[random.below(nodes.length)];
    const killed = random.unit() * (BUSY_MS - 200);
    time.after(killed, () => this.end(victim));
    time.after(killed + 20 + random.unit() * 500, () => void this.start(victim));
  }

  /** As a history sees it: nothing was written yet. */
  private begin(): void {
    for (const key of this.keys)
      this.note({ client: "first", key, op: "set", input: { value: NOTHING }, output: true, call: -2, return: -1 });
  }

  /** Deletions are taken out of the log long before every node has seen them: those that have not are to find out. */
  private scheduleSweeps(): void {
    for (let i = 0; i < SWEEPS; i++) {
      this.time.after(this.random.unit() * BUSY_MS, () => {
        const { alive, replica } = this.nodes[this.random.below(this.nodes.length)];
        if (!alive) return;
        for (const [key, { seq, entry }] of [...replica.copy()]) {
          if (entry === null || entry.value !== null) continue;
          this.swept.add(key);
          replica.forget(key, seq, TIMEOUT_MS).catch(() => {}); // cut off, or somebody moved the horizon at the same time
        }
      });
    }
  }

  private scheduleCheckpoints(): void {
    for (let i = 0; i < CHECKPOINTS; i++) {
      this.time.after(this.random.unit() * BUSY_MS, () => {
        const node = this.nodes[this.random.below(this.nodes.length)];
        if (!node.alive) return;
        const { replica } = node;
        // deletions are in no checkpoint
        const versions = [...replica.copy()].filter(([, { entry }]) => entry !== null && entry.value !== null);
        node.checkpoint = { versions, applied: replica.resumesAt, stamp: replica.hybrid.issue() };
      });
    }
  }

  /** Copies are taken over from other nodes, as recovery does where the log does not answer. */
  private schedulePulls(): void {
    for (let i = 0; i < PULLS; i++) {
      this.time.after(this.random.unit() * BUSY_MS, () => {
        const [node, peer] = [0, 0].map(() => this.nodes[this.random.below(this.nodes.length)]);
        if (node.alive && node !== peer) node.copies.pull(peer.name).catch(() => {}); // the peer is away, or this node ends
      });
    }
  }

  // ---------------------------------------------------------------- what is asked

  private operate(number: number): void {
    const { random } = this;
    const { level } = this.options;
    const node = this.nodes[random.below(this.nodes.length)];
    const key = this.keys[random.below(this.keys.length)];
    const writes = random.unit() < VALUES[level];
    const strong = level === "strong" || (level === "mixed" && random.unit() < 0.4);
    const condition = random.unit() < 0.4;
    if (!node.alive) return;
    const wishes: Wishes = {
      consistency: (strong ? "strong" : "eventual") satisfies Consistency,
      ...{ windowMs: WINDOW_MS, timeoutMs: TIMEOUT_MS },
    };
    if (!strong) {
      if (writes) this.writeEventually(node, key, random.unit() < 0.15 ? null : this.nextValue());
      return;
    }
    const client = `${node.name}/${number}`;
    if (!writes && random.unit() < 0.1 && level === "strong") void this.readWithin(node, key, wishes);
    else if (!writes) void this.readStrongly(node, client, key, wishes);
    else if (condition) void this.replaceStrongly(node, client, key, wishes);
    else void this.writeStrongly(node, client, key, wishes);
  }

  private nextValue(): Uint8Array {
    return new TextEncoder().encode(String(this.values++));
  }

  private writeEventually(node: Node, key: string, value: Uint8Array | null): void {
    const over = node.replica.latest(key);
    this.written.push({ key, entry: node.replica.put(key, value), over });
  }

  private async readStrongly(node: Node, client: string, key: string, wishes: Wishes): Promise<void> {
    const call = this.nowNs();
    try {
      const { entry, seq } = await readAt(node.replica, key, wishes);
      const read =
        entry === null
          ? { op: "get" as const, output: NOTHING }
          : { op: "getEntry" as const, output: { value: textOf(entry), version: String(seq) } };
      this.note({ client, key, input: null, ...read, call, return: this.nowNs() });
    } catch (error) {
      if (!(error instanceof UnavailableError)) this.broken.push(`a strong read threw ${String(error)}`);
    }
  }

  /** What was acknowledged longer ago than the window is seen, or something later. */
  private async readWithin(node: Node, key: string, wishes: Wishes): Promise<void> {
    try {
      const { seq = 0 } = await readAt(node.replica, key, { ...wishes, consistency: "bounded_stale" });
      // as late as may be: when it was read, which is just now
      const due = this.time.timeMs - WINDOW_MS;
      const [least] = this.acknowledged
        .filter((one) => one.key === key && one.atMs < due)
        .sort((one, other) => other.seq - one.seq);
      // a deletion may be known by nothing being there
      const forgotten = seq === 0 && (least?.deletes || this.swept.has(key));
      if (least !== undefined && seq < least.seq && !forgotten)
        this.broken.push(
          `${node.name} read version ${seq} of ${key} within ${WINDOW_MS} ms, and ${least.seq} was older`,
        );
    } catch (error) {
      if (!(error instanceof StaleError)) this.broken.push(`a bounded read threw ${String(error)}`);
    }
  }

  private async writeStrongly(node: Node, client: string, key: string, wishes: Wishes): Promise<void> {
    const value = this.options.level === "strong" && this.random.unit() < 0.3 ? null : this.nextValue();
    const input = { value: value === null ? NOTHING : Buffer.from(value).toString() };
    await this.tryToWrite({ client, key, op: "set", input }, async () => {
      const { seq = 0 } = await writeAt(node.replica, key, value, {}, wishes);
      this.acknowledged.push({ key, seq, atMs: this.time.timeMs, deletes: value === null });
      return true;
    });
  }

  /** Reads the version, then writes if that still stands. */
  private async replaceStrongly(node: Node, client: string, key: string, wishes: Wishes): Promise<void> {
    const stands = node.replica.confirmed(key);
    if (stands === undefined || stands.entry === null || stands.entry.value === null) return;
    const value = this.nextValue();
    const input = { value: Buffer.from(value).toString(), ifVersion: String(stands.seq) };
    await this.tryToWrite({ client, key, op: "set", input }, async () => {
      const { timeoutMs } = wishes;
      return (await node.replica.commit(key, value, { expect: stands.seq, timeoutMs })) !== null;
    });
  }

  private async tryToWrite(
    asked: Pick<Operation, "client" | "key" | "op" | "input">,
    work: () => Promise<boolean>,
  ): Promise<void> {
    const call = this.nowNs();
    try {
      const output = await work();
      this.note({ ...asked, output, call, return: this.nowNs() });
    } catch (error) {
      // certainly without effect: no part of the history
      if (!(error instanceof UnavailableError))
        this.note({ ...asked, output: null, call, return: Number.POSITIVE_INFINITY });
    }
  }

  private note(operation: Omit<Operation, "line">): void {
    this.history.push({ ...operation, line: this.history.length + 1 });
  }

  private nowNs(): number {
    return Math.round(this.time.timeMs * 1e6);
  }

  // ---------------------------------------------------------------- what must hold

  private judge(): void {
    const log = this.cluster.log("d");
    for (const key of this.keys) {
      const stands = standing(log, key);
      for (const { name, replica } of this.nodes) {
        const here = replica.latest(key);
        // that it is deleted may be known by the deletion, or by nothing: of checkpoints and swept logs
        const gone = [here, stands].filter((entry) => entry === null || entry.value === null).length;
        const same = gone === 2 || (here !== null && stands !== null ? isSameVersion(here, stands) : here === stands);
        if (!same) this.broken.push(`${name} has ${told(here)} for ${key}, the log ${told(stands)}`);
      }
      if (this.options.level === "eventual") this.judgeEventual(key, stands);
    }
    for (const { name, replica } of this.nodes) {
      const { outboxSize, overlaySize } = replica;
      if (outboxSize + overlaySize > 0)
        this.broken.push(`${name} has ${outboxSize} unsent and ${overlaySize} unconfirmed`);
    }
  }

  /** Nothing later than what stands was written, and nothing that was made over it. */
  private judgeEventual(key: string, stands: ClusterEntry | null): void {
    const all = this.written.filter((one) => one.key === key);
    if (stands === null) {
      if (all.length > 0) this.broken.push(`${key} was written and is not in the log`);
      return;
    }
    for (const { entry, over } of all) {
      if (compareEntries(entry, stands) > 0)
        this.broken.push(`${told(entry)} of ${key} is later than what stands, ${told(stands)}`);
      if (over !== null && isSameVersion(over, stands))
        this.broken.push(`${told(entry)} of ${key} was made over ${told(stands)}, which stands`);
    }
  }
}

function standing(log: MemoryLog, key: string): ClusterEntry | null {
  const logged = log.read(logKey("data", key));
  return logged === null ? null : decodeEntry(logged.entry);
}

function textOf(entry: ClusterEntry): string {
  return Buffer.from(entry.value ?? []).toString();
}

function told(entry: ClusterEntry | null): string {
  if (entry === null) return "nothing";
  return `${entry.value === null ? "a deletion" : textOf(entry)} (${entry.node}, ${entry.stamp.ms}.${entry.stamp.counter})`;
}

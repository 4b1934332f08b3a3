/** Clients of every level on every node, while one node is cut off for a time and comes back: what each side answered, how it healed, and whether all that was promised was kept. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterCheck, ClusterUse } from "../../reports/results.js";
import { EngramError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import type { ClusterWork } from "../../workloads/index.js";
import { CallTimes } from "./call-times.js";
import type { ClusterHere, MeasuredNode } from "./cluster-here.js";
import { Convergence } from "./convergence.js";
import { StrongHistory } from "./strong-history.js";
import { WindowCheck } from "./window-check.js";

type Plan = NonNullable<ClusterWork["partition"]>;
type PartitionUse = NonNullable<ClusterUse["partition"]>;
type Side = PartitionUse["sides"][number];

/** Between two operations of one client, ms, so that the history stays one that can be searched. */
const PAUSE_MS = 4;
/** Of one strong call, and of one bounded read: on the side that is cut off they would wait for as long as it lasts. */
const [STRONG_MS, BOUNDED_MS] = [500, 300];
const HEAL_MS = 60_000;

export interface PartitionOutcome {
  readonly calls: ClusterUse["calls"];
  readonly checks: readonly ClusterCheck[];
  readonly partition: PartitionUse;
}

export async function measurePartition(
  here: ClusterHere,
  plan: Plan,
  valueBytes: number,
  seed: number,
  progress: (label: string) => void,
): Promise<PartitionOutcome> {
  const work = new PartitionWork(here, plan, valueBytes, await here.expendable());
  await work.prepare();
  const clients = work.start(seed);
  progress("all nodes together");
  await sleep(plan.calm);
  progress("one node cut off");
  await work.cut();
  await sleep(plan.apart);
  progress("healing");
  const healed = await work.mend();
  await sleep(plan.calm);
  work.end();
  await clients;
  const checks = await work.checks();
  const conflicts = here.nodes.map(({ memory }) => memory.status().domains.shared);
  return {
    calls: work.times.rows().sort((a, b) => a.at.localeCompare(b.at) || a.call.localeCompare(b.call)),
    checks,
    partition: {
      ...{ apart: work.away.name, apartMs: plan.apart, ...healed },
      sides: work.sides.sort((a, b) => a.level.localeCompare(b.level) || a.side.localeCompare(b.side)),
      conflicts: conflicts.reduce((sum, one) => sum + one.conflicts, 0),
      dropped: conflicts.reduce((sum, one) => sum + one.dropped, 0),
    },
  };
}

class PartitionWork {
  readonly times = new CallTimes();
  readonly sides: Side[] = [];
  readonly away: MeasuredNode;
  private readonly history: StrongHistory;
  private readonly within: WindowCheck;
  private readonly convergence: Convergence;
  private readonly nodes: readonly MeasuredNode[];
  private isApart = false;
  private running = true;
  private written = 0;

  constructor(
    private readonly here: ClusterHere,
    private readonly plan: Plan,
    private readonly valueBytes: number,
    private readonly place: number,
  ) {
    this.nodes = here.nodes;
    this.away = here.nodes[place];
    this.history = new StrongHistory(valueBytes, STRONG_MS);
    this.within = new WindowCheck(plan.window, BOUNDED_MS);
    this.convergence = new Convergence(valueBytes);
  }

  async prepare(): Promise<void> {
    await this.history.prepare(this.other);
  }

  /** Ends when they are told to, and the last call of each is answered. */
  start(seed: number): Promise<unknown> {
    const { clients } = this.plan;
    const random = (place: number, number: number, kind: number) => new Random(seed, place, number, kind);
    return Promise.all(
      this.nodes.flatMap((node, place) =>
        Array.from({ length: clients }, (_, i) => [
          this.loop(random(place, i, 0), (drawn) => this.strong(node, `${node.name}/${i}`, drawn)),
          this.loop(random(place, i, 1), (drawn) => this.bounded(node, i, drawn)),
          this.loop(random(place, i, 2), (drawn) => this.eventual(node, drawn)),
        ]).flat(),
      ),
    );
  }

  async cut(): Promise<void> {
    await this.here.cut(this.place);
    this.isApart = true;
  }

  async mend(): Promise<{ readonly healedMs: number; readonly merged: boolean }> {
    this.here.mend(this.place);
    this.isApart = false;
    const began = performance.now();
    const { merged } = await this.away.memory.heal({ domain: "shared", timeout: HEAL_MS });
    return { healedMs: performance.now() - began, merged };
  }

  end(): void {
    this.running = false;
  }

  async checks(): Promise<ClusterCheck[]> {
    const converged = await this.convergence.check(this.nodes);
    await this.history.readAll(this.nodes);
    return [this.history.check(), this.within.check(), converged];
  }

  // ---------------------------------------------------------------- clients

  private async loop(random: Random, operate: (random: Random) => Promise<void>): Promise<void> {
    while (this.running) {
      await operate(random);
      await sleep(PAUSE_MS);
    }
  }

  private async strong(node: MeasuredNode, client: string, random: Random): Promise<void> {
    const side = this.sideOf(node);
    const { ms, call, refused } = await this.history.operate(node, client, random);
    this.count("strong", side, refused);
    if (refused === undefined) this.times.add(`strong, ${side}`, call, ms);
  }

  private async bounded(node: MeasuredNode, client: number, random: Random): Promise<void> {
    // one writer, which stays with the majority, so that acknowledgements come in order
    if (node === this.other && client === 0) {
      await this.within.write(node, random, `${++this.written}`.padEnd(this.valueBytes, "."));
      return;
    }
    const side = this.sideOf(node);
    const took = await this.within.read(node, random);
    this.count("bounded_stale", side, took === null ? "STALE" : undefined);
    if (took !== null) this.times.add(`bounded_stale, ${side}`, "get", took);
  }

  private async eventual(node: MeasuredNode, random: Random): Promise<void> {
    const side = this.sideOf(node);
    try {
      this.times.add(`eventual, ${side}`, "put", await this.convergence.write(node, random));
      this.count("eventual", side, undefined);
    } catch (error) {
      if (!(error instanceof EngramError)) throw error;
      this.count("eventual", side, error.code);
    }
  }

  // ---------------------------------------------------------------- inside

  private get other(): MeasuredNode {
    return this.nodes[(this.place + 1) % this.nodes.length];
  }

  /** When it is asked. */
  private sideOf(node: MeasuredNode): string {
    if (!this.isApart) return "all together";
    return node === this.away ? "the node cut off" : "the others meanwhile";
  }

  private count(level: string, side: string, refused: string | undefined): void {
    let row = this.sides.find((one) => one.level === level && one.side === side);
    if (row === undefined) {
      row = { level, side, answered: 0, refused: {} };
      this.sides.push(row);
    }
    if (refused === undefined) row.answered++;
    else row.refused[refused] = (row.refused[refused] ?? 0) + 1;
  }
}

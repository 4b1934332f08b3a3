/** One node with all its parts, joined: its name, its domains, the tier outside, limits, recovery, checkpoints. What `DistributedMemory` shows. */
import { randomInt } from "node:crypto";
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { addReport } from "../store/index.js";
import { CastLanes } from "./cast-lanes.js";
import { Checkpoints, type DomainNote, noteOf, writeNotes } from "./checkpoints.js";
import { type ClusterMemory, clusterMemory } from "./cluster-memory.js";
import { DomainState, type HeadStart } from "./domain-state.js";
import { EngineNotSent, type EngineSource, EngineUnknown } from "./engine.js";
import { MemoryCluster } from "./engine-memory.js";
import { NatsEngines } from "./engine-nats.js";
import { type DomainAdvice, Evaluation } from "./evaluation.js";
import type { ExternalTier } from "./external.js";
import { redisTier } from "./external-redis.js";
import { admit } from "./limits.js";
import { copyIn } from "./local-tier.js";
import { LogIdentity } from "./log-identity.js";
import { Membership } from "./membership.js";
import type { MemoryEvents } from "./memory-events.js";
import { reportOf } from "./metrics.js";
import { Opening } from "./opening.js";
import type { DomainSettings, JoinSettings } from "./options.js";
import { Pauses } from "./pauses.js";
import { PressureWatch } from "./pressure.js";
import { Recovery } from "./recovery.js";
import type { Conflict } from "./replica-options.js";
import { type ClusterStatus, type DomainStatus, domainStatus, engineOf } from "./status.js";
import { Sweeping } from "./sweeping.js";
import { systemClock } from "./system-clock.js";

const RETRY_MS = 50;
const LOOK_MS = 1000;
const SWEEP_MS = 60_000;
/** The log of who is there. No domain can have that name. */
const MEMBERS = "_members";
/** The servers' own wall lies so far above a domain's limit. */
const ROOM = 1.1;

export type Tell = <E extends keyof MemoryEvents>(event: E, report: MemoryEvents[E]) => void;

export class NodeState {
  readonly opening = new Opening(systemClock);
  readonly domains = new Map<string, DomainState>();
  readonly recovery: Recovery;
  readonly evaluation: Evaluation;
  membership: Membership | null = null;
  checkpoints: Checkpoints | null = null;
  private external: ExternalTier | null = null;
  private readonly pauses = new Pauses(systemClock);
  private readonly pressure: PressureWatch;
  private readonly incarnation = randomInt(1, 2 ** 47);

  constructor(
    readonly settings: JoinSettings,
    private readonly tell: Tell,
  ) {
    const { limits } = settings;
    this.pressure = new PressureWatch(limits, {
      usage: () => new Map([...this.domains].map(([name, domain]) => [name, domain.usage()])),
      clusterBytes: () => this.clusterMemory().usedMemoryBytes,
      evict: (name, excess) => this.domains.get(name)?.evict(excess) ?? 0,
    });
    this.pressure.onChange((event) => tell("pressure", event));
    const isAlone = settings.engines === undefined && settings.servers.length === 0;
    this.evaluation = new Evaluation(this.domains, isAlone ? "single_node" : "multi_node");
    this.recovery = new Recovery({
      clock: systemClock,
      domains: () => this.replicated(),
      openCheckpoint: async (name) => (this.checkpoints === null ? null : this.checkpoints.open(name)),
      announce: () => this.membership?.announce(),
    });
    this.recovery.onProgress((progress) => tell("recovery", progress));
  }

  /** @throws InvalidArgumentError for a domain that was not joined with */
  stateOf(name: string): DomainState {
    const state = this.domains.get(name);
    if (state !== undefined) return state;
    throw new InvalidArgumentError(
      `there is no domain ${describe(name)}; this node has joined with ${[...this.domains.keys()].join(", ")}: name it in domains of join`,
    );
  }

  // ---------------------------------------------------------------- joining

  /** The memory that is joined when it is done. What is opened is noted with `opening`, and closed with it. */
  async open(): Promise<void> {
    const { settings, opening } = this;
    const { domains, store, backups } = settings;
    opening.add(() => this.pauses.close());
    if (backups !== undefined) this.keepCheckpoints(backups);
    const alone = settings.engines === undefined && settings.servers.length === 0;
    const own = new MemoryCluster();
    const shared = settings.engines ?? (alone ? own : new NatsEngines({ ...settings.nats, servers: settings.servers }));
    // engines that were handed in are their owner's to close
    if (settings.engines === undefined && !alone) opening.add(() => (shared as EngineSource).close());
    this.external = await this.openExternal();
    this.membership = await this.takeName(shared, alone);
    for (const domain of domains.values()) {
      const isOwn = alone || domain.backend !== "cluster";
      this.domains.set(domain.name, await this.openDomain(domain, isOwn ? own : shared, isOwn));
    }
    opening.add(() => writeNotes(store, this.notes()));
    opening.add(() => this.recovery.close());
    opening.add(addReport(store, () => reportOf(this.status())) as () => void);
    this.watch();
  }

  /** What a join waits for, to be said when it took too long. */
  waitsFor(): string {
    const missing = [...this.settings.domains.keys()].filter((name) => !this.domains.has(name));
    return this.membership === null
      ? ": the log of its members does not answer"
      : `: domain "${missing[0]}" does not answer`;
  }

  private keepCheckpoints(backups: NonNullable<JoinSettings["backups"]>): void {
    const { store, checkpointEveryMs: everyMs, checkpointsKept: keep } = this.settings;
    const source = {
      clock: systemClock,
      notes: () => this.notes(),
      copyIn,
    };
    const onError = (error: Error) => this.tell("checkpoint-failed", error);
    const checkpoints = new Checkpoints(store, backups, source, { everyMs, keep, onError });
    this.checkpoints = checkpoints;
    this.opening.add(() => checkpoints.close());
  }

  private async openExternal(): Promise<ExternalTier | null> {
    const { external } = this.settings;
    if (external === undefined) return null;
    if (typeof external === "object" && "read" in external) return external;
    const options = typeof external === "string" ? { url: external } : external;
    return this.opening.take(redisTier(options), (tier) => tier.close());
  }

  private async takeName(shared: EngineSource, alone: boolean): Promise<Membership> {
    const { settings, opening, incarnation } = this;
    const { node, timeoutMs } = settings;
    const [first] = [...settings.domains.values()].filter(({ backend }) => backend === "cluster");
    const { replicas = 1, storage = "memory" } = first ?? {};
    const log = { name: MEMBERS, replicas, storage, maxBytes: Number.POSITIVE_INFINITY };
    const engine = await opening.take(shared.open(log, node, timeoutMs), (one) => one.close());
    const membership = new Membership(engine, new CastLanes(engine).lane("membership"), systemClock, {
      ...{ node, incarnation, everyMs: settings.heartbeatMs, usage: () => this.used() },
      ...(alone ? { rollCallMs: 0 } : {}),
      onNameLost: (error) => this.tell("name-lost", error),
    });
    membership.onEvent((event) => {
      if (event.type === "left" || event.type === "died") {
        for (const { invalidations } of this.domains.values()) invalidations.left(event.node);
      }
      this.tell("member", event);
    });
    opening.add(() => membership.leave());
    await this.answered(() => membership.learnAll());
    await membership.join(timeoutMs);
    opening.goOn();
    return membership;
  }

  private async openDomain(domain: DomainSettings, source: EngineSource, isOwn: boolean): Promise<DomainState> {
    const { settings, opening, incarnation } = this;
    const { store, node, timeoutMs, coherence, limits } = settings;
    const { name, replicas, storage, backend } = domain;
    const maxBytes = limits.domains.get(name)?.maxBytes ?? limits.node.maxBytes;
    const wall = isOwn || maxBytes >= limits.node.maxBytes ? Number.POSITIVE_INFINITY : Math.ceil(maxBytes * ROOM);
    const definition = { name, replicas, storage, maxBytes: wall };
    const engine = await opening.take(source.open(definition, node, timeoutMs), (one) => one.close());
    const log = new LogIdentity(engine, this.pauses);
    await this.answered(() => log.check());
    const state = new DomainState({
      ...{ store, node, incarnation, settings: domain, engine, log, clock: systemClock, external: this.external },
      ...{ coherence, live: () => (backend === "cluster" ? (this.membership?.live() ?? []) : []) },
      ...{ isOwn, headStart: this.headStartOf(domain, log, isOwn) },
      admit: (of, bytes) => this.admitOrEvict(of, bytes),
      onConflict: (of, conflict) => this.tellConflict(of, conflict),
      onOtherLog: (of, versions) => this.tell("log-renewed", { domain: of, versions }),
    });
    opening.add(() => state.close());
    await state.replica.repair();
    opening.goOn();
    if (!isOwn) state.pulse(settings.heartbeatMs);
    return state;
  }

  /** What an earlier life left in the store, if it is of use. A log in this process began with it, and knows nothing of the life before. */
  private headStartOf({ name, backend }: DomainSettings, log: LogIdentity, isOwn: boolean): HeadStart | null {
    const { store } = this.settings;
    if (isOwn) return backend === "node" ? null : { copy: copyIn(store, name), applied: null, stamp: null };
    const note = noteOf(store, name);
    if (note === null || note.log !== log.known) return null;
    const copy = copyIn(store, name);
    return copy.isWhole ? { copy, applied: note.applied, stamp: note.stamp } : null;
  }

  /** As soon as the log answers; who waits too long gives up for all of it. */
  private async answered(ask: () => Promise<unknown>): Promise<void> {
    while (!this.opening.isClosed) {
      try {
        await ask();
        return;
      } catch (error) {
        if (!(error instanceof EngineNotSent) && !(error instanceof EngineUnknown)) throw error;
        await this.pauses.sleep(RETRY_MS);
      }
    }
    this.opening.goOn();
  }

  // ---------------------------------------------------------------- being there

  /** Limits are looked at once a second, what is deleted for long once a minute. */
  private watch(): void {
    const every = (ms: number, look: () => void): (() => void) => {
      let cancel = systemClock.after(ms, function again() {
        cancel = systemClock.after(ms, again);
        look();
      });
      return () => cancel();
    };
    this.pressure.look();
    const { evaluateEveryMs } = this.settings;
    if (evaluateEveryMs > 0) this.opening.add(every(evaluateEveryMs, () => this.evaluate()));
    const look = (): void => {
      // what is over is no usage: before the limits are looked at
      for (const state of this.domains.values()) state.expire();
      this.pressure.look();
    };
    this.opening.add(every(LOOK_MS, look));
    // of those alive the one whose name comes first
    const isFirst = () => !this.membership?.live().some((name) => name < this.settings.node);
    const sweeping = new Sweeping(() => this.domains.values(), isFirst);
    this.opening.add(every(SWEEP_MS, () => void sweeping.look()));
  }

  private replicated() {
    return [...this.domains.values()]
      .filter(({ settings }) => settings.backend === "cluster")
      .map((state) => ({
        ...{ name: state.settings.name, replica: state.replica, engine: state.engine, copies: state.copies },
        checkLog: () => state.checkLog(),
        live: () => this.membership?.live() ?? [],
      }));
  }

  /** Where the copies are now. */
  private notes(): ReadonlyMap<string, DomainNote> {
    const notes = new Map<string, DomainNote>();
    for (const [name, { replica, logWord, settings }] of this.domains) {
      if (settings.backend !== "cluster") continue;
      notes.set(name, { applied: replica.resumesAt, log: logWord, stamp: replica.hybrid.issue() });
    }
    return notes;
  }

  /** Looks which backends the domains belong on, and tells what has changed since the last look. */
  evaluate(): DomainAdvice[] {
    const all = this.evaluation.look();
    for (const advice of all) if (advice.backend !== advice.before) this.tell("advice", advice);
    return all;
  }

  // ---------------------------------------------------------------- what it tells

  members() {
    return this.membership?.members() ?? [];
  }

  clusterMemory(): ClusterMemory {
    return clusterMemory({ node: this.settings.node, ...this.used() }, this.members());
  }

  status(): ClusterStatus {
    const all = [...this.domains.values()];
    const first = all.find(({ settings }) => settings.backend === "cluster") ?? all[0];
    return {
      ...{ node: this.settings.node, engine: first === undefined ? "" : engineOf(first), members: this.members() },
      ...{ memory: this.clusterMemory(), pressure: this.pressure.pressureOf("node") },
      domains: Object.fromEntries(all.map((state) => [state.settings.name, this.statusOf(state)])),
      external: this.external?.counts ?? null,
      ...{ recovery: this.recovery.status(), checkpoints: this.checkpoints?.list() ?? [] },
    };
  }

  private statusOf(state: DomainState): DomainStatus {
    const { limits } = this.settings;
    const { name } = state.settings;
    return domainStatus(state, {
      limitBytes: (limits.domains.get(name) ?? limits.node).maxBytes,
      pressure: this.pressure.pressureOf(`domain:${name}`),
      advised: this.evaluation.advised(name),
    });
  }

  private tellConflict(domain: string, { key, mine, other, kept }: Conflict): void {
    this.tell("conflict", { domain, key, mine: mine.node, other: other.node, kept: kept.node });
  }

  private used(): { usedBytes: number; limitBytes: number } {
    let usedBytes = 0;
    for (const state of this.domains.values()) usedBytes += state.usage().bytes;
    return { usedBytes, limitBytes: this.settings.limits.node.maxBytes };
  }

  private admit(domain: string, bytes: number): void {
    const node = { bytes: 0, entries: 0 };
    for (const state of this.domains.values()) {
      const used = state.usage();
      node.bytes += used.bytes;
      node.entries += used.entries;
    }
    const { limits } = this.settings;
    const bounded = Number.isFinite(limits.clusterMaxBytes);
    const clusterBytes = bounded ? this.clusterMemory().usedMemoryBytes : 0;
    admit(limits, domain, bytes, { domain: this.stateOf(domain).usage(), node, clusterBytes });
  }

  /** Before a new key. One that may evict does so rather than refuse it. @throws ClusterLimitError */
  private admitOrEvict(domain: string, bytes: number): void {
    try {
      this.admit(domain, bytes);
    } catch (error) {
      if (this.settings.limits.domains.get(domain)?.evict !== true) throw error;
      this.pressure.look();
      this.admit(domain, bytes);
    }
  }
}

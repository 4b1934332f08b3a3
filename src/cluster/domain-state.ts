/** One domain of a node with all its parts, joined: the replica, what workers see of it, who else has it, invalidations, subscriptions. */
import type { Store } from "../store/index.js";
import { CastLanes } from "./cast-lanes.js";
import type { ClusterClock, Engine } from "./engine.js";
import { type ClusterEntry, isGone } from "./entry.js";
import type { ExternalTier } from "./external.js";
import { Fills } from "./fills.js";
import type { Stamp } from "./hlc.js";
import { type Coherence, Invalidations, type InvalidationTarget } from "./invalidation.js";
import type { Usage } from "./limits.js";
import { LoadOnce } from "./load-once.js";
import { type LocalCopy, LocalTier, StoredOutbox } from "./local-tier.js";
import type { LogIdentity } from "./log-identity.js";
import { compareEntries } from "./merge.js";
import { NearValues } from "./near-values.js";
import type { DomainSettings } from "./options.js";
import { PeerCopies } from "./peer-copies.js";
import { HeapVersions, Replica } from "./replica.js";
import type { Conflict } from "./replica-options.js";
import { ChangeSubscriptions } from "./subscriptions.js";
import type { Swept } from "./sweeping.js";
import { TagIndex } from "./tag-index.js";
import { readValue } from "./values.js";

/** A copy of an earlier life, found in the store. */
export interface HeadStart {
  readonly copy: LocalCopy;
  /** Where it was in the log; null: it is of no log that there still is, and goes into this one. */
  readonly applied: number | null;
  /** The latest of the clock when that was noted: what is written from now on comes after all that was seen then. */
  readonly stamp: Stamp | null;
}

export interface DomainParts {
  readonly store: Store;
  readonly node: string;
  readonly incarnation: number;
  readonly settings: DomainSettings;
  readonly engine: Engine;
  /** Which log it is, asked before. */
  readonly log: LogIdentity;
  readonly clock: ClusterClock;
  /** Whether the log is in this process. */
  readonly isOwn: boolean;
  readonly headStart: HeadStart | null;
  readonly external: ExternalTier | null;
  readonly coherence: Coherence;
  /** Names of the other nodes that are alive. */
  readonly live: () => Iterable<string>;
  /** Before a new key of so many bytes. @throws ClusterLimitError */
  readonly admit: (domain: string, bytes: number) => void;
  readonly onConflict: (domain: string, conflict: Conflict) => void;
  /** Its log was lost and made anew; so many versions go into it from here. */
  readonly onOtherLog: (domain: string, versions: number) => void;
}

interface Gone {
  readonly seq: number;
  readonly sinceMs: number;
}

export class DomainState implements InvalidationTarget, Swept {
  readonly settings: DomainSettings;
  readonly engine: Engine;
  readonly lanes: CastLanes;
  readonly replica: Replica;
  readonly tier: LocalTier;
  readonly invalidations: Invalidations;
  readonly changes = new ChangeSubscriptions<unknown>();
  readonly fills = new Fills();
  readonly loads: LoadOnce;
  readonly external: ExternalTier | null;
  readonly copies: PeerCopies;
  readonly near: NearValues | null;
  readonly counts = { hits: 0, misses: 0, externalHits: 0, writes: 0, evictions: 0 };
  private readonly tags = new TagIndex();
  /** What reads as nothing, and since when that has been known here. */
  private gone: ReadonlyMap<string, Gone> = new Map();
  /** The word of the log that the copy is of. */
  logWord: string;
  private healedConflicts = 0;
  private cancelPulse = (): void => {};

  constructor(readonly parts: DomainParts) {
    const { store, node, incarnation, settings, engine, clock, coherence, live, headStart } = parts;
    const { name } = settings;
    this.settings = settings;
    this.near = settings.near === 0 ? null : new NearValues(settings.near);
    this.logWord = parts.log.known;
    this.engine = engine;
    this.external = settings.external ? parts.external : null;
    this.lanes = new CastLanes(engine);
    const left = headStart?.applied == null ? null : headStart.copy;
    this.tier = new LocalTier(store, name, left);
    const versions = new HeapVersions(left?.versions ?? []);
    this.replica = new Replica({
      ...{ node, clock, engine: this.lanes.engineOf("entries"), versions },
      // a log of this process is there as long as the process: nothing is unsent for long
      outbox: settings.backend === "cluster" ? new StoredOutbox(store, name) : undefined,
      incarnation: incarnation.toString(36),
    });
    this.replica.resumeAt(headStart?.applied ?? 0);
    if (headStart?.stamp) this.replica.hybrid.witness(headStart.stamp);
    this.copies = new PeerCopies(this.replica, this.lanes.lane("recovery"), clock, () => this.logWord);
    const holder = `${Buffer.from(node).toString("base64url")}.${incarnation.toString(36)}`;
    this.loads = new LoadOnce(engine, clock, holder, this.replica);
    this.replica.onOverlay((key) => this.show(key));
    this.replica.onApply((key, entry, seq, gap) => this.applied(key, entry, seq, gap));
    this.replica.onConflict((conflict) => parts.onConflict(name, conflict));
    const settingsOf = { node, incarnation, coherence };
    const casts = this.lanes.lane("invalidation");
    this.invalidations = new Invalidations(casts, clock, this, live, this.fills, settingsOf);
    if (headStart !== null) this.takeUp(headStart);
    const ask = () => void this.checkLog().catch(() => {}); // who needs to know asks again
    this.replica.onOtherLog(ask);
    engine.onReconnect(ask);
  }

  /**
   * Asks which log it is. One that was made anew gets what the copy here has.
   *
   * @returns its word. @throws EngineNotSent, EngineUnknown
   */
  async checkLog(): Promise<string> {
    const word = await this.parts.log.check();
    if (word !== this.logWord) {
      this.logWord = word;
      this.copies.stop("the log is another one by now");
      this.parts.onOtherLog(this.settings.name, this.replica.startOver());
    }
    return word;
  }

  /** Of this node's writes, since this was asked last. */
  conflictsSinceHealed(): number {
    const { conflicts } = this.replica;
    const since = conflicts - this.healedConflicts;
    this.healedConflicts = conflicts;
    return since;
  }

  /** A barrier now and then: how old the copy is at most is known without anybody who reads. */
  pulse(everyMs: number): void {
    this.replica.pass(everyMs).catch(() => {});
    this.cancelPulse = this.parts.clock.after(everyMs, () => this.pulse(everyMs));
  }

  /** Of what this domain keeps on this node. */
  usage(): Usage {
    return this.tier.usage();
  }

  /** Gives up the entries that were written longest ago, about so many: the same ones at every node that does, so that they go once. */
  evict(excess: Usage): number {
    let evicted = 0;
    let { bytes, entries } = excess;
    const oldest: [key: string, entry: ClusterEntry][] = [];
    for (const key of this.replica.keys()) {
      const entry = this.replica.peek(key);
      if (entry !== null) oldest.push([key, entry]);
    }
    oldest.sort(([, a], [, b]) => compareEntries(a, b));
    for (const [key] of oldest) {
      if (bytes <= 0 && entries <= 0) break;
      bytes -= this.tier.sizeOf(key);
      entries--;
      this.replica.evict(key);
      evicted++;
    }
    this.counts.evictions += evicted;
    return evicted;
  }

  /** The log is in this process. */
  get isOwn(): boolean {
    return this.parts.isOwn;
  }

  /** What has expired is not shown, indexed or counted any longer: nobody else tells of it. */
  expire(): void {
    for (const key of this.tier.over(Date.now())) this.show(key);
  }

  /**
   * Takes what was deleted or has expired longer than `keptMs` ago out of the log: by then every node that is not away has seen it, and those that are
   * compare their copies whole when they come back.
   *
   * @returns how many. @throws EngineNotSent, EngineUnknown
   */
  async sweep(keptMs: number): Promise<number> {
    const gone = this.goneFor(keptMs);
    // the last first: with it the horizon is beyond all others
    for (const [key, seq] of gone.sort(([, a], [, b]) => b - a)) {
      await this.replica.forget(key, seq, this.settings.timeoutMs);
    }
    return gone.length;
  }

  /** Drops from the copy what has been gone for so long, and is below where another node has swept to. */
  dropSwept(keptMs: number): number {
    const gone = this.goneFor(keptMs).filter(([, seq]) => seq <= this.replica.horizon);
    for (const [key, seq] of gone) this.replica.forgetHere(key, seq);
    return gone.length;
  }

  async close(): Promise<void> {
    this.cancelPulse();
    this.copies.stop();
    await this.loads.close();
    this.invalidations.close();
    this.changes.close();
    this.replica.close();
  }

  // ---------------------------------------------------------------- what an invalidation meets

  moment(): Stamp {
    return this.replica.hybrid.issue();
  }

  drop(key: string, at: Stamp, source: string): boolean {
    return this.replica.deleteAsOf(key, at, source);
  }

  keys(): Iterable<string> {
    return this.replica.keys();
  }

  tagged(tag: string): Iterable<string> {
    return this.tags.keysOf(tag);
  }

  /** What was missed is in the log all the same, as deletions: a copy of it holds nothing that was to be forgotten. */
  clear(): number {
    void this.replica.repair();
    return 0;
  }

  // ---------------------------------------------------------------- inside

  /** By how long they have been gone, and known here as that: what was deleted alone for hours is news to the others when it comes into the log. */
  private goneFor(keptMs: number): [key: string, seq: number][] {
    const now = this.replica.hybrid.nowMs();
    const elapsed = this.parts.clock.elapsed();
    const known = new Map<string, Gone>();
    const gone: [string, number][] = [];
    for (const [key, { seq, entry }] of this.replica.copy()) {
      if (entry === null || !isGone(entry, now) || this.replica.isPending(key)) continue;
      const before = this.gone.get(key);
      const { sinceMs } = before?.seq === seq ? before : { sinceMs: elapsed };
      known.set(key, { seq, sinceMs });
      if (elapsed - sinceMs >= keptMs && isGone(entry, now - keptMs) && entry.stamp.ms <= now - keptMs)
        gone.push([key, seq]);
    }
    this.gone = known;
    return gone;
  }

  /** What lies in the store from an earlier life, beside the copy that the replica was made with. */
  private takeUp({ copy: { versions, pending }, applied }: HeadStart): void {
    for (const [key, { entry }] of versions) {
      if (entry === null) continue;
      this.replica.hybrid.witness(entry.stamp);
      this.tags.set(key, entry.tags);
      if (applied === null) this.replica.adopt(key, entry);
    }
    for (const [key, entry] of pending) {
      this.replica.adopt(key, entry);
      this.show(key);
    }
  }

  private applied(key: string, entry: ClusterEntry | null, seq: number, gap: boolean): void {
    this.show(key);
    const { external } = this;
    if (external !== null && entry !== null && entry.node === this.parts.node)
      external.write(this.settings.name, key, entry);
    this.changes.tell(() => {
      const gone = entry === null || isGone(entry, this.replica.hybrid.nowMs());
      const value = gone ? undefined : readValue(entry.value!);
      return { key, value, version: seq, source: entry?.node ?? "", gap };
    });
  }

  private show(key: string): void {
    const entry = this.replica.peek(key);
    const confirmed = this.replica.confirmed(key);
    this.tier.show(key, entry, confirmed, this.replica.isPending(key));
    if (entry === null) this.tags.delete(key);
    else this.tags.set(key, entry.tags);
  }
}

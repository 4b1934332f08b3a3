/**
 * The evictor: the one thread of a store that runs its eviction policy. Each round it reads the access logs of all slots, plays
 * them to the policy as the requests they were, and removes the policy's victims from the table.
 *
 * A request of the simulator is: look up; on a miss evict while full, then insert. Here the look-up of a hit arrives as a hit, and
 * that of a miss together with the insertion that follows it; a miss that nothing is written for is not learned from.
 * Replacing an entry counts as a hit. So with `maxEntries` a store runs the very requests a simulated cache of that capacity does,
 * late by one round. Without it there is no limit in entries: victims are taken when the pool is under pressure.
 *
 * Logs are hints (src/core/assembly/log.ts). What keeps a store right whatever they say:
 * - an entry is taken on only if it is alive in the life its record names;
 * - a victim is removed by address and version: one that was rewritten, deleted or expired meanwhile is spared, and if it
 *   lives on, the record of its rewriting brings it back to the policy;
 * - after lost insertions or removals, or a worker's death, the table is walked, a piece at a time: entries nobody told of are taken
 *   on, and those that are gone are dropped.
 * What never reached the policy can still be evicted by a writer, inline.
 *
 * What has expired goes before anything that lives. A round begins by taking it out of the table; and because records tell when
 * their entries expire, the policy lets go of those before it is asked for a victim, however far behind the logs are with the removals.
 */
import { accessesOf, EvictorWords, layout } from "../../core/index.js";
import { Adaptive, createPolicy, ExpiryHeap, type Policy } from "../../eviction/index.js";
import { threadNow } from "../clock.js";
import type { WorkerConnection } from "../worker.js";
import { DecisionLog } from "./decision-log.js";
import { EntryTable } from "./entry-table.js";
import { Gauges } from "./gauges.js";
import { type LivePolicyName, livePolicy } from "./live-policies.js";
import { excessBytes, HIGH_FROM, pressureOf } from "./pressure.js";

/** Victims taken in one round of high pressure; at critical there is no end but enough room. */
const VICTIMS_A_ROUND = 2048;
/** Expired entries taken out at the beginning of a round at most. */
const EXPIRED_A_ROUND = 4096;
/** Ids looked at between two looks at the clock. */
const PURGE_STEP = 8192;
/** Records read between two ticks of the store's clock: what fits the window. */
const RECORDS = layout.S_MANY_SIZE / layout.LOG_RECORD_SIZE;
/** Ids an entry of capacity: residents, as many ghosts as any policy keeps, and as many again that wait to be forgotten. */
const IDS_AN_ENTRY = 4;
/** From here on memory counts for more, and ghosts get what is left of two ids an entry. */
const IDS_ALWAYS_GRANTED = 4_000_000;
/** Chunk bytes of an entry, until there are entries to ask: 64-byte values. */
const USUAL_CHUNK = 128;
const LEAST_CAPACITY = 16;
/** A capacity that was estimated is estimated anew when it is off by more than this share... */
const ESTIMATE_TOLERANCE = 0.25;
/** ...and entries fill more than this share of the pool: a handful of entries says little about the rest. */
const ESTIMATE_FROM = 1 / 64;

export class Evictor {
  private policy: Policy;
  private entries: EntryTable;
  private readonly gauges: Gauges;
  private readonly decisions: DecisionLog;
  private readonly words: Int32Array;
  private readonly figures: EvictorWords;
  private readonly slotCount: number;
  private capacity: number;
  /** Entries this evictor has evicted. */
  evicted = 0;
  private lossesSeen = 0;
  /** The walk under way: the next bucket, then the next id; null = none. */
  private walk: { bucket: number; id: number } | null = null;
  /** Residents that expire, by ticks that do not wrap around; null until there is one. */
  private expiries: ExpiryHeap | null = null;
  /** The time, in the same ticks. */
  private now = 0;

  private constructor(
    private readonly worker: WorkerConnection,
    private readonly name: LivePolicyName,
    private readonly maxEntries: number,
  ) {
    const { header } = worker;
    this.slotCount = header.slotCount;
    this.gauges = new Gauges(worker);
    this.decisions = new DecisionLog(worker);
    this.words = worker.manyWords;
    this.figures = new EvictorWords(header.buffer);
    this.capacity = maxEntries > 0 ? maxEntries : this.entriesInPool(USUAL_CHUNK);
    this.entries = new EntryTable(idsFor(this.capacity));
    this.policy = createPolicy(name, { capacity: this.capacity, distinct: this.entries.ids });
    this.lossesSeen = this.losses();
    if (this.gauges.entries() > 0) this.walk = { bucket: 0, id: 0 };
    this.figures.capacity = this.capacity;
  }

  /** The evictor of the store this thread is connected to; null when it has no policy, or another living thread is its evictor. */
  static claim(worker: WorkerConnection): Evictor | null {
    const name = livePolicy(worker.header.eviction);
    if (name === null || !worker.engine.claimEvictor()) return null;
    return new Evictor(worker, name, worker.header.maxEntries);
  }

  /**
   * Reads what is in the logs, and evicts what the limit and the pressure ask for. True when the pool is still under pressure:
   * the next round should not wait.
   */
  round(): boolean {
    this.tick();
    this.worker.engine.sweepDue(EXPIRED_A_ROUND);
    this.readLogs();
    this.dropExpired();
    this.followEstimate();
    const pressed = this.relievePressure();
    this.figures.residents = this.policy.size;
    if (this.policy instanceof Adaptive) this.decisions.append(this.policy);
    return pressed;
  }

  /** Goes on looking for what the logs lost, for `ms` at most. False when there is nothing more to look for. */
  recover(ms: number): boolean {
    if (this.walk === null) {
      // what is lost while a walk is under way may be where it has been: then there is another
      const losses = this.losses();
      if (losses === this.lossesSeen) return false;
      this.lossesSeen = losses;
      this.walk = { bucket: 0, id: 0 };
    }
    this.walkOn(this.walk, ms);
    this.figures.residents = this.policy.size;
    return true;
  }

  /** Whether there are records to read. */
  hasNews(): boolean {
    const { engine } = this.worker;
    for (let number = 0; number < this.slotCount; number++) if (engine.logBacklog(number) !== 0) return true;
    return false;
  }

  // ---------------------------------------------------------------- logs

  private readLogs(): void {
    const { engine, manyAddress } = this.worker;
    for (let number = 0; number < this.slotCount; number++) {
      // as much as was there when we came: a worker that writes faster than we read must not keep us from the others
      let left = engine.logBacklog(number) >>> 0;
      while (left > 0) {
        const n = engine.readLog(number, manyAddress, Math.min(left, RECORDS));
        if (n === 0) break; // so it ends whatever the log says
        this.play(n);
        left -= n;
        this.tick();
      }
    }
  }

  /** Plays the records in the window to the policy. */
  private play(n: number): void {
    const { words } = this;
    for (let i = 0; i < n; i++) {
      const hash = words[i * 4] >>> 0;
      const what = words[i * 4 + 1];
      const address = (what & ~layout.LOG_BITS) >>> 0;
      const version = words[i * 4 + 2] >>> 0;
      switch (what & layout.LOG_KIND_MASK) {
        case layout.LOG_HIT:
          this.hit(hash, address, version, words[i * 4 + 3]);
          break;
        case layout.LOG_REMOVE:
          this.removed(hash, address, version);
          break;
        default:
          this.written(hash, address, version, words[i * 4 + 3], (what & layout.LOG_ALIVE) !== 0);
      }
    }
  }

  private hit(hash: number, address: number, version: number, expires: number): void {
    const id = this.entries.find(hash);
    if (id >= 0 && this.entries.isResident(id)) {
      this.policy.lookup(id);
      this.entries.touch(id);
    } else if (this.isAlive(address, version)) {
      this.admit(hash, address, version, expires); // its insertion was lost, or is yet to come from another log
    }
  }

  private written(hash: number, address: number, version: number, expires: number, alive: boolean): void {
    const id = this.entries.find(hash);
    if (id >= 0 && this.entries.isResident(id)) {
      this.policy.lookup(id);
      if (alive) this.makeResident(id, address, version, expires);
      else this.entries.touch(id);
    } else if (alive) {
      this.admit(hash, address, version, expires);
    }
  }

  private removed(hash: number, address: number, version: number): void {
    const { entries } = this;
    const id = entries.find(hash);
    if (id < 0 || !entries.isResident(id)) return;
    // another entry than the one we know: that one counts, unless it is gone as well, its replacement still unread
    const same = entries.addresses[id] === address && entries.versions[id] === version;
    if (same || !this.isAlive(entries.addresses[id], entries.versions[id])) this.drop(id);
  }

  private drop(id: number): void {
    this.policy.remove(id);
    this.forget(id);
  }

  private forget(id: number): void {
    this.entries.vacate(id);
    this.expiries?.delete(id);
  }

  private makeResident(id: number, address: number, version: number, expires: number): void {
    this.entries.makeResident(id, address, version);
    this.expiries?.delete(id);
    if (expires === 0) return;
    this.expiries ??= new ExpiryHeap(this.entries.ids);
    this.expiries.add(id, this.now + ((expires - this.now) | 0));
  }

  private tick(): void {
    const { now } = this;
    this.now = now + ((this.worker.tick() - now) | 0);
  }

  /** Lets go of residents that have expired, each once; how many. Whoever is alive after all was rewritten: the record of that is to come. */
  private dropExpired(): number {
    const { expiries } = this;
    let dropped = 0;
    if (expiries === null) return dropped;
    for (let id = expiries.soonest(); id >= 0 && expiries.expiryOf(id) <= this.now; id = expiries.soonest()) {
      this.drop(id);
      dropped++;
    }
    return dropped;
  }

  private isAlive(address: number, version: number): boolean {
    return this.worker.engine.isAlive(address, version) !== 0;
  }

  /** A request that missed, for an entry the policy does not hold: in the order of the simulator. */
  private admit(hash: number, address: number, version: number, expires: number): void {
    const id = this.idOf(hash);
    const { policy } = this;
    policy.lookup(id);
    if (this.maxEntries > 0 && policy.size >= this.maxEntries) this.dropExpired();
    while (this.maxEntries > 0 && policy.size >= this.maxEntries && this.evictOne() >= 0); // each makes it smaller
    policy.insert(id);
    this.makeResident(id, address, version, expires);
  }

  private idOf(hash: number): number {
    const known = this.entries.find(hash);
    if (known >= 0) return known;
    const given = this.entries.give(hash);
    if (given >= 0) return given;
    this.rebuild(Math.ceil(this.capacity * 1.5)); // more entries than ids: the estimate was far too low
    return this.entries.give(hash);
  }

  // ---------------------------------------------------------------- eviction

  /** Removes the policy's victim. Bytes of its chunk, 0 when it was spared, -1 when the policy has none. */
  private evictOne(): number {
    const id = this.policy.evict();
    if (id < 0) return -1;
    const bytes = this.worker.engine.evictVictim(this.entries.addresses[id], this.entries.versions[id]);
    this.forget(id);
    if (bytes === 0) {
      this.figures.spared++;
    } else {
      this.evicted++;
      this.figures.victims++;
    }
    return bytes;
  }

  /** Evicts what lies above 80 % of the pool. True when it is still under pressure. */
  private relievePressure(): boolean {
    const { gauges } = this;
    const usedBytes = gauges.usedBytes();
    const level = pressureOf(usedBytes / gauges.poolBytes);
    const snapshot = this.worker.header.snapshot !== 0;
    let excess = excessBytes(usedBytes, gauges.entryBytes(), gauges.poolBytes, snapshot);
    const most = level === 3 ? Number.POSITIVE_INFINITY : VICTIMS_A_ROUND;
    for (let victims = 0; excess > 0; victims++) {
      if (victims >= most) return true;
      const bytes = this.evictOne();
      if (bytes < 0) return false;
      excess -= bytes;
      if (victims % RECORDS === 0) this.tick();
    }
    return false;
  }

  // ---------------------------------------------------------------- capacity

  private entriesInPool(chunkBytes: number): number {
    return Math.max(LEAST_CAPACITY, Math.floor((HIGH_FROM * this.gauges.poolBytes) / chunkBytes));
  }

  /** A policy measures itself by a number of entries; how many fit is known from those there are. */
  private followEstimate(): void {
    if (this.maxEntries > 0) return;
    const bytes = this.gauges.entryBytes();
    if (bytes < ESTIMATE_FROM * this.gauges.poolBytes) return;
    const estimate = this.entriesInPool(bytes / this.gauges.entries());
    if (Math.abs(estimate / this.capacity - 1) > ESTIMATE_TOLERANCE) this.rebuild(estimate);
  }

  /**
   * Starts the policy anew for another capacity, with the entries it has: in the order they were last seen, and hit as often as
   * their access counters tell (0 to 3). Its ghosts are lost.
   */
  private rebuild(capacity: number): void {
    const old = this.entries;
    const oldExpiries = this.expiries;
    this.capacity = capacity;
    this.entries = new EntryTable(Math.max(idsFor(capacity), old.residents * 2));
    this.expiries = oldExpiries === null ? null : new ExpiryHeap(this.entries.ids);
    this.policy = createPolicy(this.name, { capacity, distinct: this.entries.ids });
    const bytes = new Uint8Array(this.worker.currentBuffer());
    for (const former of old.byRecency()) {
      const id = this.entries.give(old.hashes[former]);
      this.policy.lookup(id);
      this.policy.insert(id);
      this.entries.makeResident(id, old.addresses[former], old.versions[former]);
      if (oldExpiries?.has(former)) this.expiries?.add(id, oldExpiries.expiryOf(former));
      for (let hits = accessesOf(bytes, old.addresses[former]) & layout.ACCESS_MAX; hits > 0; hits--)
        this.policy.lookup(id);
    }
    this.figures.rebuilds++;
    this.figures.capacity = capacity;
  }

  // ---------------------------------------------------------------- after losses

  private losses(): number {
    return this.gauges.sum(layout.C_LOG_DROPS) + this.gauges.sum(layout.C_REAPED);
  }

  /** First the table, for entries the policy does not know; then the ids, for entries that are gone. A piece of it. */
  private walkOn(walk: { bucket: number; id: number }, ms: number): void {
    const { worker } = this;
    const end = threadNow() + ms;
    do {
      if (walk.bucket < worker.bucketCount) {
        const result = worker.engine.survey(walk.bucket, worker.manyAddress, RECORDS);
        walk.bucket = Number(result & 0xffffffffn);
        this.enterUnknown(Number(result >> 32n));
      } else if (walk.id < this.entries.ids) {
        this.purge(walk.id, Math.min(walk.id + PURGE_STEP, this.entries.ids));
        walk.id += PURGE_STEP;
      } else {
        this.walk = null;
        this.figures.walks++;
        return;
      }
    } while (threadNow() < end);
  }

  private enterUnknown(n: number): void {
    const { words } = this;
    for (let i = 0; i < n; i++) {
      const { entries } = this; // admitting one may have made another table
      const hash = words[i * 4] >>> 0;
      const address = (words[i * 4 + 1] & ~layout.LOG_BITS) >>> 0;
      const version = words[i * 4 + 2] >>> 0;
      const expires = words[i * 4 + 3];
      const id = entries.find(hash);
      if (id < 0 || !entries.isResident(id)) {
        if (this.isAlive(address, version)) this.admit(hash, address, version, expires);
      } else if (!this.isAlive(entries.addresses[id], entries.versions[id])) {
        this.makeResident(id, address, version, expires); // it was replaced, and the record of that was lost
      }
    }
  }

  private purge(from: number, to: number): void {
    const { entries } = this;
    for (let id = from; id < to; id++) {
      if (entries.isResident(id) && !this.isAlive(entries.addresses[id], entries.versions[id])) this.drop(id);
    }
  }
}

function idsFor(capacity: number): number {
  return Math.max(2 * capacity, Math.min(IDS_AN_ENTRY * capacity, IDS_ALWAYS_GRANTED)) + LEAST_CAPACITY;
}

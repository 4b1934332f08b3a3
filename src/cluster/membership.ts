/**
 * Who is there. Each node has a key of its own in the log, which it writes anew every second, always over the version that it wrote last: so one
 * name has one node, and a node whose name was taken over while it slept learns it. Beside it goes a cast, which needs no quorum: nodes that are cut
 * off together still see each other.
 *
 * A node counts as alive while a sign of it has come within three of its own intervals, by this node's clock that only goes forward: no wall clock
 * decides, neither this node's nor the other's. The time that this node itself slept is nobody's silence.
 */
import type { Casts } from "./cast-lanes.js";
import { ClockWatch } from "./clock-watch.js";
import { type ClusterClock, type Engine, EngineConflict, EngineNotSent, EngineUnknown } from "./engine.js";
import { ClockSkewError, NodeNameTakenError, UnavailableError } from "./errors.js";
import { kindOf, logKey, nameIn } from "./keys.js";
import { decodeMember, encodeMember, type MemberRecord, type MemberState } from "./member-record.js";

/** A node as this one sees it. */
export interface Member {
  /** Its name. */
  readonly node: string;
  /** Larger each time that it is started. */
  readonly incarnation: number;
  /** Whether a sign of it came in time. */
  readonly isAlive: boolean;
  /** It said so itself, and is not missing. */
  readonly hasLeft: boolean;
  /** Since the last sign of it, ms. */
  readonly silentMs: number;
  /** By how much its wall clock is ahead of this node's, ms, as far as a cast has told; null before the first. */
  readonly aheadMs: number | null;
  /** What it keeps, as it said last. */
  readonly usedBytes: number;
  /** What it may keep, as it said last. */
  readonly limitBytes: number;
}

/**
 * - "joined": a node is there that was not known; "back": one that had fallen silent, or left; "renewed": one that was started again.
 * - "left": it said so. "died": no sign of it came in time.
 */
export interface MemberEvent {
  /** What happened. */
  readonly type: "joined" | "back" | "renewed" | "left" | "died";
  /** To which node. */
  readonly node: string;
}

export interface MembershipSettings {
  readonly node: string;
  /** Of this life, drawn at random, 1 to 2^48. */
  readonly incarnation: number;
  /** Between signs of life, ms. Default 1,000. */
  readonly everyMs?: number;
  /** By how much this node's wall clock may be off that of those who are there, ms. Default 60,000. */
  readonly maxSkewMs?: number;
  /** How long a join waits for those who are there to answer, ms; 0 where there can be nobody. Default 200. */
  readonly rollCallMs?: number;
  /** Bytes that this node keeps and may keep. */
  readonly usage?: () => { readonly usedBytes: number; readonly limitBytes: number };
  /** This node's name has been taken by another one while it gave no sign: it must stop. */
  readonly onNameLost?: (error: NodeNameTakenError) => void;
  /** The wall clock has jumped against the one that only goes forward, ms. */
  readonly onClockJump?: (byMs: number) => void;
}

interface Known {
  record: MemberRecord;
  signAtMs: number;
  isAlive: boolean;
  aheadMs: number | null;
  /** Number of its version in the log. */
  seq: number;
}

const EVERY_MS = 1000;
/** Intervals without a sign after which a node counts as dead. */
const SILENT_INTERVALS = 3;
const MAX_SKEW_MS = 60_000;
const ROLL_CALL_MS = 200;
const RETRY_MS = 50;
/** Of the log, until nothing was written over meanwhile; where there always is, a join waits as if nobody were known. */
const READS_MAX = 4;
const MOST_DEAD = 256;
const NO_USAGE = { usedBytes: 0, limitBytes: 0 };

export class Membership {
  /** Casts and versions that could not be read. */
  malformed = 0;
  private readonly known = new Map<string, Known>();
  private readonly listeners = new Set<(event: MemberEvent) => void>();
  private readonly key: string;
  private readonly everyMs: number;
  private readonly watch: ClockWatch;
  private state: "new" | "joining" | "joined" | "closed" = "new";
  /** Of the own version in the log. */
  private seq = 0;
  private attempts = 0;
  /** A sign of life on its way into the log: the number of the own version there, as far as it is known then. */
  private signing: Promise<number> | null = null;
  private cancelTick: () => void = () => {};
  private wake: () => void = () => {};
  /** Whether all are known here that the log has. */
  private knowsAll = false;
  /** Whether the name was taken from somebody who never gave it back, and may be there yet. */
  private tookOver = false;

  constructor(
    private readonly engine: Engine,
    private readonly casts: Casts,
    private readonly clock: ClusterClock,
    private readonly settings: MembershipSettings,
  ) {
    this.key = logKey("member", settings.node);
    this.everyMs = settings.everyMs ?? EVERY_MS;
    this.watch = new ClockWatch(clock);
    engine.onChange((seq, key, entry) => {
      if (kindOf(key) === "member") this.learn(seq, nameIn(key), entry);
    });
    casts.onCast((from, message) => this.hear(from, message));
  }

  /** Reads who is there: the feed tells only of those who come. With it a join waits no longer than for these. @throws EngineNotSent, EngineUnknown */
  async learnAll(): Promise<void> {
    // A sign of life that was written over while the log was read is beyond where it was read to.
    for (let from = 0, reads = 0; !this.knowsAll && reads < READS_MAX; reads++) {
      const { last, end } = await this.engine.since(from, (seq, key, entry) => {
        if (kindOf(key) === "member") this.learn(seq, nameIn(key), entry);
      });
      this.knowsAll = end === last;
      from = last;
    }
  }

  /**
   * Takes this node's name, and waits for those who are there to say so.
   *
   * @throws NodeNameTakenError when a live node has the name; ClockSkewError when this machine's clock is too far off theirs; UnavailableError when
   *   the log does not answer within `timeoutMs`. The name is not taken then.
   */
  async join(timeoutMs: number): Promise<void> {
    this.state = "joining";
    const until = this.clock.elapsed() + timeoutMs;
    try {
      this.cast("who");
      await this.claim(until);
      if (!this.allAnswered()) await this.pause(this.settings.rollCallMs ?? ROLL_CALL_MS);
      this.checkClock();
    } catch (error) {
      await this.leave();
      throw error;
    }
    this.state = "joined";
    this.cast("alive");
    this.watch.reset();
    this.plan();
  }

  /** Gives the name back; others hear of it at once. Never fails: who cannot be told sees this node fall silent. */
  async leave(): Promise<void> {
    if (this.state === "closed") return;
    const { seq, signing } = this;
    this.close();
    this.cast("left");
    // The farewell goes over what the sign of life under way writes, or the claim.
    const had = (await signing) ?? seq;
    if (had === 0 && signing === null) return;
    try {
      if (had === 0 || !(await this.sayFarewell(had))) await this.sayFarewell(await this.ownNumber());
    } catch {
      // as if it had died
    }
  }

  /** A sign of life now, beside those that come by themselves. */
  announce(): void {
    if (this.state === "joined") this.cast("alive");
  }

  /** Ends without a word. */
  close(): void {
    this.state = "closed";
    this.seq = 0;
    this.cancelTick();
    this.wake();
  }

  /** A node's version in the log, from wherever it was read: one that joins has not been told of those that are there. */
  learn(seq: number, node: string, entry: Uint8Array): void {
    const record = decodeMember(entry);
    if (record === null) {
      this.malformed++;
      return;
    }
    if (node === this.settings.node) {
      if (seq > this.seq && this.state === "joined" && record.incarnation !== this.settings.incarnation) this.lose();
      return;
    }
    if (seq > (this.known.get(node)?.seq ?? 0)) this.sign(node, record, null, seq);
  }

  /**
   * Frees the name of a node that counts as dead here, so that it need not wait to come back.
   *
   * @returns false when it is alive, or has no name in the log. @throws EngineNotSent, EngineUnknown
   */
  async release(node: string): Promise<boolean> {
    if (this.known.get(node)?.isAlive !== false) return false;
    const key = logKey("member", node);
    const stands = await this.engine.read(key);
    const record = stands === null ? null : decodeMember(stands.entry);
    if (stands === null || record?.state !== "alive") return false;
    const left = encodeMember({ ...record, state: "left" });
    try {
      await this.engine.append(key, left, { id: this.nextId(), expect: stands.seq });
    } catch (error) {
      if (error instanceof EngineConflict) return false; // it has given a sign of life
      throw error;
    }
    return true;
  }

  /** This node is not among them. */
  members(): Member[] {
    const now = this.clock.elapsed();
    return [...this.known]
      .map(([node, { record, isAlive, signAtMs, aheadMs }]) => {
        const { incarnation, usedBytes, limitBytes } = record;
        const hasLeft = record.state === "left";
        return { node, incarnation, isAlive, hasLeft, silentMs: now - signAtMs, aheadMs, usedBytes, limitBytes };
      })
      .sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  /** Names of the others that are alive. */
  live(): string[] {
    return [...this.known].filter(([, { isAlive }]) => isAlive).map(([node]) => node);
  }

  onEvent(listener: (event: MemberEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // ---------------------------------------------------------------- leaving

  /** @returns false when something else stands there. @throws EngineNotSent, EngineUnknown */
  private async sayFarewell(expect: number | null): Promise<boolean> {
    if (expect === null) return true; // another has the name
    try {
      await this.engine.append(this.key, this.record("left"), { id: this.nextId(), expect });
      return true;
    } catch (error) {
      if (error instanceof EngineConflict) return false;
      throw error;
    }
  }

  /** Of the own version in the log; null when it is not this node's. @throws EngineNotSent, EngineUnknown */
  private async ownNumber(): Promise<number | null> {
    const stands = await this.engine.read(this.key);
    return stands !== null && decodeMember(stands.entry)?.incarnation === this.settings.incarnation ? stands.seq : null;
  }

  // ---------------------------------------------------------------- joining

  private async claim(until: number): Promise<void> {
    for (let watched: { seq: number; sinceMs: number } | null = null; ; ) {
      try {
        const stands = await this.engine.read(this.key);
        const record = stands === null ? null : decodeMember(stands.entry);
        if (stands !== null && record?.incarnation === this.settings.incarnation) {
          this.seq = stands.seq; // of a try that was not answered
          return;
        }
        if (stands !== null && record?.state === "alive") {
          if (watched !== null && watched.seq !== stands.seq) throw this.taken();
          watched ??= { seq: stands.seq, sinceMs: this.clock.elapsed() };
          const silentMs = SILENT_INTERVALS * record.everyMs;
          if (this.clock.elapsed() - watched.sinceMs < silentMs) {
            this.checkNobodyAnswered();
            if (this.clock.elapsed() > until) throw this.taken();
            await this.pause(Math.min(record.everyMs, silentMs) / 4);
            this.checkNobodyAnswered();
            continue;
          }
        }
        this.tookOver = record?.state === "alive";
        const options = { id: this.nextId(), expect: stands?.seq ?? 0 };
        const claiming = this.engine.append(this.key, this.record("alive"), options);
        this.signing = claiming.then(
          ({ seq }) => seq,
          () => 0,
        );
        this.seq = (
          await claiming.finally(() => {
            this.signing = null;
          })
        ).seq;
        return;
      } catch (error) {
        const again =
          error instanceof EngineConflict || error instanceof EngineNotSent || error instanceof EngineUnknown;
        if (!again) throw error;
        this.checkNobodyAnswered();
        if (this.clock.elapsed() >= until) {
          const message = `node "${this.settings.node}" could not join: the log did not take its name in time (${(error as Error).message || error.constructor.name}); look whether a majority of the servers is up`;
          throw new UnavailableError(message, { cause: error });
        }
        await this.pause(RETRY_MS);
      }
    }
  }

  /**
   * Nobody is left to wait for: everyone whom the log has as alive has told its clock, and the name was nobody's. Who dies without a word costs those
   * who join the whole roll call.
   */
  private allAnswered(): boolean {
    if (!this.knowsAll || this.tookOver) return false;
    return [...this.known.values()].every(({ isAlive, aheadMs }) => !isAlive || aheadMs !== null);
  }

  private answered = false;

  /** A live node of this name has said that it is there. */
  private checkNobodyAnswered(): void {
    if (this.answered) throw this.taken();
    if (this.state === "closed") throw new UnavailableError("the join was given up");
  }

  private checkClock(): void {
    this.checkNobodyAnswered();
    const most = this.settings.maxSkewMs ?? MAX_SKEW_MS;
    const told = this.members().flatMap(({ node, aheadMs }) => (aheadMs === null ? [] : [{ node, aheadMs }]));
    if (told.length === 0) return;
    const ahead = told.map(({ aheadMs }) => aheadMs).sort((a, b) => a - b)[Math.floor((told.length - 1) / 2)];
    if (Math.abs(ahead) <= most) return;
    const nodes = told.map(({ node }) => JSON.stringify(node)).join(", ");
    const message = `the clock of this machine is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? "behind" : "ahead of"} that of ${nodes}, and may be ${most / 1000} s off; set the clocks (NTP), then join again`;
    throw new ClockSkewError(message, -ahead);
  }

  private taken(): NodeNameTakenError {
    return new NodeNameTakenError(
      `a live node is named "${this.settings.node}" already; give this one another name, or stop the other one: its name is free when it has left, or ${SILENT_INTERVALS} of its intervals after its last sign of life`,
    );
  }

  // ---------------------------------------------------------------- being there

  private plan(): void {
    this.cancelTick = this.clock.after(this.everyMs, () => this.tick());
  }

  private tick(): void {
    const { sleptMs, jumpedMs } = this.watch.look(this.everyMs);
    if (sleptMs > 0) for (const known of this.known.values()) known.signAtMs += sleptMs;
    if (jumpedMs !== 0) this.settings.onClockJump?.(jumpedMs);
    this.cast("alive");
    this.signing ??= this.write().finally(() => {
      this.signing = null;
    });
    this.bury();
    this.plan();
  }

  /** The own key, over the own last version and no other. */
  private async write(): Promise<number> {
    const expect = this.seq;
    try {
      const { seq } = await this.engine.append(this.key, this.record("alive"), { id: this.nextId(), expect });
      if (this.state === "joined") this.seq = seq;
      return seq;
    } catch (error) {
      if (error instanceof EngineConflict) await this.lookWhoStands();
      return expect;
    }
  }

  private async lookWhoStands(): Promise<void> {
    try {
      const stands = await this.engine.read(this.key);
      if (this.state !== "joined") return;
      const record = stands === null ? null : decodeMember(stands.entry);
      if (stands === null || record?.incarnation === this.settings.incarnation) this.seq = stands?.seq ?? 0;
      else this.lose();
    } catch {
      // asked again at the next sign of life
    }
  }

  private lose(): void {
    this.close();
    this.settings.onNameLost?.(
      new NodeNameTakenError(
        `another node has taken the name "${this.settings.node}" while this one gave no sign of life; this one has stopped: join again under another name`,
      ),
    );
  }

  private bury(): void {
    const now = this.clock.elapsed();
    for (const [node, known] of this.known) {
      if (!known.isAlive || now - known.signAtMs <= SILENT_INTERVALS * known.record.everyMs) continue;
      known.isAlive = false;
      this.tell("died", node);
    }
    const dead = [...this.known].filter(([, { isAlive }]) => !isAlive);
    for (const [node] of dead.slice(0, Math.max(0, dead.length - MOST_DEAD))) this.known.delete(node);
  }

  // ---------------------------------------------------------------- the others

  private hear(from: string, message: Uint8Array): void {
    if (this.state === "closed") return;
    const record = decodeMember(message);
    if (record === null) {
      this.malformed++;
      return;
    }
    if (from === this.settings.node) {
      // two of one name: the one that has it answers, the one that asks for it hears that
      if (record.incarnation === this.settings.incarnation) return;
      if (record.state === "who" && this.state === "joined") this.cast("alive");
      if (record.state === "alive" && this.state === "joining") {
        this.answered = true;
        this.wake();
      }
      return;
    }
    if (record.state === "who") this.cast("alive");
    else this.sign(from, record, record.wallMs - this.clock.now(), 0);
  }

  private sign(node: string, record: MemberRecord, aheadMs: number | null, seq: number): void {
    const before = this.known.get(node);
    const isAlive = record.state === "alive";
    if (before === undefined && !isAlive) return;
    if (!isAlive && before?.record.incarnation !== record.incarnation) return; // an earlier life's farewell
    this.known.set(node, {
      record,
      signAtMs: this.clock.elapsed(),
      isAlive,
      aheadMs: aheadMs ?? before?.aheadMs ?? null,
      seq: Math.max(seq, before?.seq ?? 0),
    });
    if (this.state === "joining" && this.seq > 0 && this.allAnswered()) this.wake();
    if (before === undefined) this.tell("joined", node);
    else if (before.isAlive && !isAlive) this.tell("left", node);
    else if (isAlive && before.record.incarnation !== record.incarnation) this.tell("renewed", node);
    else if (isAlive && !before.isAlive) this.tell("back", node);
  }

  private tell(type: MemberEvent["type"], node: string): void {
    for (const listener of this.listeners) listener({ type, node });
  }

  // ---------------------------------------------------------------- inside

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(ms, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }

  private cast(state: MemberState): void {
    this.casts.cast(this.record(state));
  }

  private record(state: MemberState): Uint8Array {
    const { usage, incarnation } = this.settings;
    const { usedBytes, limitBytes } = usage?.() ?? NO_USAGE;
    return encodeMember({ state, incarnation, wallMs: this.clock.now(), everyMs: this.everyMs, usedBytes, limitBytes });
  }

  private nextId(): string {
    return `m.${this.settings.incarnation.toString(36)}.${++this.attempts}`;
  }
}

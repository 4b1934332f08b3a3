/**
 * Invalidations: keys, tags and patterns that every node is to forget (the fourth source's cache coordinator).
 *
 * An invalidation has the moment at which it was asked for, and what was written later stays: it may be heard late, and again by who has just joined.
 *
 * They are casts, which may be lost; nothing stale stays for that. Each node numbers its own, and tells the last number now and then: whoever finds
 * one missing asks for it again, and where it is kept no longer, forgets everything instead. So a lost one costs time, never truth. An
 * acknowledgement says up to which number all is done, so that asking twice does no harm.
 *
 * | coherence | an invalidation that does not say how it waits |
 * |---|---|
 * | strong | ends when every live node has acknowledged it, or with the names of those that have not |
 * | eventual | is sent, and ends |
 * | relaxed | stays on this node; others are told only when that is asked for |
 */
import { choice, describe, KnownOptions } from "../check.js";
import { ClosedError, InvalidArgumentError } from "../errors.js";
import { type Duration, milliseconds } from "../units.js";
import type { Casts } from "./cast-lanes.js";
import type { ClusterClock } from "./engine.js";
import { MissingAcksError } from "./errors.js";
import type { Fills } from "./fills.js";
import { HeardInvalidations } from "./heard-invalidations.js";
import type { Stamp } from "./hlc.js";
import { decodeMessage, encodeMessage, type Message, type Scope } from "./invalidation-message.js";
import { checkPattern, keyPattern } from "./key-pattern.js";
import { SentInvalidations } from "./sent-invalidations.js";
import { checkTag } from "./tag-index.js";

/** All of them, strictest first. */
export const COHERENCE_LEVELS = ["strong", "eventual", "relaxed"] as const;
/** How an invalidation waits that does not say: "strong" for every live node, "eventual" for none, "relaxed" tells none. */
export type Coherence = (typeof COHERENCE_LEVELS)[number];

/** For every live node's acknowledgement; not at all; or without telling others. */
export type Wait = "all" | "none" | "local";

/** How it is waited for. */
export interface InvalidateOptions {
  /** Default: as the coherence of the domain says. */
  wait?: Wait;
  /** For acknowledgements. Default 5 s. */
  timeout?: Duration;
}

/** What an invalidation came to. */
export interface Invalidated {
  /** Entries that this node forgot. */
  readonly dropped: number;
  /** Nodes that have done the same; empty unless they were waited for. */
  readonly acknowledged: readonly string[];
}

/** What this node keeps, and an invalidation meets. */
export interface InvalidationTarget {
  /** A moment after everything that this node has seen. */
  moment(): Stamp;
  /** Forgets what the key had at that moment of the source's. True if that is what it has. */
  drop(key: string, at: Stamp, source: string): boolean;
  keys(): Iterable<string>;
  /** Keys that bear the tag; a copy. */
  tagged(tag: string): Iterable<string>;
  /** Forgets everything, and says how much that was. */
  clear(): number;
}

/** What subscribers of invalidations are told. */
export interface InvalidationNotice {
  /** Null after a gap: everything was forgotten, because what was missed could not be had. */
  readonly scope: Scope | null;
  /** Name of the node that asked for it. */
  readonly source: string;
  /** Entries that this node forgot. */
  readonly dropped: number;
  /** Whether some were missed before it. */
  readonly gap: boolean;
}

export interface InvalidationSettings {
  readonly node: string;
  /** Of this life of the node, drawn at random, 1 to 2^48: a node that comes back counts from 1 again. */
  readonly incarnation: number;
  readonly coherence?: Coherence;
  /** How often the last number is told, ms. Default 1,000. */
  readonly announceMs?: number;
  /** Largest message, bytes: more keys go in several. Default 32 KiB. */
  readonly maxMessageBytes?: number;
  /** Own invalidations kept for those that missed them. Default 4,096. */
  readonly kept?: number;
}

interface Waiting {
  readonly serial: number;
  readonly missing: Set<string>;
  readonly acknowledged: string[];
  settle(error: Error | null): void;
}

const TIMEOUT_MS = 5000;
const ANNOUNCE_MS = 1000;
/** Those that have not acknowledged are asked again. */
const ASK_AGAIN_MS = 100;
const MESSAGE_BYTES = 32 * 1024;
const OPTIONS = new KnownOptions("invalidate", ["wait", "timeout"]);
const SCOPE = new KnownOptions("invalidate", ["key", "keys", "tag", "pattern"]);
const WAITS = ["all", "none", "local"] as const;
const WAIT_OF: Readonly<Record<Coherence, Wait>> = { strong: "all", eventual: "none", relaxed: "local" };

export class Invalidations {
  /** Messages that could not be read. */
  malformed = 0;
  /** Times that everything was forgotten, because what was missed could not be had. */
  gaps = 0;
  private readonly sent: SentInvalidations;
  private readonly heard = new HeardInvalidations();
  private readonly waiting = new Set<Waiting>();
  private readonly listeners = new Set<(notice: InvalidationNotice) => void>();
  private readonly maxMessageBytes: number;
  private readonly announceMs: number;
  private stopAnnouncing: () => void = () => {};
  private closed = false;

  /** @param live names of the nodes that count as alive now, this one among them or not */
  constructor(
    private readonly casts: Casts,
    private readonly clock: ClusterClock,
    private readonly target: InvalidationTarget,
    private readonly live: () => Iterable<string>,
    private readonly fills: Fills,
    private readonly settings: InvalidationSettings,
  ) {
    this.sent = new SentInvalidations(settings.kept);
    this.announceMs = settings.announceMs ?? ANNOUNCE_MS;
    this.maxMessageBytes = settings.maxMessageBytes ?? MESSAGE_BYTES;
    casts.onCast((from, bytes) => this.receive(from, bytes));
    this.announce();
  }

  /**
   * @throws InvalidArgumentError for what is no scope; MissingAcksError naming the nodes that were alive and have not acknowledged: this
   *   node has forgotten all the same, and they will as soon as they hear of it
   */
  async invalidate(scope: Scope, options: InvalidateOptions = {}): Promise<Invalidated> {
    const pieces = this.pieces(checkScope(scope));
    const { wait: asked, timeout } = OPTIONS.check(options);
    const wait = choice("option wait", asked, WAITS, WAIT_OF[this.settings.coherence ?? "eventual"]);
    const timeoutMs = milliseconds("option timeout", timeout, TIMEOUT_MS, 1, 2 ** 31 - 1);
    if (this.closed) throw new ClosedError("the distributed memory is closed on this node; join again");
    let dropped = 0;
    const at = this.target.moment();
    for (const piece of pieces) dropped += this.apply(piece, at, this.settings.node);
    if (wait === "local") return { dropped, acknowledged: [] };
    for (const scope of pieces) this.send({ kind: "drop", serial: this.sent.add({ at, scope }), at, scope });
    if (wait === "none") return { dropped, acknowledged: [] };
    return { dropped, acknowledged: await this.acknowledged(this.sent.serial, timeoutMs) };
  }

  onInvalidated(listener: (notice: InvalidationNotice) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A node has left: it keeps nothing that could be stale. */
  left(node: string): void {
    for (const waiting of this.waiting) {
      if (waiting.missing.delete(node) && waiting.missing.size === 0) waiting.settle(null);
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stopAnnouncing();
    const error = new ClosedError(
      "the distributed memory was closed while an invalidation waited for acknowledgements",
    );
    for (const waiting of this.waiting) waiting.settle(error);
  }

  // ---------------------------------------------------------------- inside

  private acknowledged(serial: number, timeoutMs: number): Promise<string[]> {
    const missing = new Set(this.live());
    missing.delete(this.settings.node);
    if (missing.size === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      let stopAsking = () => {};
      const stopWaiting = this.clock.after(timeoutMs, () => {
        const names = [...waiting.missing].sort();
        waiting.settle(new MissingAcksError(missingAcks(names, timeoutMs), names));
      });
      const waiting: Waiting = {
        serial,
        missing,
        acknowledged: [],
        settle: (error) => {
          stopAsking();
          stopWaiting();
          this.waiting.delete(waiting);
          if (error === null) resolve(waiting.acknowledged);
          else reject(error);
        },
      };
      const ask = () => {
        this.send({ kind: "now", serial: this.sent.serial });
        stopAsking = this.clock.after(ASK_AGAIN_MS, ask);
      };
      this.waiting.add(waiting);
      ask();
    });
  }

  private receive(from: string, bytes: Uint8Array): void {
    if (this.closed) return;
    const message = decodeMessage(bytes);
    if (message === null) this.malformed++;
    else if (message.kind === "done" || message.kind === "again") this.answer(from, message);
    else this.obey(from, message);
  }

  /** What another asks of this node's own invalidations. */
  private answer(from: string, { kind, incarnation, serial }: Message): void {
    if (incarnation !== this.settings.incarnation) return;
    if (kind === "done") {
      for (const waiting of this.waiting) {
        if (serial < waiting.serial || !waiting.missing.delete(from)) continue;
        waiting.acknowledged.push(from);
        if (waiting.missing.size === 0) waiting.settle(null);
      }
      return;
    }
    if (!this.sent.has(serial)) this.send({ kind: "lost", serial: this.sent.forgotten });
    for (const sent of this.sent.after(serial)) this.send({ kind: "drop", ...sent });
  }

  /** Another node's invalidation, or its last number. */
  private obey(from: string, message: Message): void {
    const { incarnation, serial } = message;
    if (message.kind === "drop") {
      if (this.heard.note(incarnation, serial)) this.apply(message.scope, message.at, from);
    } else if (message.kind === "lost" && serial > this.heard.upTo(incarnation)) {
      this.heard.skipTo(incarnation, serial);
      this.forgetAll(from);
    }
    if (message.kind === "now") this.heard.owe(incarnation, serial);
    const upTo = this.heard.upTo(incarnation);
    if (this.heard.asks(incarnation, serial, this.clock.elapsed()))
      this.cast({ kind: "again", incarnation, serial: upTo });
    if (this.heard.pay(incarnation)) this.cast({ kind: "done", incarnation, serial: upTo });
  }

  /** @returns entries that were forgotten */
  private apply(scope: Scope, at: Stamp, source: string): number {
    this.fills.invalidate(meets(scope));
    let dropped = 0;
    for (const key of this.keysOf(scope)) if (this.target.drop(key, at, source)) dropped++;
    this.tell({ scope, source, dropped, gap: false });
    return dropped;
  }

  private forgetAll(source: string): void {
    this.gaps++;
    this.fills.invalidate(() => true);
    this.tell({ scope: null, source, dropped: this.target.clear(), gap: true });
  }

  private keysOf(scope: Scope): Iterable<string> {
    if ("key" in scope) return [scope.key];
    if ("keys" in scope) return scope.keys;
    if ("tag" in scope) return this.target.tagged(scope.tag);
    const isMet = keyPattern(scope.pattern);
    return [...this.target.keys()].filter(isMet);
  }

  private tell(notice: InvalidationNotice): void {
    for (const listener of this.listeners) listener(notice);
  }

  /** As many scopes as it takes messages. */
  private pieces(scope: Scope): Scope[] {
    if (!("keys" in scope)) return [scope];
    const pieces: string[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const key of new Set(scope.keys)) {
      const more = Buffer.byteLength(key) + 5;
      if (bytes + more > this.maxMessageBytes) {
        pieces.push([]);
        bytes = 0;
      }
      pieces[pieces.length - 1].push(key);
      bytes += more;
    }
    return pieces.map((keys) => ({ keys }));
  }

  private announce(): void {
    this.stopAnnouncing = this.clock.after(this.announceMs, () => {
      if (this.sent.serial > 0) this.send({ kind: "upto", serial: this.sent.serial });
      this.announce();
    });
  }

  private send(
    message:
      | { kind: "upto" | "now" | "lost"; serial: number }
      | { kind: "drop"; serial: number; at: Stamp; scope: Scope },
  ) {
    this.cast({ ...message, incarnation: this.settings.incarnation });
  }

  private cast(message: Message): void {
    this.casts.cast(encodeMessage(message));
  }
}

/** Keys that a load under way must not keep. */
function meets(scope: Scope): (key: string) => boolean {
  if ("key" in scope) return (key) => key === scope.key;
  if ("tag" in scope) return () => true;
  if ("pattern" in scope) return keyPattern(scope.pattern);
  const keys = new Set(scope.keys);
  return (key) => keys.has(key);
}

function checkScope(scope: Scope): Scope {
  SCOPE.check(scope);
  const given = Object.entries(scope).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    throw new InvalidArgumentError(
      `invalidate takes one of { key }, { keys }, { tag } and { pattern }, and was given ${given.length === 0 ? "none" : given.map(([name]) => name).join(" and ")}`,
    );
  }
  const [[name, value]] = given;
  if (name === "key") return { key: checkKey(value) };
  if (name === "tag") return { tag: checkTag(value) };
  if (name === "pattern") return { pattern: checkPattern(value) };
  if (!Array.isArray(value))
    throw new InvalidArgumentError(`option keys is ${describe(value)}; expected a list of keys`);
  return { keys: value.map(checkKey) };
}

function checkKey(key: unknown): string {
  if (typeof key === "string" && key !== "") return key;
  throw new InvalidArgumentError(`a key to invalidate is ${describe(key)}; expected a text that is not empty`);
}

function missingAcks(names: readonly string[], timeoutMs: number): string {
  const nodes = names.map((name) => JSON.stringify(name)).join(", ");
  return `no acknowledgement of the invalidation came from ${nodes} within ${timeoutMs} ms; this node has forgotten, they will when they hear of it: ask again, or look at their state with status()`;
}

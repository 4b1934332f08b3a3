/**
 * A channel: a bounded ring of messages between agents, in the shared memory (M-002). One receiver; one sender ("spsc",
 * wait-free) or many ("mpsc", lock-free). Sending never blocks the engine: a full ring either says so, or drops the
 * message and counts it.
 *
 * The verb says whether it waits: `trySend` and `tryReceive` never do, `sendWait` and `receiveWait` return promises, `sendSync` and
 * `receiveSync` block the thread. What waits sleeps on the ring's words until there is room or mail. A wait looks at its signal only
 * between two attempts, never after one that took or sent: so a message is either the caller's or still in the ring.
 */
import { isMainThread } from "node:worker_threads";
import { checkSameName, choice, describe, KnownOptions, wholeNumber } from "../check.js";
import { layout } from "../core/index.js";
import { ClosedError, InvalidArgumentError, OutOfMemoryError, ValueTooLargeError } from "../errors.js";
import { type AgentAccess, READ, WRITE } from "./access.js";
import { byteCount } from "./bytes.js";
import { threadNow } from "./clock.js";
import { type Codec, checkEncoding, codecOf, type EncodingName, type Values } from "./encoding.js";
import { ownNames } from "./listing.js";
import {
  type BlockOptions,
  checkSignal,
  type Patience,
  readBlocking,
  readPatience,
  untilAborted,
  type WaitOptions,
} from "./waiting.js";
import type { WorkerConnection } from "./worker.js";

export interface ChannelOptions<E extends EncodingName = EncodingName> {
  /** Messages it holds, 2 to 1,024, rounded up to a power of two. Default 256. */
  capacity?: number;
  /** Default "mpsc". */
  kind?: "spsc" | "mpsc";
  /** What a full ring does with one more message: "refuse" (send returns false) or "drop" (it is counted). Default "refuse". */
  whenFull?: "refuse" | "drop";
  /** How messages are written; each side uses its own setting. Default "binary". */
  encoding?: E;
}

const KEY_PREFIX = "channel:";
const MESSAGES_OPTIONS = new KnownOptions("messages", ["signal"]);

export const CHANNEL_CAPACITY_MAX = 1024;
export const MESSAGE_MAX = layout.CHUNK_MAX - layout.E_KEY;
/** A sleeping thread looks again this often, should a wake-up have been meant for one that died. */
const LOOK_AGAIN_MS = 100;

/**
 * Made by `store.channel()`. Values are encoded and limited as a namespace's, to 16,352 bytes. What waits throws InvalidArgumentError for a
 * timeout below 0, and where it would block a thread that must not be; everything throws ClosedError once this thread has closed the store.
 */
export class Channel<E extends EncodingName = "binary"> {
  readonly name: string;
  readonly encoding: E;
  readonly capacity: number;
  private readonly worker: WorkerConnection;
  private readonly ring: number;
  private readonly words: Int32Array;
  private readonly codec: Codec;
  private readonly agent: AgentAccess | null;

  private constructor(worker: WorkerConnection, name: string, ring: number, encoding: E, agent: AgentAccess | null) {
    this.worker = worker;
    this.agent = agent;
    this.name = name;
    this.ring = ring;
    this.encoding = encoding;
    this.codec = codecOf(encoding);
    this.words = new Int32Array(worker.currentBuffer(), ring, layout.R_CELLS / 4);
    this.capacity = this.words[layout.R_CAPACITY / 4];
  }

  /** @internal Use `store.channel()`. */
  static at<E extends EncodingName>(
    worker: WorkerConnection,
    name: string,
    ring: number,
    encoding: E,
    agent: AgentAccess | null,
  ): Channel<E> {
    return new Channel(worker, name, ring, encoding, agent);
  }

  /**
   * Sends one message, and never waits.
   *
   * @returns false when the ring is full (whenFull "refuse") or the message was dropped ("drop")
   * @throws ValueTooLargeError above 16,352 bytes; OutOfMemoryError; InvalidArgumentError when another thread is the one sender
   */
  trySend(message: Values[E]): boolean {
    return this.sendBytes(this.encode(message));
  }

  /** @deprecated The older name of `trySend`, which says that it does not wait. */
  send(message: Values[E]): boolean {
    return this.trySend(message);
  }

  private sendBytes(bytes: Uint8Array): boolean {
    const sent = this.put(bytes);
    if (sent) this.wake(layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING);
    return sent;
  }

  /** Sends in order until the ring is full; wakes the receiver once. Returns how many were sent. */
  sendMany(messages: Iterable<Values[E]>): number {
    let sent = 0;
    for (const message of messages) {
      if (!this.put(this.encode(message))) break;
      sent++;
    }
    if (sent > 0) this.wake(layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING);
    return sent;
  }

  /**
   * The oldest message, or undefined when there is none; it never waits. The first thread to receive is the channel's one receiver.
   *
   * @throws InvalidArgumentError when another thread is
   */
  tryReceive(): Values[E] | undefined {
    const message = this.take();
    if (message !== undefined) this.wake(layout.R_DEPARTURES, layout.R_SENDERS_WAITING);
    return message;
  }

  /** @deprecated The older name of `tryReceive`, which says that it does not wait. */
  receive(): Values[E] | undefined {
    return this.tryReceive();
  }

  /** Up to `limit` messages, oldest first; wakes waiting senders once. */
  receiveMany(limit: number = CHANNEL_CAPACITY_MAX): Values[E][] {
    if (typeof limit !== "number" || !(limit >= 0)) {
      throw new InvalidArgumentError(`limit is ${describe(limit)}; expected how many messages at most, 0 or more`);
    }
    const messages: Values[E][] = [];
    while (messages.length < limit) {
      const message = this.take();
      if (message === undefined) break;
      messages.push(message);
    }
    if (messages.length > 0) this.wake(layout.R_DEPARTURES, layout.R_SENDERS_WAITING);
    return messages;
  }

  /** Blocks this worker thread until a message comes or `timeout` ms (default: no end) pass, then undefined. Not on the main thread. */
  receiveSync(wait?: number | BlockOptions): Values[E] | undefined {
    this.mayBlock("receiveSync", "receiveWait");
    const end = readBlocking(wait);
    return this.blockUntil(() => this.tryReceive(), layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING, end);
  }

  /** Blocks this worker thread until the message is in or `timeout` ms (default: no end) pass, then false. Not on the main thread. */
  sendSync(message: Values[E], wait?: number | BlockOptions): boolean {
    this.mayBlock("sendSync", "sendWait");
    const end = readBlocking(wait);
    const bytes = this.kept(message);
    const attempt = () => this.sendBytes(bytes) || undefined;
    return this.blockUntil(attempt, layout.R_DEPARTURES, layout.R_SENDERS_WAITING, end) ?? false;
  }

  /**
   * Waits for a message without blocking the event loop, on any thread.
   *
   * @param wait milliseconds at most (default: no end), or those and a signal
   * @returns undefined when the time has passed; rejects with the signal's reason when that aborts, and has taken nothing then
   */
  async receiveWait(wait?: number | WaitOptions): Promise<Values[E] | undefined> {
    const patience = readPatience(wait);
    return this.waitUntil(() => this.tryReceive(), layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING, patience);
  }

  /**
   * Waits for room without blocking the event loop. The message is sent as it is now.
   *
   * @param wait milliseconds at most (default: no end), or those and a signal
   * @returns false when the time has passed; rejects with the signal's reason when that aborts, and has sent nothing then
   */
  async sendWait(message: Values[E], wait?: number | WaitOptions): Promise<boolean> {
    const patience = readPatience(wait);
    const bytes = this.kept(message);
    const attempt = () => this.sendBytes(bytes) || undefined;
    return (await this.waitUntil(attempt, layout.R_DEPARTURES, layout.R_SENDERS_WAITING, patience)) ?? false;
  }

  /**
   * The messages as they come, each taken when it is asked for and by nobody else: `for await (const message of channel.messages({ signal }))`.
   * It ends when the signal aborts, or this thread closes the store or the view; what was not asked for stays in the ring.
   */
  messages(options: { signal?: AbortSignal } = {}): AsyncGenerator<Values[E], void, undefined> {
    const signal = checkSignal(MESSAGES_OPTIONS.check(options).signal);
    this.enter(READ);
    return this.each(signal);
  }

  /** `messages()` without a signal. */
  [Symbol.asyncIterator](): AsyncGenerator<Values[E], void, undefined> {
    return this.messages();
  }

  private async *each(signal: AbortSignal | undefined): AsyncGenerator<Values[E], void, undefined> {
    while (signal === undefined || !signal.aborted) {
      let message: Values[E] | undefined;
      try {
        message = await this.receiveWait({ signal });
      } catch (error) {
        if (error instanceof ClosedError || signal?.aborted) return;
        throw error;
      }
      if (message !== undefined) yield message;
    }
  }

  /** Messages in the ring: may be off by those on their way in or out. */
  get length(): number {
    this.enter(READ);
    return (Atomics.load(this.words, layout.R_TAIL / 4) - Atomics.load(this.words, layout.R_HEAD / 4)) | 0;
  }

  /** Messages dropped because the ring was full. */
  get dropped(): number {
    this.enter(READ);
    return Atomics.load(this.words, layout.R_DROPPED / 4) >>> 0;
  }

  /** Gives up being the receiver (or the one sender), so that another thread may take over. */
  release(): void {
    this.enter(0);
    this.worker.engine.leaveRing(this.ring);
  }

  // ---------------------------------------------------------------- inside

  /** Asked after the last of the caller's code has run, and before anything is done. */
  private enter(permission: number): void {
    this.worker.assertOpen();
    if (this.agent !== null) this.agent.check(permission);
  }

  /** The message's bytes, which the next message overwrites. It may run the caller's code. */
  private encode(message: Values[E]): Uint8Array {
    const bytes = this.codec.encode(message);
    const length = byteCount(bytes);
    if (length > MESSAGE_MAX) {
      throw new ValueTooLargeError(`a message has ${length} bytes; the limit is ${MESSAGE_MAX}`);
    }
    return bytes;
  }

  /** The message as it is now, for a sender that waits: what becomes of it meanwhile is not sent. */
  private kept(message: Values[E]): Uint8Array {
    return Uint8Array.from(this.encode(message));
  }

  private put(bytes: Uint8Array): boolean {
    this.enter(WRITE);
    const { worker } = this;
    const length = byteCount(bytes);
    let address = worker.addressOf(bytes);
    if (address < 0) {
      worker.values.set(bytes);
      address = worker.valueAddress;
    }
    const status = worker.engine.send(this.ring, address, length);
    if (status === layout.OK) return true;
    if (status === layout.FULL || status === layout.DROPPED) return false;
    if (status === layout.NOT_YOURS) {
      throw new InvalidArgumentError(`channel "${this.name}" is spsc and another thread is its sender`);
    }
    throw new OutOfMemoryError(`no chunk is free for a message of ${length} bytes`);
  }

  private take(): Values[E] | undefined {
    this.enter(READ);
    const { worker } = this;
    const length = worker.engine.receive(this.ring, worker.valueAddress);
    if (length >= 0) return this.codec.decode(worker.window, 0, length) as Values[E];
    if (length === layout.NOT_YOURS) {
      throw new InvalidArgumentError(`channel "${this.name}" already has a receiver in another thread`);
    }
    return undefined;
  }

  /** The word was bumped by the engine; waiters counted themselves before they looked, so none is missed. */
  private wake(word: number, waiting: number): void {
    if (Atomics.load(this.words, waiting / 4) === 0) return;
    if (this.worker.shared) Atomics.notify(this.words, word / 4);
    else this.worker.wakeUps.emit(`${this.ring + word}`);
  }

  private mayBlock(verb: string, instead: string): void {
    if (!this.worker.shared) {
      throw new InvalidArgumentError(`${verb} would block the only thread that has this store; use await ${instead}()`);
    }
    if (isMainThread) throw new InvalidArgumentError(`${verb} would block the main thread; use await ${instead}()`);
  }

  private blockUntil<T>(attempt: () => T | undefined, word: number, waiting: number, end: number): T | undefined {
    for (;;) {
      const seen = Atomics.load(this.words, word / 4);
      const result = attempt();
      const left = end - threadNow();
      if (result !== undefined || left <= 0) return result;
      Atomics.add(this.words, waiting / 4, 1);
      try {
        Atomics.wait(this.words, word / 4, seen, Math.min(left, LOOK_AGAIN_MS));
      } finally {
        Atomics.sub(this.words, waiting / 4, 1);
      }
    }
  }

  private async sleepShared(word: number, seen: number, patience: number, signal?: AbortSignal): Promise<void> {
    // waitAsync alone does not keep the process alive; someone who awaits a message wants it to be
    const alive = setTimeout(() => {}, LOOK_AGAIN_MS * 2);
    try {
      const wait = Atomics.waitAsync(this.words, word / 4, seen, patience);
      if (wait.async) await untilAborted(wait.value, signal);
    } finally {
      clearTimeout(alive);
    }
  }

  /** Private memory has no Atomics.wait, and needs none: who wakes us runs in this thread. */
  private async sleepAlone(word: number, patience: number, signal?: AbortSignal): Promise<void> {
    const { wakeUps } = this.worker;
    const event = `${this.ring + word}`;
    let wake = () => {};
    const woken = new Promise<void>((done) => {
      wake = done;
    });
    const timer = setTimeout(wake, patience);
    wakeUps.on(event, wake);
    try {
      await untilAborted(woken, signal);
    } finally {
      clearTimeout(timer);
      wakeUps.off(event, wake);
    }
  }

  private async waitUntil<T>(
    attempt: () => T | undefined,
    word: number,
    waiting: number,
    { end, signal }: Patience,
  ): Promise<T | undefined> {
    for (;;) {
      const seen = Atomics.load(this.words, word / 4);
      const result = attempt();
      const left = end - threadNow();
      if (result !== undefined || left <= 0) return result;
      Atomics.add(this.words, waiting / 4, 1);
      try {
        const patience = Math.min(left, LOOK_AGAIN_MS);
        if (this.worker.shared) await this.sleepShared(word, seen, patience, signal);
        else await this.sleepAlone(word, patience, signal);
      } finally {
        Atomics.sub(this.words, waiting / 4, 1);
      }
      signal?.throwIfAborted();
    }
  }
}

/** What a channel is opened with: each option read once, because reading may run the caller's code. */
export interface ChannelWishes {
  readonly capacity: number;
  readonly kind: number;
  readonly whenFull: number;
  readonly encoding: EncodingName;
  /** Those that were given: of these an existing channel must be. */
  readonly given: readonly ("capacity" | "kind" | "whenFull")[];
}

const OPTIONS = new KnownOptions("channel", ["name", "capacity", "kind", "whenFull", "encoding"]);

/** @throws InvalidArgumentError */
export function readChannelOptions(name: string, options: ChannelOptions = {}): ChannelWishes {
  const { capacity, kind, whenFull, encoding } = OPTIONS.check(options);
  checkSameName("channel", options, name);
  const messages = wholeNumber("channel capacity", capacity, 256, 2, CHANNEL_CAPACITY_MAX);
  return {
    capacity: 2 ** Math.ceil(Math.log2(messages)),
    kind: choice("channel kind", kind, ["spsc", "mpsc"], "mpsc") === "spsc" ? layout.RING_SPSC : layout.RING_MPSC,
    whenFull: choice("whenFull", whenFull, ["refuse", "drop"], "refuse") === "drop" ? 1 : 0,
    encoding: checkEncoding(encoding),
    given: Object.entries({ capacity, kind, whenFull })
      .filter(([, value]) => value !== undefined)
      .map(([option]) => option as "capacity" | "kind" | "whenFull"),
  };
}

/**
 * The channel of this name; made with these options when it does not exist yet.
 *
 * @throws InvalidArgumentError for an option other than it was made with; OutOfMemoryError; AccessDeniedError
 */
export function openChannel<E extends EncodingName>(
  worker: WorkerConnection,
  name: string,
  asked: ChannelWishes,
  agent: AgentAccess | null,
): Channel<E> {
  const encoding = asked.encoding as E;
  const key = KEY_PREFIX + name;
  const existing = findRing(worker, key);
  if (existing !== 0) return openExisting(worker, name, existing, asked, agent);
  agent?.check(WRITE);
  const size = layout.R_CELLS + asked.capacity * 8;
  const ring = worker.engine.takeRing(size, asked.capacity, asked.kind, asked.whenFull) >>> 0;
  if (ring === 0) throw new OutOfMemoryError(`no chunk is free for a channel of ${asked.capacity} messages`);
  worker.values.writeUInt32LE(ring, 0);
  const status = worker.engine.setSystem(worker.putKey(key), 4, layout.MODE_IF_ABSENT);
  if (status === layout.OK) {
    worker.engine.publishRing(ring);
    return Channel.at(worker, name, ring, encoding, agent);
  }
  worker.engine.returnBuffer(ring);
  if (status !== 0) throw new OutOfMemoryError(`no memory is left for channel "${name}"`);
  return openExisting(worker, name, findRing(worker, key), asked, agent); // another thread was first
}

function openExisting<E extends EncodingName>(
  worker: WorkerConnection,
  name: string,
  ring: number,
  asked: ChannelWishes,
  agent: AgentAccess | null,
): Channel<E> {
  const words = new Uint32Array(worker.currentBuffer(), ring, layout.R_CELLS / 4);
  const made = {
    capacity: words[layout.R_CAPACITY / 4],
    kind: words[layout.R_KIND / 4],
    whenFull: words[layout.R_WHEN_FULL / 4],
  };
  const other = asked.given.find((option) => made[option] !== asked[option]);
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `channel "${name}" was made with ${other} ${shown(other, made[other])}, not ${shown(other, asked[other])}`,
    );
  }
  return Channel.at(worker, name, ring, asked.encoding as E, agent);
}

/** An option's word as a message shows it. */
function shown(option: "capacity" | "kind" | "whenFull", word: number): string {
  if (option === "capacity") return String(word);
  if (option === "kind") return word === layout.RING_SPSC ? '"spsc"' : '"mpsc"';
  return word === 0 ? '"refuse"' : '"drop"';
}

/** Names of all channels, in no order. */
export function channelNames(worker: WorkerConnection): string[] {
  return ownNames(worker, KEY_PREFIX);
}

/** The address of a channel's ring, 0 when there is none. */
function findRing(worker: WorkerConnection, key: string): number {
  return worker.engine.getSystem(worker.putKey(key)) === 4 ? worker.values.readUInt32LE(0) : 0;
}

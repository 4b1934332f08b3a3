/**
 * A channel: a bounded ring of messages between agents, in the shared memory (M-002). One receiver; one sender ("spsc",
 * wait-free) or many ("mpsc", lock-free). Sending never blocks the engine: a full ring either says so, or drops the
 * message and counts it.
 *
 * The verb says whether it waits: `trySend` and `tryReceive` never do, `sendWait` and `receiveWait` return promises, `sendSync` and
 * `receiveSync` block the thread. What waits sleeps on the ring's words until there is room or mail. A wait looks at its signal only
 * between two attempts, never after one that took or sent: so a message is either the caller's or still in the ring.
 *
 * A channel may be dropped while others have it: the engine then says so to every operation of theirs, and who waits wakes up to hear it. The
 * words that are slept on are not the ring's, which is gone by then, but of a place that many channels share (PARKING in src/core/layout.ts).
 */
import { isMainThread } from "node:worker_threads";
import { checkSameName, choice, describe, KnownOptions, wholeNumber } from "../check.js";
import { ENTRY_ROOM, layout, parking, result } from "../core/index.js";
import { ClosedError, InvalidArgumentError, OutOfMemoryError, ValueTooLargeError } from "../errors.js";
import type { Duration } from "../units.js";
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
export const MESSAGE_MAX = ENTRY_ROOM;
/** A sleeping thread looks again this often, should a wake-up have been meant for one that died. */
const LOOK_AGAIN_MS = 100;

/** A channel in the directory, as its handles know it: the entry that its ring lies behind, and the words that it is waited for on. */
interface Ring {
  readonly entry: number;
  readonly version: number;
  readonly capacity: number;
  readonly kind: number;
  readonly whenFull: number;
  /** Address of its place in PARKING. */
  readonly place: number;
}

/**
 * Made by `store.channel()`. Values are encoded and limited as a namespace's, to 16,352 bytes. What waits throws InvalidArgumentError for a
 * timeout below 0, and where it would block a thread that must not be; everything throws ClosedError once this thread has closed the store, or
 * the channel was dropped, by whichever thread. One made under its name afterwards is another one.
 */
export class Channel<E extends EncodingName = "binary"> {
  readonly name: string;
  readonly encoding: E;
  readonly capacity: number;
  private readonly worker: WorkerConnection;
  private readonly ring: Ring;
  private readonly words: Int32Array;
  private readonly codec: Codec;
  private readonly agent: AgentAccess | null;

  private constructor(worker: WorkerConnection, name: string, ring: Ring, encoding: E, agent: AgentAccess | null) {
    this.worker = worker;
    this.agent = agent;
    this.name = name;
    this.ring = ring;
    this.encoding = encoding;
    this.codec = codecOf(encoding);
    this.words = parking.parkingWords(worker.currentBuffer(), ring.place);
    this.capacity = ring.capacity;
  }

  /** @internal Use `store.channel()`. */
  static at<E extends EncodingName>(
    worker: WorkerConnection,
    name: string,
    ring: Ring,
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
    if (sent) this.wake(parking.ARRIVALS, parking.RECEIVERS_WAIT);
    return sent;
  }

  /** Sends in order until the ring is full; wakes the receiver once. Returns how many were sent. */
  sendMany(messages: Iterable<Values[E]>): number {
    let sent = 0;
    for (const message of messages) {
      if (!this.put(this.encode(message))) break;
      sent++;
    }
    if (sent > 0) this.wake(parking.ARRIVALS, parking.RECEIVERS_WAIT);
    return sent;
  }

  /**
   * The oldest message, or undefined when there is none; it never waits. The first thread to receive is the channel's one receiver.
   *
   * @throws InvalidArgumentError when another thread is
   */
  tryReceive(): Values[E] | undefined {
    const message = this.take();
    if (message !== undefined) this.wake(parking.DEPARTURES, parking.SENDERS_WAIT);
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
    if (messages.length > 0) this.wake(parking.DEPARTURES, parking.SENDERS_WAIT);
    return messages;
  }

  /** Blocks this worker thread until a message comes or `timeout` ms (default: no end) pass, then undefined. Not on the main thread. */
  receiveSync(wait?: Duration | BlockOptions): Values[E] | undefined {
    this.mayBlock("receiveSync", "receiveWait");
    const end = readBlocking(wait);
    return this.blockUntil(() => this.tryReceive(), parking.ARRIVALS, parking.RECEIVERS_WAIT, end);
  }

  /** Blocks this worker thread until the message is in or `timeout` ms (default: no end) pass, then false. Not on the main thread. */
  sendSync(message: Values[E], wait?: Duration | BlockOptions): boolean {
    this.mayBlock("sendSync", "sendWait");
    const end = readBlocking(wait);
    const bytes = this.kept(message);
    const attempt = () => this.sendBytes(bytes) || undefined;
    return this.blockUntil(attempt, parking.DEPARTURES, parking.SENDERS_WAIT, end) ?? false;
  }

  /**
   * Waits for a message without blocking the event loop, on any thread.
   *
   * @param wait milliseconds at most (default: no end), or those and a signal
   * @returns undefined when the time has passed; rejects with the signal's reason when that aborts, and has taken nothing then
   */
  async receiveWait(wait?: Duration | WaitOptions): Promise<Values[E] | undefined> {
    const patience = readPatience(wait);
    return this.waitUntil(() => this.tryReceive(), parking.ARRIVALS, parking.RECEIVERS_WAIT, patience);
  }

  /**
   * Waits for room without blocking the event loop. The message is sent as it is now.
   *
   * @param wait milliseconds at most (default: no end), or those and a signal
   * @returns false when the time has passed; rejects with the signal's reason when that aborts, and has sent nothing then
   */
  async sendWait(message: Values[E], wait?: Duration | WaitOptions): Promise<boolean> {
    const patience = readPatience(wait);
    const bytes = this.kept(message);
    const attempt = () => this.sendBytes(bytes) || undefined;
    return (await this.waitUntil(attempt, parking.DEPARTURES, parking.SENDERS_WAIT, patience)) ?? false;
  }

  /**
   * The messages as they come, each taken when it is asked for and by nobody else: `for await (const message of channel.messages({ signal }))`.
   * It ends when the signal aborts, the channel is dropped, or this thread closes the store or the view; what was not asked for stays in the ring.
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
    return this.measure();
  }

  /** Messages dropped because the ring was full. */
  get dropped(): number {
    this.enter(READ);
    this.measure();
    return Number(this.worker.outWide[result.DROPPED]);
  }

  private measure(): number {
    const { entry, version } = this.ring;
    const length = this.worker.engine.measureRing(entry, version);
    if (length === layout.GONE) throw dropped(this.name);
    return length;
  }

  /** Gives up being the receiver (or the one sender), so that another thread may take over. Of a dropped channel there is nothing to give up. */
  release(): void {
    this.enter(0);
    this.worker.engine.leaveRing(this.ring.entry, this.ring.version);
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
    const status = worker.engine.send(this.ring.entry, this.ring.version, address, length);
    if (status === layout.OK) return true;
    if (status === layout.FULL || status === layout.DROPPED) return false;
    if (status === layout.GONE) throw dropped(this.name);
    if (status === layout.NOT_YOURS) {
      throw new InvalidArgumentError(`channel "${this.name}" is spsc and another thread is its sender`);
    }
    throw new OutOfMemoryError(`no chunk is free for a message of ${length} bytes`);
  }

  private take(): Values[E] | undefined {
    this.enter(READ);
    const { worker } = this;
    const length = worker.engine.receive(this.ring.entry, this.ring.version, worker.valueAddress);
    if (length >= 0) return this.codec.decode(worker.window, 0, length) as Values[E];
    if (length === layout.GONE) throw dropped(this.name);
    if (length === layout.NOT_YOURS) {
      throw new InvalidArgumentError(`channel "${this.name}" already has a receiver in another thread`);
    }
    return undefined;
  }

  private wake(word: number, waiting: number): void {
    wakeSleepers(this.worker, this.words, word, waiting);
  }

  private mayBlock(verb: string, instead: string): void {
    if (!this.worker.shared) {
      throw new InvalidArgumentError(`${verb} would block the only thread that has this store; use await ${instead}()`);
    }
    if (isMainThread) throw new InvalidArgumentError(`${verb} would block the main thread; use await ${instead}()`);
  }

  private blockUntil<T>(attempt: () => T | undefined, word: number, waiting: number, end: number): T | undefined {
    for (;;) {
      const seen = Atomics.load(this.words, word);
      const result = attempt();
      const left = end - threadNow();
      if (result !== undefined || left <= 0) return result;
      Atomics.store(this.words, waiting, 1);
      Atomics.wait(this.words, word, seen, Math.min(left, LOOK_AGAIN_MS));
    }
  }

  private async sleepShared(word: number, seen: number, patience: number, signal?: AbortSignal): Promise<void> {
    // waitAsync alone does not keep the process alive; someone who awaits a message wants it to be
    const alive = setTimeout(() => {}, LOOK_AGAIN_MS * 2);
    try {
      const wait = Atomics.waitAsync(this.words, word, seen, patience);
      if (wait.async) await untilAborted(wait.value, signal);
    } finally {
      clearTimeout(alive);
    }
  }

  /** Private memory has no Atomics.wait, and needs none: who wakes us runs in this thread. */
  private async sleepAlone(word: number, patience: number, signal?: AbortSignal): Promise<void> {
    const { wakeUps } = this.worker;
    const event = `${this.ring.place + word}`;
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
      const seen = Atomics.load(this.words, word);
      const result = attempt();
      const left = end - threadNow();
      if (result !== undefined || left <= 0) return result;
      Atomics.store(this.words, waiting, 1);
      const patience = Math.min(left, LOOK_AGAIN_MS);
      if (this.worker.shared) await this.sleepShared(word, seen, patience, signal);
      else await this.sleepAlone(word, patience, signal);
      signal?.throwIfAborted();
    }
  }
}

/**
 * Wakes who sleeps on a word of a place, all of them, if any may. The engine has bumped the word before. A sleeper says that it will sleep, then
 * sleeps on the word as it was before it looked for what it waits for; so either we see that it said so, or its word has changed. Saying so is
 * one flag for all, taken back before the word is bumped once more: who says so after that sleeps on the new word, and its flag stays. A
 * sleeper that died leaves a flag that costs the next one a wake-up, and no more.
 */
function wakeSleepers(worker: WorkerConnection, words: Int32Array, word: number, waiting: number): void {
  if (Atomics.load(words, waiting) === 0) return;
  Atomics.store(words, waiting, 0);
  Atomics.add(words, word, 1);
  if (worker.shared) Atomics.notify(words, word);
  else worker.wakeUps.emit(`${words.byteOffset + word}`);
}

function dropped(name: string): ClosedError {
  return new ClosedError(`channel "${name}" was dropped; store.channel() makes another one of that name`);
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
  for (;;) {
    const ring = findRing(worker, name);
    if (ring !== null) {
      checkAsMade(name, ring, asked);
      return Channel.at(worker, name, ring, asked.encoding as E, agent);
    }
    agent?.check(WRITE);
    const key = worker.putKey(KEY_PREFIX + name);
    const status = worker.engine.makeRing(key, asked.capacity, asked.kind, asked.whenFull);
    if (status === layout.NO_MEMORY)
      throw new OutOfMemoryError(`no chunk is free for channel "${name}" of ${asked.capacity} messages`);
    // made, by us or by another thread; it may even be dropped again: look once more
  }
}

/**
 * Takes a channel away, and wakes who waits for it; its memory is given back when no operation is in it any more. False when there is none.
 */
export function dropChannel(worker: WorkerConnection, name: string): boolean {
  const place = worker.engine.dropRing(worker.putKey(KEY_PREFIX + name)) >>> 0;
  if (place === 0) return false;
  const words = parking.parkingWords(worker.currentBuffer(), place);
  wakeSleepers(worker, words, parking.ARRIVALS, parking.RECEIVERS_WAIT);
  wakeSleepers(worker, words, parking.DEPARTURES, parking.SENDERS_WAIT);
  return true;
}

function checkAsMade(name: string, made: Ring, asked: ChannelWishes): void {
  const other = asked.given.find((option) => made[option] !== asked[option]);
  if (other === undefined) return;
  throw new InvalidArgumentError(
    `channel "${name}" was made with ${other} ${shown(other, made[other])}, not ${shown(other, asked[other])}`,
  );
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

function findRing(worker: WorkerConnection, name: string): Ring | null {
  if (worker.engine.openRing(worker.putKey(KEY_PREFIX + name)) === 0) return null;
  const { out } = worker;
  return {
    entry: out[result.ENTRY],
    version: out[result.VERSION],
    capacity: out[result.CAPACITY],
    kind: out[result.KIND],
    whenFull: out[result.WHEN_FULL],
    place: out[result.PLACE],
  };
}

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
import { checkSameName, choice, describe, KnownOptions, wholeNumber } from "../check.js";
import { ENTRY_ROOM, layout, result } from "../core/index.js";
import { ClosedError, InvalidArgumentError, OutOfMemoryError } from "../errors.js";
import type { Duration } from "../units.js";
import { type AgentAccess, READ, WRITE } from "./access.js";
import { byteCount } from "./bytes.js";
import { type Codec, checkEncoding, codecOf, type EncodingName, Window } from "./encoding.js";
import { checkLarge, noRoomForLarge, sourceOf, takeFilled } from "./large.js";
import { ownNames } from "./listing.js";
import { ARRIVALS, DEPARTURES, Place } from "./parking.js";
import { SYSTEM_KEYS } from "./system-keys.js";
import { type BlockOptions, checkSignal, readBlocking, readPatience, type WaitOptions } from "./waiting.js";
import type { WorkerConnection } from "./worker.js";

/** What a channel is made with; one that is there already must agree with what is given. */
export interface ChannelOptions {
  /** Messages it holds, 2 to 1,024, rounded up to a power of two. Default 256. */
  capacity?: number;
  /** Default "mpsc". */
  kind?: "spsc" | "mpsc";
  /** What a full ring does with one more message: "refuse" (send returns false) or "drop" (it is counted). Default "refuse". */
  whenFull?: "refuse" | "drop";
  /** How messages are written; each side uses its own setting. Default "binary". */
  encoding?: EncodingName;
}

/** A channel of bytes: no encoding, or "binary". */
export interface BinaryChannelOptions extends ChannelOptions {
  /** Default "binary". */
  encoding?: "binary";
}

/** A channel of text. */
export interface TextChannelOptions extends ChannelOptions {
  /** Says that its messages are text. */
  encoding: "string";
}

const KEY_PREFIX = SYSTEM_KEYS.channel;
const MESSAGES_OPTIONS = new KnownOptions("messages", ["signal"]);

export const CHANNEL_CAPACITY_MAX = 1024;

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
 * Made by `store.channel()`. Values are encoded and limited as a namespace's, to the store's `maxValue`. What waits throws InvalidArgumentError for a
 * timeout below 0, and where it would block a thread that must not be; everything throws ClosedError once this thread has closed the store, or
 * the channel was dropped, by whichever thread. One made under its name afterwards is another one.
 *
 * @typeParam V its messages: Uint8Array in a binary channel, string in one of text, and in json and msgpack ones what the program says it
 *   sends. Nothing holds a channel to that, nor the other side.
 */
export class Channel<V = Uint8Array> {
  /** As it was opened with. */
  readonly name: string;
  /** How this handle writes and reads messages. */
  readonly encoding: EncodingName;
  /** Messages that it holds. */
  readonly capacity: number;
  private readonly worker: WorkerConnection;
  private readonly ring: Ring;
  private readonly place: Place;
  private readonly codec: Codec;
  private readonly agent: AgentAccess | null;

  private constructor(
    worker: WorkerConnection,
    name: string,
    ring: Ring,
    encoding: EncodingName,
    agent: AgentAccess | null,
  ) {
    this.worker = worker;
    this.agent = agent;
    this.name = name;
    this.ring = ring;
    this.encoding = encoding;
    this.codec = codecOf(encoding);
    this.place = new Place(worker, ring.place);
    this.capacity = ring.capacity;
  }

  /** @internal Use `store.channel()`. */
  static at<V>(
    worker: WorkerConnection,
    name: string,
    ring: Ring,
    encoding: EncodingName,
    agent: AgentAccess | null,
  ): Channel<V> {
    return new Channel<V>(worker, name, ring, encoding, agent);
  }

  /**
   * Sends one message, and never waits.
   *
   * @returns false when the ring is full (whenFull "refuse") or the message was dropped ("drop")
   * @throws ValueTooLargeError above the store's `maxValue`; OutOfMemoryError; InvalidArgumentError when another thread is the one sender
   */
  trySend(message: V): boolean {
    return this.sendBytes(this.encode(message));
  }

  /** @deprecated The older name of `trySend`, which says that it does not wait. */
  send(message: V): boolean {
    return this.trySend(message);
  }

  private sendBytes(bytes: Uint8Array): boolean {
    const sent = this.put(bytes);
    if (sent) this.place.wake(ARRIVALS);
    return sent;
  }

  /** Sends in order until the ring is full; wakes the receiver once. Returns how many were sent. */
  sendMany(messages: Iterable<V>): number {
    let sent = 0;
    for (const message of messages) {
      if (!this.put(this.encode(message))) break;
      sent++;
    }
    if (sent > 0) this.place.wake(ARRIVALS);
    return sent;
  }

  /**
   * The oldest message, or undefined when there is none; it never waits. The first thread to receive is the channel's one receiver.
   *
   * @throws InvalidArgumentError when another thread is
   */
  tryReceive(): V | undefined {
    const message = this.take();
    if (message !== undefined) this.place.wake(DEPARTURES);
    return message;
  }

  /** @deprecated The older name of `tryReceive`, which says that it does not wait. */
  receive(): V | undefined {
    return this.tryReceive();
  }

  /** Up to `limit` messages, oldest first; wakes waiting senders once. */
  receiveMany(limit: number = CHANNEL_CAPACITY_MAX): V[] {
    if (typeof limit !== "number" || !(limit >= 0)) {
      throw new InvalidArgumentError(`limit is ${describe(limit)}; expected how many messages at most, 0 or more`);
    }
    const messages: V[] = [];
    while (messages.length < limit) {
      const message = this.take();
      if (message === undefined) break;
      messages.push(message);
    }
    if (messages.length > 0) this.place.wake(DEPARTURES);
    return messages;
  }

  /** Blocks this worker thread until a message comes or `timeout` ms (default: no end) pass, then undefined. Not on the main thread. */
  receiveSync(wait?: Duration | BlockOptions): V | undefined {
    this.place.mayBlock("receiveSync", "receiveWait");
    const end = readBlocking(wait);
    return this.place.block(ARRIVALS, { attempt: () => this.tryReceive() }, end);
  }

  /** Blocks this worker thread until the message is in or `timeout` ms (default: no end) pass, then false. Not on the main thread. */
  sendSync(message: V, wait?: Duration | BlockOptions): boolean {
    this.place.mayBlock("sendSync", "sendWait");
    const end = readBlocking(wait);
    const bytes = this.kept(message);
    const attempt = () => this.sendBytes(bytes) || undefined;
    return this.place.block(DEPARTURES, { attempt }, end) ?? false;
  }

  /**
   * Waits for a message without blocking the event loop, on any thread.
   *
   * @param wait milliseconds at most (default: no end), or those and a signal
   * @returns undefined when the time has passed; rejects with the signal's reason when that aborts, and has taken nothing then
   */
  async receiveWait(wait?: Duration | WaitOptions): Promise<V | undefined> {
    const patience = readPatience(wait);
    return this.place.until(ARRIVALS, { attempt: () => this.tryReceive() }, patience);
  }

  /**
   * Waits for room without blocking the event loop. The message is sent as it is now.
   *
   * @param wait milliseconds at most (default: no end), or those and a signal
   * @returns false when the time has passed; rejects with the signal's reason when that aborts, and has sent nothing then
   */
  async sendWait(message: V, wait?: Duration | WaitOptions): Promise<boolean> {
    const patience = readPatience(wait);
    const bytes = this.kept(message);
    const attempt = () => this.sendBytes(bytes) || undefined;
    return (await this.place.until(DEPARTURES, { attempt }, patience)) ?? false;
  }

  /**
   * The messages as they come, each taken when it is asked for and by nobody else: `for await (const message of channel.messages({ signal }))`.
   * It ends when the signal aborts, the channel is dropped, or this thread closes the store or the view; what was not asked for stays in the ring.
   */
  messages(options: { signal?: AbortSignal } = {}): AsyncGenerator<V, void, undefined> {
    const signal = checkSignal(MESSAGES_OPTIONS.check(options).signal);
    this.enter(READ);
    return this.each(signal);
  }

  /** `messages()` without a signal. */
  [Symbol.asyncIterator](): AsyncGenerator<V, void, undefined> {
    return this.messages();
  }

  private async *each(signal: AbortSignal | undefined): AsyncGenerator<V, void, undefined> {
    while (signal === undefined || !signal.aborted) {
      let message: V | undefined;
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
  private encode(message: V): Uint8Array {
    const bytes = this.codec.encode(message, this.worker.valueLimit);
    const length = byteCount(bytes);
    if (length > ENTRY_ROOM) checkLarge(this.worker, length, "message");
    return bytes;
  }

  /** The message as it is now, for a sender that waits: what becomes of it meanwhile is not sent. */
  private kept(message: V): Uint8Array {
    return Uint8Array.from(this.encode(message));
  }

  private put(bytes: Uint8Array): boolean {
    this.enter(WRITE);
    const length = byteCount(bytes);
    const status = length > ENTRY_ROOM ? this.putLarge(bytes, length) : this.putSmall(bytes, length);
    if (status === layout.OK) return true;
    if (status === layout.FULL || status === layout.DROPPED) return false;
    if (status === layout.GONE) throw dropped(this.name);
    if (status === layout.NOT_YOURS) {
      throw new InvalidArgumentError(`channel "${this.name}" is spsc and another thread is its sender`);
    }
    if (length > ENTRY_ROOM) throw noRoomForLarge(this.worker, length, "message");
    throw new OutOfMemoryError(`no chunk is free for a message of ${length} bytes`);
  }

  private putSmall(bytes: Uint8Array, length: number): number {
    const { worker } = this;
    let address = worker.addressOf(bytes);
    if (address < 0) {
      worker.values.set(bytes);
      address = worker.valueAddress;
    }
    return worker.engine.send(this.ring.entry, this.ring.version, address, length);
  }

  /** A full ring is not worth a span, which might evict for nothing. */
  private putLarge(bytes: Uint8Array, length: number): number {
    const { worker, ring } = this;
    const admitted = worker.engine.admits(ring.entry, ring.version);
    if (admitted !== layout.OK) return admitted;
    const address = takeFilled(worker, sourceOf(bytes, length));
    if (address === 0) return layout.NO_MEMORY;
    const status = worker.engine.sendLarge(ring.entry, ring.version, address, length);
    if (status !== layout.OK) worker.engine.dropLarge(address, length);
    return status;
  }

  private take(): V | undefined {
    this.enter(READ);
    const { worker } = this;
    const length = worker.engine.receive(this.ring.entry, this.ring.version, worker.valueAddress);
    if (length >= 0) return this.codec.decode(worker.window, 0, length) as V;
    if (length === layout.GONE) throw dropped(this.name);
    if (length === layout.LARGE) return this.takeLarge();
    if (length === layout.NOT_YOURS) {
      throw new InvalidArgumentError(`channel "${this.name}" already has a receiver in another thread`);
    }
    return undefined;
  }

  /** Decoded where it lies: the message is this thread's until it says that it has done with it. */
  private takeLarge(): V {
    const { worker } = this;
    const { [result.LENGTH]: length, [result.ADDRESS]: address } = worker.out;
    try {
      const window = new Window(worker.bufferHolding(address + length), address, length);
      return this.codec.decode(window, 0, length) as V;
    } finally {
      worker.engine.endReceive();
    }
  }
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
export function openChannel<V>(
  worker: WorkerConnection,
  name: string,
  asked: ChannelWishes,
  agent: AgentAccess | null,
): Channel<V> {
  for (;;) {
    const ring = findRing(worker, name);
    if (ring !== null) {
      checkAsMade(name, ring, asked);
      return Channel.at(worker, name, ring, asked.encoding, agent);
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
  const address = worker.engine.dropRing(worker.putKey(KEY_PREFIX + name)) >>> 0;
  if (address === 0) return false;
  const place = new Place(worker, address);
  place.wake(ARRIVALS);
  place.wake(DEPARTURES);
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

/**
 * A channel: a bounded ring of messages between agents, in the shared memory (ADR-002). One receiver; one sender ("spsc",
 * wait-free) or many ("mpsc", lock-free). Sending never blocks the engine: a full ring either says so, or drops the
 * message and counts it; `sendWait` and `receiveWait` sleep on the ring's words until there is room or mail.
 */
import { isMainThread } from "node:worker_threads";
import { layout } from "../core/index.js";
import { threadNow } from "./clock.js";
import { type Codec, checkEncoding, codecOf, type EncodingName, type Values } from "./encoding.js";
import { InvalidArgumentError, OutOfMemoryError, ValueTooLargeError } from "./errors.js";
import { describe } from "./sizes.js";
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

  /** @internal Use `store.channel()`. */
  constructor(worker: WorkerConnection, name: string, ring: number, encoding: E) {
    this.worker = worker;
    this.name = name;
    this.ring = ring;
    this.encoding = encoding;
    this.codec = codecOf(encoding);
    this.words = new Int32Array(worker.currentBuffer(), ring, layout.R_CELLS / 4);
    this.capacity = this.words[layout.R_CAPACITY / 4];
  }

  /**
   * Sends one message.
   *
   * @returns false when the ring is full (whenFull "refuse") or the message was dropped ("drop")
   * @throws ValueTooLargeError above 16,352 bytes; OutOfMemoryError; InvalidArgumentError when another thread is the one sender
   */
  send(message: Values[E]): boolean {
    const sent = this.put(message);
    if (sent) this.wake(layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING);
    return sent;
  }

  /** Sends in order until the ring is full; wakes the receiver once. Returns how many were sent. */
  sendMany(messages: Iterable<Values[E]>): number {
    let sent = 0;
    for (const message of messages) {
      if (!this.put(message)) break;
      sent++;
    }
    if (sent > 0) this.wake(layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING);
    return sent;
  }

  /** The oldest message, or undefined when there is none. The first thread to receive is the channel's one receiver. */
  receive(): Values[E] | undefined {
    const message = this.take();
    if (message !== undefined) this.wake(layout.R_DEPARTURES, layout.R_SENDERS_WAITING);
    return message;
  }

  /** Up to `limit` messages, oldest first; wakes waiting senders once. */
  receiveMany(limit: number = CHANNEL_CAPACITY_MAX): Values[E][] {
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
  receiveSync(timeout = Number.POSITIVE_INFINITY): Values[E] | undefined {
    this.mayBlock("receiveSync", "receiveWait");
    return this.blockUntil(() => this.receive(), layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING, timeout);
  }

  /** Blocks this worker thread until the message is in or `timeout` ms (default: no end) pass, then false. Not on the main thread. */
  sendSync(message: Values[E], timeout = Number.POSITIVE_INFINITY): boolean {
    this.mayBlock("sendSync", "sendWait");
    const attempt = () => this.send(message) || undefined;
    return this.blockUntil(attempt, layout.R_DEPARTURES, layout.R_SENDERS_WAITING, timeout) ?? false;
  }

  /** Waits for a message without blocking the event loop, on any thread. Undefined after `timeout` ms (default: no end). */
  receiveWait(timeout = Number.POSITIVE_INFINITY): Promise<Values[E] | undefined> {
    return this.waitUntil(() => this.receive(), layout.R_ARRIVALS, layout.R_RECEIVERS_WAITING, timeout);
  }

  /** Waits for room without blocking the event loop. False after `timeout` ms (default: no end). */
  async sendWait(message: Values[E], timeout = Number.POSITIVE_INFINITY): Promise<boolean> {
    const attempt = () => this.send(message) || undefined;
    return (await this.waitUntil(attempt, layout.R_DEPARTURES, layout.R_SENDERS_WAITING, timeout)) ?? false;
  }

  /** Messages in the ring: may be off by those on their way in or out. */
  get length(): number {
    this.worker.assertOpen();
    return (Atomics.load(this.words, layout.R_TAIL / 4) - Atomics.load(this.words, layout.R_HEAD / 4)) | 0;
  }

  /** Messages dropped because the ring was full. */
  get dropped(): number {
    this.worker.assertOpen();
    return Atomics.load(this.words, layout.R_DROPPED / 4) >>> 0;
  }

  /** Gives up being the receiver (or the one sender), so that another thread may take over. */
  release(): void {
    this.worker.assertOpen();
    this.worker.engine.leaveRing(this.ring);
  }

  // ---------------------------------------------------------------- inside

  private put(message: Values[E]): boolean {
    const { worker } = this;
    worker.assertOpen();
    const bytes = this.codec.encode(message);
    if (bytes.length > MESSAGE_MAX) {
      throw new ValueTooLargeError(`a message has ${bytes.length} bytes; the limit is ${MESSAGE_MAX}`);
    }
    let address = worker.addressOf(bytes);
    if (address < 0) {
      worker.values.set(bytes);
      address = worker.valueAddress;
    }
    const status = worker.engine.send(this.ring, address, bytes.length);
    if (status === layout.OK) return true;
    if (status === layout.FULL || status === layout.DROPPED) return false;
    if (status === layout.NOT_YOURS) {
      throw new InvalidArgumentError(`channel "${this.name}" is spsc and another thread is its sender`);
    }
    throw new OutOfMemoryError(`no chunk is free for a message of ${bytes.length} bytes`);
  }

  private take(): Values[E] | undefined {
    const { worker } = this;
    worker.assertOpen();
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

  private blockUntil<T>(attempt: () => T | undefined, word: number, waiting: number, timeout: number): T | undefined {
    const end = deadline(timeout);
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

  private async sleepShared(word: number, seen: number, patience: number): Promise<void> {
    // waitAsync alone does not keep the process alive; someone who awaits a message wants it to be
    const alive = setTimeout(() => {}, LOOK_AGAIN_MS * 2);
    try {
      const wait = Atomics.waitAsync(this.words, word / 4, seen, patience);
      if (wait.async) await wait.value;
    } finally {
      clearTimeout(alive);
    }
  }

  /** Private memory has no Atomics.wait, and needs none: who wakes us runs in this thread. */
  private sleepAlone(word: number, patience: number): Promise<void> {
    return new Promise((done) => {
      const { wakeUps } = this.worker;
      const event = `${this.ring + word}`;
      const wake = () => {
        clearTimeout(timer);
        wakeUps.off(event, wake);
        done();
      };
      const timer = setTimeout(wake, patience);
      wakeUps.on(event, wake);
    });
  }

  private async waitUntil<T>(
    attempt: () => T | undefined,
    word: number,
    waiting: number,
    timeout: number,
  ): Promise<T | undefined> {
    const end = deadline(timeout);
    for (;;) {
      const seen = Atomics.load(this.words, word / 4);
      const result = attempt();
      const left = end - threadNow();
      if (result !== undefined || left <= 0) return result;
      Atomics.add(this.words, waiting / 4, 1);
      try {
        const patience = Math.min(left, LOOK_AGAIN_MS);
        if (this.worker.shared) await this.sleepShared(word, seen, patience);
        else await this.sleepAlone(word, patience);
      } finally {
        Atomics.sub(this.words, waiting / 4, 1);
      }
    }
  }
}

function deadline(timeout: number): number {
  if (typeof timeout !== "number" || !(timeout >= 0)) {
    throw new InvalidArgumentError(`timeout is ${describe(timeout)}; expected milliseconds, 0 or more`);
  }
  return threadNow() + timeout;
}

/** The channel of this name; made with these options when it does not exist yet. @throws InvalidArgumentError, OutOfMemoryError */
export function openChannel<E extends EncodingName>(
  worker: WorkerConnection,
  name: string,
  options: ChannelOptions<E>,
): Channel<E> {
  const checked = checkChannelOptions(options);
  const encoding = (options.encoding === undefined ? "binary" : checkEncoding(options.encoding)) as E;
  const key = `channel:${name}`;
  const existing = findRing(worker, key);
  if (existing !== 0) return new Channel(worker, name, existing, encoding);
  const size = layout.R_CELLS + checked.capacity * 8;
  const ring = worker.engine.takeRing(size, checked.capacity, checked.kind, checked.whenFull) >>> 0;
  if (ring === 0) throw new OutOfMemoryError(`no chunk is free for a channel of ${checked.capacity} messages`);
  worker.values.writeUInt32LE(ring, 0);
  const status = worker.engine.setSystem(worker.putKey(key), 4, layout.MODE_IF_ABSENT);
  if (status === layout.OK) {
    worker.engine.publishRing(ring);
    return new Channel(worker, name, ring, encoding);
  }
  worker.engine.returnBuffer(ring);
  if (status !== 0) throw new OutOfMemoryError(`no memory is left for channel "${name}"`);
  return new Channel(worker, name, findRing(worker, key), encoding); // another thread was first
}

/** The address of a channel's ring, 0 when there is none. */
function findRing(worker: WorkerConnection, key: string): number {
  return worker.engine.getSystem(worker.putKey(key)) === 4 ? worker.values.readUInt32LE(0) : 0;
}

/** @throws InvalidArgumentError */
function checkChannelOptions(options: ChannelOptions): { capacity: number; kind: number; whenFull: number } {
  const { capacity = 256, kind = "mpsc", whenFull = "refuse" } = options;
  if (!Number.isInteger(capacity) || capacity < 2 || capacity > CHANNEL_CAPACITY_MAX) {
    throw new InvalidArgumentError(
      `channel capacity is ${describe(capacity)}; expected a whole number from 2 to ${CHANNEL_CAPACITY_MAX}`,
    );
  }
  if (kind !== "spsc" && kind !== "mpsc")
    throw new InvalidArgumentError(`channel kind is ${describe(kind)}; expected spsc or mpsc`);
  if (whenFull !== "refuse" && whenFull !== "drop") {
    throw new InvalidArgumentError(`whenFull is ${describe(whenFull)}; expected refuse or drop`);
  }
  return {
    capacity: 2 ** Math.ceil(Math.log2(capacity)),
    kind: kind === "spsc" ? layout.RING_SPSC : layout.RING_MPSC,
    whenFull: whenFull === "drop" ? 1 : 0,
  };
}

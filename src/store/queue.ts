/**
 * A work queue: messages that are each done once, by whoever takes them. Many senders, many takers, in any threads. A taker has a message for
 * the time of a lease and acknowledges it when the work is done; a message whose taker dies, gives it back, or lets its lease end is
 * delivered again. So each is delivered **at least once**: a worker that did the work and died before it said so leaves it to another.
 * What interleaves is in the engine (src/core/assembly/queue.ts).
 *
 * The verb says whether it waits, as a channel's does: `trySend` and `tryReceive` never do, `sendWait` and `receiveWait` return promises,
 * `sendSync` and `receiveSync` block the thread.
 */
import { checkSameName, KnownOptions, wholeNumber } from "../check.js";
import { ENTRY_ROOM, layout, result } from "../core/index.js";
import { ClosedError, InvalidArgumentError, OutOfMemoryError, ValueTooLargeError } from "../errors.js";
import { type Duration, milliseconds, type Size, sizeIn } from "../units.js";
import { type AgentAccess, DELETE, READ, WRITE } from "./access.js";
import { byteCount } from "./bytes.js";
import { type Codec, checkEncoding, codecOf, type EncodingName, Window } from "./encoding.js";
import { checkLarge, noRoomForLarge, sourceOf, takeFilled } from "./large.js";
import { ownNames } from "./listing.js";
import { ARRIVALS, DEPARTURES, Place } from "./parking.js";
import { type Delivery, QueueMessage, type Settling } from "./queue-message.js";
import { SYSTEM_KEYS } from "./system-keys.js";
import { type BlockOptions, checkSignal, readBlocking, readPatience, type WaitOptions } from "./waiting.js";
import { MAX_TTL_MS, type WorkerConnection } from "./worker.js";

/** What a queue is made with; one that is there already must agree with what is given. */
export interface QueueOptions {
  /** Messages it holds, those being worked on and dead letters included, 1 to 960. Default 256. */
  capacity?: number;
  /** Bytes of all its messages at most, or text such as "10MiB"; 0 = no limit but the store's. Default 0. */
  maxBytes?: Size;
  /** How long a taker has a message for, unless it asks for another lease: milliseconds or text such as "5m", 1 ms to 200 days. Default 30 s. */
  lease?: Duration;
  /** Deliveries of a message before it is a dead letter, 1 to 1,000; 0 = no end. Default 5. */
  maxAttempts?: number;
  /** How messages are written; each side uses its own setting. Default "binary". */
  encoding?: EncodingName;
}

/** A queue of bytes: no encoding, or "binary". */
export interface BinaryQueueOptions extends QueueOptions {
  /** Default "binary". */
  encoding?: "binary";
}

/** A queue of text. */
export interface TextQueueOptions extends QueueOptions {
  /** Says that its messages are text. */
  encoding: "string";
}

/** How a message is sent. */
export interface SendOptions {
  /** Until it is ready: milliseconds or text such as "5s", at most 200 days. Default 0. */
  delay?: Duration;
}

/** For how long a message is taken. */
export interface TakeOptions {
  /** Milliseconds or text such as "5m"; default the queue's. */
  lease?: Duration;
}

/** A message that was delivered as often as it may be, and never acknowledged. */
export interface DeadLetter<V> {
  /** The message, decoded. */
  readonly value: V;
  /** Times it was delivered. */
  readonly attempts: number;
}

/** Each count as of some moment during the call; those since it was made may be one off for each thread that died in it. */
export interface QueueStats {
  /** Messages that it holds. */
  readonly capacity: number;
  /** Messages that can be taken now. */
  readonly ready: number;
  /** Not ready yet. */
  readonly delayed: number;
  /** Taken, by living threads whose lease runs. */
  readonly held: number;
  /** Delivered as often as they may be: kept until they are cleared. */
  readonly deadLetters: number;
  /** Of all its messages. */
  readonly bytes: number;
  /** Since it was made. */
  readonly sent: number;
  /** Since it was made. */
  readonly acknowledged: number;
  /** Deliveries since it was made that were not a message's first. */
  readonly redelivered: number;
}

const { TICK_MS } = layout;
const KEY_PREFIX = SYSTEM_KEYS.queue;
const MESSAGES_OPTIONS = new KnownOptions("messages", ["signal", "lease"]);
const SEND_OPTIONS = new KnownOptions("a message's", ["delay"]);
const TAKE_OPTIONS = new KnownOptions("a delivery's", ["lease"]);
const SEND_BLOCK_OPTIONS = new KnownOptions("a wait that blocks", ["timeout", "delay"]);
const TAKE_BLOCK_OPTIONS = new KnownOptions("a wait that blocks", ["timeout", "lease"]);
const SEND_WAIT_OPTIONS = new KnownOptions("a wait", ["timeout", "signal", "delay"]);
const TAKE_WAIT_OPTIONS = new KnownOptions("a wait", ["timeout", "signal", "lease"]);

/** What fits the largest chunk. */
export const QUEUE_CAPACITY_MAX = 960;

/** A queue in the directory, as its handles know it. */
interface QueueRecord {
  readonly entry: number;
  readonly version: number;
  readonly capacity: number;
  readonly lease: number;
  readonly maxAttempts: number;
  readonly maxBytes: number;
  readonly place: number;
}

/**
 * Made by `store.queue()`. Values are encoded and limited as a namespace's. What waits throws InvalidArgumentError for a timeout below 0, and
 * where it would block a thread that must not be; everything throws ClosedError once this thread has closed the store, or the queue was
 * dropped, by whichever thread.
 *
 * @typeParam V its tasks: Uint8Array in a binary queue, string in one of text, and in json and msgpack ones what the program says it
 *   sends. Nothing holds a queue to that, nor the other side.
 */
export class Queue<V = Uint8Array> {
  /** As it was opened with. */
  readonly name: string;
  /** How this handle writes and reads messages. */
  readonly encoding: EncodingName;
  /** Messages that it holds, those being worked on and dead letters included. */
  readonly capacity: number;
  /** Of its messages, ms, unless the taker asks for another. */
  readonly lease: number;
  /** Deliveries of a message before it is a dead letter; 0 = no end. */
  readonly maxAttempts: number;
  /** Bytes of all its messages at most; 0 = no limit but the store's. */
  readonly maxBytes: number;
  private readonly worker: WorkerConnection;
  private readonly record: QueueRecord;
  private readonly place: Place;
  private readonly codec: Codec;
  private readonly agent: AgentAccess | null;
  private readonly settling: Settling;
  /** After a look that found nothing: when the next message will be ready by itself, in ticks; 0 = not known. */
  private nextTick = 0;

  private constructor(
    worker: WorkerConnection,
    name: string,
    record: QueueRecord,
    encoding: EncodingName,
    agent: AgentAccess | null,
  ) {
    this.worker = worker;
    this.agent = agent;
    this.name = name;
    this.record = record;
    this.encoding = encoding;
    this.codec = codecOf(encoding);
    this.place = new Place(worker, record.place);
    this.capacity = record.capacity;
    this.lease = record.lease * TICK_MS;
    this.maxAttempts = record.maxAttempts;
    this.maxBytes = record.maxBytes;
    this.settling = {
      acknowledge: (delivery) => this.acknowledge(delivery),
      giveBack: (delivery, delay) => this.giveBack(delivery, delay),
      extend: (delivery, lease) => this.extend(delivery, lease),
    };
  }

  /** @internal Use `store.queue()`. */
  static at<V>(
    worker: WorkerConnection,
    name: string,
    record: QueueRecord,
    encoding: EncodingName,
    agent: AgentAccess | null,
  ): Queue<V> {
    return new Queue<V>(worker, name, record, encoding, agent);
  }

  // ---------------------------------------------------------------- sending

  /**
   * Sends one message, and never waits.
   *
   * @returns false when the queue is full, by count or by bytes
   * @throws ValueTooLargeError; OutOfMemoryError
   */
  trySend(message: V, options?: SendOptions): boolean {
    const delay = ticksOf("delay", options === undefined ? undefined : SEND_OPTIONS.check(options).delay, 0, 0);
    return this.put(this.encode(message), delay);
  }

  /** Blocks this worker thread until the message is in or `timeout` ms (default: no end) pass, then false. Not on the main thread. */
  sendSync(message: V, wait?: Duration | (BlockOptions & SendOptions)): boolean {
    this.place.mayBlock("sendSync", "sendWait");
    const { delay, timeout } = waitOf(wait, SEND_BLOCK_OPTIONS);
    const ticks = ticksOf("delay", delay, 0, 0);
    const end = readBlocking(timeout);
    const bytes = Uint8Array.from(this.encode(message));
    return this.place.block(DEPARTURES, { attempt: () => this.put(bytes, ticks) || undefined }, end) ?? false;
  }

  /**
   * Waits for room without blocking the event loop. The message is sent as it is now.
   *
   * @returns false when the time has passed; rejects with the signal's reason when that aborts, and has sent nothing then
   */
  async sendWait(message: V, wait?: Duration | (WaitOptions & SendOptions)): Promise<boolean> {
    const { delay, timeout, signal } = waitOf(wait, SEND_WAIT_OPTIONS);
    const ticks = ticksOf("delay", delay, 0, 0);
    const patience = readPatience({ timeout, signal });
    const bytes = Uint8Array.from(this.encode(message));
    const attempt = () => this.put(bytes, ticks) || undefined;
    return (await this.place.until(DEPARTURES, { attempt }, patience)) ?? false;
  }

  // ---------------------------------------------------------------- receiving

  /** The oldest message that is ready, this thread's for the time of a lease; undefined when there is none. It never waits. */
  tryReceive(options?: TakeOptions): QueueMessage<V> | undefined {
    return this.take(this.leaseOf(options === undefined ? undefined : TAKE_OPTIONS.check(options).lease));
  }

  /** Blocks this worker thread until there is a message or `timeout` ms (default: no end) pass, then undefined. Not on the main thread. */
  receiveSync(wait?: Duration | (BlockOptions & TakeOptions)): QueueMessage<V> | undefined {
    this.place.mayBlock("receiveSync", "receiveWait");
    const { lease, timeout } = waitOf(wait, TAKE_BLOCK_OPTIONS);
    return this.place.block(ARRIVALS, this.wish(this.leaseOf(lease)), readBlocking(timeout));
  }

  /**
   * Waits for a message without blocking the event loop, on any thread.
   *
   * @returns undefined when the time has passed; rejects with the signal's reason when that aborts, and has taken nothing then
   */
  async receiveWait(wait?: Duration | (WaitOptions & TakeOptions)): Promise<QueueMessage<V> | undefined> {
    const { lease, timeout, signal } = waitOf(wait, TAKE_WAIT_OPTIONS);
    const ticks = this.leaseOf(lease);
    return this.place.until(ARRIVALS, this.wish(ticks), readPatience({ timeout, signal }));
  }

  /**
   * The messages as they are ready, each taken when it is asked for: `for await (const message of queue.messages({ signal }))`. Each is to be
   * acknowledged; one that is neither that nor given back is delivered again when its lease has ended. It ends when the signal aborts, the
   * queue is dropped, or this thread closes the store or the view.
   */
  messages(options: { signal?: AbortSignal } & TakeOptions = {}): AsyncGenerator<QueueMessage<V>, void, undefined> {
    const { signal: asked, lease } = MESSAGES_OPTIONS.check(options);
    const signal = checkSignal(asked);
    this.leaseOf(lease);
    this.enter(READ);
    return this.each(signal, lease);
  }

  /** `messages()` without options. */
  [Symbol.asyncIterator](): AsyncGenerator<QueueMessage<V>, void, undefined> {
    return this.messages();
  }

  private async *each(
    signal: AbortSignal | undefined,
    lease: Duration | undefined,
  ): AsyncGenerator<QueueMessage<V>, void, undefined> {
    while (signal === undefined || !signal.aborted) {
      let message: QueueMessage<V> | undefined;
      try {
        message = await this.receiveWait({ signal, lease });
      } catch (error) {
        if (error instanceof ClosedError || signal?.aborted) return;
        throw error;
      }
      if (message !== undefined) yield message;
    }
  }

  // ---------------------------------------------------------------- looking at it

  /** Its counts, as of now. */
  stats(): QueueStats {
    this.enter(READ);
    const { worker, record } = this;
    this.known(worker.engine.measureQueue(record.entry, record.version));
    const { out, outWide } = worker;
    return {
      capacity: this.capacity,
      ready: out[result.READY],
      delayed: out[result.DELAYED],
      held: out[result.WORKED_ON],
      deadLetters: out[result.LETTERS],
      bytes: Number(outWide[result.BYTES]),
      sent: Number(outWide[result.SENT]),
      acknowledged: Number(outWide[result.ACKED]),
      redelivered: Number(outWide[result.REDELIVERED]),
    };
  }

  /** Copies of the messages that were delivered `maxAttempts` times and never acknowledged, in no order. They stay where they are, and take room there. */
  deadLetters(): DeadLetter<V>[] {
    this.enter(READ);
    const { worker, record } = this;
    const letters: DeadLetter<V>[] = [];
    for (let cell = 0; cell < this.capacity; cell++) {
      const length = this.known(worker.engine.readLetter(record.entry, record.version, cell, worker.valueAddress));
      const attempts = worker.out[result.ATTEMPTS];
      if (length >= 0) letters.push({ value: this.codec.decode(worker.window, 0, length) as V, attempts });
      if (length !== layout.LARGE) continue;
      const copy = this.copyLarge();
      if (copy !== null) letters.push({ value: this.decodeCopy(copy), attempts }); // else it was retried, or cleared
    }
    return letters;
  }

  /** Makes all dead letters ready again, as if they had never been delivered; how many. */
  retryDeadLetters(): number {
    this.enter(WRITE);
    const again = this.endLetters(true);
    if (again > 0) this.place.wake(ARRIVALS);
    return again;
  }

  /** Frees all dead letters; how many. @throws AccessDeniedError on the view of an agent without "delete" there */
  clearDeadLetters(): number {
    this.enter(DELETE);
    const gone = this.endLetters(false);
    if (gone > 0) this.place.wake(DEPARTURES);
    return gone;
  }

  private endLetters(again: boolean): number {
    const { engine } = this.worker;
    const { entry, version } = this.record;
    let ended = 0;
    for (let cell = 0; cell < this.capacity; cell++) {
      ended += this.known(engine.endLetter(entry, version, cell, again ? 1 : 0));
    }
    return ended;
  }

  // ---------------------------------------------------------------- inside

  /** Asked after the last of the caller's code has run, and before anything is done. */
  private enter(permission: number): void {
    this.worker.assertOpen();
    if (this.agent !== null) this.agent.check(permission);
  }

  /** A status that is not that the queue is gone. */
  private known(status: number): number {
    if (status === layout.GONE) throw dropped(this.name);
    return status;
  }

  private leaseOf(lease: Duration | undefined): number {
    return ticksOf("lease", lease, 1, this.lease);
  }

  /** The message's bytes, which the next message overwrites. It may run the caller's code. */
  private encode(message: V): Uint8Array {
    const bytes = this.codec.encode(message, this.worker.valueLimit);
    const length = byteCount(bytes);
    if (length > ENTRY_ROOM) checkLarge(this.worker, length, "message");
    if (this.maxBytes !== 0 && length > this.maxBytes) {
      throw new ValueTooLargeError(
        `a message has ${length} bytes; queue "${this.name}" was made with maxBytes ${this.maxBytes}`,
      );
    }
    return bytes;
  }

  private put(bytes: Uint8Array, delay: number): boolean {
    this.enter(WRITE);
    const length = byteCount(bytes);
    const status = this.known(
      length > ENTRY_ROOM ? this.putLarge(bytes, length, delay) : this.putSmall(bytes, length, delay),
    );
    if (status === layout.FULL) return false;
    if (status !== layout.OK && length > ENTRY_ROOM) throw noRoomForLarge(this.worker, length, "message");
    if (status !== layout.OK) throw new OutOfMemoryError(`no chunk is free for a message of ${length} bytes`);
    this.place.wake(ARRIVALS);
    return true;
  }

  private putSmall(bytes: Uint8Array, length: number, delay: number): number {
    const { worker, record } = this;
    let address = worker.addressOf(bytes);
    if (address < 0) {
      worker.values.set(bytes);
      address = worker.valueAddress;
    }
    return worker.engine.putTask(record.entry, record.version, address, length, delay);
  }

  /** A full queue is not worth a span, which might evict for nothing. */
  private putLarge(bytes: Uint8Array, length: number, delay: number): number {
    const { worker, record } = this;
    const admitted = worker.engine.admitsTask(record.entry, record.version, length);
    if (admitted !== layout.OK) return admitted;
    const address = takeFilled(worker, sourceOf(bytes, length));
    if (address === 0) return layout.NO_MEMORY;
    const status = worker.engine.putTaskLarge(record.entry, record.version, address, length, delay);
    if (status !== layout.OK) worker.engine.dropLarge(address, length);
    return status;
  }

  private take(lease: number): QueueMessage<V> | undefined {
    this.enter(READ);
    const { worker, record } = this;
    const { out } = worker;
    let length: number;
    let copy: Uint8Array | null;
    // one whose lease ended while it was copied is another's by now
    do {
      length = this.known(worker.engine.takeTask(record.entry, record.version, worker.valueAddress, lease));
      copy = length === layout.LARGE ? this.copyLarge() : null;
    } while (length === layout.LARGE && copy === null);
    this.nextTick = out[result.NEXT_TICK];
    if (length < 0 && copy === null) return undefined;
    const attempts = out[result.ATTEMPTS];
    const delivery: Delivery = { cell: out[result.CELL], low: out[result.LOW], high: out[result.HIGH] };
    let value: V;
    try {
      value = copy === null ? (this.codec.decode(worker.window, 0, length) as V) : this.decodeCopy(copy);
    } catch (error) {
      this.giveBack(delivery, 0); // nobody here can read it: it is a dead letter when its attempts are used up
      throw error;
    }
    return QueueMessage.of(value, attempts, delivery, this.settling);
  }

  /**
   * A copy of the large message that the engine has just found; null when it is not there any more. Nothing keeps it from being freed meanwhile,
   * by whoever is given it once the lease has ended: so it is decoded only when it was still there after it was copied.
   */
  private copyLarge(): Uint8Array | null {
    const { worker, record } = this;
    const { out } = worker;
    const [cell, low, high, number] = [out[result.CELL], out[result.LOW], out[result.HIGH], out[result.NUMBER]];
    const [address, length] = [out[result.ADDRESS], out[result.MESSAGE_SIZE]];
    const copy = new Uint8Array(length);
    copy.set(new Uint8Array(worker.bufferHolding(address + length), address, length));
    const { entry, version } = record;
    return this.known(worker.engine.isStillTask(entry, version, cell, low, high, number)) === 1 ? copy : null;
  }

  private decodeCopy({ buffer, length }: Uint8Array): V {
    return this.codec.decode(new Window(buffer, 0, length), 0, length) as V;
  }

  private wish(lease: number) {
    return { attempt: () => this.take(lease), nap: () => this.untilNext() };
  }

  /** Milliseconds until something is ready without anybody's word. */
  private untilNext(): number {
    if (this.nextTick === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.nextTick * TICK_MS - (this.worker.elapsed() % (2 ** 32 * TICK_MS)));
  }

  private acknowledge({ cell, low, high }: Delivery): boolean {
    this.enter(READ);
    const { entry, version } = this.record;
    const done = this.worker.engine.acknowledgeTask(entry, version, cell, low, high) === 1;
    if (done) this.place.wake(DEPARTURES);
    return done;
  }

  private giveBack({ cell, low, high }: Delivery, delay: unknown): boolean {
    const ticks = ticksOf("delay", delay, 0, 0);
    this.enter(READ);
    const { entry, version } = this.record;
    const done = this.worker.engine.giveBackTask(entry, version, cell, low, high, ticks) === 1;
    if (done) this.place.wake(ARRIVALS);
    return done;
  }

  private extend(delivery: Delivery, lease: unknown): boolean {
    const ticks = ticksOf("lease", lease, 1, this.lease);
    this.enter(READ);
    const { worker, record } = this;
    const { cell, low, high } = delivery;
    if (worker.engine.extendTask(record.entry, record.version, cell, low, high, ticks) !== 1) return false;
    delivery.low = worker.out[result.LOW];
    delivery.high = worker.out[result.HIGH];
    return true;
  }
}

function dropped(name: string): ClosedError {
  return new ClosedError(`queue "${name}" was dropped; store.queue() makes another one of that name`);
}

/** Milliseconds as ticks from the one under way, never shorter; 0 is at once. @throws InvalidArgumentError */
function ticksOf(what: string, ms: unknown, least: number, standard: number): number {
  const time = milliseconds(what, ms, standard, least, MAX_TTL_MS);
  return time === 0 ? 0 : Math.ceil(time / TICK_MS) + 1;
}

/** What a verb that waits was given: its options, or how long at most. */
function waitOf<T extends BlockOptions>(wait: Duration | T | undefined, known: KnownOptions): T {
  return typeof wait === "object" && wait !== null ? known.check(wait) : ({ timeout: wait } as T);
}

/** What a queue is opened with: each option read once. */
export interface QueueWishes {
  readonly capacity: number;
  readonly maxBytes: number;
  readonly lease: number;
  readonly maxAttempts: number;
  readonly encoding: EncodingName;
  /** Those that were given: of these an existing queue must be. */
  readonly given: readonly ("capacity" | "maxBytes" | "lease" | "maxAttempts")[];
}

const OPTIONS = new KnownOptions("queue", ["name", "capacity", "maxBytes", "lease", "maxAttempts", "encoding"]);

/** @throws InvalidArgumentError */
export function readQueueOptions(name: string, options: QueueOptions = {}): QueueWishes {
  const { capacity, maxBytes, lease, maxAttempts, encoding } = OPTIONS.check(options);
  checkSameName("queue", options, name);
  return {
    capacity: wholeNumber("queue capacity", capacity, 256, 1, QUEUE_CAPACITY_MAX),
    maxBytes: wholeNumber("maxBytes", sizeIn(maxBytes), 0, 0, 2 ** 32),
    lease: Math.ceil(milliseconds("lease", lease, 30_000, 1, MAX_TTL_MS) / TICK_MS),
    maxAttempts: wholeNumber("maxAttempts", maxAttempts, 5, 0, 1000),
    encoding: checkEncoding(encoding),
    given: Object.entries({ capacity, maxBytes, lease, maxAttempts })
      .filter(([, value]) => value !== undefined)
      .map(([option]) => option as "capacity" | "maxBytes" | "lease" | "maxAttempts"),
  };
}

/**
 * The queue of this name; made with these options when it does not exist yet.
 *
 * @throws InvalidArgumentError for an option other than it was made with; OutOfMemoryError; AccessDeniedError
 */
export function openQueue<V>(
  worker: WorkerConnection,
  name: string,
  asked: QueueWishes,
  agent: AgentAccess | null,
): Queue<V> {
  for (;;) {
    const record = findQueue(worker, name);
    if (record !== null) {
      checkAsMade(name, record, asked);
      return Queue.at(worker, name, record, asked.encoding, agent);
    }
    agent?.check(WRITE);
    const { capacity, lease, maxAttempts, maxBytes } = asked;
    const key = worker.putKey(KEY_PREFIX + name);
    const status = worker.engine.makeQueue(key, capacity, lease, maxAttempts, BigInt(maxBytes));
    if (status === layout.NO_MEMORY)
      throw new OutOfMemoryError(`no chunk is free for queue "${name}" of ${capacity} messages`);
    // made, by us or by another thread; it may even be dropped again: look once more
  }
}

/** Takes a queue away with its messages, and wakes who waits for it. False when there is none. */
export function dropQueue(worker: WorkerConnection, name: string): boolean {
  const address = worker.engine.dropRing(worker.putKey(KEY_PREFIX + name)) >>> 0;
  if (address === 0) return false;
  const place = new Place(worker, address);
  place.wake(ARRIVALS);
  place.wake(DEPARTURES);
  return true;
}

/** Names of all queues, in no order. */
export function queueNames(worker: WorkerConnection): string[] {
  return ownNames(worker, KEY_PREFIX);
}

function checkAsMade(name: string, made: QueueRecord, asked: QueueWishes): void {
  const other = asked.given.find((option) => made[option] !== asked[option]);
  if (other === undefined) return;
  const [was, is] = [made, asked].map((of) => (other === "lease" ? of[other] * TICK_MS : of[other]));
  throw new InvalidArgumentError(`queue "${name}" was made with ${other} ${was}, not ${is}`);
}

function findQueue(worker: WorkerConnection, name: string): QueueRecord | null {
  if (worker.engine.openRing(worker.putKey(KEY_PREFIX + name)) === 0) return null;
  const { out, outWide } = worker;
  return {
    entry: out[result.ENTRY],
    version: out[result.VERSION],
    capacity: out[result.CAPACITY],
    place: out[result.PLACE],
    lease: out[result.LEASE],
    maxAttempts: out[result.MAX_ATTEMPTS],
    maxBytes: Number(outWide[result.MAX_BYTES]),
  };
}

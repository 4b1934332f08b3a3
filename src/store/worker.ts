/**
 * One thread's connection to a store's memory: the engine's instance, the windows through which keys and values pass, the
 * clock. Everything above (Store, Namespace, Channel) shares one of these per thread and store.
 */
import { EventEmitter } from "node:events";
import { threadId } from "node:worker_threads";
import { describe } from "../check.js";
import { type Engine, Header, instantiateEngine, layout, SlotWindows } from "../core/index.js";
import { ClosedError, InvalidArgumentError, KeyTooLongError, WorkerLimitError } from "../errors.js";
import { type Duration, durationIn } from "../units.js";
import { BatchWindow } from "./batch-window.js";
import { bufferOf, byteCount, isBytes, offsetOf } from "./bytes.js";
import { CLOCK_OFFSET, startsWithEachThread, threadNow } from "./clock.js";
import { isWellFormed, Window } from "./encoding.js";
import { type KeyScope, type PreparedKey, packAscii, padded } from "./key.js";
import { Sampler } from "./sampling/sampler.js";
import { type ValueLimit, valueLimit } from "./values/room.js";

/** What crosses to another thread. Structured-cloneable; its fields are the store's own business. */
export interface StoreHandle {
  /** Version of the handle's form. */
  readonly engram: number;
  /** Tells the store from others of its process. */
  readonly storeId: number;
  /** The compiled engine. */
  readonly module: object;
  /** The store's memory. */
  readonly memory: object;
  /** Where timed operations are counted, and their share; null in a store that times none. */
  readonly sampling: SamplingHandle | null;
}

export interface SamplingHandle {
  readonly banks: ArrayBufferLike;
  readonly share: number;
  /** What two clock reads in a row tell here, ns. */
  readonly floor: number;
}

const { EXTRA_SLOTS, TICK_MS } = layout;
/** Ticks are compared by their signed difference (src/core/assembly/expiry.ts), so an expiry may lie at most this far ahead: 200 days. */
export const MAX_TTL_MS = 200 * 24 * 3600 * 1000;
/** Own operations after which a thread tells the time, for what is only noted to the second or so, and does its own maintenance. */
const OPERATIONS_PER_LOOK = 1024;
/** Expired entries taken out in one call of the engine, and calls in a row: more than any pool holds, and an end whatever others write. */
const SWEEP_BATCH = 256;
const SWEEP_BATCHES = 2 ** 20;

const utf8 = new TextEncoder();

/** Scopes that nothing uses any more. One registry for all connections of the thread, which no one collects (decision 0075). */
const unused = new FinalizationRegistry<{ worker: WeakRef<WorkerConnection>; namespace: string }>(
  ({ worker, namespace }) => worker.deref()?.forgetScope(namespace),
);

export class WorkerConnection {
  readonly handle: StoreHandle;
  readonly memory: WebAssembly.Memory;
  engine: Engine;
  readonly slotNumber: number;
  readonly slot: number;
  /** The key window, as bytes and as words. */
  private readonly keyBytes: Uint8Array;
  private readonly keyWords: Int32Array;
  /** By name, as long as a handle or a prepared key of it is in use. */
  private readonly scopes = new Map<string, WeakRef<KeyScope>>();
  /** For what outlives a connection and must not keep it. */
  readonly weakly = new WeakRef(this);
  /** The value window. */
  readonly window: Window;
  readonly values: Buffer;
  readonly valueAddress: number;
  /** Small results next to the return value (`result` names its words). */
  readonly out: Uint32Array;
  readonly outWide: BigInt64Array;
  /** The window of batches and scans. */
  readonly manyAddress: number;
  readonly manyBytes: Uint8Array;
  readonly manyWords: Int32Array;
  readonly batch: BatchWindow;
  readonly header: Header;
  /** False for private memory, of which this thread is the only one. */
  readonly shared: boolean;
  readonly bucketCount: number;
  /** How long a value may be. */
  readonly valueLimit: ValueLimit;
  /** In private memory: what threads tell each other through Atomics.notify, by the address of the word. */
  readonly wakeUps = new EventEmitter().setMaxListeners(0);
  /**
   * True until this thread has its slot, and again once it gave it back. It changes in every connection's life, from the first
   * on: a field that V8 has only seen with one value is a constant to its optimised code, and the first close of any store in a
   * thread would throw away what is compiled for all the others (docs/decisions/0020).
   */
  closed = true;
  /** Borrowed views that are out: the slot whose hazard pointers keep them is given back when the last has returned. */
  private lent = 0;
  private allReturned: (() => void) | null = null;
  /** Each growth gives the memory a new buffer object; views made over the older ones stay good. */
  private readonly sharedBuffers = new WeakSet<ArrayBufferLike>();
  /** Operations until there is something to do besides, and how many they were when it was last set. */
  private left = OPERATIONS_PER_LOOK;
  private gap = OPERATIONS_PER_LOOK;
  /** Operations until the next look, and until the next that is timed. */
  private toLook = OPERATIONS_PER_LOOK;
  private toSample = 0;
  private readonly sampler: Sampler | null;
  /** Whether the operation that began last is timed. */
  timed = false;
  /** Called when this thread has changed something that this thread watches. */
  rung: (() => void) | null = null;
  /** In private memory: what this thread does now and then, as its own maintenance. */
  background: (() => void) | null = null;
  // Asking a typed array for its buffer costs more than a read; a program mostly hands in the same one again.
  private lastBuffer: ArrayBufferLike;
  private lastView: Uint8Array | null = null;
  private lastAddress = -1;
  readonly createdMs: number;
  /** Of this thread's own clock, ms, when the store was made. */
  private readonly createdAt: number;

  /**
   * @param sampling null: this thread's operations are not timed
   * @param reserved the slot kept for this thread; default any that is free
   */
  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    sampling: SamplingHandle | null,
    reserved?: number,
  ) {
    const buffer = memory.buffer;
    this.header = new Header(buffer);
    this.createdMs = this.header.createdMs;
    const { createdMonotonic } = this.header;
    if (startsWithEachThread(this.createdMs, createdMonotonic)) {
      throw new InvalidArgumentError(
        "this runtime's clocks start anew in each thread, and performance.timeOrigin does not say when: threads would not agree on what has expired. Use the store in the thread that made it (shared: false), or Node",
      );
    }
    this.createdAt = createdMonotonic - CLOCK_OFFSET;
    this.memory = memory;
    this.shared = buffer instanceof SharedArrayBuffer;
    this.bucketCount = this.header.bucketCount;
    this.valueLimit = valueLimit(this.header);
    this.sharedBuffers.add(buffer);
    this.lastBuffer = buffer;
    this.engine = instantiateEngine(
      module,
      memory,
      () => (this.elapsed() / TICK_MS) | 0,
      () => this.rung?.(),
    );
    this.slotNumber = reserved === undefined ? this.engine.attach(threadId) : this.engine.attachTo(reserved, threadId);
    if (this.slotNumber < 0) {
      // two slots are besides the workers': the creator's and the maintenance thread's
      const limit = Math.max(0, this.header.slotCount - EXTRA_SLOTS);
      throw new WorkerLimitError(
        `the store is at its limit of maxWorkers: ${limit}, all attached; close one, or create the store with a larger maxWorkers`,
      );
    }
    const slot = this.engine.slotAddress();
    this.slot = slot;
    const windows = new SlotWindows(buffer, slot);
    this.keyBytes = windows.keyBytes;
    this.keyWords = windows.keyWords;
    this.valueAddress = windows.valueAddress;
    this.window = new Window(buffer, this.valueAddress, layout.CHUNK_MAX);
    this.values = this.window.text;
    this.out = windows.out;
    this.outWide = windows.outWide;
    this.manyAddress = windows.manyAddress;
    this.manyBytes = windows.manyBytes;
    this.manyWords = windows.manyWords;
    this.batch = new BatchWindow(this, buffer);
    this.handle = {
      engram: layout.LAYOUT_VERSION,
      storeId: this.header.storeId,
      module,
      memory,
      sampling,
    };
    this.sampler =
      sampling === null
        ? null
        : new Sampler(sampling.banks, this.slotNumber, sampling.share, sampling.floor, this.createdAt);
    this.toSample = this.sampler === null ? Number.POSITIVE_INFINITY : this.sampler.nextGap();
    this.left = this.gap = Math.min(this.toLook, this.toSample);
    this.closed = false;
    this.tick();
  }

  /** Throws unless this thread's connection is open. */
  assertOpen(): void {
    if (this.closed) throw new ClosedError();
  }

  // ---------------------------------------------------------------- borrowed views

  /** Calls `use`, which is the caller's code, while a hazard pointer of this thread keeps what it looks at. */
  lend<T>(pin: number, view: Uint8Array, use: (view: Uint8Array) => T): T {
    this.lent++;
    try {
      return use(view);
    } finally {
      this.engine.giveBackPin(pin); // also of a store that was closed meanwhile: the slot is this thread's until the last is back
      if (--this.lent === 0) this.allReturned?.();
    }
  }

  /** Resolves once no borrowed view is out. Null when none is: there is nothing to wait for. */
  untilReturned(): Promise<void> | null {
    if (this.lent === 0) return null;
    return new Promise((done) => {
      this.allReturned = done;
    });
  }

  // ---------------------------------------------------------------- clock

  /** Milliseconds since the store was created, on the clock all threads share. */
  elapsed(): number {
    return threadNow() - this.createdAt;
  }

  /** Tells all threads the time, and returns it, in ticks. */
  tick(): number {
    return this.engine.time() >>> 0;
  }

  /** Called once an operation, as it begins. */
  countOperation(): void {
    if (--this.left <= 0) this.pause();
  }

  /** The operation that began last goes another way, which counts it as it begins. */
  beginAgain(): void {
    this.left++;
  }

  private pause(): void {
    this.toLook -= this.gap;
    this.toSample -= this.gap;
    if (this.toLook <= 0) {
      this.toLook = OPERATIONS_PER_LOOK;
      this.lookUp();
    }
    this.timed = false;
    if (this.toSample <= 0 && this.sampler !== null) {
      this.toSample = this.sampler.nextGap();
      this.timed = true;
      this.sampler.begin(); // last: what comes before is no part of the operation
    }
    this.left = this.gap = Math.min(this.toLook, this.toSample);
  }

  /**
   * Called as an operation ends while one is timed: it is counted, unless another operation has begun since the timed one, which then
   * ended in another way.
   *
   * @param kind index in SAMPLED_KINDS
   */
  endTimed(kind: number, namespaceId: number, keyLength: number, valueBytes: number): void {
    const mine = this.left === this.gap;
    this.timed = false;
    if (mine && this.sampler !== null) {
      this.sampler.end(
        kind,
        namespaceId,
        valueBytes > 0 ? valueBytes : 0,
        this.engine,
        this.keyBytes.byteOffset,
        keyLength,
      );
    }
  }

  private lookUp(): void {
    if (this.closed) return;
    this.tick();
    if (this.background !== null) this.background();
  }

  /** The tick at which an entry written now with this ttl expires; it is never earlier than the ttl. */
  expiryTick(duration: Duration): number {
    const ttl = typeof duration === "number" ? duration : durationIn(duration);
    if (typeof ttl !== "number" || !(ttl > 0) || ttl > MAX_TTL_MS) {
      throw new InvalidArgumentError(
        `ttl is ${describe(duration)}; expected milliseconds above 0, at most ${MAX_TTL_MS} (200 days), or text such as "5s"`,
      );
    }
    return Math.ceil((this.elapsed() + ttl) / TICK_MS) >>> 0 || 1;
  }

  /** Whether the time of a tick, within 248 days of now, has come. */
  hasCome(tick: number): boolean {
    return ((this.tick() - tick) | 0) >= 0;
  }

  /** Unix time, ms, of an expiry tick; undefined for an entry that stays. */
  expiryTime(tick: number): number | undefined {
    return tick === 0 ? undefined : this.timeOf(tick);
  }

  /** Unix time, ms, of a tick within 248 days of now: ticks wrap around after 497. */
  timeOf(tick: number): number {
    const now = Math.floor(this.elapsed() / TICK_MS);
    return this.createdMs + (now + ((tick - now) | 0)) * TICK_MS;
  }

  // ---------------------------------------------------------------- table

  /**
   * Takes out what has expired; how many there were. Looks only where something has, so it costs a look at the clock when nothing
   * has: what counts entries, or counts against a limit, calls it first.
   */
  sweepExpired(): number {
    let swept = 0;
    for (let batch = 0; batch < SWEEP_BATCHES; batch++) {
      const gone = this.engine.sweepDue(SWEEP_BATCH) >>> 0;
      swept += gone;
      if (gone < SWEEP_BATCH) break;
    }
    return swept;
  }

  /** Takes out what is dead (expired, cleared), if anything may be; how many there were. */
  sweepDead(): number {
    return this.sweepExpired() + (this.clearsToSweep() === null ? 0 : this.sweep());
  }

  /** Takes dead entries (expired, cleared) out of the whole table, whatever is noted of them; how many there were. */
  sweep(): number {
    const clears = this.clearsToSweep();
    const swept = this.engine.sweep(this.bucketCount) >>> 0;
    if (clears !== null) this.noteSwept(clears);
    return swept;
  }

  /** How many namespaces had been cleared, if entries of them may be in the table still; else null. */
  clearsToSweep(): number | null {
    const { clears } = this.header;
    return clears === this.header.clearsSwept ? null : clears;
  }

  /** The whole table was swept since there were so many clears. A write that was under way may have left something all the same. */
  noteSwept(clears: number): void {
    if (!this.engine.holdsCleared()) this.header.clearsSwept = clears;
  }

  // ---------------------------------------------------------------- keys

  /** Puts a key into the key window, zero-padded to 16 bytes, and returns its length in bytes. */
  putKey(key: string | Uint8Array): number {
    if (typeof key === "string") {
      const length = packAscii(key, this.keyWords, 0);
      return length > 0 ? length : this.putLongKey(key);
    }
    return this.putBytes(key);
  }

  private putLongKey(key: string): number {
    if (key === "") throw new InvalidArgumentError("a key is the empty string; a key has at least one byte");
    if (key.length > layout.KEY_MAX) throw tooLong(utf8.encode(key).length);
    // encoded, every lone surrogate is the same replacement character, and different keys would be one
    if (!isWellFormed(key))
      throw new InvalidArgumentError(`the key ${describe(key)} holds a lone surrogate, which UTF-8 cannot write`);
    const bytes = utf8.encode(key);
    if (bytes.length > layout.KEY_MAX) throw tooLong(bytes.length);
    return this.putBytes(bytes);
  }

  private putBytes(key: Uint8Array): number {
    if (!isBytes(key)) {
      throw new InvalidArgumentError(
        `a key is ${describe(key)}; expected a string, a Uint8Array or a key from ns.key()`,
      );
    }
    const length = byteCount(key);
    if (length === 0) throw new InvalidArgumentError("a key is an empty Uint8Array; a key has at least one byte");
    if (length > layout.KEY_MAX) throw tooLong(length);
    this.keyBytes.set(key);
    this.keyBytes.fill(0, length, padded(length));
    return length;
  }

  /** Puts a prepared key into the key window. */
  putPrepared(key: PreparedKey): void {
    const window = this.keyWords;
    window[0] = key.word0;
    window[1] = key.word1;
    window[2] = key.word2;
    window[3] = key.word3;
    if (key.more !== null) window.set(key.more, 4);
  }

  /** What a key prepared for the namespace of this name belongs to. */
  scopeOf(namespace: string): KeyScope {
    let scope = this.scopes.get(namespace)?.deref();
    if (scope === undefined) {
      scope = { namespace };
      this.scopes.set(namespace, new WeakRef(scope));
      unused.register(scope, { worker: this.weakly, namespace });
    }
    return scope;
  }

  /** If it is in use again, it stays. */
  forgetScope(namespace: string): void {
    if (this.scopes.get(namespace)?.deref() === undefined) this.scopes.delete(namespace);
  }

  /** The words of the key now in the window: what a prepared key keeps. */
  takeWords(length: number): Int32Array {
    return Int32Array.from(this.keyWords.subarray(0, padded(length) >>> 2));
  }

  /** Copies the padded key in the window into a batch. */
  copyKeyTo(batch: Uint8Array, at: number, room: number): void {
    batch.set(this.keyBytes.subarray(0, room), at);
  }

  /** A copy of the first bytes of the key window. */
  keyCopy(length: number): Uint8Array {
    return Uint8Array.from(this.keyBytes.subarray(0, length));
  }

  /** Whether the key of this length in the key window begins with the prefix. */
  keyBegins(length: number, prefix: Uint8Array): boolean {
    if (length < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) if (this.keyBytes[i] !== prefix[i]) return false;
    return true;
  }

  /** The address of a view into the shared memory, or -1 when it lies elsewhere. */
  addressOf(view: Uint8Array): number {
    if (view === this.lastView) return this.lastAddress;
    this.lastView = view;
    this.lastAddress = this.sharedBuffers.has(bufferOf(view)) ? offsetOf(view) : -1;
    return this.lastAddress;
  }

  /** A buffer of the memory that reaches to `end`: the last one seen, unless the memory has grown past it. */
  bufferHolding(end: number): ArrayBufferLike {
    if (end > this.lastBuffer.byteLength) this.lastBuffer = this.currentBuffer();
    return this.lastBuffer;
  }

  /** The whole memory as it is now: it may have grown since the last look. */
  currentBuffer(): ArrayBufferLike {
    const buffer = this.memory.buffer;
    this.sharedBuffers.add(buffer);
    return buffer;
  }
}

function tooLong(bytes: number): KeyTooLongError {
  return new KeyTooLongError(`a key has ${bytes} bytes in UTF-8; the limit is ${layout.KEY_MAX}`);
}

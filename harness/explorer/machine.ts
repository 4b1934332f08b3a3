/**
 * Runs programs under schedules: every thread is an instance of the engine over one memory, and all of them take turns in
 * this one. A schedule is a list of segments: this thread, for so many accesses. Within a segment the engine runs at full
 * speed, counting its accesses down; when they are used up the instance unwinds its stack into memory (asyncify) and the
 * next segment's thread winds its own back up. Same program, same segments: same run, to the last bit.
 */
import { existsSync, readFileSync } from "node:fs";
import { layout as L } from "../../src/core/index.js";
import { InvalidArgumentError } from "../../src/store/errors.js";
import { callEngine } from "./engine-calls.js";
import { type Call, isFifo, isKeyed, isLinearizable, NO_EFFECT, stateAfter } from "./history.js";
import { InvariantCheck } from "./invariants.js";
import { EXPLORE_WASM } from "./location.js";
import { COUNTER_UNIT, KEY_COUNT, keyName, type Op, type Program, setupValue, writeValue } from "./program.js";
import type { Segment, Strategy } from "./schedule.js";
import { Snapshot } from "./snapshot.js";
import { functionsOnStack } from "./stack-names.js";
import { type ExploreEngine, Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

export type Outcome =
  | { readonly kind: "ok" }
  /** The threads together needed more accesses than a schedule may have. */
  | { readonly kind: "spin" }
  | { readonly kind: "violation"; readonly what: string };

/** One access, for people: who made it, what it was, in which function. */
export interface Access {
  readonly thread: number;
  readonly kind: number;
  readonly address: number;
  readonly functions: readonly string[];
  /** Operation of the thread, by its place in the history. */
  readonly call: number;
}

/** Accesses after which a schedule is given up as spinning. */
export const STEP_LIMIT = 60_000;
const UNLIMITED = 0x3fffffff;
/** Threads that only reap, after each program's own. */
export const REAPERS = 2;
export const THREAD_MAX = 3 + REAPERS;
const NAME = 0x6e; // the namespace's name, "n"
const TORN = -1000;
const CHECK_FACTOR = 0x9e3779b1;
const KEY_CANDIDATES = 26;

const OK_OUTCOME: Outcome = { kind: "ok" };
const SPIN_OUTCOME: Outcome = { kind: "spin" };

/** Memory as a program's setup left it, and what the threads knew then. */
export interface Prepared {
  readonly program: Program;
  readonly image: readonly Uint32Array[];
  readonly threads: readonly { readonly slot: number; readonly record: number; readonly version: number }[];
  readonly tokens: readonly Int32Array[];
  /** Of each key, for the checker. */
  readonly states: Int32Array;
  readonly check: InvariantCheck;
  readonly versions: Uint32Array;
}

export class Machine {
  readonly threads: Thread[] = [];
  /** Calls of the last run, in the order they were made. */
  readonly history: Call[] = [];
  historyLength = 0;
  /** Segments of the last run, as they were asked for. */
  segments: Segment[] = [];
  /** Accesses of the last run. */
  steps = 0;
  /** Hash of the last run's accesses. */
  trace = 0;
  accesses: Access[] | null = null;
  /** Threads that can go on, and how many. */
  readonly runnable = new Int32Array(THREAD_MAX);
  runnableCount = 0;
  killsLeft = 0;
  readonly words: Uint32Array;
  private readonly signed: Int32Array;
  private readonly keyWords = new Uint32Array(KEY_COUNT);
  private readonly memory: WebAssembly.Memory;
  private program!: Program;
  private prepared!: Prepared;
  private clock = 0;
  rewinding = false;
  private unwound = false;
  private traceFuel = 0;
  private fine = false;
  private broken: string | null = null;
  private workers = 0;
  /** The pool as the last backup of this schedule has it. */
  private readonly file = new Uint32Array((T.SLAB_MAX * T.SLAB_SIZE) / 4);

  /** @param fault number of the planted fault, 0 = none */
  constructor(readonly fault = 0) {
    if (!existsSync(EXPLORE_WASM)) {
      throw new InvalidArgumentError(
        "the engine's explore build is missing; `npm run build:explore` makes it, from a checkout of the sources",
      );
    }
    const module = new WebAssembly.Module(readFileSync(EXPLORE_WASM));
    this.memory = new WebAssembly.Memory({ initial: T.MEMORY_PAGES, maximum: 65536, shared: true });
    this.words = new Uint32Array(this.memory.buffer);
    this.signed = new Int32Array(this.memory.buffer);
    for (let number = 0; number < THREAD_MAX; number++) this.threads.push(this.instantiate(module, number));
    this.chooseKeys();
  }

  private instantiate(module: WebAssembly.Module, number: number): Thread {
    const thread = new Thread(number);
    const { words } = this;
    const yieldPoint = (kind: number, address: number): void => {
      if (this.rewinding) {
        this.rewinding = false;
        thread.engine.asyncify_stop_rewind();
        if (this.accesses !== null) this.noteAccess(thread, kind, address);
        return;
      }
      if (this.accesses !== null && this.traceFuel > 0) {
        this.traceFuel--;
        words[T.CONTROL_FUEL >> 2] = 0;
        this.noteAccess(thread, kind, address);
        return;
      }
      this.unwound = true;
      words[thread.stack >> 2] = thread.stack + 8;
      words[(thread.stack >> 2) + 1] = thread.stack + T.STACK_SIZE;
      thread.engine.asyncify_start_unwind(thread.stack);
    };
    const instance = new WebAssembly.Instance(module, {
      env: {
        memory: this.memory,
        abort: () => {
          throw new Error("the engine aborted");
        },
      },
      // sequentially consistent: the explorer interleaves accesses, it does not reorder them
      host: { yieldPoint, strongOrder: 1, fence() {}, fault: this.fault },
    });
    thread.engine = instance.exports as unknown as ExploreEngine;
    return thread;
  }

  private noteAccess(thread: Thread, kind: number, address: number): void {
    this.accesses?.push({ thread: thread.number, kind, address, functions: functionsOnStack(), call: thread.history });
  }

  get buckets(): number {
    return this.program.settings.buckets;
  }

  // ---------------------------------------------------------------- preparing a program

  /** Letters for the keys, so that the first three share bucket 0 of two and the last is in the other. */
  private chooseKeys(): void {
    this.words.fill(0, 0, T.POOL_END >> 2);
    T.writeHeader(this.words, {
      buckets: 2,
      slabs: T.SLAB_MAX,
      refill: 4,
      cacheLimit: 8,
      cacheReturn: 4,
      retireLimit: 4,
      evict: false,
    });
    const [thread] = this.threads;
    this.attachAll(1);
    this.makeNamespace(thread);
    const wanted = [0, 0, 0, 1];
    let letter = 0;
    for (let key = 0; key < KEY_COUNT; key++) {
      for (; ; letter++) {
        if (letter === KEY_CANDIDATES) throw new Error("the alphabet has too few keys of this bucket");
        this.words[(thread.slot + L.S_KEY) >> 2] = 0x61 + letter;
        if ((thread.engine.prepare(thread.record, thread.version, 1) & 1) === wanted[key]) break;
      }
      this.keyWords[key] = 0x61 + letter++;
    }
  }

  private attachAll(count: number): void {
    this.words[T.CONTROL_FUEL >> 2] = UNLIMITED;
    this.words[T.CONTROL_FINE >> 2] = 0;
    for (let i = 0; i < count; i++) {
      const thread = this.threads[i];
      thread.slot = T.SLOTS + thread.engine.attach(i) * L.SLOT_SIZE;
    }
  }

  private makeNamespace(thread: Thread): void {
    this.words[(thread.slot + L.S_KEY) >> 2] = NAME;
    if (thread.engine.createNamespace(1, 0, 0, 0n) !== L.OK) throw new Error("the pool is too small for its namespace");
    this.resolveNow(thread);
  }

  private resolveNow(thread: Thread): void {
    this.words[(thread.slot + L.S_KEY) >> 2] = NAME;
    thread.engine.resolve(1);
    thread.record = this.words[(thread.slot + L.S_OUT) >> 2];
    thread.version = this.words[(thread.slot + L.S_OUT + 4) >> 2];
  }

  private ranges(program: Program, attached: number): Uint32Array[] {
    const part = (from: number, to: number) => this.words.subarray(from >> 2, to >> 2);
    const parts = [
      part(0, T.HEADER_STATE_SIZE),
      part(T.IDS, T.POOL + program.settings.slabs * T.SLAB_SIZE),
      part(T.RING, T.RING + T.RING_SIZE),
    ];
    for (let i = 0; i < attached; i++) {
      const slot = T.SLOTS + i * L.SLOT_SIZE;
      parts.push(part(slot, slot + T.SLOT_STATE_SIZE));
    }
    return parts;
  }

  /** Runs the program's setup and keeps the memory it leaves. */
  prepare(program: Program): Prepared {
    const { words, threads } = this;
    const attached = program.threads.length + (program.kills > 0 ? REAPERS : 0);
    words.fill(0, 0, T.POOL_END >> 2);
    words.fill(0, T.RING >> 2, (T.RING + T.RING_SIZE) >> 2);
    T.writeHeader(words, program.settings);
    this.program = program;
    this.workers = program.threads.length;
    this.accesses = null;
    this.attachAll(attached);
    this.makeNamespace(threads[0]);
    for (let i = 0; i < attached; i++) this.resolveNow(threads[i]);
    for (const thread of threads) thread.tokens.fill(0);
    if (program.ring !== null) this.makeRing(program.ring);
    const states = new Int32Array(KEY_COUNT);
    program.setup.forEach(({ thread, op }, i) => {
      const call = this.runNow(threads[thread], op, setupValue(i));
      if (call.result === NO_EFFECT) throw new Error(`the setup of ${program.name} does not fit its pool`);
      if (isKeyed(op.kind)) states[call.key] = stateAfter(states[call.key], call);
      if (op.kind === "tick") for (let key = 0; key < KEY_COUNT; key++) states[key] = stateAfter(states[key], call);
    });
    for (let i = 0; i < attached; i++) this.resolveNow(threads[i]);
    words[T.DIRTY >> 2] = 0; // as if a backup had just been made: `restore` copies the pool into its file
    const { settings } = program;
    const check = new InvariantCheck(words, {
      slabShift: T.SLAB_SHIFT,
      ids: T.IDS,
      idCount: T.ID_COUNT,
      slabs: T.SLABS,
      slabCount: settings.slabs,
      slots: T.SLOTS,
      slotCount: attached,
      buckets: T.BUCKETS,
      bucketCount: settings.buckets,
      pool: T.POOL,
      ring: program.ring === null ? 0 : T.RING,
    });
    return {
      program,
      image: this.ranges(program, attached).map((range) => range.slice()),
      threads: threads.slice(0, attached).map(({ slot, record, version }) => ({ slot, record, version })),
      tokens: threads.slice(0, attached).map(({ tokens }) => tokens.slice()),
      states,
      check,
      versions: this.versionsNow(settings.slabs),
    };
  }

  private versionsNow(slabs: number): Uint32Array {
    const versions = new Uint32Array((slabs << T.SLAB_SHIFT) >> 5);
    for (let i = 0; i < versions.length; i++) versions[i] = this.words[(T.POOL + i * 32 + L.E_VERSION) >> 2];
    return versions;
  }

  private makeRing({ single, capacity }: NonNullable<Program["ring"]>): void {
    const { words } = this;
    words[(T.RING + L.R_CAPACITY) >> 2] = capacity;
    words[(T.RING + L.R_KIND) >> 2] = single ? L.RING_SPSC : L.RING_MPSC;
    for (let i = 0; i < capacity; i++) words[(T.RING + L.R_CELLS + i * 8 + 4) >> 2] = i;
  }

  /** One operation without interruption. */
  private runNow(thread: Thread, op: Op, value: number): Call {
    thread.ops = [op];
    thread.values = [value];
    thread.at = 0;
    thread.busy = false;
    thread.paused = false;
    thread.killed = false;
    thread.enabled = true;
    this.historyLength = 0;
    this.advance(thread, UNLIMITED);
    return this.history[0];
  }

  // ---------------------------------------------------------------- running a schedule

  /**
   * Runs the program once, as the strategy says, and checks what came of it.
   *
   * @param fine plain stores, and plain loads of what others own, are steps too
   */
  run(prepared: Prepared, strategy: Strategy, fine: boolean): Outcome {
    this.restore(prepared, fine);
    strategy.begin(this);
    while (this.runnableCount > 0) {
      const segment = strategy.next(this);
      this.segments.push(segment);
      const thread = this.threads[segment.thread];
      this.advance(thread, segment.steps, segment.toOpEnd === true);
      if (this.broken !== null) return { kind: "violation", what: this.broken };
      if (segment.kill && this.killsLeft > 0 && thread.enabled && !this.isDone(thread)) this.kill(thread);
      this.updateRunnable();
      if (this.steps > STEP_LIMIT) return SPIN_OUTCOME;
    }
    this.trace = this.words[T.CONTROL_HASH >> 2];
    return this.judge();
  }

  private restore(prepared: Prepared, fine: boolean): void {
    const { program } = prepared;
    this.prepared = prepared;
    this.program = program;
    this.workers = program.threads.length;
    this.fine = fine;
    const attached = prepared.threads.length;
    const ranges = this.ranges(program, attached);
    for (let i = 0; i < ranges.length; i++) ranges[i].set(prepared.image[i]);
    this.file.set(this.words.subarray(T.POOL >> 2, (T.POOL + program.settings.slabs * T.SLAB_SIZE) >> 2));
    this.reattach(attached);
    for (let i = 0; i < THREAD_MAX; i++) this.resetThread(this.threads[i], i < attached);
    this.historyLength = 0;
    this.clock = 0;
    this.steps = 0;
    this.segments = [];
    this.broken = null;
    this.killsLeft = program.kills;
    this.words[T.CONTROL_HASH >> 2] = 0;
    this.updateRunnable();
  }

  /** The instances outlive a schedule, and their globals with them (the random place where eviction starts, for one). */
  private reattach(count: number): void {
    const { words } = this;
    words[T.CONTROL_FUEL >> 2] = UNLIMITED;
    words[T.CONTROL_FINE >> 2] = 0;
    for (let i = 0; i < count; i++) {
      words[(T.SLOTS + i * L.SLOT_SIZE + L.S_STATE) >> 2] = L.SLOT_FREE;
      this.threads[i].engine.attach(i);
    }
  }

  private resetThread(thread: Thread, attached: boolean): void {
    const { number } = thread;
    const { threads } = this.program;
    thread.ops = threads[number] ?? [];
    thread.values = thread.ops.map((op, i) =>
      op.kind === "add" ? 1 : this.program.counters ? writeValue(number, i) * COUNTER_UNIT : writeValue(number, i),
    );
    thread.at = 0;
    thread.busy = false;
    thread.paused = false;
    thread.killed = false;
    thread.enabled = attached && number < threads.length;
    thread.pin = -1;
    thread.buffers.length = 0;
    thread.snapshot = null;
    thread.blocked = false;
    if (!attached) return;
    const { slot, record, version } = this.prepared.threads[number];
    thread.slot = slot;
    thread.record = record;
    thread.version = version;
    thread.tokens.set(this.prepared.tokens[number]);
  }

  private isDone(thread: Thread): boolean {
    return thread.killed || (!thread.paused && thread.at >= thread.ops.length);
  }

  private updateRunnable(): void {
    let n = 0;
    let blocked = -1;
    for (const thread of this.threads) {
      if (!thread.enabled || this.isDone(thread)) continue;
      if (thread.blocked) blocked = thread.number;
      else this.runnable[n++] = thread.number;
    }
    if (n === 0 && blocked >= 0) this.runnable[n++] = blocked;
    this.runnableCount = n;
  }

  /** The thread never takes another step; a reaper is told. */
  private kill(thread: Thread): void {
    thread.killed = true;
    this.killsLeft--;
    const first = this.threads[this.workers];
    const second = this.threads[this.workers + 1];
    const reaper = first.killed || thread === first ? second : first;
    // whoever reaps a reaper also asks again for what it was told to reap
    const inherited = thread.number >= this.workers ? thread.ops : [];
    reaper.ops = [...reaper.ops, { kind: "reap", victim: thread.number }, ...inherited];
    reaper.values = reaper.ops.map(() => 0);
    reaper.enabled = true;
  }

  /** Lets the thread make up to `steps` accesses. */
  private advance(thread: Thread, steps: number, toOpEnd = false): void {
    const { words, signed } = this;
    const fuel = thread.paused ? steps - 1 : steps;
    words[T.CONTROL_MIX >> 2] = Math.imul(thread.number + 1, 0x85ebca6b);
    words[T.CONTROL_FINE >> 2] = this.fine ? 1 : 0;
    words[T.CONTROL_SELF >> 2] = thread.slot;
    words[T.CONTROL_FUEL >> 2] = fuel;
    if (this.accesses !== null) {
      this.traceFuel = fuel;
      words[T.CONTROL_FUEL >> 2] = 0;
    }
    for (;;) {
      if (!thread.busy) {
        if (thread.at >= thread.ops.length) break;
        this.begin(thread);
      }
      if (thread.calling === "snapshot") {
        if (!this.stepSnapshot(thread)) break;
        continue;
      }
      this.unwound = false;
      if (thread.paused) {
        thread.paused = false;
        this.rewinding = true;
        thread.engine.asyncify_start_rewind(thread.stack);
      }
      const result = callEngine(thread, this);
      if (this.unwound) {
        thread.engine.asyncify_stop_unwind();
        thread.paused = true;
        break;
      }
      this.finishCall(thread, result);
      if (toOpEnd && !thread.busy) break;
      if (this.accesses !== null ? this.traceFuel <= 0 : signed[T.CONTROL_FUEL >> 2] <= 0) break;
    }
    const left = this.accesses !== null ? this.traceFuel : signed[T.CONTROL_FUEL >> 2];
    this.steps += steps - Math.max(0, left);
  }

  /** One step of a backup; false when the thread shall make way. */
  private stepSnapshot(thread: Thread): boolean {
    const { signed } = this;
    thread.snapshot ??= new Snapshot(this.words, this.file, this.program.settings.slabs, this.fault);
    const progress = thread.snapshot.step();
    thread.blocked = progress === "blocked";
    if (progress === "cut") thread.cutAt = this.clock++;
    if (progress === "done") this.finishSnapshot(thread, thread.snapshot);
    if (this.accesses !== null) return --this.traceFuel > 0 && progress !== "blocked";
    signed[T.CONTROL_FUEL >> 2]--;
    return signed[T.CONTROL_FUEL >> 2] > 0 && progress !== "blocked";
  }

  /** What the backup has of each key is a read of it, made between the backup's start and its cut. */
  private finishSnapshot(thread: Thread, snapshot: Snapshot): void {
    const { invoked } = this.history[thread.history];
    thread.snapshot = null;
    this.finish(thread, snapshot.valid ? 1 : NO_EFFECT);
    if (!snapshot.valid) return;
    const absent = new Set([...this.keyWords.keys()]);
    const read = (key: number, value: number) => {
      const call = this.newCall(thread, { kind: "get", key }, 0);
      call.invoked = invoked;
      call.returned = thread.cutAt;
      call.result = value;
    };
    for (const entry of snapshot.entries()) {
      const meta = this.file[(entry + L.E_META) >> 2];
      const key = this.keyWords.indexOf(this.file[(entry + L.E_KEY) >> 2]);
      if ((meta & 0xffff) < L.FIRST_ID || key < 0) continue;
      // a key can be there twice: inserted in the epoch, by a write that had found it absent, after a delete of the next
      // epoch. Either is then a right one, and whoever restores has to take one.
      read(key, this.file[(entry + L.E_KEY + 16) >> 2]);
      absent.delete(key);
    }
    for (const key of absent) read(key, 0);
  }

  private newCall(thread: Thread, op: Op, value: number): Call {
    let call = this.history[this.historyLength];
    if (call === undefined) {
      call = {} as Call;
      this.history.push(call);
    }
    this.historyLength++;
    call.thread = thread.number;
    call.op = op;
    call.kind = op.kind;
    call.key = op.key ?? -1;
    call.value = value;
    call.expected = thread.tokens[(op.key ?? 0) * 3 + 2];
    call.ttl = op.ttl === true;
    call.returned = Number.POSITIVE_INFINITY;
    call.result = 0;
    return call;
  }

  /** An operation starts: its call goes into the history, its key and value into the windows. */
  private begin(thread: Thread): void {
    const op = thread.ops[thread.at];
    const value = thread.values[thread.at];
    thread.history = this.historyLength;
    this.newCall(thread, op, value).invoked = this.clock++;
    thread.busy = true;
    thread.calling = op.kind;
    this.fillWindows(thread, op, value);
  }

  private fillWindows(thread: Thread, op: Op, value: number): void {
    const { words } = this;
    const key = (thread.slot + L.S_KEY) >> 2;
    words[key] = op.kind === "clear" || op.kind === "configure" ? NAME : this.keyWords[op.key ?? 0];
    words[key + 1] = 0;
    words[key + 2] = 0;
    words[key + 3] = 0;
    const at = (thread.slot + L.S_VALUE) >> 2;
    words[at] = value;
    words[at + 1] = this.program.counters ? 0 : Math.imul(value, CHECK_FACTOR);
    if (!op.wide) return;
    for (let i = 2; i < 6; i += 2) {
      words[at + i] = words[at];
      words[at + i + 1] = words[at + 1];
    }
  }

  /** The engine's function has returned: the operation is done, or goes on with another function. */
  private finishCall(thread: Thread, result: number): void {
    const op = thread.ops[thread.at];
    switch (thread.calling) {
      case "resolve":
        this.finishResolve(thread, op);
        return;
      case "rejoin":
        thread.calling = "attach";
        return;
      case "attach":
        thread.slot = T.SLOTS + result * L.SLOT_SIZE;
        this.words[T.CONTROL_SELF >> 2] = thread.slot;
        this.finish(thread, 1);
        return;
      case "borrow":
        if (result === 1) break;
        this.finishBorrow(thread, result);
        return;
      default:
        if (result === L.STALE && thread.calling !== "send" && thread.calling !== "receive") break;
        this.finish(thread, this.answerOf(thread, op, result));
        return;
    }
    // STALE: the namespace was cleared; look it up and start over, as the store does
    thread.calling = "resolve";
    this.words[(thread.slot + L.S_KEY) >> 2] = NAME;
  }

  private finishResolve(thread: Thread, op: Op): void {
    thread.record = this.words[(thread.slot + L.S_OUT) >> 2];
    thread.version = this.words[(thread.slot + L.S_OUT + 4) >> 2];
    thread.calling = op.kind;
    this.fillWindows(thread, op, thread.values[thread.at]);
  }

  private answerOf(thread: Thread, op: Op, result: number): number {
    const { words } = this;
    switch (op.kind) {
      case "get": {
        if (result < 0) return 0;
        const value = this.valueAt(thread.slot + L.S_VALUE, result);
        this.remember(thread, op, value);
        return value;
      }
      case "set":
      case "setIfAbsent":
      case "setIfVersion":
        if (result === L.OK) this.remember(thread, op, thread.values[thread.at]);
        return result === L.NO_MEMORY || result === L.QUOTA ? NO_EFFECT : result;
      case "add":
        if (result === L.NO_MEMORY || result === L.NOT_A_COUNTER) return NO_EFFECT;
        return words[(thread.slot + L.S_OUT + 16) >> 2];
      case "clear":
      case "configure":
        return result === L.OK ? 1 : NO_EFFECT;
      case "buffer":
        if (result !== 0) thread.buffers.push(result);
        return result !== 0 ? 1 : NO_EFFECT;
      case "returnBuffer":
        if (thread.buffers.pop() !== undefined && result === 0) this.broken = "a buffer could not be given back";
        return result;
      case "list":
        return this.noteListed(thread, result);
      case "send":
        return result === L.OK ? 1 : result === L.FULL ? 0 : NO_EFFECT;
      case "receive":
        if (result === L.NOT_YOURS) return NO_EFFECT;
        return result === L.EMPTY ? 0 : this.valueAt(thread.slot + L.S_VALUE, result);
      default:
        return result;
    }
  }

  /** A listing is a look at each key at some moment of it, unless what it listed has changed since and cannot be named. */
  private noteListed(thread: Thread, count: number): number {
    const { words } = this;
    const present = new Set<number>();
    for (let i = 0; i < count; i++) {
      const pair = (thread.slot + L.S_MANY + i * 8) >> 2;
      if (words[(words[pair] + L.E_VERSION) >> 2] !== words[pair + 1]) return count;
      present.add(this.keyWords.indexOf(words[(words[pair] + L.E_KEY) >> 2]));
    }
    const { invoked } = this.history[thread.history];
    for (let key = 0; key < KEY_COUNT; key++) {
      const call = this.newCall(thread, { kind: "has", key }, 0);
      call.invoked = invoked;
      call.returned = this.clock;
      call.result = present.has(key) ? 1 : 0;
    }
    return count;
  }

  private remember(thread: Thread, op: Op, value: number): void {
    const key = (op.key ?? 0) * 3;
    thread.tokens[key] = this.words[(thread.slot + L.S_OUT) >> 2];
    thread.tokens[key + 1] = this.words[(thread.slot + L.S_OUT + 4) >> 2];
    thread.tokens[key + 2] = value;
  }

  /** The value that the bytes at the address are, or TORN if no write of this program wrote them. */
  private valueAt(address: number, length: number): number {
    const { words } = this;
    const at = address >> 2;
    const value = words[at];
    if (this.program.counters) return length === 8 && words[at + 1] === 0 ? value : TORN;
    if (length !== 8 && length !== 24) return TORN;
    for (let i = 0; i < length >> 2; i += 2) {
      if (words[at + i] !== value || words[at + i + 1] !== Math.imul(value, CHECK_FACTOR) >>> 0) return TORN;
    }
    return value;
  }

  private finishBorrow(thread: Thread, address: number): void {
    if (address <= 2) {
      this.finish(thread, 0);
      return;
    }
    thread.pin = this.words[(thread.slot + L.S_OUT + 20) >> 2];
    thread.pinnedAt = address;
    thread.pinnedValue = this.valueAt(address, this.words[(thread.slot + L.S_OUT + 12) >> 2]);
    this.finish(thread, thread.pinnedValue);
  }

  private finish(thread: Thread, result: number): void {
    const call = this.history[thread.history];
    call.result = result;
    call.returned = this.clock++;
    if (result === TORN)
      this.broken = `thread ${thread.number} read bytes that no write wrote (${call.kind} ${keyName(call.key)})`;
    if (call.kind === "release") this.checkBorrowed(thread);
    thread.busy = false;
    thread.at++;
  }

  private checkBorrowed(thread: Thread): void {
    if (thread.pin < 0) return;
    if (this.words[thread.pinnedAt >> 2] !== thread.pinnedValue) {
      this.broken = `the value that thread ${thread.number} had borrowed changed under it`;
    }
    thread.pin = -1;
  }

  // ---------------------------------------------------------------- judging it

  private judge(): Outcome {
    const broken = this.prepared.check.run() ?? this.checkVersions();
    if (broken !== null) return { kind: "violation", what: broken };
    this.readBack();
    if (this.broken !== null) return { kind: "violation", what: this.broken };
    const { program, prepared } = this;
    const evicts = program.settings.evict || program.threads.some((ops) => ops.some(({ kind }) => kind === "evict"));
    const rules = { evicts };
    for (let key = 0; key < KEY_COUNT; key++) {
      if (!isLinearizable(this.history, this.historyLength, key, prepared.states[key], rules)) {
        return { kind: "violation", what: `the history of key ${keyName(key)} is not linearizable` };
      }
    }
    if (program.ring !== null && !isFifo(this.history, this.historyLength, program.ring.capacity)) {
      return { kind: "violation", what: "the history of the ring is not that of a queue" };
    }
    return OK_OUTCOME;
  }

  private checkVersions(): string | null {
    const { versions } = this.prepared;
    for (let i = 0; i < versions.length; i++) {
      const address = T.POOL + i * 32;
      const slab = this.words[(T.SLABS >> 2) + ((address - T.POOL) >> T.SLAB_SHIFT)];
      if (slab === 0 || (address - T.POOL) & ((32 << ((slab & 0xff) - 1)) - 1)) continue;
      if (this.words[(address + L.E_VERSION) >> 2] < versions[i]) return `the version of chunk ${address} went back`;
    }
    return null;
  }

  /** What is there in the end, read by a thread that is left: a lost write shows even if nobody read it before. */
  private readBack(): void {
    const reader = this.threads.find((thread) => !thread.killed && thread.number < this.prepared.threads.length);
    if (reader === undefined) return;
    const fine = this.fine;
    this.fine = false;
    const keys = new Set<number>();
    for (let i = 0; i < this.historyLength; i++) if (isKeyed(this.history[i].kind)) keys.add(this.history[i].key);
    const ops: Op[] = [...keys].map((key) => ({ kind: "get", key }));
    if (
      this.program.ring !== null &&
      !this.threads.some((t) => t.ops.some((op) => op.kind === "receive") && t !== reader)
    ) {
      for (let i = 0; i <= this.program.ring.capacity; i++) ops.push({ kind: "receive" });
    }
    reader.ops = ops;
    reader.values = ops.map(() => 0);
    reader.at = 0;
    const { steps } = this;
    this.advance(reader, UNLIMITED);
    this.steps = steps;
    this.fine = fine;
  }
}

/**
 * Runs programs under schedules: every thread is an instance of the engine over one memory, and all of them take turns in
 * this one. A schedule is a list of segments: this thread, for so many accesses. Within a segment the engine runs at full
 * speed, counting its accesses down; when they are used up the instance unwinds its stack into memory (asyncify) and the
 * next segment's thread winds its own back up. Same program, same segments: same run, to the last bit.
 */
import { existsSync, readFileSync } from "node:fs";
import { layout as L } from "../../src/core/index.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { hasAdoptions } from "./adoption.js";
import { AgentSteps } from "./agent-steps.js";
import { lookForTheLastTime, streamFault } from "./change-streams.js";
import { callEngine } from "./engine-calls.js";
import { type Call, isKeyed, NO_EFFECT, stateAfter } from "./history.js";
import { Judge } from "./judge.js";
import { EXPLORE_WASM } from "./location.js";
import { LockSteps } from "./locks.js";
import { Operations } from "./operations.js";
import { PermitSteps } from "./permit-steps.js";
import {
  COUNTER_UNIT,
  hasLarge,
  hasPermits,
  hasRecords,
  KEY_COUNT,
  type Op,
  type Program,
  setupValue,
  watches,
  writeValue,
} from "./program.js";
import { RunRecord } from "./run-record.js";
import type { Segment, Strategy } from "./schedule.js";
import { Snapshot } from "./snapshot.js";
import { functionsOnStack } from "./stack-names.js";
import { type ExploreEngine, Thread } from "./thread.js";
import * as T from "./tiny-layout.js";
import { TinyStore } from "./tiny-store.js";

export type RunEnd =
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
const STEP_LIMIT = 60_000;
const UNLIMITED = 0x3fffffff;
const NO_RING = { single: false, capacity: 0 };
/** Threads that only reap, after each program's own. */
export const REAPERS = 2;
const THREAD_MAX = 3 + REAPERS;

const OK_END: RunEnd = { kind: "ok" };
const SPIN_END: RunEnd = { kind: "spin" };
const ENDLESS_END: RunEnd = { kind: "violation", what: `it has not ended after ${STEP_LIMIT} accesses` };

/** Memory as a program's setup left it, and what the threads knew then. */
export interface Prepared {
  readonly program: Program;
  readonly image: readonly Uint32Array[];
  readonly threads: readonly {
    readonly slot: number;
    readonly records: Int32Array;
    readonly ring: number;
    readonly ringVersion: number;
    readonly locks: readonly number[];
    readonly lockVersions: readonly number[];
  }[];
  readonly tokens: readonly Int32Array[];
  readonly time: number;
  readonly judge: Judge;
}

export class Machine {
  readonly threads: Thread[] = [];
  /** What the last run left. */
  readonly record = new RunRecord();
  /** Segments of the last run, as they were asked for. */
  segments: Segment[] = [];
  /** Accesses of the last run. */
  steps = 0;
  /** Hash of the last run's accesses. */
  trace = 0;
  /** Hash of the memory it left. */
  state = 0;
  accesses: Access[] | null = null;
  /** Threads that can go on, and how many. */
  readonly runnable = new Int32Array(THREAD_MAX);
  runnableCount = 0;
  killsLeft = 0;
  readonly words: Uint32Array;
  private readonly signed: Int32Array;
  private readonly store = new TinyStore();
  private readonly permits = new PermitSteps(this.store, this.record);
  private readonly locks = new LockSteps(this.store, this.record, this.permits);
  private readonly agents = new AgentSteps(this.store.words, this.record);
  private readonly operations = new Operations(this.store, this.record, this.locks, this.agents, this.permits);
  private program!: Program;
  private prepared!: Prepared;
  rewinding = false;
  private unwound = false;
  private traceFuel = 0;
  private fine = false;
  private workers = 0;
  /** The thread that made, or began, the last backup of this schedule; -1 before the first. */
  private backedUpBy = -1;
  /** The pool as that backup has it. */
  private readonly file = new Uint32Array((T.SLAB_MAX * T.SLAB_SIZE) / 4);

  /** @param fault number of the planted fault, 0 = none */
  constructor(readonly fault = 0) {
    if (!existsSync(EXPLORE_WASM)) {
      throw new InvalidArgumentError(
        "the engine's explore build is missing; `npm run build:explore` makes it, from a checkout of the sources",
      );
    }
    const module = moduleOf(readFileSync(EXPLORE_WASM));
    this.words = this.store.words;
    this.signed = new Int32Array(this.words.buffer);
    for (let number = 0; number < THREAD_MAX; number++) this.threads.push(this.instantiate(module, number));
    this.operations.fault = fault;
    this.operations.threads = this.threads;
    this.store.chooseKeys(this.threads[0]);
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
        memory: this.store.memory,
        abort: () => {
          throw new Error("the engine aborted");
        },
      },
      // sequentially consistent: the explorer interleaves accesses, it does not reorder them
      host: {
        yieldPoint,
        strongOrder: 1,
        fence() {},
        clock: () => Math.max(words[T.CONTROL_TIME >> 2], thread.ahead),
        rung() {},
        notified: (address: number) => this.locks.notified(address),
        changed: (kind: number, hash: number, id: number, entry: number, version: number) => {
          this.record.changes.push({
            event: "made",
            kind,
            hash: hash >>> 0,
            id,
            entry: entry >>> 0,
            version: version >>> 0,
          });
        },
        fault: this.fault,
      },
    });
    thread.engine = instance.exports as unknown as ExploreEngine;
    return thread;
  }

  private noteAccess(thread: Thread, kind: number, address: number): void {
    this.accesses?.push({ thread: thread.number, kind, address, functions: functionsOnStack(), call: thread.history });
  }

  /** Calls of the last run, in the order they were made; the first `historyLength` are its own. */
  get history(): readonly Call[] {
    return this.record.calls;
  }
  get historyLength(): number {
    return this.record.length;
  }

  get slabs(): number {
    return this.program.settings.slabs;
  }

  get buckets(): number {
    return this.program.settings.buckets;
  }

  get now(): number {
    return this.record.clock;
  }

  get locking(): "mutex" | "rw" {
    return this.program.locks?.kind ?? "mutex";
  }

  get ring(): NonNullable<Program["ring"]> {
    return this.program.ring ?? NO_RING;
  }

  // ---------------------------------------------------------------- preparing a program

  /** Runs the program's setup and keeps the memory it leaves. */
  prepare(program: Program): Prepared {
    const { store, threads } = this;
    const attached = program.threads.length + (program.kills > 0 ? REAPERS : 0);
    const taking = threads.slice(0, attached);
    this.program = program;
    this.operations.counters = program.counters;
    this.operations.slabs = program.settings.slabs;
    this.operations.large = hasLarge(program);
    this.operations.settles = hasRecords(program) || hasPermits(program);
    this.workers = program.threads.length;
    this.accesses = null;
    store.lay(program, taking);
    this.locks.begin(program, threads);
    for (const thread of threads) {
      thread.tokens.fill(0);
      thread.ahead = 0;
      thread.span = 0;
    }
    const states = new Int32Array(KEY_COUNT);
    program.setup.forEach(({ thread, op }, i) => {
      const call = this.runNow(threads[thread], op, setupValue(i));
      if (call.result === NO_EFFECT) throw new Error(`the setup of ${program.name} does not fit its pool`);
      if (isKeyed(op.kind)) states[call.key] = stateAfter(states[call.key], call);
      if (op.kind === "tick") for (let key = 0; key < KEY_COUNT; key++) states[key] = stateAfter(states[key], call);
    });
    for (const thread of taking) store.resolveAll(thread, program.spaces);
    store.emptyLogs(program.settings.logRecords);
    this.words[T.DIRTY >> 2] = 0; // as if a backup had just been made: `restore` copies the pool into its file
    return {
      program,
      image: store.image(program, attached),
      threads: taking.map(({ slot, records, ring, ringVersion, locks }) => ({
        slot,
        records: records.slice(),
        ring,
        ringVersion,
        locks: locks.entries.slice(),
        lockVersions: locks.versions.slice(),
      })),
      time: this.words[T.CONTROL_TIME >> 2],
      tokens: taking.map(({ tokens }) => tokens.slice()),
      judge: new Judge(store, this.record, program, attached, states),
    };
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
    this.record.reset();
    this.advance(thread, UNLIMITED);
    return this.record.calls[0];
  }

  // ---------------------------------------------------------------- running a schedule

  /**
   * Runs the program once, as the strategy says, and checks what came of it.
   *
   * @param fine plain stores, and plain loads of what others own, are steps too
   */
  run(prepared: Prepared, strategy: Strategy, fine: boolean): RunEnd {
    const { program } = prepared;
    this.restore(prepared, fine);
    strategy.begin(this);
    while (this.runnableCount > 0) {
      const segment = strategy.next(this);
      this.segments.push(segment);
      const thread = this.threads[segment.thread];
      this.advance(thread, segment.steps, segment.toOpEnd === true);
      if (this.record.broken !== null) return { kind: "violation", what: this.record.broken };
      if (segment.kill && this.killsLeft > 0 && thread.enabled && !this.isDone(thread)) this.kill(thread);
      this.updateRunnable();
      if (this.record.broken !== null) return { kind: "violation", what: this.record.broken };
      if (this.steps > STEP_LIMIT) return program.ends ? ENDLESS_END : SPIN_END;
    }
    this.trace = this.words[T.CONTROL_HASH >> 2];
    this.state = this.store.fingerprint(prepared.program.settings.slabs);
    return this.judge();
  }

  private restore(prepared: Prepared, fine: boolean): void {
    const { program } = prepared;
    this.prepared = prepared;
    this.program = program;
    this.workers = program.threads.length;
    this.fine = fine;
    const attached = prepared.threads.length;
    this.operations.counters = program.counters;
    this.operations.slabs = program.settings.slabs;
    this.operations.large = hasLarge(program);
    this.operations.settles = hasRecords(program) || hasPermits(program);
    this.store.restore(program, attached, prepared.image);
    this.file.set(this.words.subarray(T.POOL >> 2, (T.POOL + program.settings.slabs * T.SLAB_SIZE) >> 2));
    this.store.reattach(this.threads, attached);
    for (let i = 0; i < THREAD_MAX; i++) this.resetThread(this.threads[i], i < attached);
    this.record.reset();
    this.locks.begin(program, this.threads);
    this.agents.begin(program, this.threads, attached);
    this.permits.begin(program, this.threads);
    this.steps = 0;
    this.segments = [];
    this.killsLeft = program.kills;
    this.backedUpBy = -1;
    this.words[T.CONTROL_HASH >> 2] = 0;
    this.words[T.CONTROL_TIME >> 2] = prepared.time;
    this.updateRunnable();
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
    thread.victim = 0;
    thread.region = 0;
    thread.interests.length = 0;
    thread.asleep = false;
    thread.span = 0;
    thread.ahead = 0;
    thread.buffers.length = 0;
    thread.tracked.length = 0;
    thread.inPermit = false;
    thread.deliveries.length = 0;
    thread.snapshot = null;
    thread.blocked = false;
    if (!attached) return;
    const { slot, records, ring, ringVersion, locks, lockVersions } = this.prepared.threads[number];
    thread.locks.entries.splice(0, Number.POSITIVE_INFINITY, ...locks);
    thread.locks.versions.splice(0, Number.POSITIVE_INFINITY, ...lockVersions);
    thread.slot = slot;
    const incarnation = this.words[(slot + L.S_INCARNATION) >> 2];
    thread.claim = (incarnation << L.CLAIM_SLOT_BITS) | ((slot - T.SLOTS) / L.SLOT_SIZE + 1);
    thread.ring = ring;
    thread.ringVersion = ringVersion;
    thread.records.set(records);
    thread.tokens.set(this.prepared.tokens[number]);
  }

  private isDone(thread: Thread): boolean {
    return thread.killed || (!thread.paused && thread.at >= thread.ops.length);
  }

  private updateRunnable(): void {
    let n = 0;
    let blocked = -1;
    let sleepers = 0;
    for (const thread of this.threads) {
      if (!thread.enabled || this.isDone(thread)) continue;
      if (thread.blocked) blocked = thread.number;
      else if (thread.locks.asleep) sleepers++;
      else this.runnable[n++] = thread.number;
    }
    if (sleepers > 0) n = this.addSleepers(n);
    if (n === 0 && blocked >= 0) this.runnable[n++] = blocked;
    this.runnableCount = n;
  }

  /** Sleepers whose time may be up come after those who can go on; when there are none of these, only those that are meant to wake by it. */
  private addSleepers(awake: number): number {
    let n = awake;
    for (const thread of this.threads) {
      if (!thread.enabled || this.isDone(thread) || !thread.locks.asleep) continue;
      if (awake > 0 ? this.locks.mayNap(thread) : this.locks.isRescued(thread)) this.runnable[n++] = thread.number;
    }
    if (n === 0) this.record.broken ??= "every thread that has something to do is asleep";
    return n;
  }

  /** The thread never takes another step; a reaper is told. */
  private kill(thread: Thread): void {
    thread.killed = true;
    this.record.deaths[thread.number] = this.record.clock++;
    this.operations.noteDeath(thread);
    this.agents.noteDeath(thread);
    this.locks.noteDeath(thread);
    thread.locks.asleep = false;
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
        this.operations.begin(thread);
      }
      if (thread.calling === "snapshot") {
        if (!this.stepSnapshot(thread)) break;
        continue;
      }
      if (thread.calling === "sleep" || thread.calling === "inside") {
        if (!this.stepLock(thread)) break;
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
      this.operations.finishCall(thread, result);
      if (toOpEnd && !thread.busy) break;
      if (this.accesses !== null ? this.traceFuel <= 0 : signed[T.CONTROL_FUEL >> 2] <= 0) break;
    }
    const left = this.accesses !== null ? this.traceFuel : signed[T.CONTROL_FUEL >> 2];
    this.steps += steps - Math.max(0, left);
  }

  /** One step of a thread outside of the engine, inside a lock or about to sleep; false when it shall make way. */
  private stepLock(thread: Thread): boolean {
    const goesOn = this.locks.step(thread);
    if (this.accesses !== null) return --this.traceFuel > 0 && goesOn;
    this.signed[T.CONTROL_FUEL >> 2]--;
    return this.signed[T.CONTROL_FUEL >> 2] > 0 && goesOn;
  }

  private openSnapshot(thread: Thread): Snapshot {
    const { words, file, program, fault } = this;
    const incarnation = words[(thread.slot + L.S_INCARNATION) >> 2];
    const claim = (incarnation << L.CLAIM_SLOT_BITS) | ((thread.slot - T.SLOTS) / L.SLOT_SIZE + 1);
    const full = program.full === true || (this.backedUpBy !== -1 && this.backedUpBy !== thread.number);
    return new Snapshot(words, file, program.settings.slabs, fault, claim, full);
  }

  /** One step of a backup; false when the thread shall make way. */
  private stepSnapshot(thread: Thread): boolean {
    const { signed } = this;
    thread.snapshot ??= this.openSnapshot(thread);
    const progress = thread.snapshot.step();
    thread.blocked = progress === "blocked";
    if (thread.snapshot.claimed) this.backedUpBy = thread.number;
    if (progress === "cut") thread.cutAt = this.record.clock++;
    if (progress === "done") this.operations.finishSnapshot(thread, thread.snapshot);
    if (this.accesses !== null) return --this.traceFuel > 0 && progress !== "blocked";
    signed[T.CONTROL_FUEL >> 2]--;
    return signed[T.CONTROL_FUEL >> 2] > 0 && progress !== "blocked";
  }

  // ---------------------------------------------------------------- judging it

  private judge(): RunEnd {
    const { judge, program } = this.prepared;
    if (hasAdoptions(program)) this.endAdoption();
    if (watches(program)) {
      this.store.unbind();
      const told =
        lookForTheLastTime(this.record.changes, this.threads, this.words) ??
        streamFault(this.record.changes, this.threads);
      if (told !== null) return { kind: "violation", what: told };
    }
    const broken =
      (program.locks === null ? null : this.locks.fault()) ??
      this.agents.fault() ??
      (hasPermits(program) ? this.permits.fault() : null) ??
      (hasRecords(program) ? this.record.records.restFault(this.words, this.threads) : null) ??
      judge.memoryFault() ??
      judge.logFault(this.threads) ??
      this.expiredFault(judge);
    if (broken !== null) return { kind: "violation", what: broken };
    const reader = this.readBack(judge);
    const what = this.record.broken ?? judge.historyFault(reader);
    return what === null ? OK_END : { kind: "violation", what };
  }

  /** As the restoring thread does once all have adopted what they had to. */
  private endAdoption(): void {
    this.store.unbind();
    this.threads[0].engine.endAdoption();
  }

  /** With all threads at rest a sweep finds everything that has expired: the bounds told where. */
  private expiredFault(judge: Judge): string | null {
    const reader = this.threads.find((thread) => !thread.killed && thread.number < this.prepared.threads.length);
    if (reader === undefined || this.words[L.H_EXPIRY >> 2] === 0) return null;
    this.store.unbind();
    while (reader.engine.sweepDue(UNLIMITED) > 0);
    return judge.expiredFault(reader.engine.time());
  }

  /** Has a thread that is left read what is there in the end: which, -1 if none is left. */
  private readBack(judge: Judge): number {
    const reader = this.threads.find((thread) => !thread.killed && thread.number < this.prepared.threads.length);
    if (reader === undefined) return -1;
    const { fine, steps } = this;
    this.fine = false;
    reader.ops = judge.lastReads(reader, this.threads);
    reader.values = reader.ops.map(() => 0);
    reader.at = 0;
    this.advance(reader, UNLIMITED);
    this.steps = steps;
    this.fine = fine;
    return reader.number;
  }
}

let compiled: { readonly bytes: Buffer<ArrayBuffer>; readonly module: WebAssembly.Module } | null = null;

/** Compiled once for all machines of a process: to compile and optimize the engine takes longer than thousands of schedules. */
function moduleOf(bytes: Buffer<ArrayBuffer>): WebAssembly.Module {
  if (compiled === null || !compiled.bytes.equals(bytes)) compiled = { bytes, module: new WebAssembly.Module(bytes) };
  return compiled.module;
}

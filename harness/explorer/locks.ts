/**
 * Locks as the explorer's threads use them. A thread asks for one or two, is inside for a step, and lets them go; it waits as a thread of the host does:
 * it reads its wake word, looks, and sleeps while the word is as it was. Asleep it takes no step until it is notified or its time is up.
 *
 * Time is no rescue: when every thread that has something to do is asleep, a wake-up was lost, and that is a violation. Two kinds of sleep are
 * meant to end by time, and may: of who is in a deadlock, and of a writer that drains and whom only bits of no reader keep from it.
 */
import { layout as L } from "../../src/core/index.js";
import { NO_EFFECT } from "./history.js";
import type { LockState } from "./lock-state.js";
import type { PermitSteps } from "./permit-steps.js";
import type { Op, OpKind, Program } from "./program.js";
import type { RunRecord } from "./run-record.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";
import type { TinyStore } from "./tiny-store.js";

/** How often a thread may be woken by its time when nobody else can go on, before that counts as a wake-up that never came. */
const RESCUES = 4;

const KINDS: ReadonlySet<OpKind> = new Set(["lock", "lockBoth", "read", "write", "openLock", "dropLock"]);

export function isLocking(kind: OpKind): boolean {
  return KINDS.has(kind);
}

function isForPermit({ ops, at }: Thread): boolean {
  return ops[at].kind === "permit";
}

export class LockSteps {
  private program!: Program;
  private threads: readonly Thread[] = [];
  private withdrawals = 0;
  /** Who died with it in its hands, or on the way in or out: by lock, whether it must be poisoned now, or may. */
  private readonly poisoned = new Map<number, "must" | "may">();

  constructor(
    private readonly store: TinyStore,
    private readonly record: RunRecord,
    private readonly permits: PermitSteps,
  ) {}

  begin(program: Program, threads: readonly Thread[]): void {
    this.program = program;
    this.threads = threads;
    this.withdrawals = 0;
    this.poisoned.clear();
    for (const { locks } of threads) locks.reset();
  }

  // ---------------------------------------------------------------- an operation

  start({ locks }: Thread, op: Op): Thread["calling"] {
    locks.wanted = op.locks ?? [op.lock ?? 0];
    locks.taken = 0;
    locks.how = op.kind === "read" ? L.HOW_READ : L.HOW_ALONE;
    locks.refused = false;
    this.startWait(locks, op);
    if (op.kind === "openLock" || op.kind === "dropLock") return op.kind;
    return "takeLock";
  }

  private startWait(locks: LockState, op: Op): void {
    locks.due = 0;
    locks.rescues = 0;
    locks.naps = op.ttl && op.wide ? 2 : 1;
  }

  private wakeWord(thread: Thread): number {
    return this.store.words[(thread.slot + L.S_LOCK_WAKE) >> 2];
  }

  private look(thread: Thread): void {
    if (isForPermit(thread)) {
      this.permits.look(thread);
      return;
    }
    thread.locks.seen = this.wakeWord(thread);
    thread.calling = "attemptLock";
  }

  /** The engine has answered: null = the operation goes on, else what it answers. */
  finishCall(thread: Thread, op: Op, result: number): number | null {
    const { locks } = thread;
    switch (thread.calling) {
      case "openLock":
        if (result === 0) {
          thread.calling = "makeLock";
          return null;
        }
        this.store.noteLock(thread, locks.current);
        return 1;
      case "makeLock":
        if (result === L.NO_MEMORY) return NO_EFFECT;
        thread.calling = "openLock";
        return null;
      case "dropLock":
        return result === L.OK ? 1 : NO_EFFECT;
      case "takeLock":
      case "attemptLock":
        return this.finishAsking(thread, op, result);
      case "findDeadlock":
        if (result === 0) {
          this.look(thread);
          return null;
        }
        // a dead thread waits, for all that the living know, until it is reaped
        if (this.withdrawals === locks.withdrawals && this.record.deaths.length === 0 && !this.isInCycle(thread))
          this.record.broken = `thread ${thread.number} was told of a deadlock where there is none`;
        thread.calling = "abandonLock";
        return null;
      case "abandonLock":
        this.withdrawals++;
        locks.refused = true;
        // it came at the last moment, and is let go at once
        if (result === L.NOT_YET || result === L.GONE) return this.letGoNext(thread);
        locks.taken++;
        return this.letGoNext(thread);
      case "releaseLock":
        return this.letGoNext(thread);
      default:
        throw new Error(`${thread.calling} is no step of a lock`);
    }
  }

  private finishAsking(thread: Thread, op: Op, result: number): number | null {
    const { locks } = thread;
    if (result === L.TAKEN || result === L.TAKEN_POISONED) {
      this.enter(thread, locks.current);
      locks.taken++;
      if (locks.taken < locks.wanted.length) {
        this.startWait(locks, op);
        thread.calling = "takeLock";
      } else {
        thread.calling = "inside";
      }
      return null;
    }
    if (result === L.GONE) {
      locks.refused = true;
      return this.letGoNext(thread);
    }
    if (result !== L.NOT_YET) this.record.broken = `a lock answered ${result}`;
    if (thread.calling === "takeLock") this.look(thread);
    else thread.calling = "sleep";
    return null;
  }

  /** Lets go of what was taken last; the answer of the operation when there is nothing left. */
  private letGoNext(thread: Thread): number | null {
    const { locks } = thread;
    if (locks.taken === 0) return locks.refused ? NO_EFFECT : 1;
    locks.taken--;
    locks.inside.delete(locks.current);
    thread.calling = "releaseLock";
    return null;
  }

  private enter(thread: Thread, lock: number): void {
    const { how } = thread.locks;
    for (const other of this.threads) {
      if (other === thread || other.killed || !other.locks.inside.has(lock)) continue;
      if (how === L.HOW_READ && other.locks.how === L.HOW_READ) continue;
      this.record.broken = `threads ${other.number} and ${thread.number} are both inside lock ${lock}`;
    }
    thread.locks.inside.add(lock);
  }

  // ---------------------------------------------------------------- steps of the host

  /** One step outside of the engine. False when the thread can do no more for now. */
  step(thread: Thread): boolean {
    const { locks } = thread;
    if (thread.calling === "inside") {
      if (isForPermit(thread)) this.permits.leave(thread);
      else this.letGoNext(thread);
      return true;
    }
    if (locks.asleep) {
      this.timeOut(thread);
      return true;
    }
    if (this.wakeWord(thread) !== locks.seen) {
      this.look(thread);
      return true;
    }
    locks.asleep = true;
    return false;
  }

  private timeOut(thread: Thread): void {
    const { locks } = thread;
    locks.asleep = false;
    locks.naps--;
    locks.due = 1;
    if (isForPermit(thread)) this.permits.timeOut(thread);
    else if (thread.ops[thread.at].ttl && locks.naps <= 0) {
      thread.calling = "abandonLock";
    } else if (this.program.locks?.nested) {
      locks.withdrawals = this.withdrawals;
      thread.calling = "findDeadlock";
    } else {
      this.look(thread);
    }
  }

  /** The engine has notified the word. */
  notified(address: number): void {
    for (const thread of this.threads) {
      if (!thread.locks.asleep || thread.slot + L.S_LOCK_WAKE !== address) continue;
      thread.locks.asleep = false;
      this.look(thread);
    }
  }

  /** Whether a sleeper may wake by itself while others go on. */
  mayNap({ locks }: Thread): boolean {
    return locks.naps > 0;
  }

  /** Whether it is meant to be woken by its time, all others being asleep as well. */
  isRescued(thread: Thread): boolean {
    if (isForPermit(thread)) return false;
    if (++thread.locks.rescues > RESCUES) return false;
    return this.isInCycle(thread) || this.isDrainedByTime(thread);
  }

  private isInCycle(thread: Thread): boolean {
    let at: Thread | undefined = thread;
    for (let steps = 0; steps < this.threads.length && at !== undefined; steps++) {
      const holder = this.holderOf(at.locks.current, at);
      if (holder === undefined || !this.waits(holder)) return false;
      if (holder === thread) return true;
      at = holder;
    }
    return false;
  }

  private waits({ calling, busy }: Thread): boolean {
    return busy && ["takeLock", "sleep", "attemptLock", "findDeadlock", "abandonLock"].includes(calling);
  }

  private holderOf(lock: number, besides: Thread): Thread | undefined {
    return this.threads.find((other) => other !== besides && !other.killed && other.locks.inside.has(lock));
  }

  private isDrainedByTime(thread: Thread): boolean {
    const { words } = this.store;
    const { locks } = thread;
    const lock = this.store.lockAddress(locks.entries[locks.current]) >> 2;
    const own = (thread.slot - T.SLOTS) / L.SLOT_SIZE;
    if (locks.how === L.HOW_READ || words[lock + L.K_OWNER / 4] !== own + 1) return false;
    const readers = words[lock + L.K_READERS / 4];
    if (readers === 0) return false;
    for (let slot = 0; slot < T.SLOT_COUNT; slot++) {
      if (readers & (1 << slot) && this.names(slot, locks.entries[locks.current])) return false;
    }
    return true;
  }

  private names(slot: number, entry: number): boolean {
    const list = (T.SLOTS + slot * L.SLOT_SIZE + L.S_HELD) >> 2;
    for (let i = 0; i < T.HELD_MAX; i++) {
      const word = this.store.words[list + i * 2];
      if ((word & ~L.HELD_BITS) === entry && word & L.HELD_READS) return true;
    }
    return false;
  }

  // ---------------------------------------------------------------- deaths and the end

  noteDeath(thread: Thread): void {
    const { locks, calling, busy } = thread;
    if (!busy || !isLocking(thread.ops[thread.at].kind) || locks.how === L.HOW_READ) return;
    for (const lock of locks.inside) this.poisoned.set(lock, "must");
    const between = ["takeLock", "attemptLock", "abandonLock", "releaseLock", "dropLock"].includes(calling);
    if (between && this.poisoned.get(locks.current) !== "must") this.poisoned.set(locks.current, "may");
  }

  /** What is wrong with the locks, all threads being at rest. */
  fault(): string | null {
    const { words } = this.store;
    for (let slot = 0; slot < T.SLOT_COUNT; slot++) {
      const at = (T.SLOTS + slot * L.SLOT_SIZE) >> 2;
      if (words[at + L.S_LOCK_WAITS / 4] !== 0) return `slot ${slot} still says that it waits for a lock`;
      for (let i = 0; i < T.HELD_MAX * 2; i++)
        if (words[at + L.S_HELD / 4 + i] !== 0) return `slot ${slot} still names a lock that it has`;
    }
    if (this.program.threads.some((ops) => ops.some(({ kind }) => kind === "dropLock"))) return null;
    const [{ locks }] = this.threads;
    for (const [lock, entry] of locks.entries.entries()) {
      const at = this.store.lockAddress(entry) >> 2;
      const word = (offset: number) => words[at + offset / 4];
      if (word(L.K_OWNER) !== 0 || word(L.K_OWNER + 4) !== 0) return `lock ${lock} still has an owner`;
      if (word(L.K_WAITERS) !== 0 || word(L.K_QUEUE) !== 0) return `lock ${lock} still has waiters`;
      const poisoned = word(L.K_POISON) !== 0;
      const expected = this.poisoned.get(lock);
      if (poisoned && expected === undefined) return `lock ${lock} is poisoned, and nobody died inside`;
      if (!poisoned && expected === "must") return `lock ${lock} is not poisoned, though somebody died inside`;
    }
    return null;
  }
}

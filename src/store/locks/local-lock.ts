/**
 * A lock as one thread uses it: what its tasks have of it, who of them waits, and the thread's one place in the engine.
 *
 * To the engine a thread is one slot, and its tasks are one. So they queue here, first come, first served; only the first in the queue enters shared
 * memory, and while a task has the lock none does. Readers of one thread share the slot's one bit, and are counted here.
 *
 *   blocking     a call that blocks goes before the thread's own tasks, which cannot run until it returns: it takes over the slot's place in
 *                shared memory, and the first in the queue asks anew afterwards. A lock that a task of the thread has can never come: DeadlockError
 *   waiting      the first in the queue reads the thread's wake word, asks the engine, and sleeps on the word with Atomics.waitAsync; those behind
 *                it wait for their turn, of which whoever leaves tells them
 *   shared: false  the engine always answers that the lock is there, so only the queue is ever waited for
 *
 * Invariant: `enlisted` is how the engine has this slot as a waiter, or NOT_ENLISTED; `writer` and `readers` are what tasks of this thread have; never
 * both are set. Whoever changes any of them calls `nudge`, so that the first in the queue looks.
 */
import { isMainThread } from "node:worker_threads";
import { layout } from "../../core/index.js";
import { ClosedError, DeadlockError, InvalidArgumentError, LockTimeoutError, PoisonedError } from "../../errors.js";
import { threadNow } from "../clock.js";
import type { WorkerConnection } from "../worker.js";
import type { LockWish } from "./options.js";
import { currentTask, heldBy, type Task, type TaskLock } from "./task.js";

const { HOW_ALONE, HOW_READ, TAKEN, TAKEN_POISONED, NOT_YET, GONE, WAIT_NOT, WAIT_ASIDE, WAIT_BLOCKED } = layout;
const NOT_ENLISTED = -1;
/** Who has waited so long is handed the lock by the next release, and looks whether it is in a deadlock. */
const PATIENCE_MS = 1;
/** How long a thread sleeps once it is. It is woken: this is for deadlocks that come later, and readers' bits that nobody takes back. */
const NAP_MS = 20;
/** Looks at the same deadlock before one gives up that is not the last in the order of slots: that one may not be able to. */
const LOOKS = 4;

/** A task that waits. */
export interface Waiter {
  readonly how: number;
  /** Set while it sleeps. */
  wake: (() => void) | null;
}

/** Whether a wait is in a deadlock, and whether it is for this thread to give up. */
export interface Deadlock {
  readonly isOurs: boolean;
  readonly error: DeadlockError;
}

/** What a lock needs of the thread that uses it (locks.ts). */
export interface LockThread {
  readonly worker: WorkerConnection;
  /** The thread's wake word. */
  readonly wakeWord: Int32Array;
  isOwned(lock: LocalLock): boolean;
  holderOf(lock: LocalLock): string;
  poisonedBy(lock: LocalLock): number;
  took(lock: LocalLock): void;
  left(lock: LocalLock): void;
  /** Of the locks with an order that its tasks have, the highest. */
  highest(): TaskLock | null;
  noteTask(task: Task | undefined, lock: LocalLock | null, how: number): void;
  findDeadlock(lock: LocalLock, how: number): Deadlock | null;
  sleep(waiter: Waiter, seen: number | null, nap: number, signal: AbortSignal | undefined): Promise<void>;
}

export class LocalLock implements TaskLock {
  /** Held alone by a task of this thread; and how many of them read. */
  private writer = false;
  private readers = 0;
  private enlisted = NOT_ENLISTED;
  private readonly queue: Waiter[] = [];
  private readonly worker: WorkerConnection;

  constructor(
    private readonly locks: LockThread,
    readonly name: string,
    readonly entry: number,
    readonly version: number,
    readonly kind: number,
    /** Its rank; -1 = none. */
    readonly order: number,
  ) {
    this.worker = locks.worker;
  }

  get isClosed(): boolean {
    return this.worker.closed;
  }

  /** @throws ClosedError */
  assertOpen(): void {
    this.worker.assertOpen();
  }

  /** Whether a task of this thread has it. */
  get isHeldHere(): boolean {
    return this.writer || this.readers > 0;
  }

  // ---------------------------------------------------------------- taking it without waiting for others' tasks

  /** Takes it if nobody is in the way; false when somebody is. */
  tryTake(how: number, { recover }: LockWish): boolean {
    this.checkOrder(true);
    if (how === HOW_READ ? this.writer : this.isHeldHere) return false;
    if (how === HOW_READ && this.readers > 0) return this.join(recover);
    const answer = this.enlisted === NOT_ENLISTED ? this.ask(how, WAIT_NOT) : this.takeOver(how, WAIT_NOT);
    if (answer === NOT_YET) {
      this.nudge();
      return false;
    }
    this.accept(how, answer, recover);
    return true;
  }

  /** Takes it, blocking the thread for as long as it may. */
  take(how: number, wish: LockWish, verb: string, instead: string): void {
    if (how === HOW_READ ? this.writer : this.isHeldHere) throw this.heldHere();
    this.checkOrder(true);
    if (how === HOW_READ && this.readers > 0) {
      this.join(wish.recover);
      return;
    }
    const mayBlock = this.worker.shared && !isMainThread;
    const wait = mayBlock ? WAIT_BLOCKED : WAIT_NOT;
    let answer = this.enlisted === NOT_ENLISTED ? this.ask(how, wait) : this.takeOver(how, wait);
    if (answer === NOT_YET) {
      if (mayBlock) answer = this.block(how, wish.end);
      if (answer === NOT_YET) {
        this.nudge();
        if (wish.end > threadNow()) throw mustNotBlock(verb, instead);
        throw this.timedOut();
      }
    }
    this.accept(how, answer, wish.recover);
  }

  /** @throws ClosedError when it was dropped */
  private ask(how: number, wait: number): number {
    const answer = this.worker.engine.takeLock(this.entry, this.version, how, wait);
    if (answer < 0) throw this.refused(answer);
    return answer;
  }

  /** The place that the first of the waiting tasks has in shared memory becomes this call's. */
  private takeOver(how: number, wait: number): number {
    const { engine } = this.worker;
    const before = this.enlisted;
    this.enlisted = NOT_ENLISTED;
    const answer = engine.abandonLock(this.entry, before);
    if (answer > 0 && before === how) return answer;
    if (answer > 0) engine.releaseLock(this.entry, before);
    return this.ask(how, wait);
  }

  /** NOT_YET when the time is over. */
  private block(how: number, end: number): number {
    const { engine } = this.worker;
    const { wakeWord: wake } = this.locks;
    const began = threadNow();
    let looks = 0;
    for (;;) {
      const seen = Atomics.load(wake, 0);
      const now = threadNow();
      const due = now - began >= PATIENCE_MS;
      const answer = engine.attemptLock(this.entry, how, due ? 1 : 0);
      if (answer === GONE) throw this.refused(answer);
      if (answer !== NOT_YET) return answer;
      if (now >= end) return engine.abandonLock(this.entry, how);
      if (due) {
        const deadlock = this.locks.findDeadlock(this, how);
        if (deadlock !== null && (deadlock.isOurs || ++looks === LOOKS)) {
          const last = engine.abandonLock(this.entry, how);
          if (last !== NOT_YET) return last;
          this.nudge();
          throw deadlock.error;
        }
      }
      Atomics.wait(wake, 0, seen, Math.min(end - now, due ? NAP_MS : PATIENCE_MS));
    }
  }

  // ---------------------------------------------------------------- waiting for it

  /** Takes it, in its turn, without blocking the event loop. @throws what the signal aborts with */
  async wait(how: number, wish: LockWish): Promise<void> {
    const task = currentTask();
    this.checkTask(how, task);
    if (how === HOW_READ && this.readers > 0 && readsAlready(this, task)) {
      this.join(wish.recover); // behind a writer that waits for it, it would wait for ever
      return;
    }
    if (this.queue.length === 0 && this.isFree(how)) {
      const answer = this.askFirst(how, WAIT_NOT);
      if (answer !== NOT_YET) {
        this.accept(how, answer, wish.recover);
        return;
      }
    }
    const answer = await this.waitInTurn(how, wish, task);
    this.accept(how, answer, wish.recover);
  }

  /** Whether no task of this thread is in the way. Who reads already lets more in, unless a writer elsewhere waits for it to end. */
  private isFree(how: number): boolean {
    if (this.writer) return false;
    if (this.readers === 0) return true;
    return how === HOW_READ && !this.locks.isOwned(this);
  }

  private askFirst(how: number, wait: number): number {
    return this.readers > 0 ? TAKEN : this.ask(how, wait);
  }

  private async waitInTurn(how: number, wish: LockWish, task: Task | undefined): Promise<number> {
    const waiter: Waiter = { how, wake: null };
    this.queue.push(waiter);
    this.locks.noteTask(task, this, how);
    let answer: number = NOT_YET;
    try {
      answer = await this.waitAsWaiter(waiter, wish, task);
      return answer;
    } finally {
      if (!this.isClosed) {
        this.locks.noteTask(task, null, how);
        if (answer === NOT_YET && this.queue[0] === waiter && this.enlisted !== NOT_ENLISTED) this.delist();
      }
      this.queue.splice(this.queue.indexOf(waiter), 1);
      this.nudge();
    }
  }

  private async waitAsWaiter(waiter: Waiter, wish: LockWish, task: Task | undefined): Promise<number> {
    const { how } = waiter;
    const { wakeWord: wake } = this.locks;
    const began = threadNow();
    let looks = 0;
    for (;;) {
      const seen = Atomics.load(wake, 0);
      const now = threadNow();
      const due = now - began >= PATIENCE_MS;
      const first = this.queue[0] === waiter && this.isFree(how);
      if (first) {
        const answer = this.askInTurn(how, due);
        if (answer !== NOT_YET) return answer;
      }
      if (now >= wish.end) throw this.timedOut();
      if (due && task !== undefined) {
        const deadlock = this.locks.findDeadlock(this, how);
        if (deadlock !== null && (deadlock.isOurs || ++looks === LOOKS)) throw deadlock.error;
      }
      const left = wish.end - now;
      const nap = first || task !== undefined ? Math.min(left, due ? NAP_MS : PATIENCE_MS) : left;
      await this.locks.sleep(waiter, first ? seen : null, nap, wish.signal);
      this.worker.assertOpen();
      wish.signal?.throwIfAborted();
    }
  }

  private askInTurn(how: number, due: boolean): number {
    if (this.readers > 0) return TAKEN;
    if (this.enlisted === NOT_ENLISTED) {
      const answer = this.ask(how, WAIT_ASIDE);
      if (answer !== NOT_YET) return answer;
      this.enlisted = how;
    }
    const answer = this.worker.engine.attemptLock(this.entry, how, due ? 1 : 0);
    if (answer !== NOT_YET) this.enlisted = NOT_ENLISTED;
    if (answer === GONE) throw this.refused(answer);
    return answer;
  }

  /** The first in the queue goes away: unless the next one wants the same, its place in shared memory goes with it. */
  private delist(): void {
    if (this.queue[1]?.how === this.enlisted) return;
    const before = this.enlisted;
    this.enlisted = NOT_ENLISTED;
    // handed over at the last moment: to nobody any more
    if (this.worker.engine.abandonLock(this.entry, before) > 0) this.worker.engine.releaseLock(this.entry, before);
  }

  /** Whatever the first in the queue waits for may have come. */
  private nudge(): void {
    this.queue[0]?.wake?.();
  }

  /** This thread closes the store: who waits hears of it. */
  close(): void {
    for (const { wake } of this.queue) wake?.();
  }

  // ---------------------------------------------------------------- having it

  /** @throws PoisonedError, having let it go */
  private accept(how: number, answer: number, recover: boolean): void {
    if (how === HOW_READ) this.readers++;
    else this.writer = true;
    this.locks.took(this);
    if (this.readers === 2) this.worker.engine.noteWait(this.entry, 0); // should the first wait for something, the second does not
    if (answer === TAKEN_POISONED || (this.readers > 1 && this.locks.poisonedBy(this) >= 0))
      this.meetPoison(how, recover);
    if (how === HOW_READ) this.nudge(); // the next one may read as well
  }

  private meetPoison(how: number, recover: boolean): void {
    if (!recover) {
      const thread = this.locks.poisonedBy(this);
      this.leave(how);
      throw new PoisonedError(
        `${this} was in the hands of thread ${thread} when that ended, so what it guards may be half done; take it with { recover: true }${how === HOW_READ ? " for writing" : ""}, put that in order, and let it go`,
      );
    }
    if (how === HOW_ALONE) this.worker.engine.mendLock(this.entry);
  }

  /** One more of this thread's readers. */
  private join(recover: boolean): true {
    this.accept(HOW_READ, TAKEN, recover);
    return true;
  }

  /** Lets it go. */
  leave(how: number): void {
    if (this.worker.closed) return;
    if (how === HOW_READ) {
      if (--this.readers === 0) this.worker.engine.releaseLock(this.entry, how);
    } else {
      this.writer = false;
      this.worker.engine.releaseLock(this.entry, how);
    }
    if (this.order >= 0) this.locks.left(this);
    if (this.queue.length > 0) this.nudge();
  }

  /** How a task of this thread reads it: one alone is known to be the only one. */
  get isReadByMany(): boolean {
    return this.readers > 1;
  }

  // ---------------------------------------------------------------- what must not be

  /** @throws DeadlockError for a lock of a lower order than one that is held: by the thread, if it may block, else by the task */
  private checkOrder(blocking: boolean, task?: Task): void {
    if (this.order < 0) return;
    const held = blocking ? this.locks.highest() : highestOf(task);
    if (held === null || held.order < this.order || held === this) return;
    throw new DeadlockError(
      `${this} has order ${this.order}, and "${held.name}" of order ${held.order} is held: locks are taken in ascending order`,
      [held.name, this.name],
    );
  }

  /** @throws DeadlockError when the task waits for what it has itself, or asks out of order */
  private checkTask(how: number, task: Task | undefined): void {
    for (const held of heldBy(task)) {
      if (held.lock !== this || (how === HOW_READ && held.how === HOW_READ)) continue;
      throw this.heldHere();
    }
    this.checkOrder(false, task);
  }

  private heldHere(): DeadlockError {
    return new DeadlockError(`this thread has ${this} already, and would wait for itself`, [this.name]);
  }

  private refused(answer: number): Error {
    if (answer === GONE) return new ClosedError(`${this} was dropped; the store makes another one of that name`);
    return new InvalidArgumentError(
      `this thread has ${layout.HELD_MAX} locks, or waits for them: the most it can; let one go before it asks for ${this}`,
    );
  }

  private timedOut(): LockTimeoutError {
    return new LockTimeoutError(`${this} was not to be had in time: ${this.locks.holderOf(this)}`);
  }

  /** As messages name it. */
  toString(): string {
    return `${this.kind === layout.LOCK_RW ? "read-write lock" : "mutex"} "${this.name}"`;
  }
}

function mustNotBlock(verb: string, instead: string): InvalidArgumentError {
  const what = isMainThread ? "the main thread" : "the only thread that has this store";
  return new InvalidArgumentError(`${verb} finds the lock held, and would block ${what}; use await ${instead}()`);
}

function readsAlready(lock: LocalLock, task: Task | undefined): boolean {
  for (const held of heldBy(task)) if (held.lock === lock) return true;
  return false;
}

function highestOf(task: Task | undefined): TaskLock | null {
  let highest: TaskLock | null = null;
  for (const { lock } of heldBy(task))
    if (lock.order >= 0 && (highest === null || lock.order > highest.order)) highest = lock;
  return highest;
}

/** A mutex: one of all threads' tasks at a time. */
import { layout } from "../../core/index.js";
import { type AgentAccess, WRITE } from "../access.js";
import { LockGuard } from "./guard.js";
import type { LocalLock } from "./local-lock.js";
import {
  checkDone,
  checkUse,
  type LockOptions,
  type LockWaitOptions,
  readBlockingLock,
  readTry,
  readWaitingLock,
  type TryLockOptions,
} from "./options.js";
import { runWith } from "./task.js";

const ALONE = layout.HOW_ALONE;

/**
 * Made by `store.mutex()`. What takes it throws LockTimeoutError, DeadlockError or PoisonedError (docs/locks.md), InvalidArgumentError where it would
 * block a thread that must not be, and ClosedError once this thread has closed the store or the lock was dropped. A thread that closes the
 * store with the lock in its hands, or ends, leaves it poisoned.
 */
export class Mutex {
  /** As it was opened with. */
  readonly name: string;
  /** Its rank; undefined: it has none. */
  readonly order: number | undefined;
  private readonly local: LocalLock;
  private readonly agent: AgentAccess | null;

  private constructor(local: LocalLock, agent: AgentAccess | null) {
    this.local = local;
    this.agent = agent;
    this.name = local.name;
    this.order = local.order < 0 ? undefined : local.order;
  }

  /** @internal Use `store.mutex()`. */
  static of(local: LocalLock, agent: AgentAccess | null): Mutex {
    return new Mutex(local, agent);
  }

  /** Calls `use` with the lock, which is let go when it returns or throws. Blocks the thread; the main thread only takes it when it is free. */
  with<T>(use: () => T, options?: LockOptions): T {
    checkUse(use, "with");
    const wish = readBlockingLock(options);
    this.enter();
    this.local.take(ALONE, wish, "with", "withAsync");
    try {
      return checkDone(use(), "with", "withAsync");
    } finally {
      this.local.leave(ALONE);
    }
  }

  /** The same without blocking the event loop: `use` may be asynchronous, and the lock is let go when what it returns is settled. */
  async withAsync<T>(use: () => T | PromiseLike<T>, options?: LockWaitOptions): Promise<T> {
    checkUse(use, "withAsync");
    const wish = readWaitingLock(options);
    this.enter();
    await this.local.wait(ALONE, wish);
    return whileHeld(this.local, ALONE, use);
  }

  /** Takes the lock, blocking the thread; it is held until the guard is released. The main thread only takes it when it is free. */
  lock(options?: LockOptions): LockGuard {
    const wish = readBlockingLock(options);
    this.enter();
    this.local.take(ALONE, wish, "lock", "lockAsync");
    return LockGuard.of(this.local, ALONE);
  }

  /** The same without blocking the event loop, on any thread. */
  async lockAsync(options?: LockWaitOptions): Promise<LockGuard> {
    const wish = readWaitingLock(options);
    this.enter();
    await this.local.wait(ALONE, wish);
    return LockGuard.of(this.local, ALONE);
  }

  /** Takes the lock if it is free; undefined when it is not. It never waits. */
  tryLock(options?: TryLockOptions): LockGuard | undefined {
    const wish = readTry(options);
    this.enter();
    return this.local.tryTake(ALONE, wish) ? LockGuard.of(this.local, ALONE) : undefined;
  }

  private enter(): void {
    this.local.assertOpen();
    if (this.agent !== null) this.agent.check(WRITE);
  }
}

/** Runs `use` as a task that has the lock, which is let go once it has settled. */
export async function whileHeld<T>(lock: LocalLock, how: number, use: () => T | PromiseLike<T>): Promise<T> {
  const { result, task } = runWith(lock, how, async () => use());
  try {
    return await result;
  } finally {
    task.holds = false;
    lock.leave(how);
  }
}

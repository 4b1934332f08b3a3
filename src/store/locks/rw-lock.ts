/** A lock of many readers or one writer. */
import { layout } from "../../core/index.js";
import { type AgentAccess, READ, WRITE } from "../access.js";
import { LockGuard } from "./guard.js";
import type { LocalLock } from "./local-lock.js";
import { whileHeld } from "./mutex.js";
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

const { HOW_ALONE, HOW_READ } = layout;

/**
 * Made by `store.rwLock()`. Readers that come while a writer is inside are before the next writer, those that come while one waits for readers
 * to end are after it. Throws as Mutex does.
 */
export class RwLock {
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

  /** @internal Use `store.rwLock()`. */
  static of(local: LocalLock, agent: AgentAccess | null): RwLock {
    return new RwLock(local, agent);
  }

  /** Calls `use` as one of the readers. Blocks the thread; the main thread only takes the lock when no writer has it. */
  read<T>(use: () => T, options?: LockOptions): T {
    return this.use(HOW_READ, use, options, "read", "readAsync");
  }

  /** Calls `use` as the one writer. Blocks the thread; the main thread only takes the lock when nobody has it. */
  write<T>(use: () => T, options?: LockOptions): T {
    return this.use(HOW_ALONE, use, options, "write", "writeAsync");
  }

  /** `read` without blocking the event loop: `use` may be asynchronous. */
  readAsync<T>(use: () => T | PromiseLike<T>, options?: LockWaitOptions): Promise<T> {
    return this.useAsync(HOW_READ, use, options, "readAsync");
  }

  /** `write` without blocking the event loop: `use` may be asynchronous. */
  writeAsync<T>(use: () => T | PromiseLike<T>, options?: LockWaitOptions): Promise<T> {
    return this.useAsync(HOW_ALONE, use, options, "writeAsync");
  }

  /** Takes the lock as one of the readers, blocking the thread, until the guard is released. */
  lockRead(options?: LockOptions): LockGuard {
    return this.take(HOW_READ, options, "lockRead", "lockReadAsync");
  }

  /** Takes the lock as the one writer, blocking the thread, until the guard is released. */
  lockWrite(options?: LockOptions): LockGuard {
    return this.take(HOW_ALONE, options, "lockWrite", "lockWriteAsync");
  }

  /** `lockRead` without blocking the event loop, on any thread. */
  lockReadAsync(options?: LockWaitOptions): Promise<LockGuard> {
    return this.takeAsync(HOW_READ, options);
  }

  /** `lockWrite` without blocking the event loop, on any thread. */
  lockWriteAsync(options?: LockWaitOptions): Promise<LockGuard> {
    return this.takeAsync(HOW_ALONE, options);
  }

  /** As one of the readers if no writer has it; undefined when one does. It never waits. */
  tryRead(options?: TryLockOptions): LockGuard | undefined {
    return this.tryTake(HOW_READ, options);
  }

  /** As the one writer if nobody has it; undefined when somebody does. It never waits. */
  tryWrite(options?: TryLockOptions): LockGuard | undefined {
    return this.tryTake(HOW_ALONE, options);
  }

  // ---------------------------------------------------------------- inside

  private use<T>(how: number, use: () => T, options: LockOptions | undefined, verb: string, instead: string): T {
    checkUse(use, verb);
    const wish = readBlockingLock(options);
    this.enter(how);
    this.local.take(how, wish, verb, instead);
    try {
      return checkDone(use(), verb, instead);
    } finally {
      this.local.leave(how);
    }
  }

  private async useAsync<T>(
    how: number,
    use: () => T | PromiseLike<T>,
    options: LockWaitOptions | undefined,
    verb: string,
  ): Promise<T> {
    checkUse(use, verb);
    const wish = readWaitingLock(options);
    this.enter(how);
    await this.local.wait(how, wish);
    return whileHeld(this.local, how, use);
  }

  private take(how: number, options: LockOptions | undefined, verb: string, instead: string): LockGuard {
    const wish = readBlockingLock(options);
    this.enter(how);
    this.local.take(how, wish, verb, instead);
    return LockGuard.of(this.local, how);
  }

  private async takeAsync(how: number, options: LockWaitOptions | undefined): Promise<LockGuard> {
    const wish = readWaitingLock(options);
    this.enter(how);
    await this.local.wait(how, wish);
    return LockGuard.of(this.local, how);
  }

  private tryTake(how: number, options: TryLockOptions | undefined): LockGuard | undefined {
    const wish = readTry(options);
    this.enter(how);
    return this.local.tryTake(how, wish) ? LockGuard.of(this.local, how) : undefined;
  }

  private enter(how: number): void {
    this.local.assertOpen();
    if (this.agent !== null) this.agent.check(how === HOW_READ ? READ : WRITE);
  }
}

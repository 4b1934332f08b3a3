/** A lock in somebody's hands. */
import type { LocalLock } from "./local-lock.js";

/** Made by `lock()` and its like. A `Disposable`: the lock is let go at the end of a `using` block, or by `release()`. */
export class LockGuard implements Disposable {
  private readonly lock: LocalLock;
  private readonly how: number;
  private open = true;

  private constructor(lock: LocalLock, how: number) {
    this.lock = lock;
    this.how = how;
  }

  /** @internal Use `lock()`, `lockAsync()` or `tryLock()`. */
  static of(lock: LocalLock, how: number): LockGuard {
    return new LockGuard(lock, how);
  }

  /** Whether the lock is held by this guard still. */
  get held(): boolean {
    return this.open && !this.lock.isClosed;
  }

  /** Lets the lock go. Of a guard that has done so, or of a thread that has closed the store, nothing. */
  release(): void {
    if (!this.open) return;
    this.open = false;
    this.lock.leave(this.how);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Waiting on the cluster's clock, all of it over at once when its owner closes: nothing is left that could hang. */
import type { ClusterClock } from "./engine.js";

export class Pauses {
  private readonly waiting = new Set<() => void>();
  closed = false;

  constructor(private readonly clock: ClusterClock) {}

  /** After at least `ms`, or when this is closed. */
  sleep(ms: number): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.waiting.delete(done);
        cancel();
        resolve();
      };
      const cancel = this.clock.after(ms, done);
      this.waiting.add(done);
    });
  }

  /** The promise's own outcome, or, after `ms`, the error that `late` makes. */
  within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
    if (!Number.isFinite(ms)) return promise;
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(Math.max(0, ms), () => reject(late()));
      promise.then(
        (value) => {
          cancel();
          resolve(value);
        },
        (error) => {
          cancel();
          reject(error);
        },
      );
    });
  }

  /** Ends all pauses: what was waited for may have come. */
  wake(): void {
    for (const done of [...this.waiting]) done();
  }

  close(): void {
    this.closed = true;
    this.wake();
  }
}

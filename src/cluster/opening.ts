/** What is opened one after the other, and closed again as a whole, the last first: because something failed, because it took too long, or in the end. */
import type { ClusterClock } from "./engine.js";

export class Opening {
  private ends: (() => Promise<void> | void)[] = [];
  private closed = false;

  constructor(private readonly clock: ClusterClock) {}

  get isClosed(): boolean {
    return this.closed;
  }

  /** @throws Error when all was closed meanwhile: whoever was opening something goes no further */
  goOn(): void {
    if (this.closed) throw new Error("given up");
  }

  /** How to end what is open now. */
  add(end: () => Promise<void> | void): void {
    this.ends.push(end);
  }

  /** What the promise gives; it is ended at once when that comes too late. @throws what the promise throws */
  async take<T>(promise: Promise<T>, end: (opened: T) => Promise<void> | void): Promise<T> {
    const opened = await promise;
    if (this.closed) {
      await end(opened);
      this.goOn();
    }
    this.add(() => end(opened));
    return opened;
  }

  /** The work's outcome; when it fails, or has none after `ms`, all that was opened is closed first. @throws what `late` makes */
  async within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
    let cancel = (): void => {};
    const deadline = new Promise<never>((_, reject) => {
      cancel = this.clock.after(ms, () => reject(late()));
    });
    // nothing else may keep the process alive until then
    const awake = setTimeout(() => {}, ms);
    try {
      return await Promise.race([work, deadline]);
    } catch (error) {
      work.catch(() => {});
      await this.close();
      throw error;
    } finally {
      cancel();
      clearTimeout(awake);
    }
  }

  /** The rest is closed too when one fails; the first failure is thrown in the end. */
  async close(): Promise<void> {
    this.closed = true;
    const failures: unknown[] = [];
    for (const end of this.ends.reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    this.ends = [];
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * Who in this thread wants to be told when a value has another version. All observers of a handle share one watch of the store, and are told in a
 * turn of the event loop of their own: of the version that is there by then. Whoever comes too late for one in between is told of the newest; the version's
 * number says how many there were. What an observer throws is the observer's: the others are told all the same.
 */
import type { Version, Versioned } from "./versioned.js";

/** @param previous undefined for the value that was there first (`initial`) */
export type Observer<T> = (next: T, previous: T | undefined, version: number) => unknown;

/** `using` ends it. */
export interface Subscription extends Disposable {
  /** The observer is told no more. Again: nothing. */
  end(): void;
}

/** An observer, and what it was told of last. */
interface Told<T> {
  readonly observe: Observer<T>;
  seen: Version<T> | undefined;
}

export class Subscribers<T> {
  private readonly told = new Set<Told<T>>();
  private unwatch: (() => void) | null = null;
  private isDue = false;

  constructor(private readonly versioned: Versioned<T>) {}

  /** @throws ClosedError */
  add(observe: Observer<T>, initial: boolean, signal: AbortSignal | undefined): Subscription {
    signal?.throwIfAborted();
    // watched first: what changes after the look is told
    this.unwatch ??= this.versioned.watch(() => this.wake());
    let now: Version<T>;
    try {
      now = this.versioned.current;
    } catch (error) {
      this.restIfNobody();
      throw error;
    }
    const entry: Told<T> = { observe, seen: initial ? undefined : now };
    this.told.add(entry);
    if (initial) this.wake();
    const end = (): void => {
      signal?.removeEventListener("abort", end);
      if (this.told.delete(entry)) this.restIfNobody();
    };
    signal?.addEventListener("abort", end, { once: true });
    return { end, [Symbol.dispose]: end };
  }

  /** Called while the store reads its log: programs get their turn later. */
  private wake(): void {
    if (this.isDue) return;
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      this.tell();
    });
  }

  private tell(): void {
    if (this.versioned.closed) {
      this.told.clear();
      this.restIfNobody();
      return;
    }
    for (const entry of [...this.told]) {
      if (!this.told.has(entry)) continue; // ended by one before it
      this.tellOne(entry);
    }
  }

  private tellOne(entry: Told<T>): void {
    try {
      if (this.versioned.closed) return; // by an observer before this one
      const now = this.versioned.find();
      if (now === undefined || now === entry.seen) return; // dropped; or nothing new
      const previous = entry.seen?.value;
      entry.seen = now;
      const answer = entry.observe(now.value, previous, now.version);
      if (typeof (answer as Promise<unknown> | undefined)?.then === "function") {
        (answer as Promise<unknown>).then(undefined, (reason) => this.warn(reason));
      }
    } catch (reason) {
      this.warn(reason);
    }
  }

  private warn(reason: unknown): void {
    const told = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    process.emitWarning(`an observer of ${this.versioned.what} has thrown: ${told}`, {
      type: "ObserverWarning",
      code: "ENGRAM_OBSERVER",
    });
  }

  private restIfNobody(): void {
    if (this.told.size > 0) return;
    this.unwatch?.();
    this.unwatch = null;
  }
}

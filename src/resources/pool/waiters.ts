/**
 * Who waits for a connection, in the order they came. A doubly linked list, because those in the middle leave as well: they time out and
 * are aborted, and a waiter that has left is in no list, so that nothing can be handed to it. One timer, for the earliest deadline.
 */
import type { Lease } from "./lease.js";
import { LONGEST_TIMER_MS } from "./options.js";

export interface Waiter<C> {
  readonly resolve: (lease: Lease<C>) => void;
  readonly reject: (error: unknown) => void;
  /** As performance.now() counts; Infinity: none. */
  readonly deadline: number;
  /** ms from the call to the deadline. */
  readonly timeout: number;
  /** Where it was acquired; null unless leaks are looked for. */
  readonly site: string | null;
  /** Takes the listener off the caller's signal. */
  detach: (() => void) | null;
  earlier: Waiter<C> | null;
  later: Waiter<C> | null;
}

export class Waiters<C> {
  count = 0;
  private first: Waiter<C> | null = null;
  private last: Waiter<C> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private armedFor = Number.POSITIVE_INFINITY;

  /** @param onLate told of each waiter whose deadline has passed; it is still in the list */
  constructor(private readonly onLate: (waiter: Waiter<C>) => void) {}

  add(waiter: Waiter<C>): void {
    waiter.earlier = this.last;
    if (this.last === null) this.first = waiter;
    else this.last.later = waiter;
    this.last = waiter;
    this.count++;
    if (waiter.deadline < this.armedFor) this.arm(waiter.deadline);
  }

  /** The one that came first, taken out; null when there is none. */
  shift(): Waiter<C> | null {
    const waiter = this.first;
    if (waiter !== null) this.remove(waiter);
    return waiter;
  }

  remove(waiter: Waiter<C>): void {
    if (waiter.earlier === null) this.first = waiter.later;
    else waiter.earlier.later = waiter.later;
    if (waiter.later === null) this.last = waiter.earlier;
    else waiter.later.earlier = waiter.earlier;
    waiter.detach?.();
    if (--this.count === 0) this.disarm();
  }

  private arm(deadline: number): void {
    this.disarm();
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.armedFor = deadline;
    const ms = Math.min(Math.max(1, Math.ceil(deadline - performance.now())), LONGEST_TIMER_MS);
    this.timer = setTimeout(() => this.sweep(), ms);
  }

  private disarm(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.armedFor = Number.POSITIVE_INFINITY;
  }

  private sweep(): void {
    const now = performance.now();
    let earliest = Number.POSITIVE_INFINITY;
    let later: Waiter<C> | null;
    for (let waiter = this.first; waiter !== null; waiter = later) {
      later = waiter.later;
      if (waiter.deadline <= now) this.onLate(waiter);
      else if (waiter.deadline < earliest) earliest = waiter.deadline;
    }
    this.arm(earliest);
  }
}
